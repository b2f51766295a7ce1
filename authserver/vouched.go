package authserver

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A Knower is a [Way] that can be asked about somebody who is not there.
type Knower interface {
	// Known says who a subject of [Way.Authority] is now. [login.ErrGone] says that
	// there is no such user any more; every other error says nothing about them.
	Known(ctx context.Context, subject string) (login.Profile, error)
}

const (
	// askAgain is how long an answer about somebody is believed.
	askAgain = 10 * time.Minute
	// patience is how long tokens wait for one.
	patience = 3 * time.Second
)

// stillVouchedFor refuses to make tokens for somebody whom no upstream vouches for
// any more: they were removed there, or may not come in as what they are there now.
// Whoever has another way in goes on, if the resource takes that: one that insists on
// ways of signing in would otherwise go on with whoever has removed, or lost, theirs.
// Their sessions end, and nothing else: an upstream that was mistaken, or an address
// of it that is wrong in the settings, costs a sign-in.
func (s *Server) stillVouchedFor(ctx context.Context, subject string, r oauth.ProtectedResource) error {
	if !s.canAsk() && !s.choosy() && len(r.Logins) == 0 {
		return nil
	}
	all, err := s.Identities.Identities(ctx, subject)
	if err != nil {
		return err
	}
	var gone error
	if len(r.Logins) > 0 {
		gone = errors.New("the person has no way of signing in that the resource takes")
	}
	for _, i := range all {
		known, why := s.vouchedAt(ctx, r, i)
		if !known {
			continue
		}
		if gone = why; gone == nil {
			return nil
		}
	}
	if gone == nil {
		return nil
	}
	person, err := s.People.Person(ctx, subject)
	if err != nil || s.hasPassword(person) && takes(r, localWay) {
		return err
	}
	if err := s.closeSessions(ctx, subject, r.Logins); err != nil {
		return err
	}
	return oauth.Refuse(oauth.InvalidGrant, "the person has to sign in again: the service that signed them in vouches for them no more").Because(gone)
}

// vouchedAt returns whether an identity is of an upstream by which people come to a
// resource, and why none of those vouches for it.
func (s *Server) vouchedAt(ctx context.Context, r oauth.ProtectedResource, i oauth.Identity) (known bool, why error) {
	by, refused, why := s.admitting(i)
	for _, name := range by {
		if u, ok := s.upstream(name); ok && takes(r, name) {
			return true, s.vouches(ctx, u, i)
		}
	}
	return why != nil && slices.ContainsFunc(refused, func(name string) bool { return takes(r, name) }), why
}

// closeSessions ends the sessions that somebody opened by these ways; without any,
// all of them.
func (s *Server) closeSessions(ctx context.Context, subject string, ways []string) error {
	if len(ways) == 0 {
		return s.Sessions.CloseSessions(ctx, subject)
	}
	for _, way := range ways {
		if err := s.Sessions.CloseSessionsBy(ctx, subject, way); err != nil {
			return err
		}
	}
	return nil
}

// canAsk says whether any upstream can be asked.
func (s *Server) canAsk() bool {
	for _, u := range s.Upstreams {
		if _, ok := u.Way.(Knower); ok {
			return true
		}
	}
	return false
}

// vouches returns why an upstream does not vouch for somebody; nil where it does,
// cannot be asked, or does not answer.
func (s *Server) vouches(ctx context.Context, u Upstream, i oauth.Identity) error {
	way, ok := u.Way.(Knower)
	if !ok || s.asked.lately(wayID(i)) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	profile, err := way.Known(ctx, i.Subject)
	switch {
	case errors.Is(err, login.ErrGone):
		return err
	case err == nil:
		if err := u.Admission.Check(profile); err != nil {
			return err
		}
	}
	s.asked.now(wayID(i))
	return nil
}

// lately remembers when somebody was last asked about, in bounded memory.
type lately struct {
	clock func() time.Time
	mu    sync.Mutex
	at    map[string]time.Time
}

func newLately(clock func() time.Time) *lately {
	return &lately{clock: clock, at: map[string]time.Time{}}
}

func (l *lately) lately(who string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.at[who]
	return ok && l.clock().Sub(at) < askAgain
}

func (l *lately) now(who string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.at) >= maxBuckets {
		clear(l.at)
	}
	l.at[who] = l.clock()
}
