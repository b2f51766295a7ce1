package e2e

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A landing is where a client receives its answers, in a browser.
type landing struct {
	srv     *httptest.Server
	URL     string
	answers chan url.Values
}

func newLanding(t *testing.T, tls bool) *landing {
	t.Helper()
	l := &landing{answers: make(chan url.Values, 10)}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if r.URL.Path == "/callback" {
			l.answers <- r.URL.Query()
		}
		w.Write([]byte(`<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Client</title><h1>You can close this</h1>`))
	})
	if tls {
		l.srv = httptest.NewTLSServer(handler)
		port := l.srv.URL[strings.LastIndex(l.srv.URL, ":"):]
		l.URL = "https://client.example" + port + "/callback"
	} else {
		l.srv = httptest.NewServer(handler)
		l.URL = l.srv.URL + "/callback"
	}
	t.Cleanup(l.srv.Close)
	return l
}

// answer is what the client was told, and only once.
func (l *landing) answer(t *testing.T) url.Values {
	t.Helper()
	select {
	case q := <-l.answers:
		return q
	case <-time.After(30 * time.Second):
		t.Fatal("the client was told nothing")
		return nil
	}
}

// redeems wants an answer to be good.
func (c client) redeems(t *testing.T, q url.Values, p pending) {
	t.Helper()
	if q.Get("state") != p.state || q.Get("iss") != c.site {
		t.Errorf("the client is told %v", q)
	}
	if a, err := c.redeem(t.Context(), q.Get("code"), p.verifier); err != nil || a.Status != http.StatusOK {
		t.Errorf("the code gives %+v, %v", a, err)
	}
}

func (b *tab) signIn() {
	b.t.Helper()
	b.fill("Username", username)
	b.fill("Password", password)
	b.press("Sign in")
}

func TestTheFirstPersonMakesTheirAccount(t *testing.T) {
	browser := newBrowser(t)
	d := unopened(t, "")
	d.open()
	link := d.awaitLink("First person in:")
	b := newTab(t, browser)
	b.open(link)
	b.look("first-run")
	b.fill("Username", username)
	b.fill("Password", password)
	b.press("Create account")
	b.says("No app can act for you here")
	b.look("account-empty")

	b.open(link)
	b.expects("403")
	b.says("The first account was made already.")

	other := newTab(t, browser)
	other.open(d.URL + "/account")
	other.signIn()
	other.says("What can act for you")
}

func TestInABrowser(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "")
	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")

	t.Run("a wrong password is told, and the right one goes on", func(t *testing.T) {
		b := newTab(t, browser)
		p := c.authorization("")
		b.open(p.url)
		b.look("sign-in")
		b.fill("Username", username)
		b.fill("Password", "not the password")
		b.press("Sign in")
		b.expects("40")
		b.says("That username and password do not go together.")
		b.look("sign-in-wrong")
		b.fill("Password", password)
		b.press("Sign in")
		b.says("wants to use")
		b.look("consent")
		b.press("Allow")
		b.says("You can close this")
		c.redeems(t, here.answer(t), p)
	})
	t.Run("deny", func(t *testing.T) {
		b := newTab(t, browser)
		p := c.authorization("")
		b.open(p.url)
		b.signIn()
		b.press("Deny")
		b.says("You can close this")
		if q := here.answer(t); q.Get("error") != "access_denied" || q.Get("state") != p.state || q.Get("iss") != d.URL || q.Has("code") {
			t.Errorf("the client is told %v", q)
		}
	})
	t.Run("reloaded and gone back to, the pages still work", func(t *testing.T) { backAndReload(t, browser, c, here) })
	t.Run("two authorizations at once", func(t *testing.T) { twoTabs(t, browser, c, here) })
	t.Run("a person withdraws what they allowed", func(t *testing.T) { withdraw(t, browser, d, c) })
	t.Run("who asks wrongly sees why", func(t *testing.T) {
		b := newTab(t, browser)
		b.open(d.URL + "/oauth/authorize?response_type=code&client_id=nobody&redirect_uri=" + url.QueryEscape(here.URL))
		b.expects("40")
		b.look("problem")
	})
	t.Run("the guarded server's own page", func(t *testing.T) {
		b := newTab(t, browser)
		b.open(d.MCP)
		b.says(d.MCP)
		b.look("mcp")
		b.do(chromedp.Evaluate[chromedp.Void](`for (const d of document.querySelectorAll("details")) { d.name = ""; d.open = true }`))
		b.look("mcp-unfolded")
		b.open(d.URL)
		b.look("home")
	})
}

