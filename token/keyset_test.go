package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-dev/sallyport/oauth"
)

func publicPEM(t *testing.T, public any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// TestAPinnedKeyIsAskedWhateverATokenNames: whoever wrote the key down did not know
// what its owner calls it, and the token's own word for it chooses nothing.
func TestAPinnedKeyIsAskedWhateverATokenNames(t *testing.T) {
	key, other := newP256(t), newP256(t)
	set, err := PinnedKey(publicPEM(t, key.Public()))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		by   *ecdsa.PrivateKey
		kid  string
		good bool
	}{
		{"a key id", key, "any", true},
		{"none", key, "", true},
		{"another key under a key id", other, "any", false},
		{"another key", other, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: test.by, KeyID: test.kid}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			signed, err := signer.Sign([]byte(`{"sub":"ada"}`))
			if err != nil {
				t.Fatal(err)
			}
			raw, err := signed.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			claims, err := set.Verify(oauth.Secret(raw))
			if (err == nil) != test.good || test.good && string(claims) != `{"sub":"ada"}` {
				t.Errorf("it says %s, %v", claims, err)
			}
		})
	}
}

func newP256(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestWhatIsNoPublicKeyIsNotPinned(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	good := publicPEM(t, newP256(t).Public())
	private, err := x509.MarshalPKCS8PrivateKey(newP256(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"nothing": nil, "a text": []byte("key"), "two keys": append(good, good...), "another curve": publicPEM(t, p384.Public()), "a short key": publicPEM(t, short.Public()),
		"a private key":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
		"what is not one": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}),
	} {
		if _, err := PinnedKey(text); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
