package stdio

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// End says that a grant has ended. Every child ends that was used under it and under
// none that has not ended: what it was given in its environment is the person's own,
// and nobody may act with it any more.
func (b *Bridge) End(grant string) {
	b.mu.Lock()
	var over []*seat
	for s := range b.seats {
		if _, used := s.grants[grant]; used {
			delete(s.grants, grant)
			if len(s.grants) == 0 {
				over = append(over, s)
			}
		}
	}
	b.mu.Unlock()
	for _, s := range over {
		b.o.Log.Info("the grants under which a stdio server was used have ended; ending it")
		s.stop()
	}
}

// use notes under which grant a child is used.
func (s *seat) use(r *http.Request) {
	grant := s.bridge.o.Grant(r)
	if grant == "" {
		return
	}
	s.bridge.mu.Lock()
	if s.grants == nil {
		s.grants = map[string]struct{}{}
	}
	s.grants[grant] = struct{}{}
	s.bridge.mu.Unlock()
	// Whoever revoked it a moment ago has ended this request, and only then said so to
	// us: that could have been before this child was known to be used.
	if cause := context.Cause(r.Context()); cause != nil && !errors.Is(cause, context.Canceled) && !errors.Is(cause, context.DeadlineExceeded) {
		s.bridge.End(grant)
	}
}

// endIfNotEntitled ends a child whose person may no longer have what it was given, or
// looks again later.
func (s *seat) endIfNotEntitled() {
	if s.stopped() {
		return
	}
	b := s.bridge
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if b.o.Entitled(ctx, s.owner) {
		s.watch.Reset(b.limits.entitled)
		return
	}
	s.child.log.Info("what a stdio server was given of a person's is theirs no more; ending it")
	s.stop()
}
