package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func (w *world) revoke(which store.GrantFilter, want int64) {
	w.t.Helper()
	n, err := w.Revoke(w.t.Context(), which, "revoked")
	w.ok(err)
	w.count(n, want, "revoked")
}

func revocationRules() []rule {
	return []rule{
		{"a filter that names nothing revokes nothing and is an error", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("g1", "ada", "c1")
			for _, which := range []store.GrantFilter{{}, {IncludeEnded: true}} {
				if n, err := w.Revoke(t.Context(), which, "revoked"); err == nil || n != 0 {
					t.Errorf("revoked %d, %v", n, err)
				}
			}
			w.alive("g1", true)
		}},
		{"a revocation ends what matches all that its filter names", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			w.grant("g1", "ada", "c1")
			w.grant("g2", "ada", "c2")
			w.grant("g3", "bob", "c1")
			other := w.agreed("g4", "bob", "c1")
			other.Resource = "https://other.example.com/mcp"
			w.ok(w.Create(t.Context(), other))
			w.revoke(store.GrantFilter{Subject: "ada", ClientID: "c3"}, 0)
			w.revoke(store.GrantFilter{ID: "g1", Subject: "bob"}, 0)
			w.revoke(store.GrantFilter{Subject: "ada", ClientID: "c1"}, 1)
			w.alive("g1", false)
			w.alive("g2", true)
			w.revoke(store.GrantFilter{ClientID: "c1", Resource: other.Resource}, 1)
			w.alive("g3", true)
			w.alive("g4", false)
			w.revoke(store.GrantFilter{Resource: "https://mcp.example.com/mcp"}, 2)
			w.alive("g2", false)
			w.alive("g3", false)
		}},
		{"a revocation notes the time and the reason, once", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("g1", "ada", "c1")
			n, err := w.Revoke(t.Context(), store.GrantFilter{ID: "g1"}, "replay")
			w.ok(err)
			w.count(n, 1, "revoked")
			at := w.time()
			w.pass(time.Second)
			w.revoke(store.GrantFilter{ID: "g1"}, 0)
			if got := w.ended("g1"); got.RevokedFor != "replay" || !got.Revoked.Equal(at) {
				t.Errorf("revoked for %q at %v", got.RevokedFor, got.Revoked)
			}
		}},
		{"of many who revoke a grant, one ends it", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("g1", "ada", "c1")
			won := w.crowd(16, errLost, func(int) error {
				n, err := w.Revoke(t.Context(), store.GrantFilter{Subject: "ada"}, "revoked")
				if err == nil && n == 0 {
					err = errLost
				}
				return err
			})
			w.count(won, 1, "winners")
		}},
		{"a grant that has expired is not there to be revoked", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("g1", "ada", "c1")
			w.pass(time.Hour)
			w.revoke(store.GrantFilter{Subject: "ada"}, 0)
		}},
		{"a revocation forgets the consents that belong to what it ends, and no others", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			ended := w.consent(w.grant("g1", "ada", "c1"))
			otherClient := w.consent(w.grant("g2", "ada", "c2"))
			otherPerson := w.consent(w.grant("g3", "bob", "c1"))
			elsewhere := w.agreed("g4", "ada", "c1")
			elsewhere.Resource = "https://other.example.com/mcp"
			w.ok(w.Create(t.Context(), elsewhere))
			otherResource := w.consent(elsewhere)
			w.revoke(store.GrantFilter{ID: "g1"}, 1)
			w.grant("g1 anew", "ada", "c1")
			w.remembers(ended)
			for _, kept := range []oauth.Consent{otherClient, otherPerson, otherResource} {
				w.remembers(kept, "read", "write")
			}
			w.revoke(store.GrantFilter{Subject: "ada"}, 3)
			w.grant("g2 anew", "ada", "c2")
			w.remembers(otherClient)
			w.remembers(otherResource)
			w.remembers(otherPerson, "read", "write")
		}},
		{"a revocation that ends nothing forgets nothing", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.consent(w.grant("g1", "ada", "c1"))
			w.revoke(store.GrantFilter{ID: "unknown"}, 0)
			w.revoke(store.GrantFilter{Subject: "ada", ClientID: "c2"}, 0)
			w.remembers(c, "read", "write")
		}},
		{"what was revoked at or after a moment is listed", func(t *testing.T, w *world) {
			w.person("ada")
			w.grant("g1", "ada", "c1")
			w.grant("g2", "ada", "c1")
			w.grant("g3", "ada", "c1")
			begin := w.time()
			w.revoke(store.GrantFilter{ID: "g2"}, 1)
			w.pass(time.Second)
			second := w.time()
			w.revoke(store.GrantFilter{ID: "g1"}, 1)
			for _, c := range []struct {
				since time.Time
				want  []store.Revocation
			}{
				{begin.Add(-time.Hour), []store.Revocation{{GrantID: "g2", At: begin}, {GrantID: "g1", At: second}}},
				{begin, []store.Revocation{{GrantID: "g2", At: begin}, {GrantID: "g1", At: second}}},
				{second, []store.Revocation{{GrantID: "g1", At: second}}},
				{second.Add(time.Millisecond), nil},
			} {
				got, err := w.Revoked(t.Context(), c.since)
				w.ok(err)
				same(t, got, c.want)
			}
		}},
		{"what is revoked already keeps its reason and its time, whatever goes after it", func(t *testing.T, w *world) {
			w.person("ada")
			w.registered("c1")
			first := w.grant("g1", "ada", "c1")
			w.revoke(store.GrantFilter{ID: "g1"}, 1)
			at := w.time()
			for _, later := range []func() error{
				func() error { return w.SetDisabled(t.Context(), "ada", true) },
				func() error { return w.SetDisabled(t.Context(), "ada", false) },
				func() error { return w.RemoveClient(t.Context(), "c1") },
				func() error { return w.RemovePerson(t.Context(), first.Subject) },
			} {
				w.pass(time.Second)
				w.ok(later())
				if got := w.ended("g1"); got.RevokedFor != "revoked" || !got.Revoked.Equal(at) {
					t.Errorf("revoked for %q at %v, want %v", got.RevokedFor, got.Revoked, at)
				}
			}
		}},
		{"every way in which a grant is revoked is listed", func(t *testing.T, w *world) {
			for _, id := range []string{"ada", "bob", "cyd"} {
				w.person(id)
			}
			w.registered("c9")
			w.grant("g1", "ada", "c1")
			w.grant("g2", "bob", "c1")
			w.grant("g3", "cyd", "c9")
			replayed := w.grant("g4", "cyd", "c1")
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			w.ok(w.RemovePerson(t.Context(), "bob"))
			w.ok(w.RemoveClient(t.Context(), "c9"))
			w.is(w.Create(t.Context(), replayed), store.ErrReplayed)
			got, err := w.Revoked(t.Context(), w.time())
			w.ok(err)
			if len(got) != 4 {
				t.Errorf("listed %v", got)
			}
			for id, why := range map[string]string{"g1": "user disabled", "g2": "user removed", "g3": "client removed", "g4": "replay"} {
				if g := w.ended(id); g.RevokedFor != why {
					t.Errorf("%s was revoked for %q, want %q", id, g.RevokedFor, why)
				}
			}
		}},
	}
}

