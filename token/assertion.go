package token

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-dev/sallyport/oauth"
)

// AssertionType is the client_assertion_type of a JWT. RFC 7523 §2.2.
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// AssertionAlgorithms are those that a client may sign with. None of them has a
// shared secret, and "none" is not among them.
var AssertionAlgorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}

// How long an assertion may be good for, and how far clocks may differ.
const (
	maxAssertionLife = 24 * time.Hour // its id is kept as long
	clockSkew        = 30 * time.Second
)

// ErrUnknownKey says that the key set has no key of the assertion's kid: its
// owner may have made a new one since.
var ErrUnknownKey = errors.New("token: the key set has no such key")

// An Assertion is a JWT by which a client proves who it is.
type Assertion struct {
	ClientID string       // iss and sub
	ID       oauth.Digest // of the client and the jti, or of the whole where it has none
	Expires  time.Time    // from when on it is refused in any case
}

// AssertionClient reads which client an assertion claims to be of. It proves
// nothing; [KeySet.VerifyAssertion] does.
func AssertionClient(raw oauth.Secret) (string, error) {
	signed, err := parseAssertion(raw)
	if err != nil {
		return "", err
	}
	var c assertionClaims
	if err := json.Unmarshal(signed.UnsafePayloadWithoutVerification(), &c); err != nil || c.Subject == "" {
		return "", errors.New("token: the assertion has no sub")
	}
	return c.Subject, nil
}

func parseAssertion(raw oauth.Secret) (*jose.JSONWebSignature, error) {
	// Another spelling of an assertion that was used would be another assertion.
	if _, err := canonical(string(raw)); err != nil {
		return nil, err
	}
	return jose.ParseSignedCompact(string(raw), joseAlgorithms)
}

// assertionClaims is the wire form of RFC 7523 §3.
type assertionClaims struct {
	Issuer    string   `json:"iss"`
	Subject   string   `json:"sub"`
	Audience  audience `json:"aud"`
	Expires   *seconds `json:"exp"`
	NotBefore *seconds `json:"nbf"`
	IssuedAt  *seconds `json:"iat"`
	ID        string   `json:"jti"`
}

// Expected is what an assertion is held against.
type Expected struct {
	ClientID  string
	Audiences []string // each of them names this server
	Algorithm string   // the only one; empty: any of [AssertionAlgorithms]
	Now       time.Time
}

// VerifyAssertion checks an assertion of RFC 7523 §3 whole, but for whether it was
// used before. [ErrUnknownKey] says that newer keys may help; no other error does.
//
// Every audience has to be this server. An assertion that is good at two servers
// can be taken by the one to the other.
func (k KeySet) VerifyAssertion(raw oauth.Secret, e Expected) (Assertion, error) {
	signed, err := parseAssertion(raw)
	if err != nil {
		return Assertion{}, err
	}
	claims, err := k.verify(signed, e.Algorithm)
	if err != nil {
		return Assertion{}, err
	}
	var c assertionClaims
	if err := json.Unmarshal(claims, &c); err != nil {
		return Assertion{}, errors.New("token: the assertion's claims cannot be read")
	}
	if err := c.check(e); err != nil {
		return Assertion{}, err
	}
	id := "jti " + c.ID
	if c.ID == "" {
		// What was signed, and not the signature: of some there are two.
		id = "all " + string(raw[:strings.LastIndexByte(string(raw), '.')])
	}
	return Assertion{ClientID: c.Subject, ID: oauth.Secret(c.Subject + "\n" + id).Digest(), Expires: c.Expires.time().Add(clockSkew)}, nil
}

// Verify checks the signature of a JWT, with any of [AssertionAlgorithms], and
// returns its claims as JSON; what they say is the caller's to check.
// [ErrUnknownKey] says that newer keys may help.
func (k KeySet) Verify(raw oauth.Secret) ([]byte, error) {
	signed, err := parseAssertion(raw)
	if err != nil {
		return nil, err
	}
	return k.verify(signed, "")
}

// verify finds the key and checks the signature. Without a kid each key that
// could have made it is tried.
func (k KeySet) verify(signed *jose.JSONWebSignature, only string) ([]byte, error) {
	head := signed.Signatures[0].Protected
	if only != "" && head.Algorithm != only {
		return nil, errors.New("token: the alg is not the one that the client announced")
	}
	tried := false
	for _, key := range k.keys {
		if !k.pinned && head.KeyID != "" && key.KeyID != head.KeyID || !slices.Contains(algorithmsOf(key), head.Algorithm) {
			continue
		}
		tried = true
		if claims, err := signed.Verify(key.Key); err == nil {
			return claims, nil
		}
	}
	if !tried || head.KeyID == "" {
		return nil, ErrUnknownKey
	}
	return nil, errors.New("token: the signature does not verify")
}

func (c assertionClaims) check(e Expected) error {
	switch {
	case c.Issuer != e.ClientID || c.Subject != e.ClientID:
		// RFC 7523 §3: for client authentication, iss and sub "MUST be the
		// "client_id" of the OAuth client".
		return errors.New("token: iss and sub are not the client_id")
	case len(c.Audience) == 0:
		return errors.New("token: the assertion has no aud")
	case slices.ContainsFunc(c.Audience, func(a string) bool { return !slices.Contains(e.Audiences, a) }):
		return errors.New("token: the aud is neither the issuer nor the token endpoint")
	case c.Expires == nil:
		return errors.New("token: the assertion has no exp")
	case !e.Now.Add(-clockSkew).Before(c.Expires.time()):
		return errors.New("token: the assertion has expired")
	case c.Expires.time().Sub(e.Now) > maxAssertionLife:
		return errors.New("token: the assertion lives longer than a day")
	case c.NotBefore != nil && c.NotBefore.time().After(e.Now.Add(clockSkew)):
		return errors.New("token: the assertion is not yet good")
	case c.IssuedAt != nil && c.IssuedAt.time().After(e.Now.Add(clockSkew)):
		return errors.New("token: the assertion is of the future")
	case len(c.ID) > 512:
		return errors.New("token: the jti is too long")
	}
	return nil
}

// seconds is a NumericDate, which may have a fraction. RFC 7519 §2.
type seconds float64

func (s *seconds) time() time.Time { return time.Unix(int64(*s), 0) }

func (s *seconds) UnmarshalJSON(raw []byte) error {
	var f float64
	if err := json.Unmarshal(raw, &f); err != nil || f < 0 || f > 1<<40 {
		return errors.New("token: a time is no number of seconds")
	}
	*s = seconds(f)
	return nil
}

// audience is a text or a list of them. RFC 7519 §4.1.3.
type audience []string

func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}
