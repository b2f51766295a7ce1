package vault

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// again is for how long what a refresh brought is not refreshed once more because
// somebody says that it is refused. A tool that errs, or lies, has the upstream asked
// as often as that and no oftener.
const again = time.Minute

// Refused is told that the upstream did not take a token which [Vault.Token] had
// handed out, although it had not ended: a person, or somebody for them, took it
// back there. Nil says that there is another one now, and that asking again is
// worth it. Every other error is a refusal like those of Token: what has no
// refresh token is dead, and for the rest the upstream decides. What was refreshed
// less than a minute ago is not dead and not refreshed again: [ErrDown], until that is
// over.
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
	case v.lasts(c.Login, h) && h.Refresh == "" && v.endless(ctx, c, h):
		return refusal(ErrDead)
	case h.Refresh == "":
		killed, err := v.Store.KillConnection(ctx, c)
		if killed {
			v.Log.WarnContext(ctx, "an upstream no longer takes a token that does not end; the person has to connect again", said(c)...)
		}
		return refusal(errors.Join(ErrDead, err))
	}
	if wait := h.Renewed.Add(again).Sub(v.Now()); wait > 0 {
		down := oauth.Refuse(oauth.TemporarilyUnavailable, "the service refuses what it gave just now; try again").Because(ErrDown)
		down.RetryAfter = int(wait/time.Second) + 1
		return down
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

// endless asks the upstream itself about a token that does not end and that somebody
// says it refuses. It reports whether it does, and then that is the person's end there.
func (v *Vault) endless(ctx context.Context, c store.Connection, h held) bool {
	_, err := v.still(ctx, c, h, oauth.Identity{Subject: h.Subject})
	return errors.Is(err, ErrDead)
}
