package gateway

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

const (
	pollEvery   = 500 * time.Millisecond // half of the second in which every replica refuses
	pollTimeout = 5 * time.Second
	// overlap is how far back each look reaches: further than two clocks may be
	// apart and a transaction may take.
	overlap = time.Minute
)

// revocations knows which grants ended before their tokens did.
type revocations struct {
	source Revocations
	life   time.Duration // for how long a token of a revoked grant could still be shown
	now    func() time.Time
	tell   func(grantID string) // called for each grant that turns out to be revoked

	ended  atomic.Pointer[map[string]time.Time] // grant → when it may be forgotten; replaced, never changed
	loaded atomic.Bool
	mu     sync.Mutex // guards since, and replacing ended
	since  time.Time  // when the last look that succeeded began
}

func newRevocations(c Config, tell func(grantID string)) *revocations {
	v := &revocations{source: c.Grants, life: c.TokenLife + overlap, now: c.Now, tell: tell}
	v.ended.Store(&map[string]time.Time{})
	return v
}

// has reports whether a grant was revoked.
func (v *revocations) has(grantID string) bool {
	_, ok := (*v.ended.Load())[grantID]
	return ok
}

// ready looks for the first time, if that has not been done.
func (v *revocations) ready(ctx context.Context) error {
	if v.loaded.Load() {
		return nil
	}
	return v.look(ctx)
}

// look asks what was revoked since the last look.
func (v *revocations) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	v.mu.Lock()
	since, began := v.since, v.now()
	v.mu.Unlock()
	from := since.Add(-overlap)
	if since.IsZero() {
		from = began.Add(-v.life)
	}
	list, err := v.source.Revoked(ctx, from)
	if err != nil {
		return err
	}
	var ids []string
	for _, r := range list {
		if !v.has(r.GrantID) {
			ids = append(ids, r.GrantID)
		}
	}
	v.add(ids...)
	v.mu.Lock()
	if began.After(v.since) {
		v.since = began
	}
	v.mu.Unlock()
	v.loaded.Store(true)
	return nil
}

// add remembers grants as revoked, and tells.
func (v *revocations) add(ids ...string) {
	if len(ids) == 0 {
		return
	}
	v.remember(ids)
	for _, id := range ids {
		v.tell(id)
	}
}

// remember forgets, while it is at it, those whose tokens have expired.
func (v *revocations) remember(ids []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	next := maps.Clone(*v.ended.Load())
	maps.DeleteFunc(next, func(_ string, until time.Time) bool { return now.After(until) })
	for _, id := range ids {
		next[id] = now.Add(v.life)
	}
	v.ended.Store(&next)
}

// Run looks for revocations until ctx ends, so that a grant that was revoked
// anywhere is refused here within a second, and its running calls are ended.
// While the database is away, what is known goes on being refused.
func (g *Gateway) Run(ctx context.Context) {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	failing := false
	for {
		err := g.revoked.look(ctx)
		switch {
		case err != nil && ctx.Err() == nil && !failing:
			// Once, not twice a second.
			g.log.LogAttrs(ctx, slog.LevelError, "revoked grants could not be read; trying again", slog.Any("cause", err))
		case err == nil && failing:
			g.log.LogAttrs(ctx, slog.LevelInfo, "revoked grants are read again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Notify says that a grant was revoked just now: it is refused from here on,
// and its running calls are ended.
func (g *Gateway) Notify(grantID string) { g.revoked.add(grantID) }
