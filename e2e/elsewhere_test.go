package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
)

const elsewhereSecret = "secret-of-the-door-elsewhere"

// TestAPersonSignsInElsewhere: in a browser, by each way that leads to somebody
// else, to a client that was sent a code.
func TestAPersonSignsInElsewhere(t *testing.T) {
	browser := newBrowser(t)
	client := standin.Client{ID: "door", Secret: elsewhereSecret}

	github := standin.NewGitHub(client, standin.GitHubPerson{ID: 9, Login: "grace", Name: "Grace Hopper", Email: "grace@navy.example", Verified: true, Orgs: []string{"navy"}})
	github.Chooser = true
	google := standin.NewGoogle(client, standin.GooglePerson{Sub: "110169484474386276334", Email: "grace@navy.example", Verified: true, HD: "navy.example", Name: "Grace Hopper"})
	google.Chooser = true
	plain := standin.NewOAuth2(standin.Plain, client, standin.OAuth2Person{ID: "u-9", Name: "Grace Hopper", Email: "grace@navy.example"})
	plain.Chooser = true
	openid := fmt.Sprintf("http://127.0.0.1:%d", freePort(t))
	at := map[string]string{}
	for name, h := range map[string]http.Handler{"github": github, "google": google, "plain": plain} {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		at[name] = server.URL
	}
	d := newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: github, url: %[1]s, client_id: door, client_secret: %[5]s, allow: { groups: [navy] } }
  - { type: google, issuer: %[2]s, client_id: door, client_secret: %[5]s, hosted_domains: [navy.example] }
  - { type: oidc, name: navy, title: the Navy, issuer: %[3]s, client_id: door, client_secret: %[5]s }
  - type: oauth2
    name: plain
    title: Plain
    authorization_url: %[4]s/authorize
    token_url: %[4]s/token
    user_url: %[4]s/user
    client_id: door
    client_secret: %[5]s
`, at["github"], at["google"], openid, at["plain"], elsewhereSecret))
	for name, front := range map[string]*standin.Front{"github": &github.Front, "google": &google.Front, "plain": &plain.Front} {
		front.Redirects(d.URL + "/oauth/callback/" + name)
	}
	start(t, exec.Command(node.or(t), glue(t, "openid.mjs"), strings.TrimPrefix(openid, "http://127.0.0.1:"), d.URL+"/oauth/callback/navy"), openid)

	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")
	for _, way := range []struct {
		title string
		there func(b *tab) // what the person does at the other service
	}{
		{"GitHub", func(b *tab) { b.press("Authorize") }},
		{"Google", func(b *tab) { b.press("Continue") }},
		{"Plain", func(b *tab) { b.press("Allow") }},
		{"the Navy", func(b *tab) {
			b.fill("Enter any login", "grace")
			b.fill("and password", "any")
			b.press("Sign-in")
			b.press("Continue")
		}},
	} {
		t.Run(way.title, func(t *testing.T) {
			b, p := newTab(t, browser), c.authorization("")
			b.open(p.url)
			b.look("sign-in-elsewhere")
			b.press("Continue with " + way.title)
			way.there(b)
			b.forgives("/favicon.ico")
			b.forgives("fonts.googleapis.com")
			b.says("wants to use")
			b.says("Grace Hopper")
			b.press("Allow")
			a, err := c.redeem(t.Context(), here.answer(t).Get("code"), p.verifier)
			if err != nil || a.Status != http.StatusOK {
				t.Fatalf("the code gives %+v, %v", a, err)
			}
			if ok, err := d.works(t.Context(), a.AccessToken); !ok || err != nil {
				t.Errorf("the token does not work: %v", err)
			}
		})
	}
	if people := d.run("", "users", "list"); strings.Count(people, "grace") < 3 {
		t.Errorf("the people are\n%s", people)
	}
}
