package token

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// A KeySet is the public keys of someone else, a client, that its assertions are
// checked by. RFC 7517 §5.
type KeySet struct {
	keys   []jose.JSONWebKey
	pinned bool // it is asked whatever key id a token names
}

// The bounds of a set: how many keys are looked at, and how long a name may be.
const (
	maxKeys  = 32
	maxKeyID = 512 // octets
)

// ParseKeySet reads a JWK set. A key that is of no use here, of an unknown kind
// or for encryption, is left out; a key that should not be there, a private or a
// shared one, makes the whole set an error: whoever published it has lost it.
func ParseKeySet(document []byte) (KeySet, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil || set.Keys == nil {
		return KeySet{}, errors.New("token: this is no JWK set")
	}
	if len(set.Keys) > maxKeys {
		return KeySet{}, errors.New("token: the JWK set has more keys than are looked at")
	}
	var found KeySet
	for _, raw := range set.Keys {
		var secret struct {
			D json.RawMessage `json:"d"`
			K json.RawMessage `json:"k"`
		}
		if err := json.Unmarshal(raw, &secret); err == nil && (secret.D != nil || secret.K != nil) {
			return KeySet{}, errors.New("token: the JWK set holds a key that is not public")
		}
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) != nil || key.Use != "" && key.Use != "sig" || len(algorithmsOf(key)) == 0 || len(key.KeyID) > maxKeyID {
			continue
		}
		// Certificates, which nothing here looks at, can be most of what is published.
		found.keys = append(found.keys, jose.JSONWebKey{Key: key.Key, KeyID: key.KeyID, Algorithm: key.Algorithm})
	}
	return found, nil
}

// PinnedKey is a set of one key, PKIX in PEM, that somebody wrote down: it has no id,
// and the id that a token names chooses nothing.
func PinnedKey(pemPublicKey []byte) (KeySet, error) {
	block, rest := pem.Decode(pemPublicKey)
	if block == nil || block.Type != "PUBLIC KEY" || strings.TrimSpace(string(rest)) != "" {
		return KeySet{}, errors.New("token: this is not one public key in PEM")
	}
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return KeySet{}, errors.New("token: the public key cannot be read")
	}
	key := jose.JSONWebKey{Key: public}
	if len(algorithmsOf(key)) == 0 {
		return KeySet{}, errors.New("token: nothing that is checked here is signed with such a key")
	}
	return KeySet{keys: []jose.JSONWebKey{key}, pinned: true}, nil
}

// algorithmsOf are those that a key may have signed with. RFC 7518 §3.3: "A key of
// size 2048 bits or larger MUST be used".
func algorithmsOf(key jose.JSONWebKey) []string {
	var can []string
	switch public := key.Key.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() >= 2048 && public.N.BitLen() <= 8192 {
			can = []string{"RS256", "PS256"}
		}
	case *ecdsa.PublicKey:
		if public.Params().Name == "P-256" {
			can = []string{"ES256"}
		}
	case ed25519.PublicKey:
		can = []string{"EdDSA"}
	}
	if key.Algorithm == "" {
		return can
	}
	for _, one := range can {
		if one == key.Algorithm {
			return []string{one}
		}
	}
	return nil
}

// Empty reports whether there is nothing that could check a signature.
func (k KeySet) Empty() bool { return len(k.keys) == 0 }
