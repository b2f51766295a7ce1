// Package vault keeps people's own tokens of upstreams, so that tools can act with
// them: sealed, bound to the person, the upstream and the resource that acts with
// them, refreshed before they expire and once however many ask, and handed out for
// that person at that resource only.
//
// A token is asked for by the person whom the caller has authenticated
// ([Vault.Token]). It is no claim of any token of ours, and no client sees it.
//
// A tool in the same process asks for itself, behind a guard of package resource:
//
//	caller, _ := resource.CallerFrom(ctx)
//	bearer, _, err := v.Token(ctx, vault.Connection{Person: caller.Subject, Login: "github", Resource: id})
//
// and answers err as it is: it is a refusal.
package vault

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// Why there is no token. What [Vault.Token] returns is a refusal because of one of
// them.
var (
	// ErrNotConnected says that the person has no connection, or may not sign in.
	ErrNotConnected = errors.New("vault: the person has no such connection")
	// ErrDead says that there was one, and that the upstream ended it.
	ErrDead = errors.New("vault: the upstream has ended the connection")
	// ErrDown says that a token could not be refreshed now. The connection stays.
	ErrDown = errors.New("vault: the token could not be refreshed now")
)

// Margin is how long a token that is handed out still lives, at least: the call
// that it is for takes its time, and clocks differ.
const Margin = 60 * time.Second

// An Upstream is a login whose tokens are kept.
type Upstream struct {
	// Issuer is the upstream, by a name that it keeps. What was kept of another one
	// under the same login does not open.
	Issuer string
	// Client is what this server is called there. What was given to another client is asked
	// by no more, and its end is no word about anybody; empty: it is not told apart.
	Client string
	Way    Way
}

// A Connection says whose tokens are meant, and for what they are.
type Connection struct {
	Person string // their id
	Login  string // the name of the login that brought the tokens
	// Resource is the id of the [oauth.ProtectedResource] that acts with them; empty:
	// none does, and they are what a sign-in left, by which [Vault.Ask] asks.
	Resource string
}

func (c Connection) row() store.Connection {
	return store.Connection{Person: c.Person, Login: c.Login, Resource: c.Resource}
}

// A Way refreshes; the types of package login do.
type Way interface {
	// Refresh asks for newer tokens. Its errors are refusals; invalid_grant, and
	// nothing else, says that the refresh token is dead.
	Refresh(ctx context.Context, refresh oauth.Secret) (oauth.UpstreamTokens, error)
	// Lasting reports whether tokens are of use for Still later.
	Lasting(t oauth.UpstreamTokens) bool
	// Still says who was, whose tokens these are, is now. Its errors are refusals;
	// invalid_grant, and nothing else, says that the access token is dead.
	Still(ctx context.Context, was oauth.Identity, t oauth.UpstreamTokens) (oauth.Identity, error)
}

// Config is what a [Vault] is made of. Store and Keys are required.
type Config struct {
	Store     store.Connections
	Keys      *token.Keyring
	Upstreams map[string]Upstream // by the name of the login
	Now       func() time.Time    // nil: time.Now
	Log       *slog.Logger        // nil: nothing is logged
	// Gone is told that an upstream has refused, for good, to renew what it gave for a
	// person, who is subject there. It is told before the connection is marked dead,
	// and not when an upstream is down or refuses this server. Where it fails, the
	// connection stays, and it is told again by the next refresh. It is called without
	// a request: whoever asked may have left. Nil: nobody is told.
	Gone func(ctx context.Context, c Connection, subject string) error
}

// A Vault keeps tokens. It is safe for concurrent use.
type Vault struct {
	Config
	flights singleflight.Group // one refresh of a connection in this process
	under   sync.WaitGroup     // refreshes under way
}

// New makes one.
func New(c Config) *Vault {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Vault{Config: c}
}

// Keeps reports whether tokens of a login are kept. A nil Vault keeps none.
func (v *Vault) Keeps(login string) bool {
	if v == nil {
		return false
	}
	_, ok := v.Upstreams[login]
	return ok
}

