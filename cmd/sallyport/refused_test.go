package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/github"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// scopesOfGitHub are what the settings say of the server elsewhere: those of its own.
const scopesOfGitHub = `connection: { provider: github, scopes: [repo, "read:user"] }, scopes: { "read:user": {default: true}, "read:repos": {}, "write:issues": {} } }`

// newDoorTo is a door with these resources, the first of which is at the other server,
// that does not serve yet; and what that one exchanges with.
func newDoorTo(t *testing.T, proves proof, resources, mayExchange string) (c *connected, elsewhere *httptest.Server, own resource.ExchangeConfig) {
	c = &connected{t: t, log: &writer{}, got: map[string]http.Header{},
		request: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`}
	c.github = standin.NewGitHub(standin.Client{ID: "door", Secret: "secret-of-the-door"},
		standin.GitHubPerson{ID: 1, Login: "ada", Email: "ada@acme.example", Verified: true},
		standin.GitHubPerson{ID: 2, Login: "bob", Email: "bob@acme.example", Verified: true})
	there := httptest.NewServer(c.github)
	t.Cleanup(there.Close)
	c.there = there.URL
	front, elsewhere := httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	t.Cleanup(elsewhere.Close)
	c.url = "http://" + front.Listener.Addr().String()
	known, own := proves(t, c.url)
	own.TokenURL, own.ClientID = c.url+"/oauth/token", "repos-server"
	if mayExchange != "" {
		mayExchange = ", " + mayExchange
	}
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	c.ok(os.WriteFile(file, fmt.Appendf(nil, `
public_url: %s
data: %s
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: secret-of-the-door }
resources:%s
clients:
  - client_id: repos-server
    %s
    serves: [repos]
    exchange: [{ login: github }%s]
`, c.url, t.TempDir(), there.URL, fmt.Sprintf(resources, elsewhere.Listener.Addr()), known, mayExchange), 0o600))
	settings, err := config.Load(file, os.LookupEnv)
	c.ok(err)
	log := slog.New(slog.NewJSONHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	in, err := open(t.Context(), settings, log, true)
	c.ok(err)
	c.door, err = build(t.Context(), in, log)
	c.ok(err)
	t.Cleanup(func() { c.door.shut(t) })
	c.github.Redirects(c.url + "/oauth/callback/github")
	front.Config.Handler = c.door.handler()
	front.Start()
	t.Cleanup(front.Close)
	_, err = localLogin(in).Create(t.Context(), login.New{Username: "root", Password: "correct horse battery", Admin: true})
	c.ok(err)
	return c, elsewhere, own
}

// newHub is the GitHub server: in the door, or in another program that gets tokens by
// exchange. Before it there is a resource that people connect first.
func newHub(t *testing.T, inside bool) (c *connected, at string) {
	t.Helper()
	if inside {
		c, _, _ := newDoorTo(t, bySecret, `
  - { name: repos, host: "%s", path: /unused/mcp, connection: { provider: github } }
  - { name: github, path: /github/mcp, app: github }`, "")
		return c, c.url + "/github/mcp"
	}
	c, elsewhere, own := newDoorTo(t, bySecret, `
  - { name: first, path: /unused/mcp, upstream: "http://127.0.0.1:1/mcp", connection: { provider: github } }
  - { name: repos, host: "%s", path: /mcp, `+scopesOfGitHub, "")
	own.Titles = map[string]string{"github": "GitHub"}
	exchange, err := resource.NewExchange(own)
	c.ok(err)
	t.Cleanup(func() { _ = exchange.Close() })
	acts := serving.OwnOf("github")
	hub, err := github.New(github.Options{API: c.there + "/", Token: acts.Token, Refused: acts.Refused})
	c.ok(err)
	at = "http://" + elsewhere.Listener.Addr().String() + "/mcp"
	elsewhere.Config.Handler, err = serving.Alone{Issuer: c.url, Guard: resource.Config{
		Resource: oauth.ProtectedResource{Name: "github", Title: "GitHub", ID: at, Scopes: github.Scopes()}, Tools: github.Tools(), Upstreams: exchange,
	}}.Handler(hub)
	c.ok(err)
	elsewhere.Start()
	return c, at
}

// A chat is a person's client of the GitHub server.
type chat struct {
	*mcp.ClientSession
	done chan string // the pages at which its person is done, by their ids
	page chan string // the pages that it was asked to open
}

// chat opens one, of that protocol, with a token of its own.
func (c *connected) chat(person oauth.Person, at, client, version string, opensPages bool) *chat {
	c.t.Helper()
	g := c.grant(client, person.ID, at, github.ScopeProfile)
	algorithm := token.ES256
	if !strings.HasPrefix(at, c.url) {
		algorithm = token.RS256
	}
	raw, err := c.door.in.keys.MintAccess(token.FormatJWT, algorithm, token.Access{Issuer: c.url, Subject: person.ID, Audience: at,
		ClientID: client, GrantID: g.ID, Scope: g.Scope, IssuedAt: g.Created, Expires: g.Expires})
	c.ok(err)
	s := &chat{done: make(chan string, 8), page: make(chan string, 8)}
	o := &mcp.ClientOptions{ElicitationCompleteHandler: func(_ context.Context, r *mcp.ElicitationCompleteNotificationRequest) {
		s.done <- r.Params.ElicitationID
	}}
	if opensPages {
		o.Capabilities = &mcp.ClientCapabilities{Elicitation: &mcp.ElicitationCapabilities{URL: &mcp.URLElicitationCapabilities{}}}
		o.ElicitationHandler = func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			s.page <- r.Params.URL
			return &mcp.ElicitResult{Action: "accept"}, nil
		}
	}
	s.ClientSession, err = mcp.NewClient(&mcp.Implementation{Name: "chat", Version: "1"}, o).Connect(c.t.Context(),
		&mcp.StreamableClientTransport{Endpoint: at, HTTPClient: &http.Client{Transport: bearing(raw)}}, &mcp.ClientSessionOptions{ProtocolVersion: version})
	c.ok(err)
	c.t.Cleanup(func() { _ = s.Close() })
	return s
}

type bearing oauth.Secret

func (b bearing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// profile calls the tool, and returns what it says.
func (s *chat) profile(t *testing.T) (*mcp.CallToolResult, string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	a, err := s.CallTool(ctx, &mcp.CallToolParams{Name: "get_profile"})
	if err != nil || len(a.Content) == 0 {
		return a, "", err
	}
	return a, a.Content[0].(*mcp.TextContent).Text, nil
}

// works fails unless the tool acts at GitHub as ada.
func (s *chat) works(t *testing.T) {
	t.Helper()
	if a, said, err := s.profile(t); err != nil || a.IsError || !strings.Contains(said, "You are ada at GitHub") {
		t.Errorf("the tool says %q, %v", said, err)
	}
}

// byPassword is a browser in which somebody signed in with their password, and connected
// the GitHub of the one who is there by that name. What they take back there ends nothing
// but that: they do not come in by it.
func (c *connected) byPassword(who, there string) (*http.Client, oauth.Person) {
	c.t.Helper()
	c.github.SignIn(there)
	jar, _ := cookiejar.New(nil)
	b := &http.Client{Jar: jar}
	page := c.page(b.Get(c.url + "/login"))
	csrf := hiddenField.FindStringSubmatch(page[strings.Index(page, `action="/login"`):])
	c.page(b.PostForm(c.url+"/login", url.Values{"csrf": {csrf[1]}, "ix": {""}, "username": {who}, "password": {"correct horse battery"}}))
	c.connect(b, "github")
	p, err := c.door.in.store.PersonByUsername(c.t.Context(), who)
	c.ok(err)
	return b, p
}

// follow is what the person does with the page that they are given.
func (c *connected) follow(b *http.Client, page string) {
	c.t.Helper()
	if !strings.HasPrefix(page, c.url+"/connect/github?for=") {
		c.t.Fatalf("the page is %q", page)
	}
	shown := c.page(b.Get(page))
	form := url.Values{}
	for _, name := range []string{"ix", "resource", "csrf"} {
		if found := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(shown); found != nil {
			form.Set(name, found[1])
		}
	}
	if shown = c.page(b.PostForm(c.url+"/connect/github", form)); !strings.Contains(shown, "GitHub is connected") {
		c.t.Fatalf("it shows %s", shown)
	}
}

var pageInText = regexp.MustCompile(`http://\S+/connect/\S+`)

// TestWhoTookATokenBackAtGitHubIsAskedToConnect: the tool is the first to hear of it,
// in this process or in another one, in a session or without. Each client is told in
// its way; the person connects there, and the tool works.
func TestWhoTookATokenBackAtGitHubIsAskedToConnect(t *testing.T) {
	t.Parallel()
	for where, inside := range map[string]bool{"in the door": true, "in another program": false} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			c, at := newHub(t, inside)
			c.github.Expiring = true
			b, ada := c.byPassword("root", "ada")
			opening := c.chat(ada, at, "c", "2025-11-25", true)
			linked := c.chat(ada, at, "c", "2025-11-25", false)
			without := c.chat(ada, at, "c", "2026-07-28", true)
			chatgpt := c.chat(ada, at, "https://chatgpt.com/oauth/client.json", "2025-11-25", false)

			// At first she has nothing for this server; then she takes back what she gave.
			_, said, err := linked.profile(t)
			c.ok(err)
			c.follow(b, pageInText.FindString(said))
			linked.works(t)

			c.github.Withdraw("ada")
			page, id := opening.refusedWithPage(t)
			c.follow(b, page)
			select {
			case told := <-opening.done:
				if told != id {
					t.Errorf("it is told of %q, and was asked for %q", told, id)
				}
			case <-time.After(20 * time.Second):
				t.Error("nobody is told that the person is done")
			}
			opening.works(t)
			linked.works(t)

			c.github.Withdraw("ada")
			a, said, err := chatgpt.profile(t)
			if challenges, _ := a.Meta["mcp/www_authenticate"].([]any); err != nil || !a.IsError || len(challenges) != 1 {
				t.Errorf("ChatGPT is told %q, %+v, %v", said, a, err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				without.works(t) // when its person is back
			}()
			c.follow(b, <-without.page)
			<-done
			if n := len(linked.done) + len(chatgpt.done) + len(without.done); n != 0 {
				t.Errorf("others are told %d times", n)
			}
		})
	}
}

