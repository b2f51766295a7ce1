package flowtrace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Whatever strangers send, people's attempts are kept, and memory is bounded.
func TestAFloodOfStrangersCrowdsNobodyOut(t *testing.T) {
	d := newDesk(t)
	c := app("one", "Claude Code")
	browser := d.at("192.0.2.1", "Mozilla/5.0")
	sealed := browser.authorizes(c, "s")
	flood := func() {
		for i := range 20_000 {
			stranger := d.at(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String(), fmt.Sprint("flood/", i))
			stranger.discovers()
			stranger.asks(Registration, func(a *Attempt) {
				a.Client(app(fmt.Sprint("c", i), "Flood"))
				a.Did(Registration, Registered)
			})
			d.now = d.now.Add(time.Millisecond - 2*time.Second) // all of it within seconds
			if i%1000 == 0 {
				d.rec.Flush(t.Context())
			}
		}
	}
	flood()
	if n := len(d.rec.board.by); n > maxOpen+8 {
		t.Errorf("%d keys are remembered", n)
	}
	if d.rec.Dropped() == 0 {
		t.Error("all of the flood was kept")
	}
	// Who is signing in goes on in the same flow, and who signs in only now, where
	// no room was left for the request that led there, begins one.
	browser.redeems(c, browser.agrees(c, sealed, "ada"), "g_1")
	browser.asks(SignIn, func(a *Attempt) {
		a.Person("grace")
		a.Did(SignIn, SignedIn)
	})
	people := map[string]string{}
	for _, f := range d.flows() {
		if f.Standing == Person {
			people[f.Subject] = kinds(f)
		}
	}
	if people["ada"] != "authorize sign-in sign-in consent code token" || people["grace"] != "sign-in" {
		t.Errorf("of people there is %v", people)
	}
	if n := len(d.rows); n > 2000 {
		t.Errorf("%d flows were written", n)
	}
}

// When room has to be made, what strangers began goes first.
func TestStrangersAreForgottenBeforePeople(t *testing.T) {
	b := newBoard()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	person := &open{id: "person", standing: Person, last: now}
	b.link(person, now, b.grant("g"))
	for i := range 3 * maxOpen {
		b.link(&open{last: now.Add(time.Duration(i))}, now, b.key(byPlace, netip.Addr{}, fmt.Sprint(i)))
	}
	if n := len(b.by); n > maxOpen+8 {
		t.Errorf("%d keys are remembered", n)
	}
	if b.find(now, whichever, b.grant("g")) != person {
		t.Error("the person's flow was forgotten")
	}
}

func TestOneFlowCannotGrowWithoutEnd(t *testing.T) {
	d := newDesk(t)
	var o *open
	d.at("192.0.2.1", "curl/8").asks(Authorize, func(a *Attempt) {
		for i := range 10_000 {
			a.Refused(oauth.Refuse(oauth.InvalidRequest, fmt.Sprint("refusal ", i)))
		}
		o = a.open
	})
	if f := d.flows()[0]; len(f.List()) > repeatable || len(o.counts) > repeatable || len(o.keys) > 32 {
		t.Errorf("it has %d steps, %d counts and %d keys", len(f.List()), len(o.counts), len(o.keys))
	}
}

func TestAStepThatRepeatsIsWrittenRarely(t *testing.T) {
	d := newDesk(t)
	program := d.at("192.0.2.1", "curl/8")
	for range 1000 {
		program.discovers()
		d.now = d.now.Add(-2 * time.Second)
	}
	f := d.flows()[0]
	if lines := strings.Count(f.Steps, "\n"); lines > 3*11 {
		t.Errorf("it has %d lines", lines)
	}
	if s := f.List()[0]; s.Count != 512 {
		t.Errorf("it was counted %d times", s.Count)
	}
}

// However many grants there are, the database hears of their calls at a pace, and
// of none too rarely to know that it works.
func TestFirstCallsAreToldAtAPace(t *testing.T) {
	d := newDesk(t)
	for i := range 2 * maxCalled {
		d.rec.Called(fmt.Sprint("g_", i))
	}
	if n := len(d.rec.queue); n > callsAtOnce {
		t.Errorf("%d calls wait to be written", n)
	}
	if d.rec.Dropped() != 0 {
		t.Errorf("%d were dropped", d.rec.Dropped())
	}
	d.rec.Flush(t.Context())
	d.now = d.now.Add(time.Second)
	d.rec.Called("g_99999") // which came too early before
	if len(d.rec.queue) != 1 {
		t.Error("a call that could not be told of at once is never told of")
	}
	for range 100 {
		d.rec.Called("g_99999")
	}
	if len(d.rec.queue) != 1 {
		t.Error("a grant in use is told of again and again")
	}
}

