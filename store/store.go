// Package store says what must be remembered, as a few small interfaces with
// their contracts. Package storetest holds the contracts as tests; package
// sqlstore keeps them on SQLite and PostgreSQL.
//
// Every method is atomic, across processes, and durable when it returns. Not
// found covers absent, expired, revoked and disabled; callers are not told
// which. Expiry is in every WHERE: correctness never waits for the pruner. A raw
// secret never gets here: methods take an [oauth.Digest] or sealed bytes.
//
// A caller reads, decides with pure code, mints what it will answer, and then
// makes one call that spends; what that call presents is what its WHERE names.
// A caller that refuses a request does not spend: an attacker who holds a
// stolen code but not its verifier can neither use it nor burn it.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

var (
	// ErrNotFound covers absent, expired, revoked and disabled.
	ErrNotFound = errors.New("store: not found")
	// ErrReplayed says that the code was redeemed, or the assertion used, before.
	ErrReplayed = errors.New("store: it was used before")
	// ErrExists says that the name, or the place, is taken.
	ErrExists = errors.New("store: exists already")
	// ErrInUse says that something living depends on it.
	ErrInUse = errors.New("store: in use")
	// ErrNewerSchema says that a newer program has migrated the database.
	ErrNewerSchema = errors.New("store: the database is newer than this program")
)

// Grants remembers what was agreed to. A grant is one row: its refresh token is
// not stored but follows from the row's generation.
type Grants interface {
	// Create saves the grant that answers code g.CodeID, if its subject is
	// known and not disabled, and no grant of the same subject, client and
	// resource was revoked after g.Created, when the code was issued
	// ([ErrNotFound] otherwise). Those that the client revoked, and those that
	// ended by a replay, do not count: the code is what the client has instead.
	// One call succeeds per code; any later one revokes that grant, as
	// [ForReplay], and returns [ErrReplayed].
	Create(ctx context.Context, g oauth.Grant) error

	// Grant returns a grant that is alive: not expired, not revoked, and its
	// subject not disabled.
	Grant(ctx context.Context, id string) (oauth.Grant, error)

	// Rotate makes to the current generation if from still is, and the grant is
	// alive, and reports whether it did. rotated_at becomes now and the grant's
	// expiry slides to expires. The caller that lost reads again.
	Rotate(ctx context.Context, id string, from, to oauth.Generation, expires time.Time) (bool, error)

	// Revoke ends the living grants that match, for a reason that is one of a
	// few constant words, forgets the consents that belong to them, and returns
	// how many it ended. A filter that names nothing is an error.
	Revoke(ctx context.Context, which GrantFilter, why string) (int64, error)

	// Grants lists grants that match, dead ones too where IncludeEnded says so,
	// in the order of their ids, from the first id greater than after.
	Grants(ctx context.Context, which GrantFilter, after string, limit int) ([]oauth.Grant, error)

	// Revoked lists what was revoked at or after since: the id and the time.
	Revoked(ctx context.Context, since time.Time) ([]Revocation, error)
}

// Why a grant ended, where it matters to what comes after; other reasons are
// constant words too.
const (
	ForReplay = "replay"
	ByClient  = "revoked by the client"
)

// A GrantFilter matches grants that have all of what is not empty.
type GrantFilter struct {
	ID, Subject, ClientID, Resource string
	IncludeEnded                    bool // for listing only
}

// A Revocation says when a grant ended.
type Revocation struct {
	GrantID string
	At      time.Time
}

