package resource_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
	"github.com/sallyport-dev/sallyport/token"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	issuer = "https://mcp.example.com"
	mcpURL = "https://mcp.example.com/tickets/mcp"
	prmURL = "https://mcp.example.com/.well-known/oauth-protected-resource/tickets/mcp"
)

// start is when tests begin: the keyring, the guard and the test agree on it.
var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// tickets is the resource of the tests: write implies read.
func tickets() oauth.ProtectedResource {
	return oauth.ProtectedResource{
		Name: "tickets", Title: "Acme Tickets", ID: mcpURL,
		Scopes: []oauth.ScopeInfo{
			{Name: "tickets:read", Default: true},
			{Name: "tickets:write", Implies: []string{"tickets:read"}},
			{Name: "tickets:delete"},
		},
	}
}

func tools() map[string]resource.Tool {
	return map[string]resource.Tool{
		"search": {Scopes: oauth.Scope{"tickets:read"}},
		"create": {Scopes: oauth.Scope{"tickets:write"}},
		"purge":  {Scopes: oauth.Scope{"tickets:delete", "tickets:write"}},
	}
}

func withPublicTool() map[string]resource.Tool {
	t := tools()
	t["about"] = resource.Tool{Public: true}
	return t
}

type fixture struct {
	t       testing.TB
	keyring *token.Keyring
	now     time.Time
	guard   *resource.Guard
	url     string
	got     chan seen // what reached the handler
}

// seen is what the handler behind the guard saw.
type seen struct {
	caller resource.Caller
	body   string
	method string
}

