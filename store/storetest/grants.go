package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func grantRules() []rule {
	return []rule{
		{"a grant comes back as it was saved", func(t *testing.T, w *world) {
			w.person("ada")
			want := w.grant("g1", "ada", "c1")
			got, err := w.Grant(t.Context(), "g1")
			w.ok(err)
			same(t, got, want)
		}},
		{"a grant without a scope comes back without one", func(t *testing.T, w *world) {
			w.person("ada")
			g := w.agreed("g1", "ada", "c1")
			g.Scope = nil
			w.ok(w.Create(t.Context(), g))
			got, err := w.Grant(t.Context(), "g1")
			w.ok(err)
			if len(got.Scope) != 0 {
				t.Errorf("scope %q", got.Scope)
			}
		}},
		{"an unknown grant is not found", func(t *testing.T, w *world) { w.alive("g1", false) }},
		{"a grant for nobody is refused", func(t *testing.T, w *world) {
			w.is(w.Create(t.Context(), w.agreed("g1", "nobody", "c1")), store.ErrNotFound)
			w.alive("g1", false)
		}},
		{"a grant for someone disabled is refused", func(t *testing.T, w *world) {
			w.person("ada")
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			w.is(w.Create(t.Context(), w.agreed("g1", "ada", "c1")), store.ErrNotFound)
			w.ok(w.SetDisabled(t.Context(), "ada", false))
			w.alive("g1", false)
		}},
		{"a grant without a code is an error, and no replay of another", func(t *testing.T, w *world) {
			w.person("ada")
			for range 2 {
				g := w.agreed("g1", "ada", "c1")
				g.CodeID = oauth.Digest{}
				if err := w.Create(t.Context(), g); err == nil || errors.Is(err, store.ErrReplayed) {
					t.Errorf("got %v", err)
				}
			}
		}},
		{"a grant whose id is taken is refused, and the other lives", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("g1", "ada", "c1")
			w.is(w.Create(t.Context(), w.agreed("g1", "ada", "c2")), store.ErrExists)
			g, err := w.Grant(t.Context(), "g1")
			w.ok(err)
			if g.ClientID != "c1" {
				t.Errorf("it is now of %s", g.ClientID)
			}
		}},
		{"one that is refused among many leaves the others alone", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("taken", "ada", "c1")
			won := w.crowd(64, store.ErrExists, func(i int) error {
				id := oauth.NewID("g")
				if i%4 == 0 {
					id = "taken"
				}
				return w.Create(t.Context(), w.agreed(id, "ada", "c1"))
			})
			w.count(won, 48, "winners")
			living, err := w.Grants(t.Context(), store.GrantFilter{Subject: "ada"}, "", 100)
			w.ok(err)
			w.count(int64(len(living)), 49, "living")
		}},
		{"a code that is redeemed again revokes what it was redeemed for", func(t *testing.T, w *world) {
			w.person("ada")
			first := w.grant("g1", "ada", "c1")
			w.grant("g2", "ada", "c1")
			w.pass(time.Second)
			again := w.agreed("g3", "ada", "c1")
			again.CodeID = first.CodeID
			w.is(w.Create(t.Context(), again), store.ErrReplayed)
			w.alive("g1", false)
			w.alive("g2", true)
			w.alive("g3", false)
			got := w.ended("g1")
			if got.RevokedFor != "replay" || !got.Revoked.Equal(w.time()) {
				t.Errorf("revoked for %q at %v", got.RevokedFor, got.Revoked)
			}
			w.pass(time.Second)
			w.is(w.Create(t.Context(), again), store.ErrReplayed)
			if late := w.ended("g1"); !late.Revoked.Equal(got.Revoked) {
				t.Errorf("a third redemption moved the revocation to %v", late.Revoked)
			}
		}},
		{"a code whose grant was revoked keeps the reason when it is replayed", func(t *testing.T, w *world) {
			w.person("ada")
			first := w.grant("g1", "ada", "c1")
			_, err := w.Revoke(t.Context(), store.GrantFilter{ID: "g1"}, "revoked")
			w.ok(err)
			again := w.agreed("g2", "ada", "c1")
			again.CodeID = first.CodeID
			w.is(w.Create(t.Context(), again), store.ErrReplayed)
			if got := w.ended("g1"); got.RevokedFor != "revoked" {
				t.Errorf("revoked for %q", got.RevokedFor)
			}
		}},
		{"a code that was issued before a grant of the same was revoked makes none", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			w.grant("g1", "ada", "c1")
			w.pass(time.Second)
			outstanding := w.agreed("g2", "ada", "c1")
			otherClient, otherPerson := w.agreed("g3", "ada", "c2"), w.agreed("g4", "bob", "c1")
			otherResource := w.agreed("g5", "ada", "c1")
			otherResource.Resource = "https://other.example.com/mcp"
			w.pass(time.Second)
			w.revoke(store.GrantFilter{ID: "g1"}, 1)
			w.pass(time.Second)
			w.is(w.Create(t.Context(), outstanding), store.ErrNotFound)
			for _, g := range []oauth.Grant{otherClient, otherPerson, otherResource} {
				w.ok(w.Create(t.Context(), g))
			}
			w.grant("g6", "ada", "c1")
			w.alive("g6", true)
			w.is(w.Create(t.Context(), outstanding), store.ErrNotFound)
		}},
		{"what the client revoked or a replay ended does not stop the client's next code", func(t *testing.T, w *world) {
			w.person("ada")
			for i, why := range []string{store.ByClient, store.ForReplay} {
				old := w.grant(fmt.Sprint("old", i), "ada", "c1")
				next := w.agreed(fmt.Sprint("next", i), "ada", "c1")
				w.pass(time.Second)
				_, err := w.Revoke(t.Context(), store.GrantFilter{ID: old.ID}, why)
				w.ok(err)
				w.ok(w.Create(t.Context(), next))
			}
		}},
		{"a replay is found out though a grant of the same was revoked meanwhile", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("g1", "ada", "c1")
			stolen := w.grant("g2", "ada", "c1")
			w.pass(time.Second)
			w.revoke(store.GrantFilter{ID: "g1"}, 1)
			stolen.ID = "g3"
			w.is(w.Create(t.Context(), stolen), store.ErrReplayed)
			w.alive("g2", false)
		}},
		{"of many who redeem one code, one wins, and the grant is revoked", func(t *testing.T, w *world) {
			w.person("ada")
			code := oauth.NewDigest()
			won := w.crowd(64, store.ErrReplayed, func(int) error {
				g := w.agreed(oauth.NewID("g"), "ada", "c1")
				g.CodeID = code
				return w.Create(t.Context(), g)
			})
			w.count(won, 1, "winners")
			all, err := w.Grants(t.Context(), store.GrantFilter{Subject: "ada", IncludeEnded: true}, "", 100)
			w.ok(err)
			if len(all) != 1 || all[0].RevokedFor != "replay" {
				t.Errorf("%d grants, the first revoked for %q", len(all), all[0].RevokedFor)
			}
		}},
		{"many who redeem codes of their own all win", func(t *testing.T, w *world) {
			w.person("ada")
			won := w.crowd(64, nil, func(int) error {
				return w.Create(t.Context(), w.agreed(oauth.NewID("g"), "ada", "c1"))
			})
			w.count(won, 64, "winners")
		}},
		{"a grant ends at its expiry, though nobody pruned", func(t *testing.T, w *world) {
			w.person("ada")
			g := w.grant("g1", "ada", "c1")
			w.pass(time.Hour - time.Millisecond)
			w.alive("g1", true)
			w.pass(time.Millisecond)
			w.alive("g1", false)
			w.is(w.rotate("g1", g.Generation, w.time().Add(time.Hour)), errLost)
		}},
	}
}
