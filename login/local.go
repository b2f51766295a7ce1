package login

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// People is what local sign-in remembers. The contracts are those of
// [store.People] and [store.Passwords].
type People interface {
	AddPerson(ctx context.Context, p oauth.Person) error
	AddFirstPerson(ctx context.Context, p oauth.Person) error
	Person(ctx context.Context, id string) (oauth.Person, error)
	PersonByUsername(ctx context.Context, username string) (oauth.Person, error)
	SetPassword(ctx context.Context, id, hash string) error
	Rehash(ctx context.Context, id, from, to string) (bool, error)
}

// LocalOptions are what [NewLocal] needs.
type LocalOptions struct {
	People     People
	Now        func() time.Time // nil: time.Now
	Concurrent int              // runs of argon2id at once, 19 MiB each; 0: 2
}

// Local signs people in with a password that is kept here.
type Local struct {
	people  People
	now     func() time.Time
	cost    cost // of new hashes
	decoy   passwordHash
	slow    *slowing
	slots   chan struct{} // one for each run of argon2id that goes on
	waiting atomic.Int64  // for a slot
	runs    atomic.Int64
}

// queue is how many may wait for each slot: about a third of a second.
const queue = 16

// NewLocal returns local sign-in.
func NewLocal(o LocalOptions) *Local {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Concurrent <= 0 {
		o.Concurrent = 2
	}
	return &Local{
		people: o.People,
		now:    o.Now,
		cost:   today,
		decoy:  today.decoy(),
		slow:   newSlowing(),
		slots:  make(chan struct{}, o.Concurrent),
	}
}

// Runs is how often argon2id ran since the start, for metrics.
func (l *Local) Runs() int64 { return l.runs.Load() }

// SignIn returns the person whose username and password these are. The address
// is the browser's; the zero address is one that all who have none share.
//
// It refuses with access_denied when they do not go together, with
// too_many_requests and RetryAfter in seconds when there were too many failures,
// and with temporarily_unavailable when too many sign in at once. Anything else
// is our fault.
//
// Whether the name exists, has a password or is disabled shows neither in the
// answer nor in the time it takes: one lookup and one run of argon2id, always.
// While a name or an address is slowed there is neither.
func (l *Local) SignIn(ctx context.Context, username string, password oauth.Secret, address netip.Addr) (oauth.Person, error) {
	name, err := CanonicalUsername(username)
	if err != nil {
		name = "" // no one's: it fails as any unknown name does
	}
	t, err := l.slow.begin(name, address, l.now())
	if err != nil {
		return oauth.Person{}, err
	}
	p, err := l.signIn(ctx, name, password)
	if err == nil {
		l.slow.succeeded(t, l.now())
		return p, nil
	}
	var refusal *oauth.Error
	if !errors.As(err, &refusal) || refusal.Code != oauth.AccessDenied {
		l.slow.takeBack(t)
	}
	return oauth.Person{}, err
}

func (l *Local) signIn(ctx context.Context, name string, password oauth.Secret) (oauth.Person, error) {
	p, err := l.people.PersonByUsername(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return oauth.Person{}, err
	}
	hash, mayEnter := l.decoy, false
	if err == nil && p.PasswordHash != "" {
		if hash, err = parsePasswordHash(p.PasswordHash); err != nil {
			return oauth.Person{}, fmt.Errorf("the password of person %s: %w", p.ID, err)
		}
		mayEnter = p.Disabled.IsZero()
	}
	text, ok := passwordText(password)
	err = l.inSlot(ctx, func() { ok = hash.matches(text) && ok })
	switch {
	case err != nil:
		return oauth.Person{}, err
	case !ok || !mayEnter:
		return oauth.Person{}, oauth.Refuse(oauth.AccessDenied, "That username and password do not go together.")
	case hash.weak(l.cost):
		return p, l.strengthen(ctx, p, text)
	}
	return p, nil
}

// strengthen replaces a hash that costs too little by today's measure. That it
// was replaced by another meanwhile is no error: then that one holds.
func (l *Local) strengthen(ctx context.Context, p oauth.Person, text string) error {
	hash, err := l.hash(ctx, text)
	if err != nil {
		return err
	}
	_, err = l.people.Rehash(ctx, p.ID, p.PasswordHash, hash)
	return err
}

func (l *Local) hash(ctx context.Context, text string) (string, error) {
	var h passwordHash
	err := l.inSlot(ctx, func() { h = l.cost.hash(text) })
	return h.String(), err
}

// inSlot runs argon2id when its turn comes. Each run takes 19 MiB and a core,
// so that without a bound, sign-ins alone could take the machine down.
func (l *Local) inSlot(ctx context.Context, run func()) error {
	if l.waiting.Add(1) > int64(queue*cap(l.slots)) {
		l.waiting.Add(-1)
		refusal := oauth.Refuse(oauth.TemporarilyUnavailable, "Many people are signing in. Try again in a moment.")
		refusal.RetryAfter = 1
		return refusal
	}
	select {
	case l.slots <- struct{}{}:
		l.waiting.Add(-1)
	case <-ctx.Done():
		l.waiting.Add(-1)
		return ctx.Err()
	}
	defer func() { <-l.slots }()
	l.runs.Add(1)
	run()
	return nil
}
