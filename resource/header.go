package resource

import (
	"net/http"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Bearer returns the access token of a request, or nothing where it has no
// authentication that this package knows: for handlers that check tokens
// themselves. Queries, forms and cookies are not read. It refuses what is
// malformed, or sent twice. RFC 6750 §2.1.
func Bearer(h http.Header) (oauth.Secret, error) { return bearer(h) }
