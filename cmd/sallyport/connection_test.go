package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
	"github.com/sallyport-dev/sallyport/vault"
)

// A connected door has GitHub to sign in by, a tool that acts there, one that does
// not, and all that reached either.
type connected struct {
	t      *testing.T
	door   *door
	url    string
	there  string // where GitHub is
	github *standin.GitHub
	log    *writer

	request string // what is called

	mu  sync.Mutex
	got map[string]http.Header // the last headers, by resource
}

func newConnected(t *testing.T) *connected {
	c := &connected{t: t, log: &writer{}, request: `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"any","arguments":{}}}`, got: map[string]http.Header{}}
	c.github = standin.NewGitHub(standin.Client{ID: "door", Secret: "secret-of-the-door"},
		standin.GitHubPerson{ID: 1, Login: "ada", Email: "ada@acme.example", Verified: true},
		standin.GitHubPerson{ID: 2, Login: "bob", Email: "bob@acme.example", Verified: true})
	c.github.Expiring = true
	there := httptest.NewServer(c.github)
	t.Cleanup(there.Close)
	tools := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		c.got[r.URL.Path] = r.Header.Clone()
		c.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	}))
	t.Cleanup(tools.Close)
	front := httptest.NewUnstartedServer(nil)
	c.url = "http://" + front.Listener.Addr().String()
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, `
public_url: %[1]s
data: %[2]s
login:
  - { type: local }
  - { type: github, url: %[3]s, client_id: door, client_secret: secret-of-the-door }
resources:
  - { name: repos, path: /repos/mcp, upstream: "%[4]s/repos", connection: { provider: github, as: bearer, scopes: [repo] } }
  - { name: notes, path: /notes/mcp, upstream: "%[4]s/notes" }
`, c.url, t.TempDir(), there.URL, tools.URL), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(file, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(c.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	in, err := open(t.Context(), settings, log, true)
	if err != nil {
		t.Fatal(err)
	}
	if c.door, err = build(t.Context(), in, log); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.door.shut(t) })
	c.github.Redirects(c.url + "/oauth/callback/github")
	front.Config.Handler = c.door.handler()
	front.Start()
	t.Cleanup(front.Close)
	// Nobody from elsewhere is the first person.
	if _, err := localLogin(in).Create(t.Context(), login.New{Username: "root", Password: "correct horse battery", Admin: true}); err != nil {
		t.Fatal(err)
	}
	return c
}

// A writer is a log that can be read while it is written.
type writer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *writer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

var hiddenField = regexp.MustCompile(`name="csrf" value="([^"]*)"`)

// browser is one that somebody signed in with by GitHub, and then connected it for
// repos; the name says who.
func (c *connected) browser(who string) (*http.Client, oauth.Person) {
	c.t.Helper()
	c.github.SignIn(who)
	jar, _ := cookiejar.New(nil)
	b := &http.Client{Jar: jar}
	page := c.page(b.Get(c.url + "/login"))
	csrf := hiddenField.FindStringSubmatch(page[strings.Index(page, "/login/github"):])
	c.page(b.PostForm(c.url+"/login/github", url.Values{"csrf": {csrf[1]}, "ix": {""}}))
	if got := c.github.Last(standin.Authorize).Query.Get("scope"); got != "read:user user:email" {
		c.t.Errorf("signing in asks for %q", got)
	}
	c.connect(b, "github")
	p, err := c.door.in.store.PersonByUsername(c.t.Context(), who+"@github")
	c.ok(err)
	return b, p
}

var hiddenResource = regexp.MustCompile(`name="resource" value="([^"]*)"`)

// connect presses Connect on the person's own page, for the first resource there that
// acts at the service.
func (c *connected) connect(b *http.Client, name string) {
	c.t.Helper()
	page := c.page(b.Get(c.url + "/account"))
	at := strings.Index(page, `action="/connect/`+name+`"`)
	if at < 0 {
		c.t.Fatalf("nothing can be connected to %s: %s", name, page)
	}
	resource, csrf := hiddenResource.FindStringSubmatch(page[at:]), hiddenField.FindStringSubmatch(page[at:])
	c.page(b.PostForm(c.url+"/connect/"+name, url.Values{"csrf": {csrf[1]}, "resource": {resource[1]}}))
}

