package resource_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// What a server signs is what an authorization server takes: with each kind of key, and
// another one for each request.
func TestAnExchangeAuthenticatesByWhatItSigns(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[oauth.Digest]bool{}
	for name, key := range map[string]crypto.Signer{"P-256": ec, "Ed25519": ed, "RSA": rs} {
		keys := published(t, key)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.FormValue("client_assertion_type") != token.AssertionType || r.Header.Get("Authorization") != "" {
				t.Errorf("%s: it authenticates otherwise: %v", name, r.Form)
			}
			a, err := keys.VerifyAssertion(oauth.Secret(r.FormValue("client_assertion")),
				token.Expected{ClientID: "repos-server", Audiences: []string{"https://mcp.example.com"}, Now: time.Now()})
			if err != nil || seen[a.ID] {
				t.Errorf("%s: %v", name, err)
			}
			seen[a.ID] = true
			w.Write([]byte(`{"access_token":"gho_x","issued_token_type":"urn:ietf:params:oauth:token-type:access_token","token_type":"Bearer","expires_in":60}`))
		}))
		e, err := resource.NewExchange(resource.ExchangeConfig{TokenURL: server.URL + "/oauth/token", ClientID: "repos-server",
			Assertion: resource.SignedBy(token.Signature{Key: key, KeyID: "one", ClientID: "repos-server", Audience: "https://mcp.example.com"}, nil)})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // what ends within a minute is not kept
			if bearer, _, err := e.UpstreamToken(t.Context(), resource.Asking{Login: "github", Presented: "the client's"}); err != nil || bearer != "gho_x" {
				t.Errorf("%s: %v", name, err)
			}
		}
		e.Close()
		server.Close()
	}
	if len(seen) != 6 {
		t.Errorf("%d assertions were seen", len(seen))
	}
	if _, err := token.SignAssertion(token.Signature{Key: short, ClientID: "x", Audience: "y"}, time.Now()); err == nil {
		t.Error("a key of P-384 signs")
	}
}

// published is the public half as a client publishes it.
func published(t *testing.T, key crypto.Signer) token.KeySet {
	t.Helper()
	enc := base64.RawURLEncoding.EncodeToString
	one := map[string]any{"kid": "one", "use": "sig"}
	switch k := key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		one["kty"], one["crv"], one["x"], one["y"] = "EC", "P-256", enc(point[1:33]), enc(point[33:])
	case ed25519.PublicKey:
		one["kty"], one["crv"], one["x"] = "OKP", "Ed25519", enc(k)
	case *rsa.PublicKey:
		one["kty"], one["n"], one["e"] = "RSA", enc(k.N.Bytes()), "AQAB"
	}
	text, err := json.Marshal(map[string]any{"keys": []any{one}})
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.ParseKeySet(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
