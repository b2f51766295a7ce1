package authserver

import "net/http"

// allowHeaders is what browser clients send to these endpoints; a preflight
// that leaves one out ends the connection before it began.
const allowHeaders = "Authorization, Content-Type, Accept, MCP-Protocol-Version, DPoP"

// crossOrigin lets programs in other origins read the answer. No endpoint that
// has this looks at a cookie, so there is nothing to steal with it.
//
// draft-ietf-oauth-v2-1 §3.1: CORS MUST NOT be supported at the authorization
// endpoint, as the client does not access it directly; so only programs'
// endpoints call this.
func crossOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Retry-After, DPoP-Nonce")
}

func preflight(method string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		crossOrigin(w.Header())
		w.Header().Set("Access-Control-Allow-Methods", method+", OPTIONS")
		w.Header().Set("Access-Control-Allow-Headers", allowHeaders)
		w.Header().Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
	})
}