// Clients remembers who may ask.
type Clients interface {
	// Register saves a client, or finds the one that has its id already, and
	// returns what is stored. Ids of public registrations are derived from what
	// they register, so identical ones meet in one row.
	Register(ctx context.Context, c oauth.Client) (oauth.Client, error)

	// Client returns one client.
	Client(ctx context.Context, id string) (oauth.Client, error)

	// Clients lists clients in the order of their ids, from the first id greater than after.
	Clients(ctx context.Context, after string, limit int) ([]oauth.Client, error)

	// Touch notes that a client is in use now, and returns ErrNotFound when it
	// is gone. It is called before a grant is created, when LastUsed is more
	// than a day old, so that the pruner never removes what is about to be used.
	Touch(ctx context.Context, id string) error

	// RemoveClient forgets a client, revokes its grants and forgets consents to it.
	RemoveClient(ctx context.Context, id string) error

	// CountRegistered counts clients that came by registration.
	CountRegistered(ctx context.Context) (int64, error)

	// RemoveIdle removes clients that came by registration, were last used before
	// cutoff, and have no grant, ended ones included: at most limit of them,
	// those first that have been idle for longest. It returns how many. Work
	// grows with the registered clients that were last used before cutoff.
	RemoveIdle(ctx context.Context, cutoff time.Time, limit int) (int64, error)
}

// People remembers who can sign in. A Username is canonical before it gets here.
type People interface {
	// AddPerson saves someone; ErrExists when the username is taken.
	AddPerson(ctx context.Context, p oauth.Person) error

	// AddFirstPerson saves someone if there is no one yet; ErrExists otherwise.
	// Of any number of callers, in any number of processes, one succeeds.
	AddFirstPerson(ctx context.Context, p oauth.Person) error

	// Person returns someone by id, disabled ones too.
	Person(ctx context.Context, id string) (oauth.Person, error)

	// PersonByUsername returns someone by username, disabled ones too.
	PersonByUsername(ctx context.Context, username string) (oauth.Person, error)

	// People lists everyone in the order of their ids, from the first id greater than after.
	People(ctx context.Context, after string, limit int) ([]oauth.Person, error)

	// SetPassword changes the hash and ends every session of theirs.
	SetPassword(ctx context.Context, id, hash string) error

	// SetDisabled disables or enables someone. Disabling ends their sessions
	// and revokes their grants, as "user disabled".
	SetDisabled(ctx context.Context, id string, disabled bool) error

	// RemovePerson forgets someone, their sessions, consents, identities,
	// passkeys, connections and belongings, and revokes their grants, as "user removed".
	RemovePerson(ctx context.Context, id string) error
}

// Identities remembers whom an upstream means by a subject.
type Identities interface {
	// AddIdentified saves someone and who they are elsewhere, both or neither.
	// ErrExists says that the username or the identity is taken or, where first is
	// asked for, that there is someone already.
	AddIdentified(ctx context.Context, p oauth.Person, i oauth.Identity, first bool) error
	// Identified returns who that is here, disabled ones too.
	Identified(ctx context.Context, issuer, subject string) (oauth.Person, error)
	// Link notes that a person is that elsewhere, too. ErrExists says that somebody
	// is already, if only they themselves.
	Link(ctx context.Context, person string, i oauth.Identity) error
	// Saw notes what an upstream says of somebody now, i.Standing. Of who is nobody
	// here it notes nothing.
	Saw(ctx context.Context, i oauth.Identity) error
	// Unlink forgets that a person is gone elsewhere, and ends every session of
	// theirs: whoever is that may be signed in by it. stays is what they can still
	// sign in by: who else they are elsewhere or, where it is zero, their password.
	// ErrInUse says that they have no stays, and ErrNotFound that they are not gone;
	// neither changes anything. Of calls that take from each other what is to stay,
	// one succeeds.
	Unlink(ctx context.Context, person string, gone, stays oauth.Identity) error
	// Identities lists who a person is elsewhere.
	Identities(ctx context.Context, person string) ([]oauth.Identity, error)
}

// Passwords is what signing in writes.
type Passwords interface {
	// Rehash replaces from, the hash that was read and matched, by to, which is
	// of the same password but costs more to guess. Sessions live on. It reports
	// whether from was still there: a password that was changed in between stays
	// changed.
	Rehash(ctx context.Context, id, from, to string) (bool, error)
}

