package e2e

import (
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// TestAPersonSignsInByDex: an OpenID provider that runs in many clusters, here in the
// place of any `oidc`. Groups are what it says; who is in none of them is known, and
// does not come in.
func TestAPersonSignsInByDex(t *testing.T) {
	dex := dexBinary.or(t)
	browser := newBrowser(t)
	list := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/dexidp/dex")
	list.Dir = "dex"
	source, err := list.Output()
	if err != nil {
		t.Fatal("where the pages of Dex are:", err)
	}
	issuer := fmt.Sprintf("http://127.0.0.1:%d/dex", freePort(t))
	d := newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: oidc, name: dex, title: Dex, issuer: %s, client_id: door, client_secret: %s, scopes: [groups], allow: { groups: [authors] } }
`, issuer, elsewhereSecret))
	cmd := exec.Command(dex, issuer, d.URL+"/oauth/callback/dex")
	cmd.Env = environment("DEX_WEB=" + strings.TrimSpace(string(source)) + "/web")
	start(t, cmd, issuer+"/healthz")

	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")
	leave := func(by string) (*tab, pending) {
		b, p := newTab(t, browser), c.authorization("")
		b.open(p.url)
		b.press("Continue with Dex")
		b.press("Log in with " + by)
		return b, p
	}
	b, _ := leave("a password")
	b.fill("username", "grace")
	b.fill("Password", "any")
	b.press("Login")
	b.press("Grant Access")
	b.says("you may not come in here")
	b.forgives("/oauth/callback/dex")

	b, p := leave("Mock")
	b.press("Grant Access")
	b.says("wants to use")
	b.says("Kilgore Trout")
	b.press("Allow")
	a, err := c.redeem(t.Context(), here.answer(t).Get("code"), p.verifier)
	if err != nil || a.Status != http.StatusOK {
		t.Fatalf("the code gives %+v, %v", a, err)
	}
	if ok, err := d.works(t.Context(), a.AccessToken); !ok || err != nil {
		t.Errorf("the token does not work: %v", err)
	}
	if people := d.run("", "users", "list"); strings.Count(people, "@dex") != 1 {
		t.Errorf("the people are\n%s", people)
	}
}
