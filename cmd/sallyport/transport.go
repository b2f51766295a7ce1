package main

import (
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/oauth"
)

// oneYear is what browsers are told to remember. Without includeSubDomains: other
// hosts of the operator's are not ours to speak for.
var oneYear = []string{"max-age=31536000"}

// strictTransport tells browsers to come by https only, once they came by it.
// RFC 6797 §6.1. What they remember is the host and not the port, so it is said
// only where the host is the server's alone: not beside a port in public_url, nor
// on this computer, where other things are reached by http.
func strictTransport(publicURL string, next http.Handler) http.Handler {
	u, err := url.Parse(publicURL)
	if err != nil || u.Scheme != "https" || u.Port() != "" || oauth.IsLoopbackHost(u.Hostname()) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Strict-Transport-Security"] = oneYear
		next.ServeHTTP(w, r)
	})
}
