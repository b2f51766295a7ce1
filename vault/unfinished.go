package vault

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

// errUnsaved says of an [ErrDead] that a refresh before was begun and never saved.
var errUnsaved = errors.New("vault: a refresh was begun before and never saved; what the upstream gave for it is lost")

// unfinished is when a refresh of c was begun that nobody saw the end of; zero: there
// is none. Who finishes, however it ends, gives the lease back or takes the row on: one
// that has run out was left behind by a process that died, or that could not write what
// it had got. The process that finds it has nothing else to tell it by.
func (v *Vault) unfinished(c store.Connection) time.Time {
	if c.LeasedUntil.IsZero() || c.LeasedUntil.After(v.Now()) {
		return time.Time{}
	}
	return c.LeasedUntil.Add(-leaseTime)
}

// nothingLost says so, where a refresh was interrupted and the upstream took the older
// refresh token once more.
func (v *Vault) nothingLost(ctx context.Context, c store.Connection) {
	if began := v.unfinished(c); !began.IsZero() {
		v.Log.InfoContext(ctx, "a refresh of a connection was begun and never saved, and nothing is lost: the upstream took the older refresh token again",
			said(c, "begun", began)...)
	}
}

// ended says that an upstream has ended a connection, and whether that is because of
// what was not saved.
func (v *Vault) ended(ctx context.Context, c store.Connection, cause error) error {
	began := v.unfinished(c)
	if began.IsZero() {
		v.Log.WarnContext(ctx, "an upstream has ended a connection; the person has to connect again", said(c, "cause", cause)...)
		return errors.Join(ErrDead, cause)
	}
	v.Log.ErrorContext(ctx, "a refresh of a connection was begun and never saved, because the process was ended or could not write; what the upstream gave for it is lost, and it no longer takes the older refresh token; the person has to connect again",
		said(c, "begun", began, "cause", cause)...)
	return errors.Join(ErrDead, errUnsaved, cause)
}
