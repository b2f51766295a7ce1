package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func identityRules() []rule {
	return []rule{
		{"someone comes back by who they are elsewhere", func(t *testing.T, w *world) {
			p := oauth.Person{ID: "p1", Username: "ada@github", Name: "Ada", Email: "ada@example.com", Created: w.time()}
			i := oauth.Identity{Issuer: "https://github.com", Subject: "17", Name: "ada", Linked: w.time()}
			w.ok(w.AddIdentified(t.Context(), p, i, false))
			got, err := w.Identified(t.Context(), "https://github.com", "17")
			w.ok(err)
			same(t, got, p)
			list, err := w.Identities(t.Context(), "p1")
			w.ok(err)
			same(t, list, []oauth.Identity{i})
		}},
		{"an identity is of its issuer, and of its subject to the letter", func(t *testing.T, w *world) {
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p1", Username: "ada"}, oauth.Identity{Issuer: "https://a.example", Subject: "Ada"}, false))
			for _, other := range []oauth.Identity{{Issuer: "https://b.example", Subject: "Ada"}, {Issuer: "https://a.example", Subject: "ada"}, {Issuer: "https://a.example", Subject: "Ada "}} {
				_, err := w.Identified(t.Context(), other.Issuer, other.Subject)
				w.is(err, store.ErrNotFound)
			}
		}},
		{"a taken username or identity adds neither person nor identity", func(t *testing.T, w *world) {
			i := oauth.Identity{Issuer: "https://a.example", Subject: "1"}
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p1", Username: "ada"}, i, false))
			w.is(w.AddIdentified(t.Context(), oauth.Person{ID: "p2", Username: "bob"}, i, false), store.ErrExists)
			_, err := w.Person(t.Context(), "p2")
			w.is(err, store.ErrNotFound)
			other := oauth.Identity{Issuer: "https://a.example", Subject: "2"}
			w.is(w.AddIdentified(t.Context(), oauth.Person{ID: "p3", Username: "ada"}, other, false), store.ErrExists)
			_, err = w.Identified(t.Context(), other.Issuer, other.Subject)
			w.is(err, store.ErrNotFound)
		}},
		{"of many who come with one identity, one is added", func(t *testing.T, w *world) {
			i := oauth.Identity{Issuer: "https://a.example", Subject: "1"}
			won := w.crowd(16, store.ErrExists, func(n int) error {
				return w.AddIdentified(t.Context(), oauth.Person{ID: fmt.Sprint("p", n), Username: fmt.Sprint("u", n)}, i, false)
			})
			w.count(won, 1, "winners")
			people, err := w.People(t.Context(), "", 20)
			w.ok(err)
			w.count(int64(len(people)), 1, "people")
		}},
		{"the first person may be one who is known elsewhere, and is first once", func(t *testing.T, w *world) {
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p1", Username: "ada", Admin: true}, oauth.Identity{Issuer: "i", Subject: "1"}, true))
			w.is(w.AddIdentified(t.Context(), oauth.Person{ID: "p2", Username: "bob"}, oauth.Identity{Issuer: "i", Subject: "2"}, true), store.ErrExists)
			w.is(w.AddFirstPerson(t.Context(), oauth.Person{ID: "p3", Username: "cyd"}), store.ErrExists)
		}},
		{"an identity is linked to one who is there, once", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			i := oauth.Identity{Issuer: "https://a.example", Subject: "1", Linked: w.time()}
			w.is(w.Link(t.Context(), "nobody", i), store.ErrNotFound)
			w.ok(w.Link(t.Context(), "ada", i))
			w.is(w.Link(t.Context(), "ada", i), store.ErrExists)
			w.is(w.Link(t.Context(), "bob", i), store.ErrExists)
			got, err := w.Identified(t.Context(), i.Issuer, i.Subject)
			w.ok(err)
			same(t, got.ID, "ada")
		}},
		{"what an upstream says of somebody is kept until it says something else", func(t *testing.T, w *world) {
			i := oauth.Identity{Issuer: "https://a.example", Subject: "1", Name: "ada", Linked: w.time(), Standing: &oauth.Standing{Email: "ada@acme.example", Groups: []string{"acme"}, Hosted: "acme.example"}}
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p1", Username: "ada"}, i, false))
			list, err := w.Identities(t.Context(), "p1")
			w.ok(err)
			same(t, list, []oauth.Identity{i})
			i.Standing = &oauth.Standing{Unasked: true}
			w.ok(w.Saw(t.Context(), i))
			w.ok(w.Saw(t.Context(), oauth.Identity{Issuer: "https://a.example", Subject: "2", Standing: i.Standing}))
			list, err = w.Identities(t.Context(), "p1")
			w.ok(err)
			same(t, list, []oauth.Identity{i})
		}},
		{"of many who link one identity, one does", func(t *testing.T, w *world) {
			for n := range 8 {
				w.person(fmt.Sprint("p", n))
			}
			i := oauth.Identity{Issuer: "https://a.example", Subject: "1", Linked: w.time()}
			won := w.crowd(8, store.ErrExists, func(n int) error { return w.Link(t.Context(), fmt.Sprint("p", n), i) })
			w.count(won, 1, "winners")
		}},
		{"who is unlinked is nobody any more, and signed out everywhere", func(t *testing.T, w *world) {
			w.person("ada")
			i, other := oauth.Identity{Issuer: "https://a.example", Subject: "1", Linked: w.time()}, oauth.Identity{Issuer: "https://b.example", Subject: "1", Linked: w.time()}
			w.ok(w.Link(t.Context(), "ada", i))
			w.ok(w.Link(t.Context(), "ada", other))
			session := oauth.Session{ID: oauth.NewDigest(), Subject: "ada", AuthTime: w.time(), Expires: w.time().Add(time.Hour)}
			w.ok(w.OpenSession(t.Context(), session))
			w.ok(w.Unlink(t.Context(), "ada", i, other))
			_, err := w.Identified(t.Context(), i.Issuer, i.Subject)
			w.is(err, store.ErrNotFound)
			_, _, err = w.Session(t.Context(), session.ID)
			w.is(err, store.ErrNotFound)
			w.is(w.Unlink(t.Context(), "ada", i, other), store.ErrNotFound)
			w.ok(w.Unlink(t.Context(), "ada", other, oauth.Identity{})) // the password stays
			w.person("bob")
			w.ok(w.Link(t.Context(), "bob", i))
		}},
		{"the last way in stays, and nobody unlinks another's", func(t *testing.T, w *world) {
			a, b := oauth.Identity{Issuer: "https://a.example", Subject: "1", Linked: w.time()}, oauth.Identity{Issuer: "https://b.example", Subject: "1", Linked: w.time()}
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p1", Username: "ada"}, a, false))
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p2", Username: "bob"}, b, false))
			session := oauth.Session{ID: oauth.NewDigest(), Subject: "p1", AuthTime: w.time(), Expires: w.time().Add(time.Hour)}
			w.ok(w.OpenSession(t.Context(), session))
			w.is(w.Unlink(t.Context(), "p1", a, oauth.Identity{}), store.ErrInUse) // there is no password
			w.is(w.Unlink(t.Context(), "p1", a, a), store.ErrInUse)
			w.is(w.Unlink(t.Context(), "p1", a, b), store.ErrInUse)
			w.is(w.Unlink(t.Context(), "p1", b, a), store.ErrNotFound)
			w.is(w.Unlink(t.Context(), "nobody", a, b), store.ErrNotFound)
			_, _, err := w.Session(t.Context(), session.ID)
			w.ok(err)
			list, err := w.Identities(t.Context(), "p1")
			w.ok(err)
			same(t, list, []oauth.Identity{a})
		}},
		{"of many who each count on what another takes, all but one unlink", func(t *testing.T, w *world) {
			const many = 8
			var ways [many]oauth.Identity
			for n := range ways {
				ways[n] = oauth.Identity{Issuer: "https://a.example", Subject: fmt.Sprint(n), Linked: w.time()}
			}
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p1", Username: "ada"}, ways[0], false))
			for _, way := range ways[1:] {
				w.ok(w.Link(t.Context(), "p1", way))
			}
			w.crowd(many, store.ErrInUse, func(n int) error {
				return w.Unlink(t.Context(), "p1", ways[n], ways[(n+1)%many])
			})
			list, err := w.Identities(t.Context(), "p1")
			w.ok(err)
			if len(list) == 0 {
				t.Error("the last way in is gone")
			}
		}},
		{"with a person go their identities, and can be another's", func(t *testing.T, w *world) {
			i := oauth.Identity{Issuer: "https://a.example", Subject: "1", Linked: w.time()}
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p1", Username: "ada"}, i, false))
			w.ok(w.RemovePerson(t.Context(), "p1"))
			_, err := w.Identified(t.Context(), i.Issuer, i.Subject)
			w.is(err, store.ErrNotFound)
			w.ok(w.AddIdentified(t.Context(), oauth.Person{ID: "p2", Username: "ada"}, i, false))
		}},
	}
}
