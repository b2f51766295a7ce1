package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// frontPage runs Privy's login: its button does what Privy's script does, and hands
// over what the script holds afterwards. The page is told nothing but a state.
const frontPage = `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Acme</title><h1>Sign in to Acme</h1>
<button id="in">Sign in with Privy</button> <a id="no">Never mind</a>
<script>
const door = %q, state = new URLSearchParams(location.search).get("state");
document.getElementById("no").href = door + "?state=" + state;
document.getElementById("in").onclick = async () => {
  const session = await (await fetch("/session", { method: "POST" })).json();
  const form = Object.assign(document.createElement("form"), { method: "post", action: door });
  for (const [name, value] of Object.entries({ state, privy_token: session.Access, identity_token: session.Identity })) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
};
</script>`

// newFrontEnd is a site of the operator's own, at which somebody is signed in by Privy.
func newFrontEnd(t *testing.T, p *standin.Privy, did string) (server *httptest.Server, serves func(door string)) {
	t.Helper()
	var page atomic.Pointer[string]
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write([]byte(*page.Load()))
	})
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(p.SignedIn(did)) //nolint:errcheck // the page would say so
	})
	server = httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server, func(door string) {
		text := fmt.Sprintf(frontPage, door+"/oauth/callback/privy")
		page.Store(&text)
	}
}

const graceDID = "did:privy:cm3np4u9j001rc8b73seqmqqk"

// newPrivy is a Privy at which Grace has linked Google and an address.
func newPrivy(t *testing.T) (privy *standin.Privy, url string) {
	t.Helper()
	privy = standin.NewPrivy(standin.Client{ID: "cmapp", Secret: elsewhereSecret}, standin.PrivyPerson{DID: graceDID, Linked: []map[string]any{
		{"type": "google_oauth", "email": "grace@gmail.example", "name": "Grace Hopper", "latest_verified_at": 1},
		{"type": "email", "address": "grace@navy.example", "latest_verified_at": 1}}})
	there := httptest.NewServer(privy)
	t.Cleanup(there.Close)
	return privy, there.URL
}

// TestAPersonSignsInWithPrivy: in a browser, on a page at another site, from which
// a form carries none of the cookies that wait for it.
func TestAPersonSignsInWithPrivy(t *testing.T) {
	browser := newBrowser(t)
	privy, there := newPrivy(t)
	site, serves := newFrontEnd(t, privy, graceDID)
	d := newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - type: privy
    app_id: cmapp
    app_secret: %[1]s
    login_url: %[2]s/sign-in
    jwks_url: %[3]s/v1/apps/cmapp/jwks.json
    api_url: %[3]s/v1
    allow: { domains: [navy.example] }
`, elsewhereSecret, site.URL, there))
	serves(d.URL)
	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")

	t.Run("and allows a client what it asks for", func(t *testing.T) {
		b, p := newTab(t, browser), c.authorization("")
		b.open(p.url)
		b.press("Continue with Privy")
		b.says("Sign in to Acme")
		b.press("Sign in with Privy")
		b.says("wants to use")
		b.says("Grace Hopper")
		if at := b.location(); strings.Contains(at, "ticket") || strings.Contains(at, "eyJ") {
			t.Errorf("the address is %s", at)
		}
		b.press("Allow")
		c.redeems(t, here.answer(t), p)
	})
	t.Run("or gives up there, and is where they were", func(t *testing.T) {
		b := newTab(t, browser)
		b.open(c.authorization("").url)
		b.press("Continue with Privy")
		b.follow("Never mind")
		b.expects("403")
		b.says("You said no at Privy, or the sign-in was cancelled.")
		b.press("Continue with Privy")
		b.press("Sign in with Privy")
		b.says("wants to use")
	})
	t.Run("but not where another site has their browser do it", func(t *testing.T) {
		stranger, lies := newFrontEnd(t, privy, graceDID)
		lies(d.URL)
		b := newTab(t, browser)
		b.open(c.authorization("").url)
		b.press("Continue with Privy")
		_, state, _ := strings.Cut(b.location(), "state=")
		b.open(stranger.URL + "/sign-in?state=" + state)
		b.press("Sign in with Privy")
		b.expects("403")
		b.says("This answer was posted by another page than the one that signs people in.")
		b.open(d.URL + "/account")
		b.says("Sign in to")
	})
	t.Run("nor where no browser of theirs left from here", func(t *testing.T) {
		b := newTab(t, browser)
		b.open(site.URL + "/sign-in?state=AAAAAAAAAAAAAAAAAAAAAAAAAA")
		b.press("Sign in with Privy")
		b.expects("403")
		b.says("This browser did not leave from here")
	})
	if text := d.log.String(); strings.Contains(text, "eyJ") || strings.Contains(text, "ticket=") {
		t.Error("the log holds a token or a ticket")
	}
}
