package resource

import (
	"net/http"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// maxToken is far above any token of ours, and bounds what is hashed for one
// that is not.
const maxToken = 16 << 10

// bearer returns the access token of a request, or nothing where the request
// has no authentication that this server knows. Queries, forms and cookies are
// not read.
//
// draft-ietf-oauth-v2-1 §5.1: "Clients MUST NOT send access tokens in the URI
// query parameter"; and a server that reads one there invites them to.
func bearer(h http.Header) (oauth.Secret, error) {
	values := h["Authorization"]
	switch len(values) {
	case 0:
		return "", nil
	case 1:
	default:
		// RFC 6750 §3.1: a request that "uses more than one method for including
		// an access token, or is otherwise malformed" is an invalid_request.
		return "", oauth.Refuse(oauth.InvalidRequest, "the request has more than one Authorization header")
	}
	// RFC 9110 §11.1: the scheme is case-insensitive.
	scheme, token, _ := strings.Cut(strings.Trim(values[0], " \t"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		// RFC 6750 §3: a client that "attempted using an unsupported
		// authentication method" is told how to begin, not what it did wrong.
		return "", nil
	}
	token = strings.TrimLeft(token, " ")
	if !isToken68(token) || len(token) > maxToken {
		return "", oauth.Refuse(oauth.InvalidToken, "the access token is malformed")
	}
	return oauth.Secret(token), nil
}

// isToken68 is RFC 6750 §2.1:
// b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	if body == "" {
		return false
	}
	for i := range len(body) {
		b := body[i]
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9':
		case b == '-', b == '.', b == '_', b == '~', b == '+', b == '/':
		default:
			return false
		}
	}
	return true
}
