package vault

import (
	"context"
	"errors"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Refused is told that the upstream did not take a token which [Vault.Token] had
// handed out, although it had not ended: a person, or somebody for them, took it
// back there. Nil says that there is another one now, and that asking again is
// worth it. Every other error is a refusal like those of Token: what has no
// refresh token is dead, and for the rest the upstream decides.
//
// Whoever calls it late, about a token that is not the one any more, changes
// nothing.
func (v *Vault) Refused(ctx context.Context, of Connection, token oauth.Secret) error {
	c, h, err := v.read(ctx, of)
	switch {
	case err != nil:
		return refusal(err)
	case h.Access != string(token):
		return nil
	case h.Refresh == "":
		killed, err := v.Store.KillConnection(ctx, c)
		if killed {
			v.Log.WarnContext(ctx, "an upstream no longer takes a token that does not end; the person has to connect again", said(c)...)
		}
		return refusal(errors.Join(ErrDead, err))
	}
	// Where it is not fresh any more, somebody refreshes already, and to write here
	// would take their lease away.
	if h.fresh(v.Now()) {
		h.Expires = v.Now()
		ended, err := v.seal(c, h)
		if err != nil {
			return refusal(err)
		}
		if _, err := v.Store.RenewConnection(ctx, c.Version, ended); err != nil {
			return refusal(err)
		}
	}
	_, _, err = v.Token(ctx, of)
	return err
}