func (c *connected) page(res *http.Response, err error) string {
	c.t.Helper()
	c.ok(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	c.ok(err)
	if res.StatusCode != http.StatusOK {
		c.t.Fatalf("%s answers %s: %s", res.Request.URL, res.Status, body)
	}
	return string(body)
}

// access is a token of a client that a person let act for them at a resource.
func (c *connected) access(person, name string) oauth.Secret {
	c.t.Helper()
	return c.accessBy("c", person, name)
}

func (c *connected) accessBy(client, person, name string) oauth.Secret {
	c.t.Helper()
	g := c.grant(client, person, c.url+"/"+name+"/mcp", name)
	raw, err := c.door.in.keys.MintAccess(token.FormatJWT, token.ES256, token.Access{Issuer: c.url, Subject: person, Audience: g.Resource,
		ClientID: client, GrantID: g.ID, Scope: g.Scope, IssuedAt: g.Created, Expires: g.Expires})
	c.ok(err)
	return raw
}

// grant is what a person allowed a client at a resource, for an hour.
func (c *connected) grant(client, person, at string, scope ...string) oauth.Grant {
	c.t.Helper()
	now := time.Now()
	g := oauth.Grant{ID: oauth.NewID("g_"), CodeID: oauth.NewDigest(), Subject: person, ClientID: client, Resource: at,
		Scope: oauth.NewScope(scope...), Created: now, Expires: now.Add(time.Hour), Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1}, RotatedAt: now}
	c.ok(c.door.in.store.Create(c.t.Context(), g))
	return g
}

// call calls a tool, and returns the answer, and what reached the MCP server; nil
// when nothing did.
func (c *connected) call(name string, access oauth.Secret, more http.Header) (int, http.Header, string, http.Header) {
	c.t.Helper()
	c.mu.Lock()
	delete(c.got, "/"+name)
	c.mu.Unlock()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/"+name+"/mcp",
		strings.NewReader(c.request))
	c.ok(err)
	for key, values := range more {
		r.Header[key] = values
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	r.Header.Set("Authorization", "Bearer "+string(access))
	res, err := http.DefaultClient.Do(r)
	c.ok(err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	c.ok(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	return res.StatusCode, res.Header, string(body), c.got["/"+name]
}

func (c *connected) ok(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *connected) kept(person string) string {
	c.t.Helper()
	var acting oauth.ProtectedResource
	for _, r := range c.door.in.config.ProtectedResources() {
		if r.Connection == "github" {
			acting = r
		}
	}
	access, _, err := c.door.vault.Token(c.t.Context(), vault.Connection{Person: person, Login: "github", Resource: acting.ID})
	c.ok(err)
	return string(access)
}

func TestAToolActsWithThePersonsOwnTokenAndNobodyElses(t *testing.T) {
	c := newConnected(t)
	_, ada := c.browser("ada")
	_, bob := c.browser("bob")
	if got := c.github.Last(standin.Authorize).Query.Get("scope"); got != "read:user user:email repo" {
		t.Errorf("it asks for %q", got)
	}
	adas, bobs := c.kept(ada.ID), c.kept(bob.ID)
	if adas == bobs {
		t.Fatal("they have one token")
	}
	// Whatever a client sends, it is the person's, and no client is told what it is.
	for _, more := range []http.Header{
		{}, {"Proxy-Authorization": {"Bearer x"}}, {"X-Sallyport-Subject": {bob.ID}}, {"X-Sallyport-Connection": {"github"}},
		{"Connection": {"Authorization"}}, {"X-Forwarded-Authorization": {"Bearer " + bobs}}, {"Authorization_": {"Bearer " + bobs}},
	} {
		status, header, body, got := c.call("repos", c.access(ada.ID, "repos"), more)
		if status != http.StatusOK || got == nil || len(got["Authorization"]) != 1 || got.Get("Authorization") != "Bearer "+adas {
			t.Errorf("with %v: status %d, and upstream %v", more, status, got["Authorization"])
		}
		for _, values := range got {
			if strings.Contains(strings.Join(values, " "), bobs) {
				t.Errorf("with %v bob's token goes upstream", more)
			}
		}
		if strings.Contains(fmt.Sprint(header)+body, adas) {
			t.Errorf("with %v the client is told the token", more)
		}
	}
	if _, _, _, got := c.call("repos", c.access(bob.ID, "repos"), nil); got.Get("Authorization") != "Bearer "+bobs {
		t.Error("bob's call has another token")
	}
	// Nothing but a connection brings a token to an upstream.
	if status, _, _, got := c.call("notes", c.access(ada.ID, "notes"), nil); status != http.StatusOK || got["Authorization"] != nil {
		t.Errorf("status %d, and a resource without a connection got %v", status, got["Authorization"])
	}
	c.holdsNone(adas, bobs)
}

// holdsNone looks for tokens in the log, in the flow trace, and in what the events
// say.
func (c *connected) holdsNone(secrets ...string) {
	c.t.Helper()
	flows, err := c.door.in.store.Flows(c.t.Context(), store.Flow{}, 100)
	c.ok(err)
	events, err := c.door.in.store.Events(c.t.Context(), 0, 100)
	c.ok(err)
	for place, text := range map[string]string{"the log": c.log.String(), "the flow trace": fmt.Sprintf("%+v", flows), "the audit log": fmt.Sprintf("%+v", events)} {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				c.t.Errorf("a token is in %s", place)
			}
		}
	}
}

