package chess

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/resource"
)

const (
	patience           = 5 * time.Second // for a turn, before a call is told to come back
	waitingOfOne       = 32              // calls of one asker that may wait
	waitingOfStrangers = 256             // calls without sign-in that may wait, altogether
)

var (
	errBusy    = errors.New("every engine is thinking about somebody else's position; nothing was changed, try again in a few seconds")
	errCrowded = errors.New("too many positions wait for an engine already; nothing was changed, wait for their answers and try again")
)

// turns are the engines' time, shared fairly: a turn that is free goes to whoever
// has the fewest, and of those to whoever was given one the longest ago. Who asks
// alone has all of them; who asks a thousand times waits behind themselves, and
// whoever else comes waits for one turn to end.
//
// One turn is never a stranger's, and people count as themselves wherever they
// are. A stranger is the network that they come from: a chat that calls for all of
// its people from one address is one, too.
type turns struct {
	mu        sync.Mutex // guards the rest, and every asker
	free      int
	strangers int // of free, as many may be theirs
	clock     int // two for each turn that was given
	askers    map[string]*asker
	waiting   []*wait // in the order of their coming
}

// An asker is there as long as it has a turn, or waits for one.
type asker struct {
	key      string
	stranger bool
	has      int // turns
	waits    int // calls
	last     int // the clock at its last turn; of a newcomer, just before the one then
}

type wait struct {
	of   *asker
	turn chan struct{} // closed when the turn is given
}

func newTurns(n int) *turns {
	return &turns{free: n, strangers: n - 1, askers: map[string]*asker{}}
}

// take waits for a turn, and returns how to give it back. It returns errBusy when
// there was none in time, errCrowded when it is of no use to wait, and the cause
// when ctx ends.
func (t *turns) take(ctx context.Context) (leave func(), err error) {
	w, err := t.queue(whoAsks(ctx))
	if err != nil {
		return nil, err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-w.turn:
	case <-late.C:
		err = errBusy
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil && t.withdraw(w) {
		return nil, err
	}
	leave = sync.OnceFunc(func() { t.giveBack(w.of) })
	if err != nil && ctx.Err() != nil { // given at the same moment
		leave()
		return nil, err
	}
	return leave, nil
}

func (t *turns) queue(key string, stranger bool) (*wait, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of := t.askers[key]
	if of != nil && of.waits >= waitingOfOne || stranger && t.waitingStrangers() >= waitingOfStrangers {
		return nil, errCrowded
	}
	if of == nil {
		of = &asker{key: key, stranger: stranger, last: t.clock - 1}
		t.askers[key] = of
	}
	of.waits++
	w := &wait{of: of, turn: make(chan struct{})}
	t.waiting = append(t.waiting, w)
	t.give()
	return w, nil
}

// withdraw reports whether w was still waiting.
func (t *turns) withdraw(w *wait) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.Index(t.waiting, w)
	if i < 0 {
		return false
	}
	t.waiting = slices.Delete(t.waiting, i, i+1)
	w.of.waits--
	t.forget(w.of)
	return true
}

func (t *turns) giveBack(of *asker) {
	t.mu.Lock()
	defer t.mu.Unlock()
	of.has--
	t.free++
	if of.stranger {
		t.strangers++
	}
	t.forget(of)
	t.give()
}

// give gives what is free to those who may have it. It is called with mu held.
func (t *turns) give() {
	for t.free > 0 {
		next := -1
		for i, w := range t.waiting {
			if w.of.stranger && t.strangers == 0 {
				continue
			}
			if next < 0 || w.of.before(t.waiting[next].of) {
				next = i
			}
		}
		if next < 0 {
			return
		}
		w := t.waiting[next]
		t.waiting = slices.Delete(t.waiting, next, next+1)
		t.free--
		if w.of.stranger {
			t.strangers--
		}
		t.clock += 2
		w.of.waits, w.of.has, w.of.last = w.of.waits-1, w.of.has+1, t.clock
		close(w.turn)
	}
}

func (a *asker) before(b *asker) bool {
	return a.has < b.has || a.has == b.has && a.last < b.last
}

func (t *turns) waitingStrangers() int {
	n := 0
	for _, a := range t.askers {
		if a.stranger {
			n += a.waits
		}
	}
	return n
}

func (t *turns) forget(a *asker) {
	if a.has == 0 && a.waits == 0 {
		delete(t.askers, a.key)
	}
}

type addressKey struct{}

// knowing puts into the context where a request comes from.
func knowing(address func(*http.Request) netip.Addr, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, address(r))))
	})
}

// whoAsks is whose a call is: the person's, or that of everybody without a sign-in
// in a network.
func whoAsks(ctx context.Context) (key string, stranger bool) {
	if who, known := resource.CallerFrom(ctx); known && !who.Anonymous && who.Subject != "" {
		return "person " + who.Subject, false
	}
	from, _ := ctx.Value(addressKey{}).(netip.Addr)
	return "network " + networkOf(from), true
}

// networkOf is what one party has: an IPv4 address, or the /64 of an IPv6 address.
// Where no address is known, all of those are one.
func networkOf(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	bits := 64
	if a.Is4() {
		bits = 32
	}
	network, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return network.String()
}

// peer is where a connection comes from.
func peer(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}
