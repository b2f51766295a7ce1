package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-dev/sallyport/oauth"
)

// assertionLife is how long an assertion that is made here is good for: it is for one
// request, and clocks may differ.
const assertionLife = 2 * time.Minute

// A Signature is what a client assertion is signed with and says.
type Signature struct {
	Key      crypto.Signer // *rsa.PrivateKey (RS256), *ecdsa.PrivateKey of P-256 (ES256) or ed25519.PrivateKey (EdDSA)
	KeyID    string        // its kid in the client's key set; empty: none is named
	ClientID string
	Audience string // the issuer of the authorization server
}

// SignAssertion makes a JWT by which a client proves who it is, for one request: each
// has an id of its own. Its error says that the key is of another kind.
//
// RFC 7523 §3: the JWT "MUST contain an "iss" (issuer) claim", "a "sub" (subject)
// claim", "an "aud" (audience) claim" and "an "exp" (expiration time) claim".
func SignAssertion(s Signature, now time.Time) (oauth.Secret, error) {
	algorithm, err := assertionAlgorithm(s.Key)
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	if s.KeyID != "" {
		options = options.WithHeader("kid", s.KeyID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: s.Key}, options)
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{"iss": s.ClientID, "sub": s.ClientID, "aud": s.Audience, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix()})
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	text, err := signed.CompactSerialize()
	return oauth.Secret(text), err
}

func assertionAlgorithm(key crypto.Signer) (jose.SignatureAlgorithm, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return jose.RS256, nil
	case *ecdsa.PrivateKey:
		if k.Curve.Params().BitSize == 256 {
			return jose.ES256, nil
		}
	case ed25519.PrivateKey:
		return jose.EdDSA, nil
	}
	return "", errors.New("token: a client assertion is signed with a key of RSA, P-256 or Ed25519")
}
