package sqlstore_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

// family is the rule for refresh tokens as product.md has it, told of tokens
// that were handed out and not of integers. A token's number is its place here.
type family struct {
	made    []made
	expires time.Time
	revoked bool
}

type made struct {
	at         time.Time
	used, void bool
	successor  int // the latest one; 0: none
}

const lifetime = 10 * time.Minute

// answer is what whoever presents a token gets: a token, or nothing.
type answer struct {
	token    int
	replayed bool
}

func (f *family) alive(now time.Time) bool { return !f.revoked && now.Before(f.expires) }

// present is one refresh, with nothing in between.
func (f *family) present(token int, now time.Time) answer {
	if !f.alive(now) {
		return answer{}
	}
	if token >= len(f.made) || f.made[token].void {
		f.revoked = true
		return answer{replayed: true}
	}
	t := &f.made[token]
	if t.used {
		successor := &f.made[t.successor]
		switch {
		case successor.used || successor.void:
			f.revoked = true
			return answer{replayed: true}
		case now.Sub(successor.at) <= 60*time.Second:
			return answer{token: t.successor}
		}
		successor.void = true
	}
	t.used, t.successor = true, len(f.made)
	f.made = append(f.made, made{at: now})
	f.expires = now.Add(lifetime)
	return answer{token: t.successor}
}

// A request has presented a token and read the grant, and was then left
// waiting while others went on.
type request struct {
	token int
	read  oauth.Grant
}

// A line of refreshes as the token endpoint makes them, on a real store.
type refreshes struct {
	*rapid.T
	store   *sqlstore.Store
	now     *atomic.Int64
	id      string
	model   *family
	waiting []request
}

func (r *refreshes) time() time.Time { return time.UnixMilli(r.now.Load()).UTC() }

// read begins a request; what can be answered without spending is answered.
func (r *refreshes) read(token int) {
	g, err := r.store.Grant(r.Context(), r.id)
	if errors.Is(err, store.ErrNotFound) {
		r.agree(answer{}, r.model.present(token, r.time()))
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	next, verdict := g.Generation.Present(int64(token), r.time().Sub(g.RotatedAt))
	switch verdict {
	case oauth.Advance:
		r.waiting = append(r.waiting, request{token, g})
	case oauth.Repeat:
		r.agree(answer{token: int(next.N)}, r.model.present(token, r.time()))
	case oauth.Replayed:
		if _, err := r.store.Revoke(r.Context(), store.GrantFilter{ID: r.id}, "replay"); err != nil {
			r.Fatal(err)
		}
		r.agree(answer{replayed: true}, r.model.present(token, r.time()))
	}
}

// spend ends a waiting request, or lets it read again when it lost.
func (r *refreshes) spend(i int) {
	q := r.waiting[i]
	r.waiting = append(r.waiting[:i:i], r.waiting[i+1:]...)
	next, _ := q.read.Generation.Present(int64(q.token), r.time().Sub(q.read.RotatedAt))
	won, err := r.store.Rotate(r.Context(), r.id, q.read.Generation, next, r.time().Add(lifetime))
	if err != nil {
		r.Fatal(err)
	}
	if won {
		r.agree(answer{token: int(next.N)}, r.model.present(q.token, r.time()))
	} else {
		r.read(q.token)
	}
}

func (r *refreshes) agree(got, want answer) {
	if got != want {
		r.Fatalf("the store answered %+v, the rule %+v", got, want)
	}
}

func TestRefreshesInAnyOrderFollowTheRule(t *testing.T) {
	onEach(t, func(t *testing.T, o sqlstore.Options) {
		var now, grants atomic.Int64
		now.Store(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixMilli())
		o.Now = func() time.Time { return time.UnixMilli(now.Load()) }
		s := withAda(t, o)
		rapid.Check(t, func(rt *rapid.T) {
			r := &refreshes{T: rt, store: s, now: &now, id: fmt.Sprintf("g%d", grants.Add(1))}
			g := newGrant("ada")
			g.ID, g.Expires = r.id, r.time().Add(lifetime)
			if err := s.Create(rt.Context(), g); err != nil {
				rt.Fatal(err)
			}
			// Generations count from 1, so the model has a token 0 that is void.
			r.model = &family{made: []made{{void: true}, {at: r.time()}}, expires: g.Expires}
			rt.Repeat(map[string]func(*rapid.T){
				"present one of the last": func(rt *rapid.T) {
					last := len(r.model.made) - 1
					r.read(rapid.IntRange(max(1, last-2), last).Draw(rt, "token"))
				},
				"present any": func(rt *rapid.T) {
					if rapid.IntRange(0, 4).Draw(rt, "seldom") == 0 {
						r.read(rapid.IntRange(1, len(r.model.made)-1).Draw(rt, "token"))
					}
				},
				"spend": func(rt *rapid.T) {
					if len(r.waiting) > 0 {
						r.spend(rapid.IntRange(0, len(r.waiting)-1).Draw(rt, "request"))
					}
				},
				"let time pass": func(rt *rapid.T) {
					now.Add(rapid.SampledFrom([]int64{1, 1000, 30_000, 60_000, 60_001, 200_000, 599_999}).Draw(rt, "milliseconds"))
				},
				"": func(rt *rapid.T) {
					_, err := s.Grant(rt.Context(), r.id)
					if alive := err == nil; alive != r.model.alive(r.time()) {
						rt.Fatalf("alive: %v (%v), by the rule %v", alive, err, !alive)
					}
				},
			})
		})
	})
}
