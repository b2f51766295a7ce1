package stdio

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// A seat is the place of one child among those that may run, from before it
// starts until it is gone.
type seat struct {
	bridge *Bridge
	owner  string   // whose child it is
	env    []string // what is the person's own in its environment
	left   chan struct{}

	// The bridge's lock guards the rest.
	child  *child    // nil until it has started
	ending bool      // it was told to end
	calls  int       // unanswered POSTs
	reads  int       // clients that listen
	used   time.Time // when a POST last began or ended
	idle   *time.Timer
	watch  *time.Timer         // nil: it has nothing of a person's own
	grants map[string]struct{} // under which it was used, and which have not ended
}

// sit finds a seat for one more child of a person. Where the person has as many
// as they may, their quietest one ends; where everyone together has, the person
// has to wait: people do not end each other's sessions.
func (b *Bridge) sit(ctx context.Context, owner string) (*seat, error) {
	for {
		s, leaving, err := b.trySit(owner)
		if leaving == nil {
			return s, err
		}
		leaving.stop()
		select {
		case <-leaving.left:
		case <-ctx.Done():
			return nil, refuse(http.StatusServiceUnavailable, codeInternal, "the server is busy; try again")
		}
	}
}

// trySit returns a seat, or whose end to wait for, or a refusal.
func (b *Bridge) trySit(owner string) (taken, leaving *seat, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing {
		return nil, nil, refuse(http.StatusServiceUnavailable, codeInternal, "the server is stopping")
	}
	theirs := 0
	for s := range b.seats {
		if s.owner != owner {
			continue
		}
		theirs++
		if s.child != nil && s.calls == 0 && (leaving == nil || s.quieterThan(leaving)) {
			leaving = s
		}
	}
	switch {
	case b.people && owner == "" && time.Until(b.pace) > time.Duration(b.limits.strangers-1)*b.limits.pace:
		return nil, nil, refuse(http.StatusTooManyRequests, codeInternal, "too many callers who have not signed in; try again later")
	case theirs >= b.o.MaxPerPerson && leaving != nil:
		return nil, leaving, nil
	case theirs >= b.o.MaxPerPerson:
		return nil, nil, refuse(http.StatusTooManyRequests, codeInternal, "you have too many sessions, and all of them are busy; end one and try again")
	case len(b.seats) >= b.o.MaxSessions:
		return nil, nil, refuse(http.StatusServiceUnavailable, codeInternal, "there are too many sessions; try again later")
	}
	s := &seat{bridge: b, owner: owner, left: make(chan struct{}), used: time.Now()}
	b.seats[s] = struct{}{}
	if b.people && owner == "" {
		// Whoever has not signed in is given a process for a request or two, and
		// nothing else slows them.
		b.pace = later(b.pace, s.used).Add(b.limits.pace)
	}
	return s, nil, nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// quieterThan compares: first who nobody listens to, then who was used longer ago.
func (s *seat) quieterThan(other *seat) bool {
	if (s.reads == 0) != (other.reads == 0) {
		return s.reads == 0
	}
	return s.used.Before(other.used)
}

// start starts the child of the seat. receive gets its lines; leave is called
// once it is gone. Where there is an error, the seat is free again.
func (s *seat) start(receive func([]byte), leave func()) error {
	b := s.bridge
	c, err := startChild(b.o, s.env, b.limits)
	if err != nil {
		b.free(s)
		return err
	}
	b.mu.Lock()
	s.child = c
	s.idle = time.AfterFunc(b.o.IdleTimeout, s.endIfIdle)
	if b.o.Entitled != nil && len(s.env) > 0 {
		s.watch = time.AfterFunc(b.limits.entitled, s.endIfNotEntitled)
	}
	unwanted := s.ending || b.closing
	b.mu.Unlock()
	c.run(receive)
	if unwanted {
		c.stop()
	}
	go func() {
		<-c.gone
		s.idle.Stop()
		if s.watch != nil {
			s.watch.Stop()
		}
		leave()
		b.free(s)
	}()
	return nil
}

func (b *Bridge) free(s *seat) {
	b.mu.Lock()
	delete(b.seats, s)
	b.mu.Unlock()
	close(s.left)
}

// stop begins to end the child; from now on the seat counts as empty for
// whoever looks for a session.
func (s *seat) stop() {
	s.bridge.mu.Lock()
	s.ending = true
	c := s.child
	s.bridge.mu.Unlock()
	if c != nil {
		c.stop()
	}
}

func (s *seat) stopped() bool {
	s.bridge.mu.Lock()
	defer s.bridge.mu.Unlock()
	return s.ending || s.child != nil && s.child.stopped()
}

// endIfIdle ends a child that nobody used for the idle time, or looks again
// when that will be.
func (s *seat) endIfIdle() {
	if s.stopped() {
		return
	}
	b := s.bridge
	b.mu.Lock()
	silent := time.Since(s.used)
	inUse := s.calls > 0 || s.reads > 0
	if inUse {
		silent = 0
	}
	s.ending = s.ending || silent >= b.o.IdleTimeout
	ending := s.ending
	if !ending {
		s.idle.Reset(b.o.IdleTimeout - silent)
	}
	b.mu.Unlock()
	if ending {
		s.child.log.Info("stdio server is idle; ending it")
		s.child.stop()
	}
}

// enter notes that a POST with calls begins; the function returned, that it is
// over.
func (s *seat) enter() (leave func(), err error) {
	b := s.bridge
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing {
		return nil, refuse(http.StatusServiceUnavailable, codeInternal, "the server is stopping")
	}
	b.busy++
	s.calls++
	s.used = time.Now()
	return sync.OnceFunc(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		s.calls--
		s.used = time.Now()
		if b.busy--; b.busy == 0 && b.closing {
			close(b.drained)
		}
	}), nil
}

// listen notes that a client listens, or stopped doing so.
func (s *seat) listen(n int) {
	s.bridge.mu.Lock()
	defer s.bridge.mu.Unlock()
	s.reads += n
	s.used = time.Now()
}
