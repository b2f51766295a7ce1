package resource

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A visit is one request that was let through, as long as it lasts.
type visit struct {
	guard     *Guard
	caller    *Caller
	presented oauth.Secret
	env       envelope // of the body; empty: it has none
	body      []byte
	sent      string // the id of its session, as the client sent it; empty: it is of none

	once sync.Once
	said ask // what asked returns; it is read when it is needed

	mu      sync.Mutex
	elicits bool  // the client can be asked to open a URL
	missing error // why a tool did not get the token that it asked for
	over    bool
}

func withVisit(ctx context.Context, v *visit) context.Context {
	return context.WithValue(ctx, callerKey{}, v)
}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(callerKey{}).(*visit)
	return v
}

// asked returns what the request says that decides how it is answered when there
// is no connection. It is zero for what is not a single request of the methods
// that matter.
func (v *visit) asked() ask {
	v.once.Do(func() { v.said = askOf(v.env, v.body) })
	return v.said
}

// session is whose session the request is of.
func (v *visit) session() session { return session{v.caller.Subject, v.caller.ClientID, v.sent} }

func (v *visit) miss(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.missing = err
}

func (v *visit) missed() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.missing
}

func (v *visit) isOver() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.over
}

// URLElicitation reports whether the client of a request has said that it can ask
// its person to open a URL: in the request itself (MCP 2026-07-28), when that opens
// a session (MCP 2025-11-25), or, by [KnowURLElicitation], in the session that the
// request belongs to.
func URLElicitation(ctx context.Context) bool {
	v := visitOf(ctx)
	return v != nil && v.canElicit()
}

func (v *visit) canElicit() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.elicits || v.asked().url
}

// KnowURLElicitation notes that the session of a request was opened by a client
// that can ask its person to open a URL. It is for who keeps track of sessions; a
// guard sees requests.
func KnowURLElicitation(ctx context.Context) {
	if v := visitOf(ctx); v != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.elicits = true
	}
}

// end says that the request is over: what it may ask for, nobody may any more.
func (v *visit) end() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.over = true
}

// patience is how long a call waits for a person who is on their way to connect a
// service: clients give a call 60 seconds, many of them.
const (
	patience = 40 * time.Second
	pause    = time.Second
)

// Await asks for something that needs a connection. Where the client says, by
// making its call again, that its person has gone to the page to connect, it asks
// again every second, until there is a connection, for 40 seconds at most.
//
// MCP 2026-07-28, elicitation: "The response with action: "accept" indicates that
// the user has consented to the interaction. It does not mean that the interaction
// is complete." Clients make their call again at once.
func Await(ctx context.Context, ask func() error) error {
	v := visitOf(ctx)
	if v == nil {
		return ask()
	}
	return v.await(ctx, ask)
}

func (v *visit) await(ctx context.Context, try func() error) error {
	err := try()
	var missing *Unconnected
	if v.asked().action != "accept" || !errors.As(err, &missing) {
		return err
	}
	enough := time.NewTimer(patience)
	defer enough.Stop()
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for errors.As(err, &missing) {
		select {
		case <-ctx.Done():
			return err
		case <-enough.C:
			return err
		case <-tick.C:
			err = try()
		}
	}
	return err
}
