package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// privysReact stands in for @privy-io/react-auth, as far as the page of docs/login.md
// imports it: it keeps a session where a browser keeps things, opens a window with
// three ways to go on, and one of them leaves the page and comes back.
//
// The real one loads frames from Privy's hosts and cannot run here. With its version
// 3.45.0 the page was bundled by esbuild, and nothing was wrong with its types.
const privysReact = `
import { useEffect, useState } from "react";
let session = JSON.parse(localStorage.getItem("session")), heard = {}, changed = () => {};
const comesBack = new URLSearchParams(location.search).has("privy_oauth_code");
const button = (text, press) => document.body.append(Object.assign(document.createElement("button"), { textContent: text, onclick: press }));
async function signedIn() {
  session = await (await fetch("/session", { method: "POST" })).json();
  localStorage.setItem("session", JSON.stringify(session));
  changed();
  heard.onComplete({ wasAlreadyAuthenticated: false });
}
export const PrivyProvider = ({ appId, children }) => appId && children;
export const getIdentityToken = async () => session.Identity;
export function usePrivy() {
  const [ready, set] = useState(false), [, count] = useState(0);
  changed = () => count((n) => n + 1);
  useEffect(() => {
    set(true);
    if (comesBack) button("Back from Google", signedIn);
    else if (session) heard.onComplete({ wasAlreadyAuthenticated: true });
  }, []);
  return { ready, authenticated: session !== null, getAccessToken: async () => session.Access,
    logout: async () => { localStorage.removeItem("session"); session = null; changed(); } };
}
export function useLogin(events) {
  heard = events;
  return { login() {
    button("Sign in with Privy", signedIn);
    button("Sign in with Google", () => location.assign(location.href + "&privy_oauth_code=1&privy_oauth_state=2&privy_oauth_provider=google"));
    button("Close", () => heard.onError("exited_auth_flow"));
  } };
}
`

// documentedPage is the page that docs/login.md shows, bundled, with the door in it.
func documentedPage(t *testing.T, door string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "login.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, page, _ := strings.Cut(string(text), "```jsx\n")
	page, _, found := strings.Cut(page, "```\n")
	const documented = "https://mcp.acme.com/"
	if !found || strings.Count(page, documented) != 1 {
		t.Fatal("docs/login.md shows no such page")
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"page.jsx": strings.Replace(page, documented, door+"/", 1),
		"main.jsx": `import { createRoot } from "react-dom/client"; import Page from "./page.jsx"; createRoot(document.getElementById("root")).render(<Page />);`,
		"node_modules/@privy-io/react-auth/index.js":     privysReact,
		"node_modules/@privy-io/react-auth/package.json": `{"name":"@privy-io/react-auth","type":"module","main":"index.js"}`,
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"react", "react-dom"} {
		if err := os.Symlink(nodeModule(t, name), filepath.Join(dir, "node_modules", name)); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(dir, "page.js")
	bundle := exec.CommandContext(t.Context(), node.or(t), nodeModule(t, "rolldown", "bin", "cli.mjs"), "main.jsx", "--file", script, "--platform", "browser", "--format", "iife")
	bundle.Dir, bundle.Env = dir, environment("NO_COLOR=1", "NODE_ENV=production")
	if out, err := bundle.CombinedOutput(); err != nil {
		t.Fatalf("rolldown: %v\n%s", err, out)
	}
	return script
}

// A site of the operator's own has the page of docs/login.md, and a Privy at which one
// person is.
type privySite struct {
	URL   string // of the page
	login string // the settings of the login, under login:
	mu    sync.Mutex
	page  string          // the path of the page's script
	given map[string]bool // Privy's access tokens, which the page got
}

func newPrivySite(t *testing.T, did, email string) *privySite {
	t.Helper()
	s := &privySite{given: map[string]bool{}}
	privy := standin.NewPrivy(standin.Client{ID: "cmapp", Secret: elsewhereSecret}, standin.PrivyPerson{DID: did, Linked: []map[string]any{
		{"type": "email", "address": email, "latest_verified_at": 1}}})
	there := httptest.NewServer(privy)
	t.Cleanup(there.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sign-in", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!doctype html><html lang="en"><link rel="icon" href="data:,"><title>Acme</title><h1>Sign in to Acme</h1><div id="root"></div><script src="/page.js"></script>`)
	})
	mux.HandleFunc("GET /page.js", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		http.ServeFile(w, r, s.page)
	})
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, _ *http.Request) {
		session := privy.SignedIn(did)
		s.mu.Lock()
		s.given[session.Access] = true
		s.mu.Unlock()
		json.NewEncoder(w).Encode(session) //nolint:errcheck // the page would say so
	})
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	s.URL = site.URL
	s.login = fmt.Sprintf(`
  - type: privy
    app_id: cmapp
    app_secret: %[1]s
    login_url: %[2]s/sign-in
    jwks_url: %[3]s/v1/apps/cmapp/jwks.json
    api_url: %[3]s/v1
`, elsewhereSecret, site.URL, there.URL)
	return s
}

// signsInTo puts the door's address into the page, as whoever copies it does.
func (s *privySite) signsInTo(t *testing.T, door string) {
	t.Helper()
	page := documentedPage(t, door)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.page = page
}

// takesBack ends what Privy gave, before its time.
func (s *privySite) takesBack() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.given)
}

// gave says whether a token is one of Privy's that the page got.
func (s *privySite) gave(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.given[token]
}

// TestThePageOfTheDocumentationSignsInWithPrivy: whoever copies the page of
// docs/login.md has one that signs people in, once and anew, and lets them give up.
func TestThePageOfTheDocumentationSignsInWithPrivy(t *testing.T) {
	browser := newBrowser(t)
	site := newPrivySite(t, "did:privy:cm3np4u9j001rc8b73seqmqqk", "grace@navy.example")
	d := newDoor(t, "login:\n  - { type: local }"+site.login)
	site.signsInTo(t, d.URL)
	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")

	b := newTab(t, browser)
	b.open(c.authorization("").url)
	b.press("Continue with Privy")
	b.press("Close")
	b.expects("403")
	b.says("You said no at Privy, or the sign-in was cancelled.")
	b.press("Continue with Privy")
	b.press("Sign in with Privy")
	b.says("wants to use")
	// Privy still has them, and the page asks anew all the same: here by way of Google.
	b.open(d.URL + "/login?again=yes")
	b.press("Continue with Privy")
	b.press("Sign in with Google")
	b.press("Back from Google")
	b.says("grace")
	p := c.authorization("")
	b.open(p.url)
	b.says("wants to use")
	b.press("Allow")
	c.redeems(t, here.answer(t), p)
}