// Sessions remembers which browser is signed in.
type Sessions interface {
	// OpenSession saves a session, if its subject is known and not disabled
	// ([ErrNotFound] otherwise).
	OpenSession(ctx context.Context, s oauth.Session) error

	// Session returns a session that has not expired, and its person, who is
	// not disabled.
	Session(ctx context.Context, id oauth.Digest) (oauth.Session, oauth.Person, error)

	// CloseSession ends one session. Ending none is no error.
	CloseSession(ctx context.Context, id oauth.Digest) error

	// CloseSessions ends every session of a subject.
	CloseSessions(ctx context.Context, subject string) error

	// CloseSessionsBy ends those that a subject opened by one way.
	CloseSessionsBy(ctx context.Context, subject, way string) error
}

// Consents remembers what a person need not be asked again.
type Consents interface {
	// Remember saves a consent, widening the scope of one that has the same
	// subject, client, redirect host and resource.
	Remember(ctx context.Context, c oauth.Consent) error

	// Remembered returns the scope that the person agreed to for exactly this
	// client, redirect host and resource, as far as living grants of theirs hold
	// it: whatever is given unasked, they can see and revoke. The empty scope
	// when there is none.
	Remembered(ctx context.Context, c oauth.Consent) (oauth.Scope, error)

	// Forget forgets the consent that has the same subject, client, redirect
	// host and resource, whatever its scope. Forgetting none is no error.
	Forget(ctx context.Context, c oauth.Consent) error
}

// Assertions remembers which client assertions were used.
type Assertions interface {
	// SpendAssertion notes that the assertion called id, a digest of its client
	// and its jti, was used, and remembers it until expires, from when on the
	// caller refuses it by itself. One call succeeds; any later one before that
	// changes nothing and returns [ErrReplayed]. RFC 7523 §3.
	SpendAssertion(ctx context.Context, id oauth.Digest, expires time.Time) error
}

// A Key is a signing key or a secret key, its private half sealed.
type Key struct {
	ID        string // the kid
	Use       string // "sig" or "secret"
	Algorithm string // RS256, PS256, ES256, EdDSA; empty for a secret
	Slot      int64  // counts up per use and algorithm; unique, so that of many replicas one makes the next key
	Sealed    []byte // under the installation's encryption key
	Public    []byte // a JWK, or nil
	Created   time.Time
	SignsFrom time.Time // published before it signs
	SignsTo   time.Time // zero: until a successor signs
	Expires   time.Time // zero: not yet known; afterwards it is no longer published
}

// WrappedKey is the Use of the row that holds the encryption key itself, wrapped by
// a key elsewhere. It is none of the keys that the encryption key seals.
const WrappedKey = "wrapped"

// Keys remembers keys.
type Keys interface {
	// AddKey saves a key; ErrExists when its slot is taken: another replica was faster.
	AddKey(ctx context.Context, k Key) error

	// Keys lists every key that has not expired, oldest first.
	Keys(ctx context.Context) ([]Key, error)

	// RetireKey sets when a key stops signing and when it expires.
	RetireKey(ctx context.Context, id string, signsTo, expires time.Time) error
}

// An Event is one line of the audit log. It never holds a secret.
type Event struct {
	ID       int64
	At       time.Time
	Kind     string // "grant.replayed", "user.disabled", …
	Actor    string // a subject, a client id, or "command line"
	Subject  string
	ClientID string
	GrantID  string
	Detail   string // a constant sentence or a name
}

// Events is the audit log: append only.
type Events interface {
	Append(ctx context.Context, e Event) error
	// Events lists from the first id greater than after.
	Events(ctx context.Context, after int64, limit int) ([]Event, error)
}

// A Pruner removes what has ended and is of no further use. Correctness never
// waits for it.
type Pruner interface {
	// Prune removes at most limit rows of each kind: grants, sessions and keys
	// that expired or were revoked before cutoff, and registered clients that
	// were last used before cutoff and have no grant left; and assertions that
	// expired more than [KeepAssertions] ago, whatever the cutoff.
	Prune(ctx context.Context, cutoff time.Time, limit int) (Pruned, error)
}

// KeepAssertions is for how long the pruner leaves an assertion alone after it
// has expired, so that a replica whose clock is behind still finds it. Nobody
// else looks for one.
const KeepAssertions = 5 * time.Minute

// Pruned counts what was removed.
type Pruned struct{ Grants, Sessions, Clients, Keys, Assertions int64 }
