package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// register makes the client known, in its way.
func (p *play) register() {
	p.t.Helper()
	switch p.Registration.Kind {
	case clientbook.Dynamic:
		scope, _ := p.scope()
		body := strings.ReplaceAll(p.fill(p.Registration.Request), "{scope}", scope)
		a := p.send(request{method: http.MethodPost, url: p.server.Registration, body: body,
			header: map[string]string{"Content-Type": jsonType, "Accept": jsonType}, limit: p.Limits.Registration})
		if a.status != http.StatusCreated {
			p.t.Fatalf("registration: %d %s", a.status, a.body)
		}
		p.known(a.body)
	case clientbook.Static:
		args := []string{"clients", "add", "by hand", "--json", "--redirect-uri", p.fill(p.Redirect)}
		if p.Registration.Secret {
			args = append(args, "--confidential")
		}
		p.known([]byte(p.d.run("", args...)))
	case clientbook.Document:
		p.publish()
	}
}

func (p *play) known(answer []byte) {
	p.t.Helper()
	p.registered = answer
	var known struct {
		ID     string `json:"client_id"`
		Secret string `json:"client_secret"`
	}
	if err := json.Unmarshal(answer, &known); err != nil || known.ID == "" {
		p.t.Fatalf("registered as %s: %v", answer, err)
	}
	p.id, p.secret = known.ID, known.Secret
}

// publish names the vendor's own document where the program has a copy of it,
// for a test has no network. A document that is signed for, or that there are
// as many of as connections, is served here, with keys of ours.
func (p *play) publish() {
	p.t.Helper()
	_, kept := clientbook.Documents()[p.Registration.URL]
	if kept && p.Token.Authentication != "private_key_jwt" {
		p.id = p.Registration.URL
		return
	}
	at, err := url.Parse(p.Registration.URL)
	if err != nil {
		p.t.Fatal(err)
	}
	p.signer = newSigner(p.t)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	p.t.Cleanup(server.Close)
	p.id = server.URL + at.Path
	var document map[string]any
	if err := json.Unmarshal([]byte(p.Registration.Document), &document); err != nil {
		p.t.Fatal(err)
	}
	document["client_id"] = p.id
	if _, ok := document["jwks_uri"]; ok {
		document["jwks_uri"] = server.URL + "/jwks.json"
	}
	serve := func(path string, v any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", jsonType)
			_ = json.NewEncoder(w).Encode(v)
		})
	}
	serve(at.Path, document)
	serve("/jwks.json", map[string]any{"keys": []any{p.signer.public()}})
}

// A signer signs client assertions with RS256, which is what vendors use.
type signer struct{ key *rsa.PrivateKey }

func newSigner(t *testing.T) *signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return &signer{key}
}

const keyID = "vendor-1"

func (s *signer) public() map[string]string {
	return map[string]string{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": keyID,
		"n": base64.RawURLEncoding.EncodeToString(s.key.N.Bytes()),
		"e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(s.key.E)).Bytes())}
}

// assertion is RFC 7523 §3, for one use.
func (s *signer) assertion(client, audience string) (string, error) {
	part := func(v any) string {
		b, _ := json.Marshal(v) // maps of strings and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	now := time.Now().Unix()
	text := part(map[string]string{"alg": "RS256", "typ": "JWT", "kid": keyID}) + "." + part(map[string]any{
		"iss": client, "sub": client, "aud": audience, "iat": now, "exp": now + 60, "jti": rand.Text()})
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, s.key, crypto.SHA256, sum[:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}