func backAndReload(t *testing.T, browser context.Context, c client, here *landing) {
	b := newTab(t, browser)
	p := c.authorization("")
	b.open(p.url)
	b.do(chromedp.Reload())
	b.signIn()
	b.do(chromedp.Reload())
	b.says("wants to use")
	b.press("Allow")
	c.redeems(t, here.answer(t), p)

	// A client is told twice when a person goes back and allows again; both
	// answers are theirs, and each is good for one exchange.
	b.do(chromedp.NavigateBack())
	b.says("wants to use")
	b.press("Allow")
	c.redeems(t, here.answer(t), p)

	// Before consent is the sign-in page; they have signed in since.
	b.do(chromedp.NavigateBack(), chromedp.NavigateBack())
	if at := b.location(); !strings.Contains(at, "/login") {
		t.Fatalf("two steps back is %s", at)
	}
	b.signIn()
	b.says("wants to use")
	b.press("Deny")
	if q := here.answer(t); q.Get("error") != "access_denied" {
		t.Errorf("the client is told %v", q)
	}
}

func twoTabs(t *testing.T, browser context.Context, c client, here *landing) {
	one := newTab(t, browser)
	first, second := c.authorization(""), c.authorization("demo:read demo:write")
	one.open(first.url)
	two := one.another(t)
	two.open(second.url)
	one.signIn()
	two.signIn()
	one.says("wants to use")
	two.says("wants to use")
	two.press("Allow")
	c.redeems(t, here.answer(t), second)
	one.press("Allow")
	c.redeems(t, here.answer(t), first)
}

func withdraw(t *testing.T, browser context.Context, d *door, c client) {
	tokens := c.tokens(t, d.visitor(), "demo:read demo:write")
	b := newTab(t, browser)
	b.open(d.URL + "/account")
	b.signIn()
	b.says("as you")
	b.look("account")
	for !strings.Contains(b.text(), "No app can act for you here") {
		b.press("Revoke")
		b.look("revoke")
		b.press("Revoke")
		b.says("can no longer use Sallyport demo as you")
	}
	if ok, err := d.works(t.Context(), tokens.AccessToken); ok || err != nil {
		t.Errorf("the access token works still: %t, %v", ok, err)
	}
	if a, err := c.refresh(t.Context(), tokens.RefreshToken); err != nil || a.Error != "invalid_grant" {
		t.Errorf("the refresh token gives %+v, %v", a, err)
	}
	b.press("Sign out")
	b.says("Sign in to")
}

// TestTheAnswerReachesEveryKindOfClient: a content security policy with
// form-action would stop the last redirect, silently.
func TestTheAnswerReachesEveryKindOfClient(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "")
	for name, tls := range map[string]bool{"http on this computer": false, "https elsewhere": true} {
		t.Run(name, func(t *testing.T) {
			there := newLanding(t, tls)
			c := d.register(t, there.URL, "none")
			b, p := newTab(t, browser), c.authorization("")
			b.open(p.url)
			b.signIn()
			if !tls {
				b.says("Only allow it if you started this yourself a moment ago")
			}
			b.press("Allow")
			c.redeems(t, there.answer(t), p)
		})
	}
	t.Run("a program's own scheme", func(t *testing.T) {
		const redirect = "cursor://anysphere.cursor-mcp/oauth/callback"
		c := d.register(t, redirect, "none")
		b, p := newTab(t, browser), c.authorization("")
		b.open(p.url)
		b.signIn()
		b.look("consent-to-a-scheme")
		b.do(chromedp.Click("Allow", byRole("button", "Allow")))
		u, err := url.Parse(b.handedOver())
		if err != nil || !strings.HasPrefix(u.String(), redirect+"?") {
			t.Fatalf("handed over: %s, %v", u, err)
		}
		c.redeems(t, u.Query(), p)
	})
}

// TestTheAnswerReachesAProgramThroughItsVendorsPage: some clients have the answer
// sent to their vendor, whose page then opens the program on the person's
// computer. A browser counts that hop to the form on which they allowed.
func TestTheAnswerReachesAProgramThroughItsVendorsPage(t *testing.T) {
	browser := newBrowser(t)
	const program = "claude://mcp-auth-callback"
	vendor := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, program+"?"+r.URL.RawQuery, http.StatusFound)
	}))
	t.Cleanup(vendor.Close)
	d := newDoor(t, "")
	c := d.register(t, "https://vendor.example"+vendor.URL[strings.LastIndex(vendor.URL, ":"):]+"/callback", "none")
	b, p := newTab(t, browser), c.authorization("")
	b.open(p.url)
	b.signIn()
	b.do(chromedp.Click("Allow", byRole("button", "Allow")))
	u, err := url.Parse(b.handedOver())
	if err != nil || !strings.HasPrefix(u.String(), program+"?") {
		t.Fatalf("handed over: %s, %v", u, err)
	}
	c.redeems(t, u.Query(), p)
}

// handedOver waits until the browser hands a URL to another program.
func (b *tab) handedOver() string {
	b.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		b.mu.Lock()
		launched := b.launched
		b.mu.Unlock()
		if len(launched) > 0 {
			return launched[0]
		}
		<-tick.C
	}
	b.t.Fatalf("the browser hands nothing over\non the page: %s", b.text())
	return ""
}
