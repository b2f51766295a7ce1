package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func peopleRules() []rule {
	return []rule{
		{"someone comes back as they were added, by id and by username", func(t *testing.T, w *world) {
			want := oauth.Person{ID: "p1", Username: "ada", Name: "Ada Lovelace", Email: "ada@example.com",
				Admin: true, PasswordHash: "$argon2id$…", Created: w.time()}
			w.ok(w.AddPerson(t.Context(), want))
			got, err := w.Person(t.Context(), "p1")
			w.ok(err)
			same(t, got, want)
			got, err = w.PersonByUsername(t.Context(), "ada")
			w.ok(err)
			same(t, got, want)
		}},
		{"who is unknown is not found", func(t *testing.T, w *world) {
			_, err := w.Person(t.Context(), "p1")
			w.is(err, store.ErrNotFound)
			_, err = w.PersonByUsername(t.Context(), "p1")
			w.is(err, store.ErrNotFound)
			w.is(w.SetPassword(t.Context(), "p1", "hash"), store.ErrNotFound)
			w.is(w.SetDisabled(t.Context(), "p1", true), store.ErrNotFound)
			w.is(w.SetDisabled(t.Context(), "p1", false), store.ErrNotFound)
			w.is(w.RemovePerson(t.Context(), "p1"), store.ErrNotFound)
		}},
		{"a username is taken once", func(t *testing.T, w *world) {
			p := w.person("ada")
			p.ID = "another"
			w.is(w.AddPerson(t.Context(), p), store.ErrExists)
			_, err := w.Person(t.Context(), "another")
			w.is(err, store.ErrNotFound)
		}},
		{"of many who want a username, one gets it", func(t *testing.T, w *world) {
			won := w.crowd(16, store.ErrExists, func(i int) error {
				return w.AddPerson(t.Context(), oauth.Person{ID: fmt.Sprint("p", i), Username: "ada"})
			})
			w.count(won, 1, "winners")
		}},
		{"the first person is first once", func(t *testing.T, w *world) {
			w.ok(w.AddFirstPerson(t.Context(), oauth.Person{ID: "p1", Username: "ada"}))
			w.is(w.AddFirstPerson(t.Context(), oauth.Person{ID: "p2", Username: "bob"}), store.ErrExists)
			w.ok(w.AddPerson(t.Context(), oauth.Person{ID: "p3", Username: "cyd"}))
			w.ok(w.RemovePerson(t.Context(), "p1"))
			w.is(w.AddFirstPerson(t.Context(), oauth.Person{ID: "p2", Username: "bob"}), store.ErrExists)
		}},
		{"nobody is first after someone", func(t *testing.T, w *world) {
			w.person("ada")
			w.is(w.AddFirstPerson(t.Context(), oauth.Person{ID: "p2", Username: "bob"}), store.ErrExists)
		}},
		{"when everyone was removed, someone can be first again", func(t *testing.T, w *world) {
			for range 2 {
				w.ok(w.AddFirstPerson(t.Context(), oauth.Person{ID: "p1", Username: "ada"}))
				w.ok(w.RemovePerson(t.Context(), "p1"))
			}
		}},
		{"of many who would be the first person, one is", func(t *testing.T, w *world) {
			won := w.crowd(64, store.ErrExists, func(i int) error {
				return w.AddFirstPerson(t.Context(), oauth.Person{ID: fmt.Sprint("p", i), Username: fmt.Sprint("u", i)})
			})
			w.count(won, 1, "winners")
			list, err := w.People(t.Context(), "", 10)
			w.ok(err)
			w.count(int64(len(list)), 1, "people")
		}},
		{"people are listed a page at a time, in the order of their ids, disabled ones too", func(t *testing.T, w *world) {
			for _, id := range []string{"p3", "p1", "p2"} {
				w.person(id)
			}
			w.ok(w.SetDisabled(t.Context(), "p2", true))
			w.pages(2, []string{"p1", "p2", "p3"}, func(after string, limit int) ([]string, error) {
				list, err := w.People(t.Context(), after, limit)
				return ids(list, func(p oauth.Person) string { return p.ID }), err
			})
		}},
		{"a new password ends every session of theirs, and no other", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			mine, too, theirs := w.session("ada"), w.session("ada"), w.session("bob")
			g := w.grant("g1", "ada", "c1")
			w.ok(w.SetPassword(t.Context(), "ada", "new hash"))
			p, err := w.Person(t.Context(), "ada")
			w.ok(err)
			if p.PasswordHash != "new hash" {
				t.Errorf("hash %q", p.PasswordHash)
			}
			w.signedIn(mine, false)
			w.signedIn(too, false)
			w.signedIn(theirs, true)
			w.alive(g.ID, true)
		}},
		{"a hash is replaced if it is still the one that was read, and sessions live on", func(t *testing.T, w *world) {
			p := w.person("ada")
			s := w.session("ada")
			for _, c := range []struct {
				id, from string
				want     bool
			}{{"ada", "another", false}, {"nobody", p.PasswordHash, false}, {"ada", p.PasswordHash, true}, {"ada", p.PasswordHash, false}} {
				done, err := w.Rehash(t.Context(), c.id, c.from, "costlier")
				w.ok(err)
				if done != c.want {
					t.Errorf("of %s from %q: %v", c.id, c.from, done)
				}
			}
			got, err := w.Person(t.Context(), "ada")
			w.ok(err)
			if got.PasswordHash != "costlier" {
				t.Errorf("hash %q", got.PasswordHash)
			}
			w.signedIn(s, true)
		}},
	}
}

