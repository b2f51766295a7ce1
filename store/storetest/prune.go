package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func (w *world) prune(cutoff time.Time, limit int, want store.Pruned) {
	w.t.Helper()
	got, err := w.Prune(w.t.Context(), cutoff, limit)
	w.ok(err)
	same(w.t, got, want)
}

func pruneRules() []rule {
	return []rule{
		{"nothing is pruned that lives or ended lately", func(t *testing.T, w *world) {
			w.person("ada")
			w.registered("c1")
			w.grant("g1", "ada", "c1")
			w.grant("g2", "ada", "c1")
			w.revoke(store.GrantFilter{ID: "g2"}, 1)
			s := w.session("ada")
			w.ok(w.AddKey(t.Context(), w.key("k1", 1)))
			w.prune(w.time(), 100, store.Pruned{})
			w.alive("g1", true)
			w.ended("g2")
			w.signedIn(s, true)
			w.keys("k1")
		}},
		{"grants, sessions and keys that ended before the cutoff are pruned", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("expired", "ada", "c1")
			w.grant("revoked", "ada", "c1")
			w.revoke(store.GrantFilter{ID: "revoked"}, 1)
			w.session("ada")
			w.ok(w.AddKey(t.Context(), w.key("k1", 1)))
			w.ok(w.AddKey(t.Context(), w.key("k2", 2)))
			w.ok(w.RetireKey(t.Context(), "k1", w.time(), w.time().Add(time.Hour)))
			cutoff := w.time().Add(time.Millisecond)
			w.prune(cutoff, 100, store.Pruned{Grants: 1})
			w.pass(time.Hour)
			w.prune(w.time(), 100, store.Pruned{}) // they end now, which is not before now
			w.pass(24 * time.Hour)
			w.grant("living", "ada", "c1")
			s := w.session("ada")
			w.prune(w.time(), 100, store.Pruned{Grants: 1, Sessions: 1, Keys: 1})
			w.prune(w.time(), 100, store.Pruned{})
			w.alive("living", true)
			w.signedIn(s, true)
			w.keys("k2")
		}},
		{"a grant that slides is not pruned by its old expiry", func(t *testing.T, w *world) {
			w.person("ada")
			g := w.grant("g1", "ada", "c1")
			w.ok(w.rotate("g1", g.Generation, w.time().Add(9*time.Hour)))
			w.pass(2 * time.Hour)
			w.prune(w.time(), 100, store.Pruned{})
			w.alive("g1", true)
		}},
		{"registered clients that are idle and have no grant left are pruned, and no others", func(t *testing.T, w *world) {
			w.person("ada")
			w.registered("idle")
			w.registered("granted")
			w.registered("touched")
			_, err := w.Register(t.Context(), oauth.Client{ID: "settings", Metadata: metadata(), Source: oauth.FromSettings,
				Created: w.time(), LastUsed: w.time()})
			w.ok(err)
			g := w.agreed("g1", "ada", "granted")
			g.Expires = w.time().Add(1000 * time.Hour)
			w.ok(w.Create(t.Context(), g))
			w.pass(48 * time.Hour)
			w.ok(w.Touch(t.Context(), "touched"))
			w.prune(w.time().Add(-time.Hour), 100, store.Pruned{Clients: 1})
			list, err := w.Clients(t.Context(), "", 10)
			w.ok(err)
			same(t, ids(list, func(c oauth.Client) string { return c.ID }), []string{"granted", "settings", "touched"})
			w.alive("g1", true)
		}},
		{"a client goes when its last grant has gone", func(t *testing.T, w *world) {
			w.person("ada")
			w.registered("c1")
			w.grant("g1", "ada", "c1")
			w.pass(48 * time.Hour)
			w.prune(w.time(), 100, store.Pruned{Grants: 1, Clients: 1})
		}},
		{"a call removes no more than its limit of each kind, and the next goes on", func(t *testing.T, w *world) {
			w.person("ada")
			for i := range 5 {
				w.grant(fmt.Sprint("g", i), "ada", "c1")
				w.session("ada")
				w.registered(fmt.Sprint("c", i+2))
			}
			w.pass(48 * time.Hour)
			w.prune(w.time(), 2, store.Pruned{Grants: 2, Sessions: 2, Clients: 2})
			w.prune(w.time(), 2, store.Pruned{Grants: 2, Sessions: 2, Clients: 2})
			w.prune(w.time(), 2, store.Pruned{Grants: 1, Sessions: 1, Clients: 1})
			w.prune(w.time(), 2, store.Pruned{})
			w.prune(w.time(), 0, store.Pruned{})
		}},
		{"among many that live the dead are found, wherever they are", func(t *testing.T, w *world) {
			w.person("ada")
			w.crowd(2500, nil, func(i int) error {
				g := w.agreed(fmt.Sprintf("g%04d", i), "ada", "c1")
				if i%500 != 7 {
					g.Expires = w.time().Add(1000 * time.Hour)
				}
				return w.Create(t.Context(), g)
			})
			w.pass(48 * time.Hour)
			w.prune(w.time(), 3, store.Pruned{Grants: 3})
			w.grant("g0000a", "ada", "c1")
			w.pass(48 * time.Hour)
			w.prune(w.time(), 100, store.Pruned{Grants: 3})
			w.prune(w.time(), 100, store.Pruned{})
		}},
		{"events are kept, and so are people", func(t *testing.T, w *world) {
			w.person("ada")
			w.ok(w.Append(t.Context(), store.Event{At: w.time(), Kind: "user.added"}))
			w.pass(10000 * time.Hour)
			w.prune(w.time(), 100, store.Pruned{})
			list, err := w.Events(t.Context(), 0, 10)
			w.ok(err)
			w.count(int64(len(list)), 1, "events")
			_, err = w.Person(t.Context(), "ada")
			w.ok(err)
		}},
	}
}
