package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

func (w *world) follow(flows ...store.Flow) {
	w.t.Helper()
	w.ok(w.Follow(w.t.Context(), flows))
}

// flow returns a flow that has to be there.
func (w *world) flow(id string) store.Flow {
	w.t.Helper()
	f, err := w.Flow(w.t.Context(), id)
	w.ok(err)
	return f
}

func (w *world) attempt(id string) store.Flow {
	return store.Flow{ID: id, Started: w.time(), Last: w.time(), Steps: "began\n"}
}

func flowRules() []rule {
	return []rule{
		{"a flow comes back as it was followed", func(t *testing.T, w *world) {
			want := store.Flow{ID: "A", Started: w.time(), Last: w.time().Add(time.Second), Standing: 2, ClientID: "c1", ClientName: "it’s “c”",
				Resource: "https://mcp.example.com/mcp", Subject: "ada", GrantID: "g1", Called: w.time().Add(time.Second), Steps: "one\ntwo\n"}
			w.follow(want)
			same(t, w.flow("A"), want)
			bare := w.attempt("B")
			w.follow(bare)
			same(t, w.flow("B"), bare)
			_, err := w.Flow(t.Context(), "C")
			w.is(err, store.ErrNotFound)
			w.follow()
		}},
		{"what is added later is appended, and empty members change nothing", func(t *testing.T, w *world) {
			first := w.attempt("A")
			first.Standing, first.ClientID, first.GrantID = 1, "c1", "g1"
			w.follow(first)
			w.pass(time.Minute)
			w.follow(store.Flow{ID: "A", Started: w.time(), Last: w.time(), Subject: "ada", Called: w.time(), Steps: "more\n"})
			want := first
			want.Last, want.Subject, want.Called, want.Steps = w.time(), "ada", w.time(), "began\nmore\n"
			same(t, w.flow("A"), want)
			w.follow(store.Flow{ID: "A", Started: first.Started, Last: first.Last, Standing: 2, Called: w.time().Add(time.Hour)})
			want.Standing = 2
			same(t, w.flow("A"), want)
		}},
		{"what has no id is added to the flow of its grant, once", func(t *testing.T, w *world) {
			first := w.attempt("A")
			first.GrantID = "g1"
			w.follow(first, w.attempt("B"))
			w.pass(time.Minute)
			call := store.Flow{GrantID: "g1", Last: w.time(), Called: w.time(), Steps: "called\n"}
			w.follow(call, store.Flow{GrantID: "none", Last: w.time(), Called: w.time(), Steps: "called\n"})
			w.pass(time.Minute)
			call.Last, call.Called = w.time(), w.time()
			w.follow(call)
			got := w.flow("A")
			same(t, got.Steps, "began\ncalled\n")
			same(t, got.Called, w.time().Add(-time.Minute))
			same(t, w.flow("B").Steps, "began\n")
		}},
		{"of many that add to one flow at once no step is lost", func(t *testing.T, w *world) {
			w.crowd(32, nil, func(i int) error {
				f := w.attempt("A")
				f.Steps = fmt.Sprintf("step %d\n", i)
				return w.Follow(t.Context(), []store.Flow{f})
			})
			w.count(int64(strings.Count(w.flow("A").Steps, "\n")), 32, "steps")
		}},
		{"the steps of a flow are bounded", func(t *testing.T, w *world) {
			for range 30 {
				f := w.attempt("A")
				f.Steps = strings.Repeat("x", 999) + "\n"
				w.follow(f)
			}
			f := w.attempt("B")
			f.Steps = strings.Repeat("x", store.FlowSteps+1)
			w.follow(f)
			if n := len(w.flow("A").Steps); n < store.FlowSteps-1000 || n > store.FlowSteps {
				t.Errorf("%d characters", n)
			}
			same(t, w.flow("B").Steps, "")
		}},
		{"flows are listed a page at a time, the newest first", func(t *testing.T, w *world) {
			for i := range 7 {
				w.follow(w.attempt(fmt.Sprint("F", i)))
				if i%2 == 1 {
					w.pass(time.Millisecond)
				}
			}
			var got []string
			for before := (store.Flow{}); ; {
				some, err := w.Flows(t.Context(), before, 2)
				w.ok(err)
				if len(some) == 0 {
					break
				}
				got = append(got, ids(some, func(f store.Flow) string { return f.ID })...)
				before = some[len(some)-1]
			}
			same(t, got, []string{"F6", "F5", "F4", "F3", "F2", "F1", "F0"})
			none, err := w.Flows(t.Context(), store.Flow{}, 0)
			w.ok(err)
			w.count(int64(len(none)), 0, "listed")
		}},
		{"flows that are too old, or of which there are too many of their standing, are pruned", func(t *testing.T, w *world) {
			for i := range 9 {
				f := w.attempt(fmt.Sprint("F", i))
				f.Standing = int64(i % 3)
				w.follow(f)
				w.pass(time.Minute)
			}
			n, err := w.PruneFlows(t.Context(), w.time().Add(-time.Hour), 3)
			w.ok(err)
			w.count(n, 0, "pruned")
			n, err = w.PruneFlows(t.Context(), w.time().Add(-time.Hour), 2)
			w.ok(err)
			w.count(n, 3, "pruned as too many")
			n, err = w.PruneFlows(t.Context(), w.time().Add(-4*time.Minute), 2)
			w.ok(err)
			w.count(n, 2, "pruned as too old")
			left, err := w.Flows(t.Context(), store.Flow{}, 10)
			w.ok(err)
			same(t, ids(left, func(f store.Flow) string { return f.ID }), []string{"F8", "F7", "F6", "F5"})
		}},
	}
}
