package resource_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// An authorizationServer publishes what a Remote needs, and counts how often it
// is asked.
type authorizationServer struct {
	*httptest.Server
	keyring  *token.Keyring
	asked    atomic.Int64
	jwks     atomic.Pointer[[]byte] // instead of the keyring's
	metadata atomic.Pointer[[]byte] // instead of our own
	away     atomic.Bool
}

func newAuthorizationServer(t testing.TB, now func() time.Time) *authorizationServer {
	t.Helper()
	as := &authorizationServer{keyring: newKeyring(t, now)}
	as.Server = httptest.NewServer(as)
	t.Cleanup(as.Close)
	return as
}

func (as *authorizationServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	body := as.keyring.JWKS()
	switch {
	case as.away.Load():
		w.WriteHeader(http.StatusBadGateway)
		return
	case r.URL.Path == "/.well-known/oauth-authorization-server":
		as.asked.Add(1)
		body, _ = json.Marshal(oauth.ServerMetadata{Issuer: as.URL, JWKSURI: as.URL + "/keys"})
		if own := as.metadata.Load(); own != nil {
			body = *own
		}
	case as.jwks.Load() != nil:
		body = *as.jwks.Load()
	}
	_, _ = w.Write(body)
}

func (as *authorizationServer) access() token.Access {
	a := access("tickets:read")
	a.Issuer = as.URL
	return a
}

