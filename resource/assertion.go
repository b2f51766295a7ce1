package resource

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// SignedBy is the Assertion of an [ExchangeConfig] whose client has keys in the issuer's
// settings (jwks, jwks_uri) instead of a secret: nothing that the issuer has, or that
// goes over the wire, is of use to anybody else. s.Audience is the issuer. now may be
// nil: time.Now. Errors say that the key is of a kind that signs nothing here.
func SignedBy(s token.Signature, now func() time.Time) func(context.Context) (oauth.Secret, error) {
	now = orNow(now)
	return func(context.Context) (oauth.Secret, error) { return token.SignAssertion(s, now()) }
}
