package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// A Challenge is an S256 code challenge. The "plain" method is not supported.
type Challenge string

// ParseChallenge reads code_challenge and code_challenge_method.
//
// RFC 7636 §4.4.1: "If the server requires Proof Key for Code Exchange (PKCE)
// by OAuth public clients and the client does not send the "code_challenge" in
// the request, the authorization endpoint MUST return the authorization error
// response with the "error" value set to "invalid_request"."
func ParseChallenge(challenge, method string) (Challenge, error) {
	switch {
	case challenge == "":
		return "", Refuse(InvalidRequest, "code_challenge is missing: PKCE is required")
	case method == "":
		// RFC 7636 §4.3 makes an absent method mean "plain", which is refused.
		return "", Refuse(InvalidRequest, "code_challenge_method is missing: it must be S256")
	case method != "S256":
		return "", Refuse(InvalidRequest, "code_challenge_method must be S256")
	}
	// RFC 7636 §4.2: an S256 challenge is the base64url of 32 bytes. The length is
	// looked at first because the decoder skips newlines.
	_, err := base64.RawURLEncoding.Strict().DecodeString(challenge)
	if err != nil || len(challenge) != base64.RawURLEncoding.EncodedLen(sha256.Size) {
		return "", Refuse(InvalidRequest, "code_challenge is not the base64url of a SHA-256")
	}
	return Challenge(challenge), nil
}

// Verify reports whether verifier answers the challenge.
//
// RFC 7636 §4.6: "If the values are not equal, an error response indicating
// "invalid_grant" [...] MUST be returned."
func (c Challenge) Verify(verifier string) bool {
	// RFC 7636 §4.1: 43 to 128 unreserved characters.
	if c == "" || len(verifier) < 43 || len(verifier) > 128 {
		return false
	}
	for i := range len(verifier) {
		if !unreserved(verifier[i]) {
			return false
		}
	}
	sum := sha256.Sum256([]byte(verifier))
	got := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(got), []byte(c)) == 1
}

// unreserved is RFC 3986 §2.3.
func unreserved(b byte) bool {
	switch {
	case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		return true
	}
	return b == '-' || b == '.' || b == '_' || b == '~'
}