func (as *authorizationServer) mint(t testing.TB, a token.Access) oauth.Secret {
	t.Helper()
	raw, err := as.keyring.MintAccess(token.FormatJWT, token.ES256, a)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func (as *authorizationServer) remote(t testing.TB, now func() time.Time) *resource.Remote {
	t.Helper()
	v, err := resource.NewRemote(resource.RemoteConfig{Issuer: as.URL, Audience: mcpURL, Client: as.Client(), Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// code is the code of a refusal; empty: none.
func code(err error) oauth.ErrorCode {
	var refusal *oauth.Error
	if err == nil || !errors.As(err, &refusal) {
		return ""
	}
	return refusal.Code
}

func TestAProgramElsewhereVerifiesWithThePublishedKeys(t *testing.T) {
	now := func() time.Time { return start }
	as := newAuthorizationServer(t, now)
	v := as.remote(t, now)
	if as.asked.Load() != 0 {
		t.Error("keys were fetched before they were needed")
	}
	a := as.access()
	a.AuthTime = start.Add(-time.Hour)
	for range 3 {
		got, err := v.Verify(t.Context(), as.mint(t, a))
		if err != nil {
			t.Fatal(err)
		}
		if got.Subject != a.Subject || got.GrantID != a.GrantID || got.ClientID != a.ClientID || got.Scope.String() != "tickets:read" ||
			!got.Expires.Equal(a.Expires) || !got.AuthTime.Equal(a.AuthTime) || got.ID == "" {
			t.Errorf("%+v", got)
		}
	}
	if n := as.asked.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times", n)
	}
}

func TestARemoteRefuses(t *testing.T) {
	now := func() time.Time { return start }
	as := newAuthorizationServer(t, now)
	v := as.remote(t, now)
	with := func(change func(*token.Access)) oauth.Secret {
		a := as.access()
		change(&a)
		return as.mint(t, a)
	}
	good := string(as.mint(t, as.access()))
	parts := strings.Split(good, ".")
	identity, err := as.keyring.MintIdentity(token.ES256, token.Identity{
		Issuer: as.URL, Subject: "p", Audience: mcpURL, ClientID: "c", IssuedAt: start, Expires: start.Add(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	opaque, err := as.keyring.MintAccess(token.FormatOpaque, "", as.access())
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]oauth.Secret{
		"rubbish":                      "rubbish",
		"nothing":                      "",
		"an opaque token":              opaque,
		"a token for someone else":     with(func(a *token.Access) { a.Audience = mcpURL + "/x" }),
		"a token of someone else":      with(func(a *token.Access) { a.Issuer = "https://evil.example" }),
		"an expired token":             with(func(a *token.Access) { a.IssuedAt = start.Add(-time.Hour); a.Expires = start }),
		"a token from the future":      with(func(a *token.Access) { a.IssuedAt = start.Add(time.Minute) }),
		"an identity token":            identity,
		"a token without a signature":  oauth.Secret(parts[0] + "." + parts[1] + "."),
		"another token's signature":    oauth.Secret(parts[0] + "." + strings.Split(string(with(func(a *token.Access) { a.Subject = "root" })), ".")[1] + "." + parts[2]),
		"another server's key":         newAuthorizationServer(t, now).mint(t, as.access()),
		"a key of the attacker's own":  forged(t, as, jose.ES256, "at+jwt"),
		"more than any token can hold": oauth.Secret(strings.Repeat("a", 1<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := v.Verify(t.Context(), raw); code(err) != oauth.InvalidToken {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
}

// forged is a token that is right in everything but the key, which it carries.
func forged(t *testing.T, as *authorizationServer, algorithm jose.SignatureAlgorithm, typ string) oauth.Secret {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType(jose.ContentType(typ))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	claims, _ := json.Marshal(map[string]any{
		"iss": as.URL, "aud": mcpURL, "sub": "p", "client_id": "c", "jti": "1", "iat": start.Unix(), "exp": start.Add(time.Hour).Unix(),
	})
	signed, err := signer.Sign(claims)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return oauth.Secret(compact)
}

func TestANewKeyIsFetchedAndStrangersCannotMakeUsFetch(t *testing.T) {
	at := start
	now := func() time.Time { return at }
	as := newAuthorizationServer(t, now)
	v := as.remote(t, now)
	verify := func(raw oauth.Secret, want oauth.ErrorCode, asked int64) {
		t.Helper()
		if _, err := v.Verify(t.Context(), raw); code(err) != want {
			t.Errorf("%v", err)
		}
		if n := as.asked.Load(); n != asked {
			t.Errorf("fetched %d times, not %d", n, asked)
		}
	}
	stranger := newAuthorizationServer(t, now)
	verify(as.mint(t, as.access()), "", 1)
	for range 5 {
		verify(stranger.mint(t, as.access()), oauth.InvalidToken, 1)
	}
	if err := as.keyring.RotateNow(t.Context(), token.ES256); err != nil {
		t.Fatal(err)
	}
	at = at.Add(31 * time.Second)
	verify(as.mint(t, as.access()), "", 2)
	verify(as.mint(t, as.access()), "", 2)
	// A key that is known goes on working while the server is away, and one that
	// is not is nobody's fault.
	as.away.Store(true)
	known := as.mint(t, as.access())
	at = at.Add(31 * time.Second)
	verify(stranger.mint(t, as.access()), oauth.TemporarilyUnavailable, 2)
	verify(known, "", 2)
}

func TestAKeySetThatCannotBeTrustedIsNotUsed(t *testing.T) {
	now := func() time.Time { return start }
	document := func(m oauth.ServerMetadata) []byte { b, _ := json.Marshal(m); return b }
	for name, change := range map[string]func(*authorizationServer){
		"metadata of another issuer": func(as *authorizationServer) {
			as.metadata.Store(ptr(document(oauth.ServerMetadata{Issuer: as.URL + "/", JWKSURI: as.URL + "/keys"})))
		},
		"metadata without keys": func(as *authorizationServer) {
			as.metadata.Store(ptr(document(oauth.ServerMetadata{Issuer: as.URL})))
		},
		"a key set that is too long": func(as *authorizationServer) {
			as.jwks.Store(ptr(append(as.keyring.JWKS(), bytes.Repeat([]byte(" "), 256<<10)...)))
		},
		"a key set that is no JSON": func(as *authorizationServer) { as.jwks.Store(ptr([]byte("<html>"))) },
		"a key set without keys":    func(as *authorizationServer) { as.jwks.Store(ptr([]byte(`{"keys":[]}`))) },
		"a symmetric key": func(as *authorizationServer) {
			as.jwks.Store(ptr([]byte(`{"keys":[{"kty":"oct","kid":"a","k":"AAAA","alg":"HS256"}]}`)))
		},
		"an RSA key without its algorithm": func(as *authorizationServer) {
			as.jwks.Store(ptr([]byte(`{"keys":[{"kty":"RSA","kid":"a","n":"` + strings.Repeat("AQAB", 86) + `","e":"AQAB"}]}`)))
		},
		"no server": func(as *authorizationServer) { as.away.Store(true) },
	} {
		t.Run(name, func(t *testing.T) {
			as := newAuthorizationServer(t, now)
			change(as)
			if _, err := as.remote(t, now).Verify(t.Context(), as.mint(t, as.access())); code(err) != oauth.TemporarilyUnavailable {
				t.Errorf("%v", err)
			}
		})
	}
}

func ptr(b []byte) *[]byte { return &b }

func TestNewRemoteRefuses(t *testing.T) {
	for name, c := range map[string]resource.RemoteConfig{
		"no issuer":             {Audience: mcpURL},
		"an issuer that ends /": {Issuer: "https://as.example/", Audience: mcpURL},
		"an issuer without TLS": {Issuer: "http://as.example", Audience: mcpURL},
		"no audience":           {Issuer: "https://as.example"},
	} {
		if _, err := resource.NewRemote(c); err == nil {
			t.Error(name)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*resource.Config){
		"no resource":             func(c *resource.Config) { c.Resource.ID = "" },
		"a resource with a slash": func(c *resource.Config) { c.Resource.ID += "/" },
		"no issuer":               func(c *resource.Config) { c.Issuer = "" },
		"no verifier":             func(c *resource.Config) { c.Verifier = nil },
		"a tool with a scope nobody can be granted": func(c *resource.Config) {
			c.Tools = map[string]resource.Tool{"a": {Scopes: oauth.Scope{"nobody"}}}
		},
		"a default scope nobody can be granted": func(c *resource.Config) { c.DefaultToolScopes = oauth.Scope{"x y"} },
	} {
		c := resource.Config{Resource: tickets(), Issuer: issuer, Verifier: &counting{}}
		change(&c)
		if _, err := resource.New(c); err == nil {
			t.Error(name)
		}
	}
}

func TestTheMetadataNamesTheResourceItsServerAndWhatToAskFor(t *testing.T) {
	f := newFixture(t, nil)
	server := httptest.NewServer(f.guard.Metadata())
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"resource":"` + mcpURL + `","authorization_servers":["` + issuer + `"],"scopes_supported":["tickets:read"],"bearer_methods_supported":["header"],"resource_name":"Acme Tickets"}`
	if string(b) != want || res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%s, header %v", b, res.Header)
	}
	for id, want := range map[string]string{
		"https://h.example":       "https://h.example/.well-known/oauth-protected-resource",
		"https://h.example/":      "https://h.example/.well-known/oauth-protected-resource",
		"https://h.example:1/a/b": "https://h.example:1/.well-known/oauth-protected-resource/a/b",
		"https://h.example/a?b=c": "https://h.example/.well-known/oauth-protected-resource/a?b=c",
	} {
		if got, err := resource.MetadataURL(id); err != nil || got != want {
			t.Errorf("%s: %s, %v", id, got, err)
		}
	}
}