// held is what is sealed. Its members are plain text: an [oauth.Secret] would be
// marshalled as a placeholder.
type held struct {
	Subject string // who the person is there
	Client  string `json:",omitempty"` // to whom it was given
	Access  string
	Refresh string    `json:",omitempty"`
	Session bool      `json:",omitempty"` // Refresh may end with the person's session there
	Expires time.Time // of Access; zero: never
	// Renewed is when a refresh brought Access; zero: the person did.
	Renewed time.Time `json:",omitzero"`
	// Asked is when it was last renewed to ask. To renew it for a tool does not count: what
	// an upstream says of the person there, nobody looks at.
	Asked time.Time `json:",omitzero"`

	id oauth.Secret // an ID token that came with them just now; it is not kept
}

// fresh reports whether the token may be handed out.
func (h held) fresh(now time.Time) bool {
	return h.Expires.IsZero() || h.Expires.Sub(now) >= Margin
}

func (v *Vault) hold(login string, t oauth.UpstreamTokens) held {
	h := held{Client: v.Upstreams[login].Client, Access: string(t.Access), Refresh: string(t.Refresh), Session: t.Session}
	if t.Life > 0 {
		h.Expires = v.Now().Add(t.Life)
	}
	return h
}

const sealConnection = "connection"

// bound is what a sealed connection belongs to. Version makes an older value of
// the same row another's, too; a whole row that is put back is not noticed.
func (v *Vault) bound(c store.Connection) [][]byte {
	return [][]byte{[]byte(c.Person), []byte(c.Login), []byte(v.Upstreams[c.Login].Issuer), []byte(c.Resource), c.Version[:]}
}

// seal gives a connection new contents, and with them a new version.
func (v *Vault) seal(c store.Connection, h held) (store.Connection, error) {
	plain, err := json.Marshal(h)
	if err != nil {
		return c, err
	}
	c.Version = oauth.NewDigest()
	c.Sealed = []byte(v.Keys.Seal(sealConnection, plain, v.bound(c)...))
	return c, nil
}

func (v *Vault) open(c store.Connection) (held, error) {
	var h held
	plain, err := v.Keys.Unseal(sealConnection, string(c.Sealed), v.bound(c)...)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(plain, &h)
}

// Keep saves what an upstream gave for a person, who is i there, in place of what
// was kept of that connection. A refresh token that did not come again is the one
// that is there, if that is of the same i. A login whose tokens are not kept is an
// error.
func (v *Vault) Keep(ctx context.Context, of Connection, i oauth.Identity, t oauth.UpstreamTokens) error {
	if !v.Keeps(of.Login) {
		return errors.New("vault: the tokens of this login are not kept")
	}
	h := v.hold(of.Login, t)
	h.Subject = i.Subject
	if h.Refresh == "" && !h.Expires.IsZero() {
		before, err := v.Store.Connection(ctx, of.row())
		if err == nil {
			if old, err := v.open(before); err == nil && old.Subject == i.Subject {
				h.Refresh, h.Session = old.Refresh, old.Session
			}
		}
	}
	row := of.row()
	row.Name, row.Connected = i.Name, v.Now()
	c, err := v.seal(row, h)
	if err != nil {
		return err
	}
	if err := v.Store.Connect(ctx, c); err != nil || of.Resource == "" || !v.lasts(of.Login, h) {
		return err
	}
	// For the reason of KeepSignIn.
	return v.ForgetSignIn(ctx, of.Person, of.Login, i)
}

// Token returns the person's own access token of an upstream, and when it ends;
// the zero time when that was not said. It lives for [Margin] at least. The error
// is a refusal that a client may be told, because of [ErrNotConnected], [ErrDead] or
// [ErrDown].
func (v *Vault) Token(ctx context.Context, of Connection) (oauth.Secret, time.Time, error) {
	c, h, err := v.read(ctx, of)
	if err == nil && !h.fresh(v.Now()) {
		if h, err = v.refresh(ctx, c, false); err == nil && !h.fresh(v.Now()) {
			err = errors.New("vault: the upstream gives tokens that live for less than the margin")
		}
	}
	if err != nil {
		return "", time.Time{}, refusal(err)
	}
	return oauth.Secret(h.Access), h.Expires, nil
}

// Alive says whether the person has a connection that nobody ended. It asks no
// upstream. The error is [ErrNotConnected] or [ErrDead], or a fault.
func (v *Vault) Alive(ctx context.Context, of Connection) error {
	_, h, err := v.read(ctx, of)
	if err == nil && v.over(h) {
		return ErrDead
	}
	return err
}

