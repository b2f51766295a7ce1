package authserver_test

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin/device"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
	"github.com/sallyport-dev/sallyport/token"
	"github.com/sallyport-dev/sallyport/vault"
)

// A scene is a server with a database of its own, its clock, and the browsers
// that visit it.
type scene struct {
	t       testing.TB
	url     string // where it listens
	file    string // the database
	handler http.Handler
	auth    *authserver.Server
	vault   *vault.Vault
	store   *sqlstore.Store
	close   func() error // of the store, once
	keys    *token.Keyring
	clock   *clock
	log     *lockedBuffer
	flows   *flowtrace.Recorder
	story   *story
	setting setting
	vars    map[string]string

	devices   map[string]*device.Device
	ended     *ended
	elsewhere map[string]elsewhere // services that sign people in
	vendor    *vendor              // of clients that publish documents
	browsers  map[string]*http.Client
	current   string
	address   string // from where requests seem to come
	headers   http.Header
	body      string
	last      *answer

	statuses map[int]int // of the last at-once
	bodies   []string    // the same
	faulty   bool        // answers of 5xx are what is expected
	secrets  map[string]bool
}

// A setting is what a script may say of its server before it begins.
type setting struct {
	issuer        string // what the server calls itself, whatever address it listens at
	resources     []oauth.ProtectedResource
	registration  authserver.Registration
	documents     authserver.Trust
	builtIn       map[string]string // documents by path at the vendor, or by URL; $vendor is the vendor's host
	checksIssuer  string            // the path of one
	preregistered []oauth.Client
	upstreams     []string
	noPasswords   bool
	aliases       []string
	administered  bool // it has an API of its own
	outage        *outage
	lives         lives
	guarded       bool
}

const issuer = "https://as.example"

func usual() setting {
	return setting{
		issuer: issuer, resources: resources(issuer), lives: lives{access: time.Hour, refresh: 90 * 24 * time.Hour, code: time.Minute},
		registration: authserver.Registration{Open: true, PrivateSchemes: []string{"cursor"}}, documents: authserver.TrustAnyone,
	}
}

// resources are the MCP servers of every scene.
func resources(issuer string) []oauth.ProtectedResource {
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

func (g setting) administration() oauth.ProtectedResource {
	if !g.administered {
		return oauth.ProtectedResource{}
	}
	return oauth.ProtectedResource{Name: "administration", Title: "Administration of Acme", ID: g.issuer + "/api/v1", TokenFormat: "jwt", Algorithm: "ES256",
		Scopes: []oauth.ScopeInfo{{Name: "flows:read", Title: "See attempts to connect", Default: true}}}
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

func (b *lockedBuffer) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.Reset()
}

// newScene makes a server that is asked through its handler; listen puts it
// behind a socket.
func newScene(t testing.TB, given setting) *scene {
	s := &scene{t: t, setting: given, clock: &clock{now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}, log: &lockedBuffer{},
		vars: map[string]string{"issuer": given.issuer}, browsers: map[string]*http.Client{}, devices: map[string]*device.Device{}, current: "one",
		ended: &ended{grants: map[string]bool{}}, headers: http.Header{}, secrets: map[string]bool{testPassword: true}, file: migrated.File(t)}
	s.vendor = newVendor(t)
	s.vars["vendor"] = s.vendor.server.URL
	given.registration.Documents = s.vendor.settings(given.documents)
	if given.checksIssuer != "" {
		given.registration.Documents.ChecksIssuer = []string{s.vendor.server.URL + given.checksIssuer}
	}
	given.preregistered = s.vendor.keyed(t, given.preregistered)
	for path, text := range given.builtIn {
		if given.registration.Documents.BuiltIn == nil {
			given.registration.Documents.BuiltIn = map[string][]byte{}
		}
		if strings.HasPrefix(path, "/") {
			path = s.vendor.server.URL + path
		}
		given.registration.Documents.BuiltIn[path] = []byte(strings.ReplaceAll(text, "$vendor", s.vendor.server.URL))
	}
	ctx := t.Context()
	var err error
	if s.store, err = sqlstore.Open(ctx, sqlstore.Options{Path: s.file, Now: s.clock.Now}); err != nil {
		t.Fatal(err)
	}
	s.close = sync.OnceValue(s.store.Close)
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	log := slog.New(slog.NewJSONHandler(s.log, nil))
	if s.keys, err = token.Open(ctx, token.Options{Store: s.store, EncryptionKey: make([]byte, 32), Algorithms: []string{given.resources[0].Algorithm},
		RotateEvery: 720 * time.Hour, Lifetime: given.lives.access, Now: s.clock.Now, Log: log}); err != nil {
		t.Fatal(err)
	}
	p, err := pages.New(pages.Site{Name: "Acme", PublicURL: given.issuer})
	if err != nil {
		t.Fatal(err)
	}
	s.traceFlows()
	local := login.NewLocal(login.LocalOptions{People: s.store, Now: s.clock.Now})
	if given.noPasswords {
		local = nil
	}
	s.auth, err = authserver.New(authserver.Config{
		Issuer: given.issuer, Resources: given.resources, Administration: given.administration(), Keys: s.keys, Grants: s.store, Clients: s.store, People: s.store,
		Sessions: s.store, Consents: s.store, Events: s.store, Assertions: s.store, Identities: s.store, Passkeys: s.store, WebAuthn: asksDevices(t, given, s.store, s.clock), Pages: p, Preregistered: given.preregistered,
		Local: local, Upstreams: s.elsewheres(given.upstreams), Vault: s.openVault(log), Aliases: given.aliases,
		AccessTTL: given.lives.access, RefreshTTL: given.lives.refresh, CodeTTL: given.lives.code,
		Registration: given.registration, Now: s.clock.Now, Log: log, Address: seemingly, Flows: s.flows, Revoked: s.ended.add,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.vault.Gone = s.auth.Refused
	s.vars["setup"] = strings.TrimPrefix(s.auth.FirstRunURL(), given.issuer)
	mux := http.NewServeMux()
	s.auth.Routes(mux)
	if given.guarded {
		s.guard(mux)
	}
	s.handler = weblog.Wrap(weblog.Options{Log: log, Now: time.Now, Address: seemingly}, mux)
	return s
}

// fromHeader says from where a test's request seems to come.
const fromHeader = "Test-From"

func seemingly(r *http.Request) netip.Addr {
	if a, err := netip.ParseAddr(r.Header.Get(fromHeader)); err == nil {
		return a
	}
	return weblog.Addresses(nil)(r)
}

// listen serves over TLS, because the cookies of an https issuer are only sent
// over it.
func (s *scene) listen() *scene {
	server := httptest.NewTLSServer(s.handler)
	s.t.Cleanup(server.Close)
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