// refusedWithPage calls in vain, and returns the page that it is to open, and the name of
// that.
func (s *chat) refusedWithPage(t *testing.T) (page, id string) {
	t.Helper()
	_, said, err := s.profile(t)
	var refused *jsonrpc.Error
	var asks struct{ Elicitations []mcp.ElicitParams }
	if !errors.As(err, &refused) || refused.Code != mcp.CodeURLElicitationRequired || json.Unmarshal(refused.Data, &asks) != nil || len(asks.Elicitations) != 1 {
		t.Fatalf("the tool answers %q, %v", said, err)
	}
	return asks.Elicitations[0].URL, asks.Elicitations[0].ElicitationID
}

// TestATokenThatGitHubRefusesIsRefreshedOnce: what has ended at GitHub and can be
// refreshed is, and nobody is asked anything.
func TestATokenThatGitHubRefusesIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	for where, inside := range map[string]bool{"in the door": true, "in another program": false} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			c, at := newHub(t, inside)
			c.github.Expiring = true
			b, ada := c.browser("ada")
			s := c.chat(ada, at, "c", "2025-11-25", false)
			_, said, err := s.profile(t)
			c.ok(err)
			c.follow(b, pageInText.FindString(said))
			s.works(t)
			before := c.github.Count(standin.Token)
			c.github.FailTimes(1, standin.User, standin.Status(http.StatusUnauthorized))
			s.works(t)
			if n := c.github.Count(standin.Token) - before; n != 1 {
				t.Errorf("GitHub is asked for %d tokens", n)
			}
			// A GitHub that refuses everybody is not asked for a token each time.
			c.github.Fail(standin.User, standin.Status(http.StatusUnauthorized))
			for range 5 {
				if a, said, err := s.profile(t); err != nil || !a.IsError || strings.Contains(said, "/connect/") {
					t.Errorf("%q, %v", said, err)
				}
			}
			if n := c.github.Count(standin.Token) - before; n != 1 {
				t.Errorf("GitHub is asked for %d tokens", n)
			}
		})
	}
}
