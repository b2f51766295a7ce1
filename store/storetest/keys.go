package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

// key is a key that a test can add.
func (w *world) key(id string, slot int64) store.Key {
	return store.Key{
		ID: id, Use: "sig", Algorithm: "ES256", Slot: slot, Sealed: []byte{0, 1, 0xff}, Public: []byte(`{"kty":"EC"}`),
		Created: w.time(), SignsFrom: w.time().Add(time.Minute),
	}
}

func (w *world) keys(want ...string) {
	w.t.Helper()
	list, err := w.Keys(w.t.Context())
	w.ok(err)
	same(w.t, ids(list, func(k store.Key) string { return k.ID }), want)
}

func keyRules() []rule {
	return []rule{
		{"keys come back as they were added, oldest first", func(t *testing.T, w *world) {
			second := w.key("k1", 2)
			second.Created = w.time().Add(time.Second)
			secret := w.key("k2", 1)
			secret.Use, secret.Algorithm, secret.Public = "secret", "", nil
			secret.SignsTo, secret.Expires = w.time().Add(time.Hour), w.time().Add(2*time.Hour)
			w.ok(w.AddKey(t.Context(), second))
			w.ok(w.AddKey(t.Context(), secret))
			got, err := w.Keys(t.Context())
			w.ok(err)
			same(t, got, []store.Key{secret, second})
		}},
		{"a slot is taken once per use and algorithm", func(t *testing.T, w *world) {
			w.ok(w.AddKey(t.Context(), w.key("k1", 1)))
			w.is(w.AddKey(t.Context(), w.key("k2", 1)), store.ErrExists)
			w.ok(w.AddKey(t.Context(), w.key("k2", 2)))
			other := w.key("k3", 1)
			other.Algorithm = "RS256"
			w.ok(w.AddKey(t.Context(), other))
			other = w.key("k4", 1)
			other.Use = "secret"
			w.ok(w.AddKey(t.Context(), other))
			w.keys("k1", "k3", "k4", "k2")
		}},
		{"of many replicas that make the next key, one does", func(t *testing.T, w *world) {
			won := w.crowd(16, store.ErrExists, func(i int) error {
				return w.AddKey(t.Context(), w.key(fmt.Sprint("k", i), 1))
			})
			w.count(won, 1, "winners")
		}},
		{"a key is listed until it expires", func(t *testing.T, w *world) {
			w.ok(w.AddKey(t.Context(), w.key("k1", 1)))
			w.ok(w.AddKey(t.Context(), w.key("k2", 2)))
			to, expires := w.time().Add(time.Minute), w.time().Add(time.Hour)
			w.ok(w.RetireKey(t.Context(), "k1", to, expires))
			list, err := w.Keys(t.Context())
			w.ok(err)
			if !list[0].SignsTo.Equal(to) || !list[0].Expires.Equal(expires) {
				t.Errorf("signs to %v, expires %v", list[0].SignsTo, list[0].Expires)
			}
			w.pass(time.Hour - time.Millisecond)
			w.keys("k1", "k2")
			w.pass(time.Millisecond)
			w.keys("k2")
		}},
		{"a key that is not there cannot be retired", func(t *testing.T, w *world) {
			w.is(w.RetireKey(t.Context(), "k1", w.time(), w.time()), store.ErrNotFound)
		}},
	}
}
