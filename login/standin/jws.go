package standin

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A draft is a token before it is signed.
type draft struct {
	claims   map[string]any
	alg      string // instead of that of the key
	stranger bool   // signed by a key that is not published
}

// keys are those of a stand-in, the current one first. The previous one is
// still published, as both Google and Privy do it.
type keys struct {
	alg jose.SignatureAlgorithm
	all []jose.JSONWebKey
}

// rotate makes a new key the current one, and forgets all but the one before.
func (k *keys) rotate() {
	k.all = append([]jose.JSONWebKey{newKey(k.alg)}, k.all...)
	k.all = k.all[:min(2, len(k.all))]
}

// current makes the first key when it is needed: an RSA key takes a while.
func (k *keys) current() jose.JSONWebKey {
	if len(k.all) == 0 {
		k.rotate()
	}
	return k.all[0]
}

// public is the key set to publish. RFC 7517 §5.
func (k *keys) public() jose.JSONWebKeySet {
	k.current()
	var set jose.JSONWebKeySet
	for _, key := range k.all {
		set.Keys = append(set.Keys, key.Public())
	}
	return set
}

func newKey(alg jose.SignatureAlgorithm) jose.JSONWebKey {
	var private crypto.Signer
	var err error
	if alg == jose.RS256 {
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		panic(err) // no randomness
	}
	id := make([]byte, 20)
	rand.Read(id)
	return jose.JSONWebKey{Key: private, KeyID: hex.EncodeToString(id), Algorithm: string(alg), Use: "sig"}
}

// sign makes a token, with the fault that it is to have.
func (k *keys) sign(claims map[string]any, f Fault) string {
	for _, name := range []string{"iat", "exp", "nbf", "auth_time"} {
		if at, ok := claims[name].(int64); ok {
			claims[name] = at + int64(f.skew/time.Second)
		}
	}
	d := &draft{claims: claims}
	if f.token != nil {
		f.token(d)
	}
	key := k.current()
	if d.stranger {
		key = newKey(k.alg)
	}
	body, err := json.Marshal(d.claims)
	if err != nil {
		panic(err) // Alter put something there that is no JSON
	}
	if d.alg != "" {
		return forge(d.alg, key, body)
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: key}, options)
	if err != nil {
		panic(err) // newKey made it
	}
	signed, err := signer.Sign(body)
	if err != nil {
		panic(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return compact
}

// forge writes a token that no library would make.
func forge(alg string, key jose.JSONWebKey, body []byte) string {
	b64 := base64.RawURLEncoding
	head, _ := json.Marshal(map[string]string{"alg": alg, "kid": key.KeyID, "typ": "JWT"})
	input := b64.EncodeToString(head) + "." + b64.EncodeToString(body)
	if alg == "none" {
		return input + "."
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public().Key)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(input))
	return input + "." + b64.EncodeToString(mac.Sum(nil))
}
