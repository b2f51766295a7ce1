package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
	"github.com/sallyport-dev/sallyport/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	publicURL = "https://mcp.example.com"
	mcpURL    = "https://mcp.example.com/mcp"
)

// A fixture is a gateway with one resource, and the upstream behind it.
type fixture struct {
	t        testing.TB
	store    *sqlstore.Store
	keyring  *token.Keyring
	gateway  *gateway.Gateway
	front    string // URL of the gateway's server
	upstream *upstream
	log      *logged
	client   *http.Client
}

// An upstream records what reached it and answers as it is told.
type upstream struct {
	mu     sync.Mutex
	got    []received
	answer http.HandlerFunc
	url    string
}

type received struct {
	method, path, query, host, body string
	header                          http.Header
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	u.mu.Lock()
	u.got = append(u.got, received{r.Method, r.URL.Path, r.URL.RawQuery, r.Host, string(b), r.Header.Clone()})
	answer := u.answer
	u.mu.Unlock()
	if answer != nil {
		answer(w, r)
	}
}

func (u *upstream) set(answer http.HandlerFunc) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answer, u.got = answer, nil
}

// last returns the last request that reached the upstream.
func (u *upstream) last(t testing.TB) received {
	t.Helper()
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.got) == 0 {
		t.Fatal("nothing reached the upstream")
	}
	return u.got[len(u.got)-1]
}

func (u *upstream) count() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.got)
}

// logged is a log that tests can read.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newFixture starts everything. change may alter the configuration, of which the
// first resource is the upstream's.
func newFixture(t testing.TB, change func(*gateway.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, upstream: &upstream{}, log: &logged{}}
	behind := httptest.NewServer(f.upstream)
	t.Cleanup(behind.Close)
	f.upstream.url = behind.URL
	f.openStore()
	at, err := url.Parse(behind.URL + "/inner?key=k")
	if err != nil {
		t.Fatal(err)
	}
	c := gateway.Config{
		PublicURL: publicURL, Keyring: f.keyring, Grants: f.store, People: f.store,
		Log: slog.New(slog.NewTextHandler(f.log, nil)),
		Resources: []gateway.Resource{{
			ProtectedResource: oauth.ProtectedResource{
				Name: "tickets", Title: "Tickets", ID: mcpURL,
				Scopes: []oauth.ScopeInfo{{Name: "read", Default: true}, {Name: "write", Implies: []string{"read"}}},
			},
			Path: "/mcp", Upstream: at,
			Tools: map[string]resource.Tool{"create": {Scopes: oauth.Scope{"write"}}},
		}},
	}
	if change != nil {
		change(&c)
	}
	if f.gateway, err = gateway.New(c); err != nil {
		t.Fatal(err)
	}
	f.front = f.serve(f.gateway)
	f.client = &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(f.client.CloseIdleConnections)
	return f
}

