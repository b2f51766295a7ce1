package token

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/sallyport-dev/sallyport/oauth"
)

var assertedAt = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

const (
	asserting = "https://client.example/c.json"
	audienceA = "https://as.example"
)

func rightly() Expected {
	return Expected{ClientID: asserting, Audiences: []string{audienceA, audienceA + "/oauth/token"}, Now: assertedAt}
}

func setOf(t testing.TB, keys ...jose.JSONWebKey) KeySet {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	set, err := ParseKeySet(text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func assertion(t testing.TB, key any, algorithm jose.SignatureAlgorithm, claims map[string]any) oauth.Secret {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{"iss": asserting, "sub": asserting, "aud": audienceA, "exp": assertedAt.Add(time.Minute).Unix(), "jti": "1"}
	for name, value := range claims {
		all[name] = value
	}
	raw, err := jwt.Signed(signer).Claims(all).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return oauth.Secret(raw)
}

// The other signature of an ES256 assertion, which is as good, is no other assertion.
func TestAnAssertionIsOneWhicheverOfItsSignatures(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := setOf(t, jose.JSONWebKey{Key: key.Public(), KeyID: "k"})
	for _, claims := range []map[string]any{nil, {"jti": ""}} {
		first := assertion(t, key, jose.ES256, claims)
		parts := strings.Split(string(first), ".")
		sig, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil {
			t.Fatal(err)
		}
		s := new(big.Int).Sub(elliptic.P256().Params().N, new(big.Int).SetBytes(sig[32:]))
		s.FillBytes(sig[32:])
		second := oauth.Secret(parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(sig))
		a, err1 := set.VerifyAssertion(first, rightly())
		b, err2 := set.VerifyAssertion(second, rightly())
		if err1 != nil || err2 != nil || !a.ID.Equal(b.ID) {
			t.Errorf("%v, %v, the same: %v", err1, err2, a.ID.Equal(b.ID))
		}
	}
}

// Without a jti what was signed stands for it, so nothing that was signed may have
// two spellings.
func TestAnotherSpellingOfAnAssertionIsRefused(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := setOf(t, jose.JSONWebKey{Key: key.Public(), KeyID: "k"})
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	spellings := 0
	for _, pad := range []string{"", "x", "xx"} {
		good := assertion(t, key, jose.ES256, map[string]any{"jti": "", "pad": pad})
		if _, err := set.VerifyAssertion(good, rightly()); err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(string(good), ".")
		for i, part := range parts {
			last := len(part) - 1
			for _, letter := range letters {
				other := slices.Clone(parts)
				other[i] = part[:last] + string(letter)
				was, _ := base64.RawURLEncoding.DecodeString(part)
				is, err := base64.RawURLEncoding.DecodeString(other[i])
				if other[i] == part || err != nil || !bytes.Equal(was, is) {
					continue
				}
				spellings++
				raw := oauth.Secret(strings.Join(other, "."))
				if _, err := set.VerifyAssertion(raw, rightly()); err == nil {
					t.Errorf("part %d is taken as %q and as %q", i, part[last:], other[i][last:])
				}
				if _, err := AssertionClient(raw); err == nil {
					t.Errorf("part %d is read as %q and as %q", i, part[last:], other[i][last:])
				}
			}
		}
	}
	if spellings == 0 {
		t.Error("no other spelling was tried")
	}
}

func TestWhatIsNoKeyToSignWithIsLeftOutOfASet(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := setOf(t, jose.JSONWebKey{Key: small.Public(), KeyID: "small"}, jose.JSONWebKey{Key: other.Public(), KeyID: "p384"},
		jose.JSONWebKey{Key: public, KeyID: "to encrypt", Use: "enc"}, jose.JSONWebKey{Key: public, KeyID: "other alg", Algorithm: "RS256"})
	if len(set.keys) != 0 {
		t.Errorf("%d keys are taken", len(set.keys))
	}
	if set := setOf(t, jose.JSONWebKey{Key: public, KeyID: "good"}); len(set.keys) != 1 {
		t.Errorf("%d keys are taken", len(set.keys))
	}
}

// Whoever publishes a set decides what is in it, and sets are kept.
func TestOfAKeyNoMoreIsKeptThanChecksASignature(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(1)}
	text, err := x509.CreateCertificate(rand.Reader, about, about, public, private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(text)
	if err != nil {
		t.Fatal(err)
	}
	set := setOf(t, jose.JSONWebKey{Key: public, KeyID: "k", Certificates: []*x509.Certificate{certificate}},
		jose.JSONWebKey{Key: public, KeyID: strings.Repeat("k", maxKeyID+1)})
	if len(set.keys) != 1 || set.keys[0].KeyID != "k" {
		t.Fatalf("%d keys are taken", len(set.keys))
	}
	if k := set.keys[0]; k.Certificates != nil || k.CertificateThumbprintSHA1 != nil || k.CertificateThumbprintSHA256 != nil {
		t.Errorf("what is kept: %+v", k)
	}
}

func TestASetWithAKeyThatIsNotPublicIsRefused(t *testing.T) {
	for _, text := range []string{`{"keys":[{"kty":"oct","k":"AAAA"}]}`, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}]}`,
		`{}`, `[]`, `null`, `{"keys":null}`, `{"keys":[` + strings.Repeat(`{},`, maxKeys) + `{}]}`} {
		if _, err := ParseKeySet([]byte(text)); err == nil {
			t.Errorf("%.40s is taken", text)
		}
	}
}

func FuzzVerifyAssertion(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	set := setOf(f, jose.JSONWebKey{Key: key.Public(), KeyID: "k"})
	good := assertion(f, key, jose.ES256, nil)
	f.Add(string(good))
	f.Add("eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.")
	f.Add("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.AAAA")
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := AssertionClient(oauth.Secret(raw)); err != nil && raw == string(good) {
			t.Error(err)
		}
		if a, err := set.VerifyAssertion(oauth.Secret(raw), rightly()); err == nil && (raw != string(good) || a.ClientID != asserting) {
			t.Errorf("%q proves %q", raw, a.ClientID)
		}
	})
}

func FuzzParseKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := ParseKeySet(text)
		if err != nil {
			return
		}
		for _, key := range set.keys {
			if !key.IsPublic() || !key.Valid() {
				t.Errorf("%s gives a key that is not public", text)
			}
		}
	})
}