func disablingRules() []rule {
	return []rule{
		{"disabling ends sessions and revokes grants, and enabling brings none of them back", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			s, theirs := w.session("ada"), w.session("bob")
			w.grant("g1", "ada", "c1")
			w.grant("g2", "bob", "c1")
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			p, err := w.Person(t.Context(), "ada")
			w.ok(err)
			if !p.Disabled.Equal(w.time()) {
				t.Errorf("disabled %v", p.Disabled)
			}
			w.alive("g1", false)
			w.signedIn(s, false)
			w.ok(w.SetDisabled(t.Context(), "ada", false))
			p, err = w.PersonByUsername(t.Context(), "ada-name")
			w.ok(err)
			if !p.Disabled.IsZero() {
				t.Errorf("disabled %v", p.Disabled)
			}
			w.alive("g1", false)
			w.signedIn(s, false)
			w.alive("g2", true)
			w.signedIn(theirs, true)
			w.grant("g3", "ada", "c1")
			w.alive("g3", true)
		}},
		{"who is disabled twice was disabled the first time", func(t *testing.T, w *world) {
			w.person("ada")
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			at := w.time()
			w.pass(time.Hour)
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			p, err := w.Person(t.Context(), "ada")
			w.ok(err)
			if !p.Disabled.Equal(at) {
				t.Errorf("disabled %v, want %v", p.Disabled, at)
			}
		}},
		{"removing someone forgets them, their sessions and consents, and revokes their grants", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			s, theirs := w.session("ada"), w.session("bob")
			gone := w.consent(w.grant("g1", "ada", "c1"))
			kept := w.consent(w.grant("g2", "bob", "c1"))
			w.ok(w.RemovePerson(t.Context(), "ada"))
			_, err := w.Person(t.Context(), "ada")
			w.is(err, store.ErrNotFound)
			w.alive("g1", false)
			w.signedIn(s, false)
			w.remembers(gone)
			w.alive("g2", true)
			w.signedIn(theirs, true)
			w.remembers(kept, "read", "write")
			if g := w.ended("g1"); g.RevokedFor != "user removed" {
				t.Errorf("revoked for %q", g.RevokedFor)
			}
		}},
		{"no grant and no session slips in behind who is being disabled", func(t *testing.T, w *world) {
			for round := range 20 {
				id := fmt.Sprint("p", round)
				w.person(id)
				w.raceDisabling(id)
				w.ok(w.SetDisabled(t.Context(), id, false))
				living, err := w.Grants(t.Context(), store.GrantFilter{Subject: id}, "", 100)
				w.ok(err)
				w.count(int64(len(living)), 0, "grants that live after their person was disabled")
			}
		}},
	}
}

// raceDisabling disables someone while eight sign in and redeem codes, and
// checks that no session of those survives.
func (w *world) raceDisabling(id string) {
	ctx := context.WithoutCancel(w.t.Context())
	sessions := make([]oauth.Session, 8)
	var wg sync.WaitGroup
	for i := range sessions {
		sessions[i] = oauth.Session{ID: oauth.NewDigest(), Subject: id, Expires: w.time().Add(time.Hour)}
		wg.Go(func() {
			// Either is refused when the person is disabled already.
			_ = w.Create(ctx, w.agreed(oauth.NewID("g"), id, "c1"))
			_ = w.OpenSession(ctx, sessions[i])
		})
	}
	w.ok(w.SetDisabled(ctx, id, true))
	wg.Wait()
	w.ok(w.SetDisabled(ctx, id, false))
	for _, s := range sessions {
		w.signedIn(s, false)
	}
}
