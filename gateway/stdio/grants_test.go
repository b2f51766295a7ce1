package stdio

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// under has each person call under a grant, which changes.
func under(grant *atomic.Value) func(*Bridge) {
	return func(b *Bridge) {
		b.o.Grant = func(r *http.Request) string {
			if who := r.Header.Get("X-Person"); who != "" {
				return who + "-" + grant.Load().(string)
			}
			return ""
		}
	}
}

// running are the children that were not told to end.
func (d *door) running() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for s := range d.seats {
		if !s.ending {
			n++
		}
	}
	return n
}

func TestAChildEndsWithTheLastGrantThatUsedIt(t *testing.T) {
	for _, version := range []string{"2025-11-25", ""} {
		var grant atomic.Value
		grant.Store("first")
		d := bridgeTo(t, "sdk", under(&grant))
		ada, eve := d.connect(t, "ada", version, nil), d.connect(t, "eve", version, nil)
		callTool(t, ada, "env", nil)
		callTool(t, eve, "env", nil)
		before := d.running()
		grant.Store("second")
		callTool(t, ada, "env", nil)
		d.End("ada-first")
		d.End("of nobody")
		if n := d.running(); n != before {
			t.Errorf("version %q: %d of %d children run, though ada has a grant yet", version, n, before)
		}
		d.End("ada-second")
		if n := d.running(); n != before-1 {
			t.Errorf("version %q: %d of %d children run without a grant of ada's", version, n, before)
		}
		d.log.waitFor(t, "have ended; ending it")
		grant.Store("first")
		callTool(t, eve, "env", nil)
	}
}

// A revocation ends the calls of a grant first, and then its children: one that was not
// yet known to be used then is told by the call.
func TestAChildThatIsUsedByACallThatWasRevokedEnds(t *testing.T) {
	var grant atomic.Value
	grant.Store("grant")
	d := bridgeTo(t, "sdk", under(&grant))
	for cause, runs := range map[error]int{errors.New("revoked"): 0, context.Canceled: 1} {
		ctx, cancel := context.WithCancelCause(t.Context())
		s, err := d.sit(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.start(func([]byte) {}, func() {}); err != nil {
			t.Fatal(err)
		}
		cancel(cause)
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(hello))
		r.Header.Set("X-Person", "ada")
		s.use(r)
		if n := d.running(); n != runs {
			t.Errorf("%v: %d children run", cause, n)
		}
		s.stop()
		<-s.left
	}
}

func TestAChildEndsWhenWhatItWasGivenIsNoLongerItsPersons(t *testing.T) {
	var tok atomic.Value
	tok.Store("token")
	var gone atomic.Bool
	d := bridgeTo(t, "sdk", own(&tok), func(b *Bridge) {
		b.limits.entitled = 10 * time.Millisecond
		b.o.Entitled = func(_ context.Context, person string) bool { return person != "ada" || !gone.Load() }
	})
	ada, eve := d.connect(t, "ada", "2025-11-25", nil), d.connect(t, "eve", "2025-11-25", nil)
	callTool(t, ada, "env", nil)
	gone.Store(true)
	d.log.waitFor(t, "theirs no more; ending it")
	callTool(t, eve, "env", nil)
	if n := d.running(); n != 1 {
		t.Errorf("%d children run", n)
	}
}