// A store that hangs holds up no request: what it cannot take is counted.
func TestAStoreThatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung := make(chan struct{})
		d := newDesk(t)
		var once sync.Once
		d.rec = New(Options{Address: from, Now: time.Now, Write: func(ctx context.Context, flows []Flow) error {
			once.Do(func() { <-hung })
			return d.write(ctx, flows)
		}})
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		go d.rec.Run(ctx)
		began := time.Now()
		d.at("192.0.2.1", "claude-code/2.1").asks(Authorize, func(a *Attempt) {
			a.Client(app("one", ""))
			for range together {
				a.open = nil
				a.Did(Authorize, Asked)
			}
		})
		synctest.Wait() // it hangs in its first write
		for range 3 * queued {
			d.rec.enqueue(Flow{ID: "2222-2222"})
		}
		if time.Since(began) > flushEvery {
			t.Error("a request waited for the store")
		}
		if n := d.rec.Dropped(); n < 2*queued-2*together {
			t.Errorf("%d steps were counted as dropped", n)
		}
		close(hung)
		time.Sleep(2 * flushEvery)
		if len(d.rec.queue) != 0 {
			t.Error("it did not go on when the store did")
		}
		stop()
		synctest.Wait()
	})
}

func TestAStoreThatFailsIsComplainedOfOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		rec := New(Options{Address: from, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Write: func(context.Context, []Flow) error { return errors.New("the disk is full") }})
		ctx, stop := context.WithCancel(t.Context())
		go rec.Run(ctx)
		for range 5 {
			rec.enqueue(Flow{ID: "2222-2222"})
			time.Sleep(2 * flushEvery)
		}
		stop()
		synctest.Wait()
		if n := strings.Count(log.String(), "could not be written"); n != 1 || rec.Dropped() != 5 {
			t.Errorf("it was said %d times that %d were dropped", n, rec.Dropped())
		}
	})
}

// What was taken is written when the server stops, also where a write is under way.
func TestStoppingWritesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		slow := func(ctx context.Context, flows []Flow) error {
			select {
			case <-time.After(time.Second):
				return d.write(ctx, flows)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		d.rec = New(Options{Address: from, Now: time.Now, Write: slow})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { d.rec.Run(ctx); close(ended) }()
		for i := range 3*together + 1 {
			d.rec.enqueue(Flow{ID: fmt.Sprint(i)})
		}
		d.rec.Called("g_1")
		synctest.Wait()
		stop()
		<-ended
		if n := len(d.rows); n != 3*together+1 || d.rec.Dropped() != 0 {
			t.Errorf("%d flows were written and %d dropped", n, d.rec.Dropped())
		}
	})
}

// A first call may be told before the token that it was made with.
func TestAFirstCallWaitsForItsFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		other := New(Options{Address: from, Now: time.Now, Write: d.write})
		d.rec = New(Options{Address: from, Now: time.Now, Write: d.write})
		ctx, stop := context.WithCancel(t.Context())
		go other.Run(ctx)
		other.Called("g_1")
		time.Sleep(flushEvery + flushEvery/2)
		d.at("192.0.2.1", "curl/8").redeems(app("one", ""), "", "g_1")
		d.rec.Flush(ctx)
		time.Sleep(2 * heldFor)
		stop()
		synctest.Wait()
		if f := d.flows()[0]; f.Called.IsZero() || kinds(f) != "call token" && kinds(f) != "token call" {
			t.Errorf("it is %s", kinds(f))
		}
	})
}

// Nothing is kept by a recorder that there is not.
func TestNoRecorderKeepsNothing(t *testing.T) {
	d := newDesk(t)
	d.rec = nil
	d.at("192.0.2.1", "claude-code/2.1").connects(app("one", "Claude Code"), "ada", "g_1")
	d.rec.Run(t.Context())
	d.rec.Flush(t.Context())
	if d.rec.Dropped() != 0 || len(d.rows) != 0 {
		t.Error("something was kept")
	}
}
