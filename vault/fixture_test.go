package vault_test

import (
	"bytes"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
	"github.com/sallyport-dev/sallyport/token"
	"github.com/sallyport-dev/sallyport/vault"
)

// A fixture is GitHub with tokens that expire, people, and a vault on a database.
type fixture struct {
	t      *testing.T
	github *standin.GitHub
	way    *login.OAuth2
	url    string // of GitHub
	file   string
	store  *sqlstore.Store
	vault  *vault.Vault
	log    *buffer
	clock  *clock
	got    []oauth.UpstreamTokens // all that a test has seen
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *buffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *buffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Two resources act at GitHub; where nothing else is said, it is the first one.
const (
	repos = "https://door.example/repos/mcp"
	notes = "https://door.example/notes/mcp"
)

// at is a person's connection to GitHub, for repos.
func at(person string) vault.Connection {
	return vault.Connection{Person: person, Login: "github", Resource: repos}
}

const back = "https://door.example/oauth/callback/github"

func newFixture(t *testing.T) *fixture {
	f := &fixture{t: t, clock: &clock{now: time.Now().Truncate(time.Millisecond).UTC()}, log: &buffer{}, file: migrated.File(t)}
	f.github = standin.NewGitHub(standin.Client{ID: "door", Secret: "secret-of-the-door", Redirects: []string{back}},
		standin.GitHubPerson{ID: 1, Login: "ada", Email: "ada@acme.example", Verified: true},
		standin.GitHubPerson{ID: 2, Login: "bob", Email: "bob@acme.example", Verified: true})
	f.github.Expiring, f.github.Now = true, f.clock.Now
	server := httptest.NewServer(f.github)
	t.Cleanup(server.Close)
	f.url = server.URL
	f.way = f.github_("secret-of-the-door")
	f.store, f.vault = f.replica(f.way)
	for _, id := range []string{"ada", "bob"} {
		f.ok(f.store.AddPerson(t.Context(), oauth.Person{ID: id, Username: id}))
	}
	t.Cleanup(f.gaveNothingAway)
	return f
}

func (f *fixture) github_(secret oauth.Secret) *login.OAuth2 {
	return login.NewGitHub(login.GitHubOptions{URL: f.url, ClientID: "door", ClientSecret: secret})
}

// replica is another process of the same installation, as far as it matters.
func (f *fixture) replica(way vault.Way) (*sqlstore.Store, *vault.Vault) {
	s, err := sqlstore.Open(f.t.Context(), sqlstore.Options{Path: f.file, Now: f.clock.Now})
	f.ok(err)
	f.t.Cleanup(func() { s.Close() })
	log := slog.New(slog.NewTextHandler(f.log, nil))
	keys, err := token.Open(f.t.Context(), token.Options{Store: s, EncryptionKey: make([]byte, 32), Lifetime: time.Hour, Now: f.clock.Now, Log: log})
	f.ok(err)
	return s, vault.New(vault.Config{Store: s, Keys: keys, Now: f.clock.Now, Log: log, Upstreams: map[string]vault.Upstream{
		"github": {Issuer: "https://github.com", Way: way}, "other": {Issuer: "https://other.example", Way: way}}})
}

// signIn is a person's way to GitHub and back.
func (f *fixture) signIn(person string) login.Profile {
	f.t.Helper()
	f.github.SignIn(person)
	d := login.Departure{State: "s", Verifier: strings.Repeat("v", 43), RedirectURI: back}
	there, err := f.way.Leave(f.t.Context(), d)
	f.ok(err)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(there)
	f.ok(err)
	res.Body.Close()
	u, err := url.Parse(res.Header.Get("Location"))
	f.ok(err)
	p, err := f.way.Return(f.t.Context(), d, u.Query())
	f.ok(err)
	f.got = append(f.got, p.Tokens)
	return p
}

// connect is a person who signs in, and whose tokens are kept.
func (f *fixture) connect(person string) oauth.UpstreamTokens {
	f.t.Helper()
	p := f.signIn(person)
	f.ok(f.vault.Keep(f.t.Context(), at(person), p.Identity, p.Tokens))
	return p.Tokens
}

// token asks for a token that there has to be, and that GitHub takes.
func (f *fixture) token(v *vault.Vault, person string) oauth.Secret {
	f.t.Helper()
	access, expires, err := v.Token(f.t.Context(), at(person))
	f.ok(err)
	if expires.Sub(f.clock.Now()) < vault.Margin {
		f.t.Errorf("it ends at %s, and now is %s", expires, f.clock.Now())
	}
	f.got = append(f.got, oauth.UpstreamTokens{Access: access})
	if who := f.whois(access); who != person {
		f.t.Fatalf("the token is of %q", who)
	}
	return access
}

// whois asks GitHub whose a token is.
func (f *fixture) whois(access oauth.Secret) string {
	r, err := http.NewRequestWithContext(f.t.Context(), http.MethodGet, f.url+"/user", nil)
	f.ok(err)
	r.Header.Set("Authorization", "Bearer "+string(access))
	res, err := http.DefaultClient.Do(r)
	f.ok(err)
	defer res.Body.Close()
	var body bytes.Buffer
	_, err = body.ReadFrom(res.Body)
	f.ok(err)
	for _, person := range []string{"ada", "bob"} {
		if strings.Contains(body.String(), `"login":"`+person+`"`) {
			return person
		}
	}
	return ""
}

func (f *fixture) refreshes() int { return f.github.Count(standin.Token) - len(f.signedIn()) }

// signedIn are those sign-ins that a test has seen.
func (f *fixture) signedIn() (all []oauth.UpstreamTokens) {
	for _, t := range f.got {
		if t.Life > 0 {
			all = append(all, t)
		}
	}
	return all
}

// sql changes the database behind the program's back.
func (f *fixture) sql(text string, args ...any) {
	f.t.Helper()
	db, err := sql.Open("sqlite", f.file+"?_pragma=busy_timeout(5000)")
	f.ok(err)
	defer db.Close()
	_, err = db.ExecContext(f.t.Context(), text, args...)
	f.ok(err)
}

func (f *fixture) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// gaveNothingAway looks for tokens where none may be: in the log, and in the
// database and what belongs to it.
func (f *fixture) gaveNothingAway() {
	places := map[string]string{"the log": f.log.String()}
	for _, suffix := range []string{"", "-wal"} {
		places["the database"+suffix] = read(f.file + suffix)
	}
	for _, t := range f.got {
		for _, secret := range []string{string(t.Access), string(t.Refresh)} {
			for place, text := range places {
				if secret != "" && strings.Contains(text, secret) {
					f.t.Errorf("a token is in %s", place)
				}
			}
		}
	}
}
