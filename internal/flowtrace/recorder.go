package flowtrace

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Options are what a [Recorder] is made of.
type Options struct {
	// Write adds to stored flows. It is called by one goroutine. Nil: nothing is
	// kept, and what went wrong is still explained.
	Write func(ctx context.Context, flows []Flow) error
	// Address tells whom a request came from. It is never stored.
	Address func(*http.Request) netip.Addr
	// Resources are what can be asked for here, for the sentences.
	Resources []oauth.ProtectedResource
	Now       func() time.Time
	Log       *slog.Logger
}

const (
	queued     = 4096 // steps that wait to be written
	together   = 64   // flows in one write
	flushEvery = time.Second
	// heldFor is how long a first call waits, so that the flow that it belongs to
	// is there, also where another replica writes it.
	heldFor = 3 * time.Second
	// flushWithin is how long a write may take, so that one which hangs holds up
	// neither those after it nor the end of the server.
	flushWithin = 5 * time.Second
)

// A Recorder takes steps from requests, without ever making one wait, and
// writes them a moment later. [Recorder.Run] has to be running beside it. A nil
// Recorder keeps nothing and explains nothing.
type Recorder struct {
	o       Options
	queue   chan Flow
	dropped atomic.Int64 // steps and flows that could not be kept
	called  called

	mu     sync.Mutex // guards what follows
	board  board
	budget [3]budget // of new flows, by standing: whoever has less cannot take from who has more
}

// New makes a recorder.
func New(o Options) *Recorder {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	now := o.Now()
	return &Recorder{
		o: o, called: called{budget: newBudget(now, callsPerSecond, callsAtOnce)}, queue: make(chan Flow, queued), board: newBoard(),
		budget: [3]budget{Stranger: newBudget(now, 5, 300), Known: newBudget(now, 10, 600), Person: newBudget(now, 10, 600)},
	}
}

// Dropped is how many steps could not be kept so far: there were too many at
// once, or the database did not take them.
func (rec *Recorder) Dropped() int64 {
	if rec == nil {
		return 0
	}
	return rec.dropped.Load()
}

// keeps reports whether anything is kept.
func (rec *Recorder) keeps() bool { return rec != nil && rec.o.Write != nil }

// enqueue hands over to the writer, or drops.
func (rec *Recorder) enqueue(f Flow) {
	select {
	case rec.queue <- f:
	default:
		rec.dropped.Add(1)
	}
}

// Run writes until ctx ends, and then what is left.
func (rec *Recorder) Run(ctx context.Context) {
	if !rec.keeps() {
		return
	}
	b := rec.batch()
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case f := <-rec.queue:
			b.add(f)
			if len(b.flows) >= together {
				b.write(ctx)
			}
		case <-tick.C:
			b.release(false)
			b.write(ctx)
		case <-ctx.Done():
			b.finish(ctx)
			return
		}
	}
}

// Flush writes what waits, for whoever has no Run running.
func (rec *Recorder) Flush(ctx context.Context) {
	if rec.keeps() {
		rec.batch().finish(ctx)
	}
}

func (rec *Recorder) batch() *batch { return &batch{rec: rec, at: map[string]int{}} }

// A batch is what is written next. Only Run's goroutine has it.
type batch struct {
	rec   *Recorder
	flows []Flow
	at    map[string]int // of a flow's id in flows
	held  []Flow         // first calls of grants whose flow is not known here
	lost  int64          // what was said to be dropped
	fails bool
}

// add puts f in; what is of one flow is one write.
func (b *batch) add(f Flow) {
	if f.ID == "" {
		b.held = append(b.held, f)
		return
	}
	i, ok := b.at[f.ID]
	if !ok {
		b.at[f.ID] = len(b.flows)
		b.flows = append(b.flows, f)
		return
	}
	b.flows[i] = b.flows[i].and(f)
}

// and is f with what came later.
func (f Flow) and(later Flow) Flow {
	for _, m := range []struct{ to, from *string }{
		{&f.ClientID, &later.ClientID}, {&f.ClientName, &later.ClientName}, {&f.Resource, &later.Resource},
		{&f.Subject, &later.Subject}, {&f.GrantID, &later.GrantID},
	} {
		if *m.from != "" {
			*m.to = *m.from
		}
	}
	if f.Called.IsZero() {
		f.Called = later.Called
	}
	f.Last, f.Standing, f.Steps = later.Last, max(f.Standing, later.Standing), f.Steps+later.Steps
	return f
}

// release lets go of the first calls that were held long enough.
func (b *batch) release(all bool) {
	now := b.rec.o.Now()
	kept := b.held[:0]
	for _, f := range b.held {
		if !all && now.Sub(f.Last) < heldFor {
			kept = append(kept, f)
			continue
		}
		b.flows = append(b.flows, f)
	}
	b.held = kept
}

// finish writes everything that waits.
func (b *batch) finish(ctx context.Context) {
	for more := true; more; {
		select {
		case f := <-b.rec.queue:
			b.add(f)
		default:
			more = false
		}
	}
	b.release(true)
	b.write(ctx)
}

// write writes all of it. What the database does not take is dropped: what is
// newer is worth more than what is older.
func (b *batch) write(ctx context.Context) {
	for len(b.flows) > 0 {
		some := b.flows[:min(together, len(b.flows))]
		err := b.rec.write(ctx, some)
		if err != nil {
			b.rec.dropped.Add(int64(len(some)))
			if !b.fails {
				b.rec.o.Log.Error("the flow trace could not be written; it goes on without", "cause", err.Error())
			}
		}
		b.fails = err != nil
		b.flows = b.flows[len(some):]
	}
	b.flows = nil
	clear(b.at)
	if lost := b.rec.dropped.Load(); lost >= 2*b.lost+100 {
		b.lost = lost
		b.rec.o.Log.Warn("the flow trace left out what there was too much of", "steps", lost)
	}
}

// write writes some. The end of the server does not cut it off: what was taken
// out of the queue would be lost.
func (rec *Recorder) write(ctx context.Context, some []Flow) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
	defer cancel()
	return rec.o.Write(ctx, some)
}

// A budget bounds how many flows begin, so that what the trace costs, and how
// much it stores, is bounded whatever strangers send.
type budget struct {
	left   float64
	most   float64
	second float64 // how many more each second
	at     time.Time
}

func newBudget(now time.Time, second, most float64) budget {
	return budget{left: most, most: most, second: second, at: now}
}

func (b *budget) spend(now time.Time) bool {
	b.left = min(b.most, b.left+b.second*max(0, now.Sub(b.at).Seconds()))
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
