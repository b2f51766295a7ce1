package storetest

import (
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func passkeyRules() []rule {
	return []rule{
		{"a passkey comes back as it was, with whose it is", func(t *testing.T, w *world) {
			ada := w.person("ada")
			k := w.passkey("k1", "ada", 7)
			got, person, err := w.Passkey(t.Context(), "k1")
			w.ok(err)
			same(t, got, k)
			same(t, person, ada)
			_, _, err = w.Passkey(t.Context(), "K1")
			w.is(err, store.ErrNotFound)
		}},
		{"a passkey is one person's", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			k := w.passkey("k1", "ada", 0)
			w.is(w.AddPasskey(t.Context(), k), store.ErrExists)
			k.Subject = "bob"
			w.is(w.AddPasskey(t.Context(), k), store.ErrExists)
			_, person, err := w.Passkey(t.Context(), "k1")
			w.ok(err)
			same(t, person.ID, "ada")
		}},
		{"nobody, and nobody who is disabled, is given a passkey", func(t *testing.T, w *world) {
			w.person("ada")
			w.passkey("k1", "ada", 0)
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			w.is(w.AddPasskey(t.Context(), oauth.Passkey{ID: "k2", Subject: "ada", Created: w.time()}), store.ErrNotFound)
			w.is(w.AddPasskey(t.Context(), oauth.Passkey{ID: "k2", Subject: "nobody", Created: w.time()}), store.ErrNotFound)
			_, person, err := w.Passkey(t.Context(), "k1")
			w.ok(err)
			same(t, person.Disabled, w.time())
		}},
		{"a person's passkeys are listed oldest first, and counted", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			b := w.passkey("b", "ada", 0)
			w.pass(1e9)
			a := w.passkey("a", "ada", 0)
			w.passkey("c", "bob", 0)
			list, err := w.Passkeys(t.Context(), "ada")
			w.ok(err)
			same(t, list, []oauth.Passkey{b, a})
			counts, err := w.CountPasskeys(t.Context())
			w.ok(err)
			same(t, counts, map[string]int64{"ada": 2, "bob": 1})
		}},
		{"a count that goes on is noted, with when", func(t *testing.T, w *world) {
			w.person("ada")
			k := w.passkey("k1", "ada", 7)
			w.pass(1e9)
			w.uses("k1", 9, true)
			k.Uses, k.LastUsed = 9, w.time()
			got, _, err := w.Passkey(t.Context(), "k1")
			w.ok(err)
			same(t, got, k)
		}},
		{"a count that stands still or goes back changes nothing", func(t *testing.T, w *world) {
			w.person("ada")
			k := w.passkey("k1", "ada", 7)
			for _, n := range []uint32{7, 6, 0} {
				w.uses("k1", n, false)
			}
			got, _, err := w.Passkey(t.Context(), "k1")
			w.ok(err)
			same(t, got, k)
			w.uses("k1", 1<<32-1, true)
			w.uses("k1", 0, false)
		}},
		{"a passkey without a counter is used again and again, until it counts", func(t *testing.T, w *world) {
			w.person("ada")
			w.passkey("k1", "ada", 0)
			w.uses("k1", 0, true)
			w.uses("k1", 0, true)
			w.uses("k1", 3, true)
			w.uses("k1", 0, false)
		}},
		{"of many who present one count, one wins", func(t *testing.T, w *world) {
			w.person("ada")
			w.passkey("k1", "ada", 7)
			won := w.crowd(16, store.ErrNotFound, func(int) error {
				ok, err := w.UsePasskey(t.Context(), "k1", 8)
				if err == nil && !ok {
					err = store.ErrNotFound
				}
				return err
			})
			w.count(won, 1, "winners")
		}},
		{"a removed passkey is nobody's, and ends its person's sessions", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			w.passkey("k1", "ada", 0)
			w.passkey("k2", "ada", 0)
			hers, his := w.session("ada"), w.session("bob")
			w.is(w.RemovePasskey(t.Context(), "bob", "k1"), store.ErrNotFound)
			w.signedIn(his, true)
			w.ok(w.RemovePasskey(t.Context(), "ada", "k1"))
			w.signedIn(hers, false)
			w.signedIn(his, true)
			_, _, err := w.Passkey(t.Context(), "k1")
			w.is(err, store.ErrNotFound)
			_, err = w.UsePasskey(t.Context(), "k1", 1)
			w.is(err, store.ErrNotFound)
			w.is(w.RemovePasskey(t.Context(), "ada", "k1"), store.ErrNotFound)
			w.uses("k2", 0, true)
		}},
		{"all of a person's passkeys go at once", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			w.passkey("k1", "ada", 0)
			w.passkey("k2", "ada", 0)
			w.passkey("k3", "bob", 0)
			s := w.session("ada")
			n, err := w.RemovePasskeys(t.Context(), "ada")
			w.ok(err)
			w.count(n, 2, "removed")
			w.signedIn(s, false)
			w.uses("k3", 0, true)
		}},
		{"with a person go their passkeys", func(t *testing.T, w *world) {
			w.person("ada")
			w.passkey("k1", "ada", 0)
			w.ok(w.RemovePerson(t.Context(), "ada"))
			_, _, err := w.Passkey(t.Context(), "k1")
			w.is(err, store.ErrNotFound)
			counts, err := w.CountPasskeys(t.Context())
			w.ok(err)
			same(t, counts, map[string]int64{})
		}},
	}
}

// passkey gives subject a passkey that was used so many times.
func (w *world) passkey(id, subject string, uses uint32) oauth.Passkey {
	w.t.Helper()
	k := oauth.Passkey{ID: id, Subject: subject, Name: "Ada's “phone”", PublicKey: []byte{0, 1, 0xff}, Uses: uses, Synced: uses == 0,
		Transports: []string{"hybrid", "internal"}, Created: w.time()}
	w.ok(w.AddPasskey(w.t.Context(), k))
	return k
}

// uses checks whether a passkey may be used with that count.
func (w *world) uses(id string, n uint32, want bool) {
	w.t.Helper()
	got, err := w.UsePasskey(w.t.Context(), id, n)
	w.ok(err)
	if got != want {
		w.t.Errorf("used with the count %d: %t, want %t", n, got, want)
	}
}
