package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
)

const elsewhereSecret = "secret-of-the-door-elsewhere"

// actsAt is a tool that does something as the person: it asks the service whose
// token it was given who they are, and answers what it is told.
func actsAt(t *testing.T, profile string) *httptest.Server {
	t.Helper()
	tool := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, profile, nil)
		if err != nil {
			t.Error(err)
			return
		}
		ask.Header = http.Header{"Authorization": r.Header["Authorization"], "User-Agent": {"a tool"}}
		res, err := http.DefaultClient.Do(ask)
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		said, err := io.ReadAll(res.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		text := fmt.Sprintf("%d %s", res.StatusCode, said)
		_ = json.NewEncoder(w).Encode(map[string]any{"jsonrpc": "2.0", "id": 1, "result": map[string]any{
			"content": []any{map[string]any{"type": "text", "text": text}}}})
	}))
	t.Cleanup(tool.Close)
	return tool
}

// call calls a tool of the resource that the client's tokens are for, and returns what
// it answers.
func (c client) call(t *testing.T, accessToken string) string {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.resource,
		strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"who"}}`))
	if err != nil {
		t.Fatal(err)
	}
	ask.Header = http.Header{"Authorization": {"Bearer " + accessToken}, "Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	res, err := oneShot.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", res.StatusCode, said)
}

// TestAPersonSignsInElsewhere: in a browser, by each way that leads to somebody
// else, to a client that was sent a code, and whose tool acts there as that person.
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
	at["navy"] = openid
	tools := map[string]*httptest.Server{}
	for name, profile := range map[string]string{"github": "/user", "google": "/v1/userinfo", "plain": "/user", "navy": "/me"} {
		tools[name] = actsAt(t, at[name]+profile)
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
resources:
  - { name: github, path: /github, upstream: "%[6]s", connection: { provider: github, scopes: [repo] } }
  - { name: google, path: /google, upstream: "%[7]s", connection: { provider: google, scopes: [openid] } }
  - { name: plain, path: /plain, upstream: "%[8]s", connection: { provider: plain } }
  - { name: navy, path: /navy, upstream: "%[9]s", connection: { provider: navy, scopes: [openid] } }
`, at["github"], at["google"], openid, at["plain"], elsewhereSecret,
		tools["github"].URL, tools["google"].URL, tools["plain"].URL, tools["navy"].URL))
	for name, front := range map[string]*standin.Front{"github": &github.Front, "google": &google.Front, "plain": &plain.Front} {
		front.Redirects(d.URL + "/oauth/callback/" + name)
	}
	start(t, exec.Command(node.or(t), glue(t, "openid.mjs"), strings.TrimPrefix(openid, "http://127.0.0.1:"), d.URL+"/oauth/callback/navy"), openid)

	here := newLanding(t, false)
	c := d.register(t, here.URL, "none")
	for _, way := range []struct {
		name  string
		title string
		knows string       // what only the service could have told the tool
		there func(b *tab) // what the person does at the other service
	}{
		{"github", "GitHub", `\"id\":9`, func(b *tab) { b.press("Authorize") }},
		{"google", "Google", `110169484474386276334`, func(b *tab) { b.press("Continue") }},
		{"plain", "Plain", `u-9`, func(b *tab) { b.press("Allow") }},
		{"navy", "the Navy", `\"sub\":\"grace\"`, func(b *tab) {
			b.fill("Enter any login", "grace")
			b.fill("and password", "any")
			b.press("Sign-in")
			b.press("Continue")
		}},
	} {
		t.Run(way.title, func(t *testing.T) {
			c := c
			c.resource = d.URL + "/" + way.name
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
			if said := c.call(t, a.AccessToken); !strings.HasPrefix(said, "200 ") || !strings.Contains(said, `"text":"200 `) || !strings.Contains(said, way.knows) {
				t.Errorf("the tool that acts there as the person answers %s", said)
			}
		})
	}
	if people := d.run("", "users", "list"); strings.Count(people, "grace") < 3 {
		t.Errorf("the people are\n%s", people)
	}
}