func TestWhoHasNoConnectionIsChallenged(t *testing.T) {
	c := newConnected(t)
	_, ada := c.browser("ada")
	root, err := c.door.in.store.PersonByUsername(t.Context(), "root")
	c.ok(err)
	access := c.access(root.ID, "repos")
	// A tool's result says where, to whoever reads it.
	status, _, body, got := c.call("repos", access, nil)
	if status != http.StatusOK || !strings.Contains(body, `"isError":true`) || !strings.Contains(body, c.url+"/connect/github?for=") || got != nil {
		t.Errorf("status %d, %s, and %v went upstream", status, body, got)
	}
	// Every other request is refused as one whose token has ended.
	c.request = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	status, header, _, got := c.call("repos", access, nil)
	if challenge := header.Get("WWW-Authenticate"); status != http.StatusUnauthorized || !strings.Contains(challenge, `error="invalid_token"`) ||
		!strings.Contains(challenge, "resource_metadata=") || got != nil {
		t.Errorf("status %d, %q, and %v went upstream", status, challenge, got)
	}
	c.request = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"any","arguments":{}}}`
	// ChatGPT shows its button for the result of a tool, and for that alone.
	access = c.accessBy("https://chatgpt.com/oauth/client.json", root.ID, "repos")
	status, header, body, got = c.call("repos", access, nil)
	var answer struct {
		ID     int
		Result struct {
			Content []struct{ Type, Text string }
			IsError bool
			Meta    map[string][]string `json:"_meta"`
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK || header.Get("WWW-Authenticate") != "" || got != nil {
		t.Fatalf("status %d, %s, %v", status, body, err)
	}
	challenges := answer.Result.Meta["mcp/www_authenticate"]
	if !answer.Result.IsError || answer.ID != 1 || len(answer.Result.Content) != 1 || len(challenges) != 1 ||
		!strings.HasPrefix(challenges[0], `Bearer error="invalid_token", `) || !strings.Contains(challenges[0], "resource_metadata=") || !strings.Contains(challenges[0], "error_description=") {
		t.Errorf("it is answered %s", body)
	}
	c.request = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	if status, _, _, _ := c.call("repos", access, nil); status != http.StatusUnauthorized {
		t.Errorf("another request: status %d", status)
	}
	// Nor has anybody who may not sign in.
	access = c.access(ada.ID, "repos")
	c.ok(c.door.in.store.SetDisabled(t.Context(), ada.ID, true))
	if status, _, _, got := c.call("repos", access, nil); status != http.StatusUnauthorized || got != nil {
		t.Errorf("disabled: status %d, and %v went upstream", status, got)
	}
}

// The process of a command ends when its person's connection has, and not because nobody
// can tell.
func TestAProcessKeepsAPersonsTokenForAsLongAsTheConnection(t *testing.T) {
	c := newConnected(t)
	_, ada := c.browser("ada")
	root, err := c.door.in.store.PersonByUsername(t.Context(), "root")
	c.ok(err)
	all := c.door.in.config.ProtectedResources()
	own := ownTokens{c.door, all[slices.IndexFunc(all, func(r oauth.ProtectedResource) bool { return r.Name == "repos" })]}
	if !own.stillHas(t.Context(), ada.ID) || own.stillHas(t.Context(), root.ID) {
		t.Error("a process may keep what its person has not, or not what they have")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if !own.stillHas(over, root.ID) {
		t.Error("a process ends because the database cannot be read")
	}
	c.ok(c.door.in.store.SetDisabled(t.Context(), ada.ID, true))
	if own.stillHas(t.Context(), ada.ID) {
		t.Error("a process keeps what a disabled person had")
	}
}

// Whoever is asked why it does not work any more reads that in the flow trace.
func TestACallThatLacksItsConnectionIsInTheFlowTrace(t *testing.T) {
	c := newConnected(t)
	root, err := c.door.in.store.PersonByUsername(t.Context(), "root")
	c.ok(err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { c.door.trace.Run(ctx); close(done) }()
	c.call("repos", c.access(root.ID, "repos"), nil)
	stop()
	<-done // what was told is written before it ends
	flows, err := c.door.in.store.Flows(t.Context(), store.Flow{}, 10)
	c.ok(err)
	if !strings.Contains(fmt.Sprintf("%+v", flows), "has not connected the service that this server acts at") {
		t.Errorf("the flow trace has %+v", flows)
	}
}
