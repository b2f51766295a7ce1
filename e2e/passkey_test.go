package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// device gives the tab a phone of its own, which knows its owner by a touch.
func (b *tab) device() webauthn.AuthenticatorID {
	b.t.Helper()
	var id webauthn.AuthenticatorID
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		added, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		}})
		id = added.AuthenticatorID
		return chromedp.Void{}, err
	})
	return id
}

// touched says whether the owner's finger is the one that the device knows.
func (b *tab) touched(id webauthn.AuthenticatorID, known bool) {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: id, IsUserVerified: known})
		return chromedp.Void{}, err
	})
}

// TestAPersonSignsInWithAPasskey: a device of Chromium's own makes one, and later
// answers in the middle of an authorization.
func TestAPersonSignsInWithAPasskey(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "")
	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")
	b := newTab(t, browser)
	phone := b.device()

	b.open(d.URL + "/account")
	b.signIn()
	b.do(chromedp.Click("Your passkeys", byRole("link", "Your passkeys")), chromedp.WaitVisible("form.passkey"))
	b.says("You have none yet.")
	b.look("passkeys-none")
	b.fill("Name", "Ada's phone")
	b.press("Add a passkey")
	b.says("From now on you can sign in with it.")
	b.says("Ada's phone")
	b.look("passkeys")

	b.do(chromedp.Click("What can act for you", byRole("link", "What can act for you")), chromedp.WaitVisible(`form[action="/logout"]`))
	b.press("Sign out")
	p := c.authorization("")
	b.open(p.url)
	b.look("sign-in-with-a-passkey")

	// A device that does not know the finger answers nothing, and the page says so.
	b.touched(phone, false)
	b.do(chromedp.Click("Sign in with a passkey", byRole("button", "Sign in with a passkey")),
		chromedp.Poll[chromedp.Void](`document.body.innerText.includes("No passkey was used.")`))
	b.look("sign-in-no-passkey-used")

	b.touched(phone, true)
	b.press("Sign in with a passkey")
	b.says("wants to use")
	if n := evaluate[int64](b, "document.scripts.length"); n != 0 {
		t.Errorf("the consent page has %d scripts", n)
	}
	b.press("Allow")
	b.says("You can close this")
	c.redeems(t, here.answer(t), p)

	b.open(d.URL + "/account/passkeys")
	b.says("last used just now")
	b.press("Remove")
	b.look("passkey-remove")
	b.press("Remove")
	b.says("You have none yet.")
	b.open(d.URL + "/account")
	b.press("Sign out")
	b.press("Sign in with a passkey")
	b.expects("40")
	b.says("That passkey does not sign you in here.")
	b.look("sign-in-unknown-passkey")
	b.signIn()
	b.says("What can act for you")
	if strings.Contains(d.log.String(), "server_error") {
		t.Error("the server had a fault")
	}
}
