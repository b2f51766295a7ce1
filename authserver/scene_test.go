package authserver_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/token"
)

// A scene is a server with a database of its own, its clock, and the browsers
// that visit it.
type scene struct {
	t        *testing.T
	url      string // where it listens
	auth     *authserver.Server
	store    *sqlstore.Store
	keys     *token.Keyring
	clock    *clock
	log      *lockedBuffer
	vars     map[string]string
	browsers map[string]*http.Client
	current  string
	headers  http.Header
	body     string
	last     *answer
	statuses map[int]int
	bodies   []string
}

// issuer is what the server calls itself, whatever address it listens at.
const issuer = "https://as.example"

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// resources are the MCP servers of every scene.
func resources() []oauth.ProtectedResource {
	return []oauth.ProtectedResource{
		{Name: "tickets", Title: "Acme Tickets", ID: issuer + "/mcp", TokenFormat: "jwt", Algorithm: "ES256", Scopes: []oauth.ScopeInfo{
			{Name: "tickets:read", Title: "Read your tickets", Default: true},
			{Name: "tickets:write", Title: "Create and change tickets", Implies: []string{"tickets:read"}},
		}},
		{Name: "notes", Title: "Acme Notes", ID: issuer + "/notes/mcp", TokenFormat: "opaque", Algorithm: "ES256", Scopes: []oauth.ScopeInfo{
			{Name: "notes:read", Title: "Read your notes", Default: true},
		}},
	}
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, clock: &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}, log: &lockedBuffer{},
		vars: map[string]string{"issuer": issuer}, browsers: map[string]*http.Client{}, current: "one", headers: http.Header{}}
	ctx := t.Context()
	var err error
	if s.store, err = sqlstore.Open(ctx, sqlstore.Options{Path: filepath.Join(t.TempDir(), "db"), Now: s.clock.Now}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close() })
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	if s.keys, err = token.Open(ctx, token.Options{Store: s.store, EncryptionKey: make([]byte, 32), Algorithms: []string{"ES256"},
		RotateEvery: 720 * time.Hour, Lifetime: time.Hour, Now: s.clock.Now, Log: log}); err != nil {
		t.Fatal(err)
	}
	p, err := pages.New(pages.Site{Name: "Acme", PublicURL: issuer})
	if err != nil {
		t.Fatal(err)
	}
	s.auth, err = authserver.New(authserver.Config{
		Issuer: issuer, Resources: resources(), Keys: s.keys, Grants: s.store, Clients: s.store, People: s.store,
		Sessions: s.store, Consents: s.store, Events: s.store, Pages: p,
		Local:     login.NewLocal(login.LocalOptions{People: s.store, Now: s.clock.Now}),
		AccessTTL: time.Hour, RefreshTTL: 90 * 24 * time.Hour, CodeTTL: time.Minute,
		Registration: authserver.Registration{Open: true, PrivateSchemes: []string{"cursor"}},
		Now:          s.clock.Now, Log: log, Address: weblog.Addresses(nil),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.auth.Routes(mux)
	// TLS, because the cookies of an https issuer are only sent over it.
	server := httptest.NewTLSServer(weblog.Wrap(weblog.Options{Log: log, Now: time.Now, Address: weblog.Addresses(nil)}, mux))
	t.Cleanup(server.Close)
	s.url = server.URL
	s.browsers["tls"] = server.Client()
	return s
}

// client is a browser's or a program's HTTP client without cookies.
func (s *scene) client() *http.Client {
	return &http.Client{Transport: s.browsers["tls"].Transport, CheckRedirect: stay}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// browser is the one that a script is in: cookies, and no following of redirects.
func (s *scene) browser() *http.Client {
	b, ok := s.browsers[s.current]
	if !ok {
		b = s.client()
		b.Jar, _ = cookiejar.New(nil)
		s.browsers[s.current] = b
	}
	return b
}

var variable = regexp.MustCompile(`\$[a-zA-Z0-9_.]+`)

// expand puts variables in. $v.NAME is a code verifier called NAME, $s256.NAME
// its challenge.
func (s *scene) expand(line string) string {
	return variable.ReplaceAllStringFunc(line, func(v string) string {
		name := v[1:]
		if word, ok := strings.CutPrefix(name, "v."); ok {
			return verifier(word)
		}
		if word, ok := strings.CutPrefix(name, "s256."); ok {
			sum := sha256.Sum256([]byte(verifier(word)))
			return base64.RawURLEncoding.EncodeToString(sum[:])
		}
		value, ok := s.vars[name]
		if !ok {
			s.t.Fatalf("there is no variable %s", v)
		}
		return value
	})
}

func verifier(word string) string {
	sum := sha256.Sum256([]byte("verifier " + word))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// pairs reads "a=b c=d". %XX stands for a byte, so that values may hold spaces.
func pairs(words string) (url.Values, error) {
	form := url.Values{}
	for word := range strings.FieldsSeq(words) {
		name, value, ok := strings.Cut(word, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not name=value", word)
		}
		plain, err := url.PathUnescape(value)
		if err != nil {
			return nil, err
		}
		form.Add(name, plain)
	}
	return form, nil
}