// Renews reports whether the person has a connection that can be refreshed, and is i
// there. It asks no upstream. The error is a fault.
func (v *Vault) Renews(ctx context.Context, of Connection, i oauth.Identity) (bool, error) {
	_, h, err := v.read(ctx, of)
	if errors.Is(err, ErrNotConnected) || errors.Is(err, ErrDead) {
		return false, nil
	}
	return err == nil && h.Refresh != "" && h.Subject == i.Subject, err
}

// A State is how one connection of a person stands.
type State struct {
	Connection
	Name  string    // what the upstream calls them; may be empty
	Since time.Time // when they connected
	Ended bool      // the upstream ended it, or what is kept does not open
}

// Connections says how each of a person's connections that tools act with stands, by
// their logins and then their resources, after one read; it asks no upstream. Those of
// logins whose tokens are not kept any more are left out. The error is a fault.
func (v *Vault) Connections(ctx context.Context, person string) ([]State, error) {
	rows, err := v.Store.Connections(ctx, person)
	if err != nil {
		return nil, err
	}
	var all []State
	for _, c := range rows {
		if !v.Keeps(c.Login) || c.Resource == "" {
			continue
		}
		h, err := v.judge(ctx, c)
		all = append(all, State{Connection: Connection{Person: c.Person, Login: c.Login, Resource: c.Resource},
			Name: c.Name, Since: c.Connected, Ended: err != nil || v.over(h)})
	}
	return all, nil
}

// over reports whether nothing can come of what is held any more.
func (v *Vault) over(h held) bool { return h.Refresh == "" && !h.fresh(v.Now()) }

// read returns a living connection and what it holds.
func (v *Vault) read(ctx context.Context, of Connection) (store.Connection, held, error) {
	if !v.Keeps(of.Login) {
		return store.Connection{}, held{}, ErrNotConnected
	}
	c, err := v.Store.Connection(ctx, of.row())
	if errors.Is(err, store.ErrNotFound) {
		return c, held{}, ErrNotConnected
	}
	if err != nil {
		return c, held{}, err
	}
	h, err := v.judge(ctx, c)
	return c, h, err
}

// judge opens a row that was read. It reads nothing, and every error is an
// [ErrDead].
func (v *Vault) judge(ctx context.Context, c store.Connection) (held, error) {
	if !c.Dead.IsZero() {
		return held{}, ErrDead
	}
	h, err := v.open(c)
	if err != nil {
		// It was sealed for somebody else, for another upstream or resource, or with
		// keys that are gone: whatever happened, only the person can bring tokens again.
		v.Log.ErrorContext(ctx, "what is kept of a connection does not open; the person has to connect again", said(c)...)
		return h, errors.Join(ErrDead, err)
	}
	return h, nil
}

// said is which connection it is, for the log.
func said(c store.Connection, more ...any) []any {
	return append([]any{"subject", c.Person, "login", c.Login, "resource", c.Resource}, more...)
}

// refusal says it to a client, whose own token is good but of no use any more. A
// client that hears invalid_token refreshes, is refused there, and brings the
// person; one that hears 503 tries again.
func refusal(err error) error {
	switch {
	case errors.Is(err, ErrNotConnected):
		return oauth.Refuse(oauth.InvalidToken, "the person has not connected the service that this server acts at; they have to sign in again").Because(err)
	case errors.Is(err, errUnsaved):
		return oauth.Refuse(oauth.InvalidToken, "a renewal of the person's connection was interrupted and is lost; they have to sign in again").Because(err)
	case errors.Is(err, ErrDead):
		return oauth.Refuse(oauth.InvalidToken, "the service that this server acts at has ended the person's connection; they have to sign in again").Because(err)
	}
	down := oauth.Refuse(oauth.TemporarilyUnavailable, "the person's connection cannot be used now; try again").Because(errors.Join(ErrDown, err))
	down.RetryAfter = 10
	return down
}

// Forget forgets a person's connection. Forgetting none is no error.
func (v *Vault) Forget(ctx context.Context, of Connection) error {
	return v.Store.Disconnect(ctx, of.row())
}