// newFixtureOn is another replica: the same database, keys and upstream.
func newFixtureOn(t testing.TB, first *fixture) *fixture {
	t.Helper()
	f := &fixture{t: t, store: first.store, upstream: first.upstream, log: &logged{}, client: first.client}
	f.keyring = openKeyring(t, first.store)
	at, err := url.Parse(f.upstream.url)
	if err != nil {
		t.Fatal(err)
	}
	f.gateway, err = gateway.New(gateway.Config{
		PublicURL: publicURL, Keyring: f.keyring, Grants: f.store, People: f.store,
		Resources: []gateway.Resource{{ProtectedResource: oauth.ProtectedResource{Name: "tickets", ID: mcpURL}, Upstream: at}},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.front = f.serve(f.gateway)
	return f
}

func openKeyring(t testing.TB, s *sqlstore.Store) *token.Keyring {
	t.Helper()
	k, err := token.Open(t.Context(), token.Options{
		Store: s, EncryptionKey: bytes.Repeat([]byte{7}, 32), Algorithms: []string{token.ES256}, Lifetime: time.Hour + token.ClockSkew,
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// serve starts a server with a gateway, and ends both with the test.
func (f *fixture) serve(g *gateway.Gateway) string {
	front := httptest.NewUnstartedServer(g)
	front.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(f.log, nil), slog.LevelError)
	front.Start()
	f.t.Cleanup(func() {
		front.Close()
		_ = g.Close()
	})
	return front.URL
}

func (f *fixture) openStore() {
	f.t.Helper()
	db, err := sqlstore.Open(f.t.Context(), sqlstore.Options{Path: migrated.File(f.t)})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = db.Close() })
	f.store = db
	f.keyring = openKeyring(f.t, db)
	for _, name := range []string{"ada", "bob"} {
		err = db.AddPerson(f.t.Context(), oauth.Person{
			ID: "p_" + name, Username: name, Name: strings.ToUpper(name[:1]) + name[1:], Email: name + "@example.com", Created: time.Now(),
		})
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

// token mints an access token; grants need not exist to be revoked or not.
func (f *fixture) token(subject string, scope ...string) string {
	f.t.Helper()
	return f.tokenFor(mcpURL, subject, scope...)
}

func (f *fixture) tokenFor(audience, subject string, scope ...string) string {
	f.t.Helper()
	now := time.Now()
	raw, err := f.keyring.MintAccess(token.FormatJWT, token.ES256, token.Access{
		Issuer: publicURL, Subject: subject, Audience: audience, ClientID: "c_claude", Scope: oauth.NewScope(scope...),
		GrantID: "g_" + subject, IssuedAt: now, Expires: now.Add(time.Hour),
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return string(raw)
}

const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`

func call(tool string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + tool + `","arguments":{}}}`
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(a.body), &m); err != nil {
		t.Fatalf("the body is not JSON: %q", a.body)
	}
	return m
}

// send makes a request to the gateway with a token, which may be empty.
func (f *fixture) send(method, path, tok, body string, header http.Header) answer {
	f.t.Helper()
	res := f.open(f.t.Context(), method, path, tok, body, header)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(b)}
}

func (f *fixture) post(tok, body string) answer {
	f.t.Helper()
	return f.send(http.MethodPost, "/mcp", tok, body, nil)
}

// open is send without reading the body.
func (f *fixture) open(ctx context.Context, method, path, tok, body string, header http.Header) *http.Response {
	f.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, f.front+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json, text/event-stream")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		req.Header[name] = values
	}
	if tok != "" {
		req.Header.Set("Authorization", "Bearer "+tok)
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	res, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	return res
}

// raw writes a request as it stands, for what http.Client would tidy up.
func (f *fixture) raw(request string) *http.Response {
	f.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.front, "http://"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, strings.ReplaceAll(request, "\n", "\r\n")); err != nil {
		f.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func TestAPermittedCallIsProxied(t *testing.T) {
	f := newFixture(t, nil)
	const reply = "{\"jsonrpc\":\"2.0\",\"id\":7 ,\"result\":{\"_meta\":{\"ui/x\":1},\"structuredContent\":{\"b\":1,\"a\":2}}}\n"
	f.upstream.set(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html;profile=mcp-app")
		_, _ = io.WriteString(w, reply)
	})
	body := " " + call("create") + "\n"
	a := f.post(f.token("p_ada", "write"), body)
	if a.status != http.StatusOK || a.body != reply || a.header.Get("Content-Type") != "text/html;profile=mcp-app" {
		t.Errorf("status %d, type %q, body %q", a.status, a.header.Get("Content-Type"), a.body)
	}
	got := f.upstream.last(t)
	if got.body != body || got.path != "/inner" || got.query != "key=k" || got.host != strings.TrimPrefix(f.upstream.url, "http://") {
		t.Errorf("the upstream got %+v", got)
	}
}

func TestWhatIsNotPermittedNeverReachesTheUpstream(t *testing.T) {
	f := newFixture(t, nil)
	for name, c := range map[string]struct {
		tok, body string
		status    int
	}{
		"no token":                     {"", list, 401},
		"rubbish":                      {"rubbish", list, 401},
		"a token for another resource": {f.tokenFor("https://mcp.example.com/other", "p_ada", "write"), list, 401},
		"too little scope":             {f.token("p_ada", "read"), call("create"), 403},
		"a body that is no JSON":       {f.token("p_ada", "write"), "x", 400},
	} {
		t.Run(name, func(t *testing.T) {
			if a := f.post(c.tok, c.body); a.status != c.status {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
	if n := f.upstream.count(); n != 0 {
		t.Errorf("%d requests reached the upstream", n)
	}
}
