package resource

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// Local is a [Verifier] for the program that holds the keys: it takes the JWTs
// and the opaque tokens of its own keyring.
type Local struct {
	Keyring  *token.Keyring
	Issuer   string
	Audience string           // the resource's id
	Now      func() time.Time // nil: time.Now
}

// Verify checks a token of either format. Its errors are refusals.
func (l Local) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	return l.Keyring.VerifyAccess(raw, l.Issuer, l.Audience, now())
}
