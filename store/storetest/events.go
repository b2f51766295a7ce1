package storetest

import (
	"fmt"
	"testing"

	"github.com/sallyport-dev/sallyport/store"
)

func eventRules() []rule {
	return []rule{
		{"events come back in the order in which they were appended", func(t *testing.T, w *world) {
			want := []store.Event{
				{At: w.time(), Kind: "grant.created", Actor: "ada", Subject: "ada", ClientID: "c1", GrantID: "g1", Detail: "it’s"},
				{At: w.time(), Kind: "user.disabled", Actor: "command line"},
			}
			for i := range want {
				w.ok(w.Append(t.Context(), want[i]))
			}
			got, err := w.Events(t.Context(), 0, 10)
			w.ok(err)
			for i := range got {
				if got[i].ID <= 0 || i > 0 && got[i].ID <= got[i-1].ID {
					t.Errorf("ids %d", got[i].ID)
				}
				want[i].ID = got[i].ID
			}
			same(t, got, want)
		}},
		{"events are listed a page at a time", func(t *testing.T, w *world) {
			for i := range 5 {
				w.ok(w.Append(t.Context(), store.Event{Kind: fmt.Sprint("e", i)}))
			}
			var got []string
			for after := int64(0); ; {
				some, err := w.Events(t.Context(), after, 2)
				w.ok(err)
				if len(some) == 0 {
					break
				}
				got = append(got, ids(some, func(e store.Event) string { return e.Kind })...)
				after = some[len(some)-1].ID
			}
			same(t, got, []string{"e0", "e1", "e2", "e3", "e4"})
		}},
		{"of many that append at once none is lost", func(t *testing.T, w *world) {
			won := w.crowd(64, nil, func(i int) error {
				return w.Append(t.Context(), store.Event{Kind: fmt.Sprint("e", i)})
			})
			w.count(won, 64, "appended")
			got, err := w.Events(t.Context(), 0, 100)
			w.ok(err)
			w.count(int64(len(got)), 64, "events")
		}},
		{"who reads on from an id misses no event that was appended meanwhile", func(t *testing.T, w *world) {
			done := make(chan int64)
			go func() {
				done <- w.crowd(16, nil, func(i int) error {
					return w.Append(t.Context(), store.Event{Kind: fmt.Sprint("e", i)})
				})
			}()
			seen, after, last := 0, int64(0), false
			for {
				some, err := w.Events(t.Context(), after, 3)
				w.ok(err)
				if len(some) > 0 {
					seen, after = seen+len(some), some[len(some)-1].ID
					continue
				}
				if last {
					break
				}
				select {
				case <-done:
					last = true
				default:
				}
			}
			w.count(int64(seen), 16, "seen")
		}},
	}
}
