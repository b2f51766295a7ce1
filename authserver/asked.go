package authserver

import (
	"context"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/login"
)

// A Knower is a [Way] that can be asked about somebody who is not there.
type Knower interface {
	// Known says who a subject of [Way.Authority] is now. [login.ErrGone] says that
	// there is no such user any more; errors.ErrUnsupported, that this cannot be asked;
	// every other error says nothing about them.
	Known(ctx context.Context, subject string) (login.Profile, error)
}

// asksItself reports whether an upstream is asked in our own name, and not by what
// people's sign-ins left.
func asksItself(u Upstream) bool {
	_, ok := u.Way.(Knower)
	return ok
}

const (
	// askAgain is how long an answer about somebody is believed.
	askAgain = 10 * time.Minute
	// patience is how long tokens wait for one, for all that are asked.
	patience = 5 * time.Second
)

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
