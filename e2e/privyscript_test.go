package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// click presses a button whose page goes on by a script.
func (b *tab) click(name string) {
	b.t.Helper()
	b.do(chromedp.Click(name, byRole("button", name)))
}

// TestPrivysLoginRunsOnAPageOfThisServer: Privy's own script, and nothing but the id of
// the app and its secret in the settings. What Privy answers is the stand-in's; what the
// script asks is the script's own affair.
func TestPrivysLoginRunsOnAPageOfThisServer(t *testing.T) {
	browser := newBrowser(t)
	privy, there := newPrivy(t)
	privy.Origin, privy.Through = there, []string{"google", "github"}
	d := newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: privy, app_id: cmapp, app_secret: %s, auth_url: %s, api_url: %[2]s/v1 }
`, elsewhereSecret, there))
	privy.AllowOrigins(d.URL)
	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")
	leave := func(t *testing.T) (*tab, pending) {
		b, p := newTab(t, browser), c.authorization("")
		b.open(p.url)
		b.press("Continue with Privy")
		b.awaits("Send me a code")
		return b, p
	}

	t.Run("by a code in a mail", func(t *testing.T) {
		b, p := leave(t)
		b.look("privy")
		b.says("Continue with Google")
		if strings.Contains(b.text(), "Discord") {
			t.Error("what the app has not is there to press")
		}
		b.fill("Email", "grace@navy.example")
		b.click("Send me a code")
		b.awaits("A code is on its way to grace@navy.example.")
		b.look("privy-code")
		b.fill("Code", "00")
		b.fill("Code", "0000000")
		b.click("Sign in")
		b.awaits("That code is not the one.")
		b.expects("422")
		b.fill("Code", privy.Mail("grace@navy.example"))
		b.click("Sign in")
		b.awaits("wants to use")
		b.says("Grace Hopper")
		if kept := evaluate[string](b, `JSON.stringify([Object.keys(sessionStorage), Object.keys(localStorage), document.cookie])`); kept != `[[],[],""]` {
			t.Errorf("the page leaves behind %s", kept)
		}
		b.press("Allow")
		c.redeems(t, here.answer(t), p)
	})
	t.Run("by another service, and back", func(t *testing.T) {
		b, p := leave(t)
		b.click("Continue with Google")
		b.awaits("wants to use")
		b.says("Grace Hopper")
		b.press("Allow")
		c.redeems(t, here.answer(t), p)
	})
	t.Run("or in another way", func(t *testing.T) {
		b, _ := leave(t)
		b.follow("Sign in another way")
		b.expects("403")
		b.says("You said no at Privy, or the sign-in was cancelled.")
		b.says("Continue with Privy")
	})
	t.Run("but not from an address that the app does not know", func(t *testing.T) {
		privy.AllowOrigins("https://elsewhere.example")
		defer privy.AllowOrigins(d.URL)
		b := newTab(t, browser)
		b.open(c.authorization("").url)
		b.press("Continue with Privy")
		b.awaits("add " + d.URL + " to the allowed origins of the app, at Privy.")
		b.expects("403")
	})
	t.Run("nor where the app wants a captcha, which is said", func(t *testing.T) {
		privy.AskForCaptcha(true)
		defer privy.AskForCaptcha(false)
		b := newTab(t, browser)
		b.open(c.authorization("").url)
		b.press("Continue with Privy")
		b.awaits("the app at Privy asks for a captcha, which this page has not.")
	})
	t.Run("nor where this browser did not leave for it", func(t *testing.T) {
		b := newTab(t, browser)
		b.open(d.URL + "/login/privy?state=AAAAAAAAAAAAAAAAAAAAAAAAAA")
		b.awaits("Send me a code")
		b.fill("Email", "grace@navy.example")
		b.click("Send me a code")
		b.awaits("A code is on its way")
		b.fill("Code", privy.Mail("grace@navy.example"))
		b.click("Sign in")
		b.awaits("This browser did not leave from here")
		b.expects("403")
	})
	if text := d.log.String(); strings.Contains(text, "eyJ") || strings.Contains(text, "ticket=") {
		t.Error("the log holds a token or a ticket")
	}
}
