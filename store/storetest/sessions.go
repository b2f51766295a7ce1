package storetest

import (
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func sessionRules() []rule {
	return []rule{
		{"a session comes back with its person", func(t *testing.T, w *world) {
			person := w.person("ada")
			want := w.session("ada")
			got, who, err := w.Session(t.Context(), want.ID)
			w.ok(err)
			same(t, got, want)
			same(t, who, person)
		}},
		{"an unknown session is not found", func(t *testing.T, w *world) {
			_, _, err := w.Session(t.Context(), oauth.NewDigest())
			w.is(err, store.ErrNotFound)
		}},
		{"a session ends at its expiry, though nobody pruned", func(t *testing.T, w *world) {
			w.person("ada")
			s := w.session("ada")
			w.pass(time.Hour - time.Millisecond)
			w.signedIn(s, true)
			w.pass(time.Millisecond)
			w.signedIn(s, false)
		}},
		{"a session of nobody, or of someone disabled, is refused", func(t *testing.T, w *world) {
			s := oauth.Session{ID: oauth.NewDigest(), Subject: "ada", Expires: w.time().Add(time.Hour)}
			w.is(w.OpenSession(t.Context(), s), store.ErrNotFound)
			w.person("ada")
			w.signedIn(s, false)
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			w.is(w.OpenSession(t.Context(), s), store.ErrNotFound)
			w.ok(w.SetDisabled(t.Context(), "ada", false))
			w.signedIn(s, false)
		}},
		{"closing a session ends that one, and closing it again is no error", func(t *testing.T, w *world) {
			w.person("ada")
			gone, kept := w.session("ada"), w.session("ada")
			w.ok(w.CloseSession(t.Context(), gone.ID))
			w.ok(w.CloseSession(t.Context(), gone.ID))
			w.signedIn(gone, false)
			w.signedIn(kept, true)
		}},
		{"closing the sessions of a subject ends all of theirs, and no other", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			one, two, theirs := w.session("ada"), w.session("ada"), w.session("bob")
			by := oauth.Session{ID: oauth.NewDigest(), Subject: "ada", Way: "github", AuthTime: w.time(), Expires: w.time().Add(time.Hour)}
			w.ok(w.OpenSession(t.Context(), by))
			w.ok(w.CloseSessionsBy(t.Context(), "ada", "google"))
			_, _, err := w.Session(t.Context(), by.ID)
			w.ok(err)
			w.ok(w.CloseSessionsBy(t.Context(), "ada", "github"))
			_, _, err = w.Session(t.Context(), by.ID)
			w.is(err, store.ErrNotFound)
			w.ok(w.CloseSessions(t.Context(), "ada"))
			w.ok(w.CloseSessions(t.Context(), "ada"))
			w.signedIn(one, false)
			w.signedIn(two, false)
			w.signedIn(theirs, true)
		}},
	}
}