func listingRules() []rule {
	return []rule{
		{"grants are listed a page at a time, in the order of their ids", func(t *testing.T, w *world) {
			w.person("ada")
			for _, id := range []string{"g3", "g1", "g5", "g2", "g4"} {
				w.grant(id, "ada", "c1")
			}
			w.pages(2, []string{"g1", "g2", "g3", "g4", "g5"}, func(after string, limit int) ([]string, error) {
				list, err := w.Grants(t.Context(), store.GrantFilter{Subject: "ada"}, after, limit)
				return ids(list, func(g oauth.Grant) string { return g.ID }), err
			})
		}},
		{"a page of none, or of fewer, is empty", func(t *testing.T, w *world) {
			w.person("ada")
			w.registered("c1")
			w.grant("g1", "ada", "c1")
			w.ok(w.Append(t.Context(), store.Event{Kind: "user.added"}))
			for _, limit := range []int{0, -1} {
				grants, err1 := w.Grants(t.Context(), store.GrantFilter{}, "", limit)
				clients, err2 := w.Clients(t.Context(), "", limit)
				people, err3 := w.People(t.Context(), "", limit)
				events, err4 := w.Events(t.Context(), 0, limit)
				w.ok(errors.Join(err1, err2, err3, err4))
				w.count(int64(len(grants)+len(clients)+len(people)+len(events)), 0, "listed")
			}
		}},
		{"a listing shows what its filter names, and the dead only when it is asked for them", func(t *testing.T, w *world) {
			for _, id := range []string{"ada", "bob", "cyd"} {
				w.person(id)
			}
			w.grant("g1", "ada", "c1")
			w.pass(time.Hour)
			w.grant("g2", "ada", "c1")
			w.grant("g3", "ada", "c2")
			w.grant("g4", "bob", "c1")
			w.grant("g5", "cyd", "c1")
			w.ok(w.SetDisabled(t.Context(), "cyd", true))
			w.revoke(store.GrantFilter{ID: "g2"}, 1)
			for _, c := range []struct {
				which store.GrantFilter
				want  []string
			}{
				{store.GrantFilter{}, []string{"g3", "g4"}},
				{store.GrantFilter{IncludeEnded: true}, []string{"g1", "g2", "g3", "g4", "g5"}},
				{store.GrantFilter{Subject: "ada"}, []string{"g3"}},
				{store.GrantFilter{Subject: "ada", IncludeEnded: true}, []string{"g1", "g2", "g3"}},
				{store.GrantFilter{ClientID: "c1"}, []string{"g4"}},
				{store.GrantFilter{ClientID: "c1", Subject: "bob"}, []string{"g4"}},
				{store.GrantFilter{ID: "g2"}, nil},
				{store.GrantFilter{ID: "g2", IncludeEnded: true}, []string{"g2"}},
				{store.GrantFilter{Resource: "https://mcp.example.com/mcp"}, []string{"g3", "g4"}},
				{store.GrantFilter{Resource: "https://other.example.com"}, nil},
			} {
				list, err := w.Grants(t.Context(), c.which, "", 10)
				w.ok(err)
				same(t, ids(list, func(g oauth.Grant) string { return g.ID }), c.want)
			}
		}},
	}
}

func ids[T any](list []T, id func(T) string) []string {
	var all []string
	for _, v := range list {
		all = append(all, id(v))
	}
	return all
}

// pages reads a listing from its beginning until a page is empty.
func (w *world) pages(limit int, want []string, list func(after string, limit int) ([]string, error)) {
	w.t.Helper()
	var got []string
	for after := ""; ; {
		some, err := list(after, limit)
		w.ok(err)
		if len(some) > limit {
			w.t.Fatalf("a page of %d has %d", limit, len(some))
		}
		if len(some) == 0 {
			break
		}
		got, after = append(got, some...), some[len(some)-1]
	}
	same(w.t, got, want)
}
