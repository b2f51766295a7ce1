package store

import (
	"context"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Passkeys remembers with which keys of their devices people sign in.
type Passkeys interface {
	// AddPasskey saves a passkey, if its subject is known and not disabled
	// ([ErrNotFound] otherwise). ErrExists says that it is somebody's already, if
	// only their own.
	AddPasskey(ctx context.Context, k oauth.Passkey) error

	// Passkey returns a passkey by its id, and whose it is, disabled ones too.
	Passkey(ctx context.Context, id string) (oauth.Passkey, oauth.Person, error)

	// Passkeys lists those of a subject, oldest first.
	Passkeys(ctx context.Context, subject string) ([]oauth.Passkey, error)

	// CountPasskeys says how many everybody has who has one, by subject.
	CountPasskeys(ctx context.Context) (map[string]int64, error)

	// UsePasskey notes that a passkey was used now, if its counter goes on: uses
	// is more than what was stored, or both are 0. It reports whether it did; of
	// two that present one count, one loses. ErrNotFound: there is no such passkey.
	UsePasskey(ctx context.Context, id string, uses uint32) (bool, error)

	// RemovePasskey forgets one passkey of a subject, and ends every session of
	// theirs: whoever has the device may be signed in on it. ErrNotFound changes
	// nothing.
	RemovePasskey(ctx context.Context, subject, id string) error

	// RemovePasskeys forgets all of a subject's, ends every session of theirs, and
	// returns how many there were.
	RemovePasskeys(ctx context.Context, subject string) (int64, error)
}
