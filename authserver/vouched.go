package authserver

import (
	"context"
	"errors"
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
// Whoever has another way in goes on. Their sessions end, and nothing else: an
// upstream that was mistaken, or an address of it that is wrong in the settings,
// costs a sign-in.
func (s *Server) stillVouchedFor(ctx context.Context, subject string) error {
	if !s.canAsk() && !s.choosy() {
		return nil
	}
	all, err := s.Identities.Identities(ctx, subject)
	if err != nil {
		return err
	}
	var gone error
	for _, i := range all {
		u, ok := s.vouching(i)
		if !ok {
			continue
		}
		if gone = s.admits(i); gone == nil {
			gone = s.vouches(ctx, u, i)
		}
		if gone == nil {
			return nil
		}
	}
	if gone == nil {
		return nil
	}
	person, err := s.People.Person(ctx, subject)
	if err != nil || s.hasPassword(person) {
		return err
	}
	if err := s.Sessions.CloseSessions(ctx, subject); err != nil {
		return err
	}
	return oauth.Refuse(oauth.InvalidGrant, "the person has to sign in again: the service that signed them in vouches for them no more").Because(gone)
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
