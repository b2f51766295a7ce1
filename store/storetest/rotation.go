package storetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

var errLost = errors.New("the rotation lost")

// rotate makes the ordinary rotation from a generation, and returns errLost
// when it was not the current one.
func (w *world) rotate(id string, from oauth.Generation, expires time.Time) error {
	to := oauth.Generation{N: from.N + 1, Parent: from.N}
	won, err := w.Rotate(context.WithoutCancel(w.t.Context()), id, from, to, expires)
	if err == nil && !won {
		err = errLost
	}
	return err
}

func rotationRules() []rule {
	return []rule{
		{"a rotation moves the generation, its time and the expiry, and nothing else", func(t *testing.T, w *world) {
			w.person("ada")
			want := w.grant("g1", "ada", "c1")
			w.pass(time.Minute)
			w.ok(w.rotate("g1", want.Generation, w.time().Add(2*time.Hour)))
			got, err := w.Grant(t.Context(), "g1")
			w.ok(err)
			want.Generation = oauth.Generation{N: 2, Parent: 1}
			want.RotatedAt, want.Expires = w.time(), w.time().Add(2*time.Hour)
			same(t, got, want)
			w.pass(time.Hour + time.Minute)
			w.alive("g1", true)
		}},
		{"a rotation from a generation that is not current loses and changes nothing", func(t *testing.T, w *world) {
			w.person("ada")
			g := w.grant("g1", "ada", "c1")
			w.ok(w.rotate("g1", g.Generation, g.Expires))
			before, err := w.Grant(t.Context(), "g1")
			w.ok(err)
			w.pass(time.Second)
			for _, from := range []oauth.Generation{{N: 1}, {N: 3, Parent: 2}, {N: 2}, {N: 2, Parent: 2}, {}} {
				w.is(w.rotate("g1", from, w.time().Add(9*time.Hour)), errLost)
			}
			after, err := w.Grant(t.Context(), "g1")
			w.ok(err)
			same(t, after, before)
		}},
		{"a rotation may keep the parent, when the successor was lost", func(t *testing.T, w *world) {
			w.person("ada")
			g := w.grant("g1", "ada", "c1")
			w.ok(w.rotate("g1", g.Generation, g.Expires))
			won, err := w.Rotate(t.Context(), "g1", oauth.Generation{N: 2, Parent: 1}, oauth.Generation{N: 3, Parent: 1}, g.Expires)
			w.ok(err)
			if !won {
				t.Error("it lost")
			}
		}},
		{"of many concurrent rotations one wins", func(t *testing.T, w *world) {
			w.person("ada")
			g := w.grant("g1", "ada", "c1")
			for n := int64(1); n <= 5; n++ {
				from := oauth.Generation{N: n, Parent: n - 1}
				won := w.crowd(64, errLost, func(int) error { return w.rotate("g1", from, g.Expires) })
				w.count(won, 1, "winners")
			}
			got, err := w.Grant(t.Context(), "g1")
			w.ok(err)
			if got.Generation != (oauth.Generation{N: 6, Parent: 5}) {
				t.Errorf("generation %+v", got.Generation)
			}
		}},
		{"many that rotate grants of their own all win, each time", func(t *testing.T, w *world) {
			w.person("ada")
			var grants []oauth.Grant
			for range 16 {
				grants = append(grants, w.grant(oauth.NewID("g"), "ada", "c1"))
			}
			for n := int64(1); n <= 10; n++ {
				won := w.crowd(16, nil, func(i int) error {
					return w.rotate(grants[i].ID, oauth.Generation{N: n, Parent: n - 1}, grants[i].Expires)
				})
				w.count(won, 16, "winners")
			}
		}},
		{"what does not live does not rotate", func(t *testing.T, w *world) {
			for _, id := range []string{"ada", "bob", "cyd", "dan"} {
				w.person(id)
			}
			w.is(w.rotate("unknown", oauth.Generation{N: 1}, w.time().Add(time.Hour)), errLost)
			end := map[string]func(g oauth.Grant){
				"ada": func(g oauth.Grant) {
					_, err := w.Revoke(t.Context(), store.GrantFilter{ID: g.ID}, "revoked")
					w.ok(err)
				},
				"bob": func(oauth.Grant) { w.ok(w.SetDisabled(t.Context(), "bob", true)) },
				"cyd": func(oauth.Grant) { w.ok(w.RemovePerson(t.Context(), "cyd")) },
				"dan": func(oauth.Grant) { w.pass(time.Hour) },
			}
			for _, subject := range []string{"ada", "bob", "cyd", "dan"} {
				g := w.grant("g-"+subject, subject, "c1")
				end[subject](g)
				w.is(w.rotate(g.ID, g.Generation, w.time().Add(time.Hour)), errLost)
				w.alive(g.ID, false)
			}
		}},
		{"a grant that is revoked while many rotate it stays revoked", func(t *testing.T, w *world) {
			w.person("ada")
			g := w.grant("g1", "ada", "c1")
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					from := g.Generation
					for range 10_000 {
						if err := w.rotate("g1", from, g.Expires); err != nil && !errors.Is(err, errLost) {
							t.Error(err)
							return
						}
						now, err := w.Grant(t.Context(), "g1")
						if errors.Is(err, store.ErrNotFound) {
							return
						}
						if err != nil {
							t.Error(err)
							return
						}
						from = now.Generation
					}
					t.Error("it was rotated ten thousand times and is still alive")
				})
			}
			n, err := w.Revoke(t.Context(), store.GrantFilter{ID: "g1"}, "revoked")
			w.ok(err)
			w.count(n, 1, "revoked")
			wg.Wait()
			w.alive("g1", false)
		}},
	}
}
