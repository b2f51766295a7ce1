package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A guided door is one of the settings that docs/login.md has under a heading, word
// for word, but that the hosts in it are stand-ins, and that its tools run here.
type guided struct {
	*connected
	name  string // of the login
	front *standin.Front
	there string
}

const guideTools = "http://10.0.0.7:3001/mcp"

// example is the settings under a heading of the guide.
func example(t *testing.T, heading string) string {
	t.Helper()
	guide, err := os.ReadFile("../../docs/login.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(guide), "\n"+heading+"\n")
	_, rest, open := strings.Cut(rest, "```yaml\n")
	block, _, shut := strings.Cut(rest, "```")
	if !found || !open || !shut {
		t.Fatalf("docs/login.md has no settings under %q", heading)
	}
	return block
}

// A section of the guide is about a login of that name.
type section struct{ heading, login string }

// follow makes a door of an example. hosts are what stands in it for there.
func follow(t *testing.T, of section, service http.Handler, front *standin.Front, hosts ...string) *guided {
	t.Helper()
	g := &guided{connected: &connected{t: t, log: &writer{}, got: map[string]http.Header{},
		request: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"any","arguments":{}}}`}, name: of.login, front: front}
	there := httptest.NewServer(service)
	t.Cleanup(there.Close)
	g.there = there.URL
	tools := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		g.got[r.URL.Path] = r.Header.Clone()
		g.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	}))
	t.Cleanup(tools.Close)
	listener := httptest.NewUnstartedServer(nil)
	g.url = "http://" + listener.Listener.Addr().String()
	text := strings.ReplaceAll(example(t, of.heading), guideTools, tools.URL+"/tools")
	for i := 0; i < len(hosts); i += 2 {
		if !strings.Contains(text, hosts[i]) {
			t.Fatalf("the settings under %q have no %s", of.heading, hosts[i])
		}
		text = strings.ReplaceAll(text, hosts[i], strings.ReplaceAll(hosts[i+1], "$there", g.there))
	}
	if !strings.Contains(text, "resources:") {
		text += fmt.Sprintf("resources: [{ name: tools, path: /tools/mcp, upstream: %q, connection: { provider: %s } }]\n", tools.URL+"/tools", of.login)
	}
	g.open(t, fmt.Sprintf("public_url: %s\ndata: %s\n%s", g.url, t.TempDir(), text))
	front.Redirects(g.url + "/oauth/callback/" + of.login)
	listener.Config.Handler = g.door.handler()
	listener.Start()
	t.Cleanup(listener.Close)
	return g
}

// open builds the door of the real settings, with every variable set.
func (g *guided) open(t *testing.T, text string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	g.ok(os.WriteFile(file, []byte(text), 0o600))
	settings, err := config.Load(file, func(string) (string, bool) { return "secret-of-the-door", true })
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	log := slog.New(slog.NewJSONHandler(g.log, nil))
	in, err := open(t.Context(), settings, log, true)
	g.ok(err)
	if g.door, err = build(t.Context(), in, log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.door.shut(t) })
	_, err = localLogin(in).Create(t.Context(), login.New{Username: "root", Password: "correct horse battery", Admin: true})
	g.ok(err)
}

// through signs somebody in by the login, connects it for the resource of the
// settings, and returns who they are here.
func (g *guided) through() oauth.Person {
	g.t.Helper()
	jar, _ := cookiejar.New(nil)
	b := &http.Client{Jar: jar}
	page := g.page(b.Get(g.url + "/login"))
	at := strings.Index(page, `action="/login/`+g.name+`"`)
	if at < 0 {
		g.t.Fatalf("the page has no way to %s: %s", g.name, page)
	}
	csrf := hiddenField.FindStringSubmatch(page[at:])
	page = g.page(b.PostForm(g.url+"/login/"+g.name, url.Values{"csrf": {csrf[1]}, "ix": {""}}))
	if !strings.Contains(page, "Ways to sign in") {
		g.t.Fatalf("they are not led to their own page but to %s", page)
	}
	g.connect(b, g.name)
	people, err := g.door.in.store.People(g.t.Context(), "", 10)
	g.ok(err)
	for _, p := range people {
		if p.Username != "root" {
			return p
		}
	}
	g.t.Fatal("nobody came in")
	return oauth.Person{}
}

// subject is who a person is elsewhere.
func (g *guided) subject(p oauth.Person) string {
	g.t.Helper()
	all, err := g.door.in.store.Identities(g.t.Context(), p.ID)
	g.ok(err)
	if len(all) != 1 {
		g.t.Fatalf("they are %v", all)
	}
	return all[0].Subject
}

// acts has a tool act there, by the token that reached it: the service says who
// that is.
func (g *guided) acts(p oauth.Person, resource, path string, more http.Header) string {
	g.t.Helper()
	access := g.accessBy("c", p.ID, resource)
	if status, _, body, _ := g.call(resource, access, nil); status != http.StatusOK {
		g.t.Fatalf("the call is answered %d: %s", status, body)
	}
	g.mu.Lock()
	bearer := g.got["/tools"].Get("Authorization")
	g.mu.Unlock()
	r, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.there+path, nil)
	g.ok(err)
	for name, values := range more {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", bearer)
	res, err := http.DefaultClient.Do(r)
	return g.page(res, err)
}

func TestTheGuideSlack(t *testing.T) {
	slack := standin.NewOAuth2(standin.Slack, standin.Client{ID: "3336676.569200954261", Secret: "secret-of-the-door"},
		standin.OAuth2Person{ID: "U0G9QF9C6", Name: "ada", Email: "ada@acme.example"})
	slack.Expiring = true
	g := follow(t, section{"### Slack", "slack"}, slack, &slack.Front, "https://slack.com", "$there")
	ada := g.through()
	if got := g.subject(ada); got != "T9TK3CUKW U0G9QF9C6" {
		t.Errorf("they are remembered as %q", got)
	}
	if got := slack.Last(standin.Authorize).Query; got.Get("user_scope") != "users:read,channels:read,chat:write" || got.Has("scope") {
		t.Errorf("it asks for %v", got)
	}
	if said := g.acts(ada, "channels", "/api/auth.test", nil); !strings.Contains(said, `"user_id":"U0G9QF9C6"`) {
		t.Errorf("it acts as %s", said)
	}
	// Slack refuses with status 200.
	slack.FailTimes(1, standin.Token, standin.Body(http.StatusOK, "application/json", `{"ok":false,"error":"bad_client_secret"}`))
	g.refused("does not accept this server", "bad_client_secret")
	// A token of the bot beside it is not the person's.
	slack.FailTimes(1, standin.Token, standin.Body(http.StatusOK, "application/json", `{"ok":true,"access_token":"xoxb-1","token_type":"bot","authed_user":{"id":"U0G9QF9C6"}}`))
	g.refused("does not answer now", "the answer has no token in it")
}

func TestTheGuideNotion(t *testing.T) {
	notion := standin.NewOAuth2(standin.Notion, standin.Client{ID: "463558a3-725e-4f37-b6d3-0889894f68de", Secret: "secret-of-the-door"},
		standin.OAuth2Person{ID: "e79a0b74-3aba-4149-9f74-0bb5791a6ee6", Name: "Ada", Email: "ada@acme.example"})
	g := follow(t, section{"### Notion", "notion"}, notion, &notion.Front, "https://api.notion.com", "$there")
	ada := g.through()
	if got := g.subject(ada); got != "e79a0b74-3aba-4149-9f74-0bb5791a6ee6" || ada.Name != "Ada" {
		t.Errorf("they are remembered as %q, %q", got, ada.Name)
	}
	if got := notion.Last(standin.Authorize).Query.Get("owner"); got != "user" {
		t.Errorf("it asks for the owner %q", got)
	}
	if said := g.acts(ada, "pages", "/v1/users/me", http.Header{"Notion-Version": {"2022-06-28"}}); !strings.Contains(said, "e79a0b74-3aba-4149-9f74-0bb5791a6ee6") {
		t.Errorf("it acts as %s", said)
	}
}

func TestTheGuideSalesforce(t *testing.T) {
	salesforce := standin.NewOAuth2(standin.Salesforce, standin.Client{ID: "3MVG9lKcPoNINVBIPJjdw1J9LLM82Hn", Secret: "secret-of-the-door"},
		standin.OAuth2Person{ID: "005x00000012Q9P", Name: "Ada", Email: "ada@acme.example", Verified: true})
	g := follow(t, section{"### Salesforce", "salesforce"}, salesforce, &salesforce.Front, "https://login.salesforce.com", "$there")
	ada := g.through()
	if got := g.subject(ada); got != "00Dx0000000BV7zEAG 005x00000012Q9P" || ada.Email != "ada@acme.example" {
		t.Errorf("they are remembered as %q, %q", got, ada.Email)
	}
	if said := g.acts(ada, "accounts", "/services/oauth2/userinfo", nil); !strings.Contains(said, `"user_id":"005x00000012Q9P"`) {
		t.Errorf("it acts as %s", said)
	}
}

func TestTheGuideGoogleCalendar(t *testing.T) {
	google := standin.NewGoogle(standin.Client{ID: "1234.apps.googleusercontent.com", Secret: "secret-of-the-door"},
		standin.GooglePerson{Sub: "110169484474386276334", Email: "ada@acme.com", Verified: true, HD: "acme.com", Name: "Ada"})
	g := follow(t, section{"### Google Calendar", "google"}, google, &google.Front, "type: google", "type: google\n    issuer: $there")
	ada := g.through()
	got := google.Last(standin.Authorize).Query
	if got.Get("access_type") != "offline" || got.Get("hd") != "acme.com" || !strings.HasSuffix(got.Get("scope"), "https://www.googleapis.com/auth/calendar.readonly") {
		t.Errorf("it asks for %v", got)
	}
	if said := g.acts(ada, "calendar", "/v1/userinfo", nil); !strings.Contains(said, `"110169484474386276334"`) {
		t.Errorf("it acts as %s", said)
	}
}

// Any other OpenID provider and any other OAuth 2.0 server is settings alone.
func TestTheGuideOtherServices(t *testing.T) {
	t.Run("an OpenID provider", func(t *testing.T) {
		okta := standin.NewGoogle(standin.Client{ID: "0oa1b2c3d4", Secret: "secret-of-the-door"},
			standin.GooglePerson{Sub: "00u1", Email: "ada@acme.com", Verified: true, Name: "Ada"})
		okta.Fail(standin.Token, standin.Alter(func(claims map[string]any) { claims["groups"] = []string{"mcp-users", "everyone"} }))
		g := follow(t, section{"## Okta, Entra, Auth0, Keycloak, Dex, and every other OpenID provider", "okta"}, okta, &okta.Front, "https://acme.okta.com", "$there")
		if ada := g.through(); g.subject(ada) != "00u1" || ada.Email != "ada@acme.com" {
			t.Errorf("they are remembered as %+v", ada)
		} else if said := g.acts(ada, "tools", "/v1/userinfo", nil); !strings.Contains(said, `"00u1"`) {
			t.Errorf("it acts as %s", said)
		}
		// Who is in no group of the settings stays out.
		okta.Heal(standin.Token)
		g.refused("you may not come in here", "not among those whom the settings allow")
	})
	t.Run("an OpenID provider whose ID tokens are without groups", func(t *testing.T) {
		okta := standin.NewGoogle(standin.Client{ID: "0oa1b2c3d4", Secret: "secret-of-the-door"},
			standin.GooglePerson{Sub: "00u1", Email: "ada@acme.com", Verified: true, Name: "Ada"})
		okta.Fail(standin.User, standin.Body(http.StatusOK, "application/json", `{"sub":"00u1","groups":["mcp-users"]}`))
		g := follow(t, section{"## Okta, Entra, Auth0, Keycloak, Dex, and every other OpenID provider", "okta"}, okta, &okta.Front, "https://acme.okta.com", "$there",
			"    groups_claim: groups\n", "") // allow asks for groups as well
		if ada := g.through(); g.subject(ada) != "00u1" {
			t.Errorf("they are remembered as %+v", ada)
		}
	})
	for name, c := range map[string]struct {
		issuer string
		client string
		says   func(claims map[string]any)
	}{
		"entra": {"https://login.microsoftonline.com/4f1d7e7a-1c0e-4d0a-9f43-2b6a1c6f2d11/v2.0", "8c7ad1f0-52c1-4b7e-9a66-0d3f9e2c1b77", func(claims map[string]any) {
			delete(claims, "email_verified")
			claims["preferred_username"], claims["xms_edov"], claims["roles"] = "ada@acme.com", true, []string{"Tickets.Use"}
		}},
		"keycloak": {"https://sso.acme.com/realms/acme", "mcp", func(claims map[string]any) {
			claims["preferred_username"], claims["realm_access"] = "ada", map[string]any{"roles": []string{"tickets", "offline_access"}}
		}},
		"auth0": {"https://acme.eu.auth0.com/", "mLk2uXo8", func(claims map[string]any) {
			claims["nickname"], claims["https://acme.com/roles"] = "ada", []string{"tickets"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			is := standin.NewGoogle(standin.Client{ID: c.client, Secret: "secret-of-the-door"}, standin.GooglePerson{Sub: "7f3e", Email: "ada@acme.com", Verified: true, Name: "Ada"})
			is.Fail(standin.Token, standin.Alter(c.says))
			g := follow(t, section{"### Claims of their own", name}, is, &is.Front, c.issuer, "$there")
			ada := g.through()
			if g.subject(ada) != "7f3e" || ada.Email != "ada@acme.com" || !strings.HasPrefix(ada.Username, "ada") || !strings.HasSuffix(ada.Username, "@"+name) {
				t.Errorf("they are remembered as %+v", ada)
			}
			is.Heal(standin.Token)
			g.refused("you may not come in here", "not among those whom the settings allow")
		})
	}
	t.Run("an OAuth 2.0 server", func(t *testing.T) {
		gitea := standin.NewOAuth2(standin.Plain, standin.Client{ID: "6f1c", Secret: "secret-of-the-door"}, standin.OAuth2Person{ID: "7", Name: "Ada", Email: "ada@acme.com"})
		g := follow(t, section{"## Any other OAuth 2.0 server", "gitea"}, gitea, &gitea.Front, "https://git.acme.com/login/oauth/authorize", "$there/authorize",
			"https://git.acme.com/login/oauth/access_token", "$there/token", "https://git.acme.com/api/v1/user", "$there/user", "6f1c…", "6f1c")
		if ada := g.through(); g.subject(ada) != "7" {
			t.Errorf("they are remembered as %+v", ada)
		} else if said := g.acts(ada, "tools", "/user", nil); !strings.Contains(said, `"7"`) {
			t.Errorf("it acts as %s", said)
		}
	})
}

// refused: somebody comes back, reads a sentence, and the log has the cause.
func (g *guided) refused(says, cause string) {
	g.t.Helper()
	jar, _ := cookiejar.New(nil)
	b := &http.Client{Jar: jar}
	page := g.page(b.Get(g.url + "/login"))
	csrf := hiddenField.FindStringSubmatch(page[strings.Index(page, `action="/login/`+g.name+`"`):])
	res, err := b.PostForm(g.url+"/login/"+g.name, url.Values{"csrf": {csrf[1]}, "ix": {""}})
	g.ok(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	g.ok(err)
	if res.StatusCode == http.StatusOK || !strings.Contains(string(body), says) {
		g.t.Errorf("they read %s: %s", res.Status, body)
	}
	if !strings.Contains(g.log.String(), cause) {
		g.t.Errorf("the log does not say %q: %s", cause, g.log)
	}
}