func newKeyring(t testing.TB, now func() time.Time) *token.Keyring {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: migrated.File(t), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	k, err := token.Open(t.Context(), token.Options{
		Store: db, EncryptionKey: bytes.Repeat([]byte{7}, 32),
		Algorithms: []string{token.ES256}, Lifetime: time.Hour + token.ClockSkew, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// newFixture starts a guarded handler. change may alter the configuration.
func newFixture(t testing.TB, change func(*resource.Config)) *fixture {
	t.Helper()
	f := &fixture{t: t, now: start, got: make(chan seen, 1)}
	now := func() time.Time { return f.now }
	f.keyring = newKeyring(t, now)
	c := resource.Config{
		Resource: tickets(), Issuer: issuer, Tools: tools(), Now: now,
		DefaultToolScopes: oauth.Scope{"tickets:read"},
		Verifier:          resource.Local{Keyring: f.keyring, Issuer: issuer, Audience: mcpURL, Now: now},
	}
	if change != nil {
		change(&c)
	}
	var err error
	if f.guard, err = resource.New(c); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(f.guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, ok := resource.CallerFrom(r.Context())
		body, err := io.ReadAll(r.Body)
		if !ok || err != nil {
			t.Errorf("the handler got caller %v, error %v", ok, err)
		}
		f.got <- seen{caller, string(body), r.Method}
	})))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func access(scope ...string) token.Access {
	return token.Access{
		Issuer: issuer, Subject: "p_ada", Audience: mcpURL, ClientID: "c_claude",
		Scope: oauth.NewScope(scope...), GrantID: "g_1", IssuedAt: start, Expires: start.Add(time.Hour),
	}
}

func (f *fixture) mint(a token.Access) string {
	f.t.Helper()
	raw, err := f.keyring.MintAccess(token.FormatJWT, token.ES256, a)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(raw)
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

func (f *fixture) do(method, body string, header http.Header) answer {
	f.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, f.url, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return answer{res.StatusCode, res.Header, string(b)}
}

func (f *fixture) post(tok, body string) answer {
	f.t.Helper()
	h := http.Header{}
	if tok != "" {
		h.Set("Authorization", "Bearer "+tok)
	}
	return f.do(http.MethodPost, body, h)
}

// reached reports whether the handler was called, and with what.
func (f *fixture) reached() (seen, bool) {
	select {
	case s := <-f.got:
		return s, true
	default:
		return seen{}, false
	}
}

func call(tool string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + tool + `","arguments":{}}}`
}

const list = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`

func TestAPermittedCallReachesTheHandlerWithItsCallerAndItsBytes(t *testing.T) {
	f := newFixture(t, func(c *resource.Config) {
		c.Person = func(_ context.Context, subject string) (oauth.Person, error) {
			return oauth.Person{ID: subject, Username: "ada", Name: "Ada Lovelace", Email: "ada@example.com"}, nil
		}
	})
	body := "\n {\"id\":7 , \"jsonrpc\":\"2.0\",\"method\":\"tools\\/call\",\"params\":{\"arguments\":{\"q\":\"ü\"},\"name\":\"search\"}}\r\n"
	if a := f.post(f.mint(access("tickets:read")), body); a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	got, ok := f.reached()
	if !ok || got.body != body {
		t.Fatalf("the handler read %q", got.body)
	}
	want := resource.Caller{
		Subject: "p_ada", Username: "ada", Name: "Ada Lovelace", Email: "ada@example.com",
		ClientID: "c_claude", GrantID: "g_1", Issuer: issuer, Resource: mcpURL,
		Scope: got.caller.Scope, Expires: start.Add(time.Hour),
	}
	if got.caller.Scope.String() != "tickets:read" || got.caller.Subject != want.Subject || got.caller.Name != want.Name ||
		got.caller.Email != want.Email || got.caller.GrantID != want.GrantID || !got.caller.Expires.Equal(want.Expires) || got.caller.Anonymous {
		t.Errorf("caller %+v", got.caller)
	}
}

func TestWithoutATokenTheAnswerSaysWhereToBegin(t *testing.T) {
	f := newFixture(t, nil)
	for name, header := range map[string]http.Header{
		"no Authorization header":        {},
		"another scheme":                 {"Authorization": {"Basic YTpi"}},
		"a token in the query or a form": {"Cookie": {"access_token=x"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := f.do(http.MethodPost, list, header)
			// RFC 6750 §3: without authentication information there is no error code.
			want := `Bearer scope="tickets:read", resource_metadata="` + prmURL + `"`
			if got := a.header.Get("WWW-Authenticate"); a.status != http.StatusUnauthorized || got != want {
				t.Errorf("status %d, challenge %q", a.status, got)
			}
			if m := a.json(t); m["error"] != "invalid_token" || m["error_description"] == "" {
				t.Errorf("body %v", m)
			}
			if _, ok := f.reached(); ok {
				t.Error("the handler was reached")
			}
		})
	}
}

func TestEveryFailureOfATokenIs401InvalidToken(t *testing.T) {
	f := newFixture(t, func(c *resource.Config) { c.Revoked = func(id string) bool { return id == "g_revoked" } })
	other := newKeyring(t, func() time.Time { return start })
	with := func(change func(*token.Access)) string {
		a := access()
		change(&a)
		return f.mint(a)
	}
	foreign, err := other.MintAccess(token.FormatJWT, token.ES256, access())
	if err != nil {
		t.Fatal(err)
	}
	identity, err := f.keyring.MintIdentity(token.ES256, token.Identity{
		Issuer: issuer, Subject: "p_ada", Audience: mcpURL, ClientID: "c", IssuedAt: start, Expires: start.Add(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	signed := func(typ string, audience any) string {
		claims := map[string]any{
			"iss": issuer, "sub": "p_ada", "client_id": "c", "jti": "1", "grant": "g_1", "scope": "tickets:read",
			"iat": start.Unix(), "exp": start.Add(time.Hour).Unix(),
		}
		if audience != nil {
			claims["aud"] = audience
		}
		raw, err := f.keyring.Sign(token.ES256, typ, claims)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	good := f.mint(access("tickets:read"))
	for name, tok := range map[string]string{
		"rubbish":                            "rubbish",
		"empty":                              "",
		"two words":                          "a b",
		"two tokens in one header":           good + ", Bearer " + good,
		"characters no token has":            "a\"b",
		"a token for another resource":       with(func(a *token.Access) { a.Audience = "https://mcp.example.com/other/mcp" }),
		"a token of another issuer":          with(func(a *token.Access) { a.Issuer = "https://evil.example" }),
		"an expired token":                   with(func(a *token.Access) { a.IssuedAt = start.Add(-time.Hour); a.Expires = start }),
		"an expired token that lacks scope":  with(func(a *token.Access) { a.IssuedAt = start.Add(-time.Hour); a.Expires = start; a.Scope = nil }),
		"a token of a revoked grant":         with(func(a *token.Access) { a.GrantID = "g_revoked" }),
		"a token signed by someone else":     string(foreign),
		"an identity token":                  string(identity),
		"a token that was cut":               good[:len(good)-3],
		"a token with the signature of none": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
		"a token without an audience":        signed(token.TypeAccess, nil),
		"a token with an empty audience":     signed(token.TypeAccess, ""),
		"a token for several audiences":      signed(token.TypeAccess, []string{mcpURL, "https://other.example"}),
		"a token of another type":            signed("jwt", mcpURL),
		"a very long token":                  strings.Repeat("a", 100_000),
	} {
		t.Run(name, func(t *testing.T) {
			a := f.do(http.MethodPost, call("create"), http.Header{"Authorization": {"Bearer " + tok}})
			got := a.header.Get("WWW-Authenticate")
			if a.status != http.StatusUnauthorized || !strings.HasPrefix(got, `Bearer error="invalid_token", scope="tickets:read", resource_metadata="`+prmURL+`", error_description="`) {
				t.Errorf("status %d, challenge %q", a.status, got)
			}
			if a.json(t)["error"] != "invalid_token" {
				t.Errorf("body %s", a.body)
			}
			if _, ok := f.reached(); ok {
				t.Error("the handler was reached")
			}
		})
	}
}

