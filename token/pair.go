package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/sallyport-dev/sallyport/store"
)

// The signature algorithms. RFC 7518 §3.1, RFC 8037 §3.1.
const (
	RS256 = "RS256" // RSA keys of 2048 bits are made, up to 4096 imported
	PS256 = "PS256"
	ES256 = "ES256"
	EdDSA = "EdDSA" // Ed25519
)

// Algorithms are the signature algorithms there are.
var Algorithms = [...]string{RS256, PS256, ES256, EdDSA}

func checkAlgorithm(algorithm string) error {
	for _, known := range Algorithms {
		if algorithm == known {
			return nil
		}
	}
	return fmt.Errorf("token: the signing algorithm %q is unknown; it is one of RS256, PS256, ES256 and EdDSA", algorithm)
}

// A pair is the two halves of a signing key and what was made ready to use them.
type pair struct {
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
	signers   sync.Map // typ → jose.Signer
}

// newPrivate makes a key for an algorithm.
func newPrivate(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case RS256, PS256:
		return rsa.GenerateKey(rand.Reader, 2048)
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, checkAlgorithm(algorithm)
}

// parsePair reads the opened private half of a row: PKCS #8 in DER. Reading
// does the precomputations that make RSA several times faster.
func parsePair(row store.Key, der []byte) (*pair, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	private, err := fitting(row.Algorithm, parsed)
	if err != nil {
		return nil, err
	}
	return &pair{algorithm: jose.SignatureAlgorithm(row.Algorithm), private: private}, nil
}

// fitting checks that a private key is one for the algorithm. It is what fixes
// the algorithm of a key: RFC 8725 §3.1.
func fitting(algorithm string, private any) (crypto.Signer, error) {
	switch p := private.(type) {
	case *rsa.PrivateKey:
		switch bits := p.N.BitLen(); {
		case algorithm != RS256 && algorithm != PS256:
		// RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used with
		// these algorithms."
		case bits < 2048 || bits > 4096:
			return nil, fmt.Errorf("it is an RSA key of %d bits; 2048 to 4096 are supported", bits)
		default:
			return p, nil
		}
	case *ecdsa.PrivateKey:
		if algorithm == ES256 && p.Curve == elliptic.P256() {
			return p, nil
		}
	case ed25519.PrivateKey:
		if algorithm == EdDSA {
			return p, nil
		}
	}
	return nil, fmt.Errorf("it is not a key for %s", algorithm)
}

func (p *pair) jwk(id string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: p.private.Public(), KeyID: id, Algorithm: string(p.algorithm), Use: useSign}
}

// signer returns what signs tokens of one type. Types are a few constants, so
// the map stays small.
func (p *pair) signer(id, typ string) (jose.Signer, error) {
	if ready, ok := p.signers.Load(typ); ok {
		return ready.(jose.Signer), nil
	}
	key := jose.SigningKey{Algorithm: p.algorithm, Key: jose.JSONWebKey{Key: p.private, KeyID: id}}
	made, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(typ)))
	if err != nil {
		return nil, err
	}
	ready, _ := p.signers.LoadOrStore(typ, made)
	return ready.(jose.Signer), nil
}
