package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func assertionRules() []rule {
	id := oauth.Secret("client and jti").Digest()
	return []rule{
		{"an assertion is used once", func(t *testing.T, w *world) {
			expires := w.time().Add(time.Minute)
			w.ok(w.SpendAssertion(t.Context(), id, expires))
			w.is(w.SpendAssertion(t.Context(), id, expires), store.ErrReplayed)
			w.pass(time.Minute - time.Millisecond)
			w.is(w.SpendAssertion(t.Context(), id, expires), store.ErrReplayed)
		}},
		{"another assertion is another matter", func(t *testing.T, w *world) {
			expires := w.time().Add(time.Minute)
			w.ok(w.SpendAssertion(t.Context(), id, expires))
			w.ok(w.SpendAssertion(t.Context(), oauth.NewDigest(), expires))
		}},
		{"an assertion without an id is an error, and is not used", func(t *testing.T, w *world) {
			if err := w.SpendAssertion(t.Context(), oauth.Digest{}, w.time().Add(time.Minute)); err == nil {
				t.Error("all that had no id would be one")
			}
		}},
		{"a replay does not change until when an assertion is remembered", func(t *testing.T, w *world) {
			w.ok(w.SpendAssertion(t.Context(), id, w.time().Add(time.Minute)))
			w.is(w.SpendAssertion(t.Context(), id, w.time().Add(time.Second)), store.ErrReplayed)
			w.is(w.SpendAssertion(t.Context(), id, w.time().Add(time.Hour)), store.ErrReplayed)
			w.pass(59 * time.Second)
			w.is(w.SpendAssertion(t.Context(), id, w.time().Add(time.Minute)), store.ErrReplayed)
			w.pass(time.Second)
			w.ok(w.SpendAssertion(t.Context(), id, w.time().Add(time.Minute)))
			w.is(w.SpendAssertion(t.Context(), id, w.time().Add(time.Minute)), store.ErrReplayed)
		}},
		{"of many who use one assertion, one wins", func(t *testing.T, w *world) {
			won := w.crowd(64, store.ErrReplayed, func(int) error {
				return w.SpendAssertion(t.Context(), id, w.time().Add(time.Minute))
			})
			w.count(won, 1, "winners")
		}},
		{"of many who use one assertion that had ended, one wins", func(t *testing.T, w *world) {
			w.ok(w.SpendAssertion(t.Context(), id, w.time().Add(time.Minute)))
			w.pass(time.Hour)
			won := w.crowd(64, store.ErrReplayed, func(int) error {
				return w.SpendAssertion(t.Context(), id, w.time().Add(time.Minute))
			})
			w.count(won, 1, "winners")
		}},
		{"many who use assertions of their own all win", func(t *testing.T, w *world) {
			won := w.crowd(64, nil, func(int) error {
				return w.SpendAssertion(t.Context(), oauth.NewDigest(), w.time().Add(time.Minute))
			})
			w.count(won, 64, "winners")
		}},
		{"assertions that ended are pruned soon, whatever the cutoff, and no others", func(t *testing.T, w *world) {
			for i := range 5 {
				w.ok(w.SpendAssertion(t.Context(), oauth.Secret(fmt.Sprint(i)).Digest(), w.time().Add(time.Minute)))
			}
			living := oauth.NewDigest()
			w.ok(w.SpendAssertion(t.Context(), living, w.time().Add(time.Hour)))
			w.pass(time.Minute)
			// Another replica's clock may be behind: it must still find them.
			w.prune(w.time().Add(24*time.Hour), 100, store.Pruned{})
			w.pass(store.KeepAssertions + time.Millisecond)
			cutoff := w.time().Add(-30 * 24 * time.Hour)
			w.prune(cutoff, 3, store.Pruned{Assertions: 3})
			w.prune(cutoff, 3, store.Pruned{Assertions: 2})
			w.prune(cutoff, 3, store.Pruned{})
			w.is(w.SpendAssertion(t.Context(), living, w.time().Add(time.Hour)), store.ErrReplayed)
		}},
	}
}
