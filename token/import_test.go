package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

func pemOf(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkcs8(key any) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pemOf("PRIVATE KEY", der, err)
}

func sec1(key *ecdsa.PrivateKey) string {
	der, err := x509.MarshalECPrivateKey(key)
	return pemOf("EC PRIVATE KEY", der, err)
}

func TestImport(t *testing.T) {
	ctx := t.Context()
	c := newClock()
	t.Setenv("GODEBUG", "rsa1024min=0") // crypto/rsa makes none this short otherwise
	rsa1024, err := rsa.GenerateKey(rand.Reader, 1024)
	must(t, err)
	rsa2048, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	public, ed, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	publicDER, err := x509.MarshalPKIXPublicKey(public)
	must(t, err)
	for _, tt := range []struct {
		name, algorithm, pem string
		want                 string // of the error; empty: it is imported
	}{
		{"an RSA key in PKCS #8 for RS256", RS256, pkcs8(rsa2048), ""},
		{"an RSA key in PKCS #1 for PS256", PS256, pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsa2048), nil), ""},
		{"a P-256 key in SEC 1", ES256, sec1(p256), ""},
		{"a P-256 key in PKCS #8", ES256, pkcs8(p256), ""},
		{"an Ed25519 key", EdDSA, pkcs8(ed), ""},
		{"a blank line after it", EdDSA, pkcs8(ed) + "\n\n", ""},
		{"an RSA key for ES256", ES256, pkcs8(rsa2048), "not a key for ES256"},
		{"a P-256 key for RS256", RS256, pkcs8(p256), "not a key for RS256"},
		{"a P-384 key for ES256", ES256, pkcs8(p384), "not a key for ES256"},
		{"an Ed25519 key for ES256", ES256, pkcs8(ed), "not a key for ES256"},
		{"an RSA key of 1024 bits", RS256, pkcs8(rsa1024), "1024 bits"},
		{"an algorithm that is none", "HS256", pkcs8(p256), "unknown"},
		{"a public key", EdDSA, pemOf("PUBLIC KEY", publicDER, nil), "not a private key"},
		{"an encrypted key", EdDSA, pemOf("ENCRYPTED PRIVATE KEY", []byte{1}, nil), "decrypt it first"},
		{"two keys", EdDSA, pkcs8(ed) + pkcs8(p256), "after the first PEM block"},
		{"no PEM", EdDSA, "hello", "no PEM block"},
		{"nothing", EdDSA, "", "no PEM block"},
		{"a block of rubbish", EdDSA, pemOf("PRIVATE KEY", []byte("rubbish"), nil), "cannot be imported"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := open(t, newStore(t, c.now), c)
			err := k.Import(ctx, tt.algorithm, []byte(tt.pem))
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want %q in it", err, tt.want)
				}
				return
			}
			must(t, err)
			raw, err := k.MintIdentity(tt.algorithm, identityAt(c.now()))
			must(t, err)
			if _, _, err := k.Verify(raw, TypeIdentity); err != nil {
				t.Fatal(err)
			}
			err = k.Import(ctx, tt.algorithm, []byte(tt.pem))
			if err == nil || !strings.Contains(err.Error(), "here already") {
				t.Fatalf("a second time: %v", err)
			}
		})
	}
}

func TestAnImportedKeySucceedsTheOneBefore(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	k, stale := open(t, s, c, ES256), open(t, s, c)
	_, old := kidOf(t, k, c.now())
	must(t, k.Rotate(t.Context(), ES256))
	private, err := newPrivate(ES256)
	must(t, err)
	// Another replica has taken the next place in the meantime.
	must(t, stale.Import(t.Context(), ES256, []byte(pkcs8(private))))
	if got := kids(t, stale); len(got) != 3 {
		t.Fatalf("published are %v", got)
	}
	if _, kid := kidOf(t, stale, c.now()); kid != old {
		t.Fatal("the imported key signs before verifiers know it")
	}
	c.pass(PublishAhead)
	if _, kid := kidOf(t, stale, c.now()); kid != kids(t, stale)[2] {
		t.Fatal("the imported key does not sign")
	}
}

// TestAKeyThatVerifiersHaveSignsAtOnce: what a server that is taken the place of signed
// with goes on signing, though there is a key already.
func TestAKeyThatVerifiersHaveSignsAtOnce(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	k, replica := open(t, s, c, ES256), open(t, s, c)
	before, old := kidOf(t, k, c.now())
	private, err := newPrivate(ES256)
	must(t, err)
	must(t, k.ImportNow(t.Context(), ES256, []byte(pkcs8(private))))
	raw, kid := kidOf(t, k, c.now())
	if kid == old || kid != kids(t, k)[1] {
		t.Fatal("the imported key does not sign")
	}
	if _, err := replica.VerifyAccess(raw, issuer, resource, c.now()); err != nil {
		t.Fatalf("another replica refuses it: %v", err)
	}
	if _, err := k.VerifyAccess(before, issuer, resource, c.now()); err != nil {
		t.Fatalf("the old key's token is refused: %v", err)
	}
}