func TestTheSchemeIsCaseInsensitive(t *testing.T) {
	f := newFixture(t, nil)
	tok := f.mint(access())
	for _, value := range []string{"Bearer ", "bearer ", "BEARER ", "bEaReR   "} {
		if a := f.do(http.MethodPost, list, http.Header{"Authorization": {value + tok}}); a.status != http.StatusOK {
			t.Errorf("%q: status %d", value, a.status)
		}
		f.reached()
	}
}

func TestTwoAuthorizationHeadersAreAnInvalidRequest(t *testing.T) {
	f := newFixture(t, nil)
	tok := "Bearer " + f.mint(access())
	a := f.do(http.MethodPost, list, http.Header{"Authorization": {tok, tok}})
	if a.status != http.StatusBadRequest || a.json(t)["error"] != "invalid_request" {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

func TestAnOutageIsNotBlamedOnTheToken(t *testing.T) {
	f := newFixture(t, func(c *resource.Config) {
		c.Verifier = verifierFunc(func() error {
			return oauth.Refuse(oauth.TemporarilyUnavailable, "the keys cannot be had")
		})
	})
	if a := f.post("x", list); a.status != http.StatusServiceUnavailable || a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("status %d, challenge %q", a.status, a.header.Get("WWW-Authenticate"))
	}
}

func TestAnErrorOfAVerifierIsNeverShown(t *testing.T) {
	f := newFixture(t, func(c *resource.Config) { c.Verifier = verifierFunc(func() error { return io.ErrUnexpectedEOF }) })
	a := f.post("x", list)
	if a.status != http.StatusUnauthorized || strings.Contains(a.body+a.header.Get("WWW-Authenticate"), "EOF") {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}

type verifierFunc func() error

func (v verifierFunc) Verify(context.Context, oauth.Secret) (token.Access, error) {
	return token.Access{}, v()
}
