package token

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/sallyport-dev/sallyport/oauth"
)

// MaxSize is the longest token that is made or looked at, in octets.
const MaxSize = 8 << 10

// The types of the tokens that are made here, as in their "typ" header.
const (
	TypeAccess   = "at+jwt" // RFC 9068 §2.1
	TypeIdentity = "sallyport-identity+jwt"
)

var joseAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}

// Sign signs claims, as JSON, with the current key of an algorithm, for which
// [Keyring.Ensure] has been called. The header is alg, kid and typ. typ is one
// of a few constants: what is made ready for it is kept.
func (k *Keyring) Sign(algorithm, typ string, claims any) (oauth.Secret, error) {
	key := k.ring.Load().current(kind{useSign, algorithm}, k.now())
	if key == nil {
		return "", fmt.Errorf("token: there is no %q signing key; Ensure makes one", algorithm)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("token: claims: %w", err)
	}
	signer, err := key.pair.signer(key.ID, typ)
	if err != nil {
		return "", fmt.Errorf("token: %w", err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		return "", fmt.Errorf("token: signing: %w", err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("token: signing: %w", err)
	}
	if len(compact) > MaxSize {
		return "", errors.New("token: the claims are too long for a token")
	}
	return oauth.Secret(compact), nil
}

// Verify checks a JWT that [Keyring.Sign] made with this typ, and returns its
// claims as JSON and the id of the key. It looks at the signature and the header
// only: exp, iss and aud are the caller's to compare.
//
// It is stricter than RFC 7519, because only this server signs with these keys:
// the header holds alg, kid and typ and nothing else, so that there is no crit,
// no jwk and no way to another key; the algorithm is the key's (RFC 8725 §3.1);
// every part is canonical base64url; there is no JWE.
func (k *Keyring) Verify(raw oauth.Secret, typ string) (claims []byte, kid string, err error) {
	head, err := readHeader(string(raw))
	if err != nil {
		return nil, "", err
	}
	// RFC 7515 §4.1.9: "application/" is to be omitted, and added by whoever
	// reads a typ without a slash. Media types know no case.
	if !strings.EqualFold(strings.TrimPrefix(strings.ToLower(head.typ), "application/"), typ) {
		return nil, "", errors.New("token: the typ is another")
	}
	// go-jose refuses members that are there twice.
	signed, err := jose.ParseSignedCompact(string(raw), joseAlgorithms)
	if err != nil {
		return nil, "", fmt.Errorf("token: %w", err)
	}
	key := k.find(head.kid, useSign)
	switch {
	case key == nil:
		return nil, "", errors.New("token: the kid is unknown")
	case !key.Expires.IsZero() && !k.now().Before(key.Expires):
		return nil, "", errors.New("token: the key has expired")
	case head.alg != key.Algorithm:
		return nil, "", errors.New("token: the alg is not that of the key")
	}
	claims, err = signed.Verify(key.pair.private.Public())
	if err != nil {
		return nil, "", errors.New("token: the signature does not verify")
	}
	return claims, key.ID, nil
}

type header struct{ alg, kid, typ string }

// canonical makes sure that a compact JWS is spelled in the one way there is, and
// returns its header: go-jose alone would take newlines inside a token, and more
// than one spelling of each part.
func canonical(raw string) ([]byte, error) {
	if len(raw) > MaxSize {
		return nil, errors.New("token: longer than any token")
	}
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 {
		return nil, errors.New("token: not a compact JWS")
	}
	var first []byte
	for i, part := range parts {
		decoded, err := decodeText(part)
		if err != nil || len(decoded) == 0 {
			return nil, errors.New("token: a part is not canonical base64url")
		}
		if i == 0 {
			first = decoded
		}
	}
	return first, nil
}

// readHeader reads the header of a compact JWS, and no more of it.
func readHeader(raw string) (header, error) {
	first, err := canonical(raw)
	if err != nil {
		return header{}, err
	}
	// Members that are no strings do not fit.
	var members map[string]string
	if err := json.Unmarshal(first, &members); err != nil {
		return header{}, errors.New("token: the header is not an object of strings")
	}
	h := header{members["alg"], members["kid"], members["typ"]}
	if len(members) != 3 || h.alg == "" || h.kid == "" || h.typ == "" {
		return header{}, errors.New("token: the header is not alg, kid and typ")
	}
	return h, nil
}

// decodeText reads base64url without padding, in its one canonical spelling.
func decodeText(s string) ([]byte, error) {
	// Even the strict decoder skips these two.
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}
