package store

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A Connection is a person's own tokens of an upstream, sealed. A person has at
// most one for each login of the settings and resource.
type Connection struct {
	Person   string // their id
	Login    string // the name of the login
	Resource string // the id of the resource that acts with them

	Name string // what the upstream calls them, for people to read; may be empty

	// Version is random, and another one with every write of Sealed: what a call
	// that changes a connection has read, its WHERE names.
	Version oauth.Digest
	Sealed  []byte // empty once it is dead

	Connected   time.Time // since when it is this one
	LeasedUntil time.Time // somebody refreshes it until then; zero: nobody
	Dead        time.Time // zero while the upstream did not end it
}

// Connections remembers people's own tokens of upstreams. What a method is given
// says by its person, login and resource which connection is meant. None of them
// hold a lock when they return: who refreshes, reserves that by a lease, asks the
// upstream, and writes.
type Connections interface {
	// Connect saves a connection in place of the one that has the same person, login
	// and resource, whether that lives or not. [ErrNotFound] when the person is
	// unknown or disabled.
	Connect(ctx context.Context, c Connection) error

	// Connection returns one, dead ones too, unless its person is disabled.
	Connection(ctx context.Context, which Connection) (Connection, error)

	// Connections lists those of a person by their logins and then their resources,
	// dead ones too.
	Connections(ctx context.Context, person string) ([]Connection, error)

	// LeaseConnection reserves a living connection until a time, if version still is
	// its version and nobody has it reserved now, and reports whether it did. Of any
	// number of callers, in any number of processes, one succeeds.
	LeaseConnection(ctx context.Context, c Connection, until time.Time) (bool, error)

	// ReleaseConnection gives back the lease that ends at until, and leaves the one of
	// before in its place, c.LeasedUntil, which says of a refresh that it was never
	// finished. One that is another's by now stays.
	ReleaseConnection(ctx context.Context, c Connection, until time.Time) error

	// RenewConnection replaces Version and Sealed of a living connection, if from
	// still is its version, and reports whether it did. The lease ends.
	RenewConnection(ctx context.Context, from oauth.Digest, to Connection) (bool, error)

	// KillConnection marks a connection dead, if its version still is the one given,
	// forgets what was sealed, and reports whether it did.
	KillConnection(ctx context.Context, c Connection) (bool, error)

	// Disconnect forgets a connection. Forgetting none is no error.
	Disconnect(ctx context.Context, which Connection) error
}
