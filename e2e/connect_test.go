package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// TestAPersonConnectsWhatAToolActsAt: who signs in with a password connects GitHub on
// the way to a client, their tool has their token, and they take it back on their
// own page.
func TestAPersonConnectsWhatAToolActsAt(t *testing.T) {
	browser := newBrowser(t)
	github := standin.NewGitHub(standin.Client{ID: "door", Secret: elsewhereSecret}, standin.GitHubPerson{ID: 9, Login: "grace", Email: "grace@navy.example", Verified: true})
	github.Chooser = true
	there := httptest.NewServer(github)
	t.Cleanup(there.Close)
	bearers := make(chan string, 16)
	tool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bearers <- r.Header.Get("Authorization")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	}))
	t.Cleanup(tool.Close)
	d := newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: %s }
resources:
  - { name: repos, title: Repositories, path: /mcp, upstream: "%s", connection: { provider: github, scopes: [repo] } }
`, there.URL, elsewhereSecret, tool.URL))
	github.Redirects(d.URL + "/oauth/callback/github")
	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")

	b, p := newTab(t, browser), c.authorization("")
	b.open(p.url)
	b.fill("Username", username)
	b.fill("Password", password)
	b.press("Sign in")
	b.says("acts at GitHub as you")
	b.look("connect")
	b.press("Connect GitHub")
	b.press("Authorize")
	b.forgives("/favicon.ico")
	b.says("wants to use")
	b.press("Allow")
	a, err := c.redeem(t.Context(), here.answer(t).Get("code"), p.verifier)
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("the code gives %+v, %v", a, err)
	}
	call := func() int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, d.MCP, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Authorization": {"Bearer " + a.AccessToken}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	if status := call(); status != http.StatusOK {
		t.Fatalf("the call is answered %d", status)
	}
	if got := <-bearers; !strings.HasPrefix(got, "Bearer gho_") {
		t.Error("the tool has no token of GitHub")
	}

	b.open(d.URL + "/account")
	b.says("Connected as “grace”")
	b.look("account-connections")
	b.press("Disconnect GitHub")
	b.says("Not connected.")
	if status := call(); status != http.StatusUnauthorized || len(bearers) != 0 {
		t.Errorf("after that the call is answered %d", status)
	}
	b.press("Connect GitHub")
	b.press("Authorize")
	b.says("Connected as “grace”")
	if status := call(); status != http.StatusOK {
		t.Errorf("connected again, the call is answered %d", status)
	}
}
