package authserver

import (
	"context"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const (
	defaultMaxClients = 100_000
	recountAfter      = time.Minute
)

// A room bounds how many clients strangers can leave in the store, however many
// addresses they come from. To count them is to walk the table, so that is done
// once a minute while clients register; what other replicas add in between may
// exceed the bound.
type room struct {
	clients store.Clients
	most    int64
	now     func() time.Time

	mu      sync.Mutex // held while counting and making room: the others need the same
	taken   int64
	counted time.Time
	tried   time.Time // when it was last found that none can go
}

func newRoom(clients store.Clients, most int64, now func() time.Time) *room {
	if most == 0 {
		most = defaultMaxClients
	}
	return &room{clients: clients, most: most, now: now}
}

// take takes the place of one more client, or refuses.
func (rm *room) take(ctx context.Context) error {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if now := rm.now(); now.Sub(rm.counted) >= recountAfter {
		taken, err := rm.clients.CountRegistered(ctx)
		if err != nil {
			return err
		}
		rm.taken, rm.counted = taken, now
	}
	if rm.taken >= rm.most {
		if err := rm.make(ctx); err != nil {
			return err
		}
	}
	if rm.taken >= rm.most {
		full := oauth.Refuse(oauth.TemporarilyUnavailable, noRoom)
		full.RetryAfter = int(time.Hour.Seconds())
		return full
	}
	rm.taken++
	return nil
}

// idleBefore is how long a client has to get its first grant when there is no
// room for others. A person who is in the middle of signing in is done by then.
const idleBefore = time.Hour

// make removes clients that never got a grant, those first that have been idle
// for longest, so that whoever fills the room keeps the others out for an hour
// and not until the pruner comes. While there is room nobody goes: whoever
// registers and comes back a week later finds their registration.
//
// One in a hundred goes at once, so that it is seldom done; and when none could
// go, which it takes a walk to find out, it is not tried again for a minute. A
// client that goes between its being confirmed and its first grant has a grant
// that nobody can use, and registers anew.
func (rm *room) make(ctx context.Context) error {
	now := rm.now()
	if now.Sub(rm.tried) < recountAfter {
		return nil
	}
	removed, err := rm.clients.RemoveIdle(ctx, now.Add(-idleBefore), int(max(rm.most/100, 1)))
	if err != nil {
		return err
	}
	if removed == 0 {
		rm.tried = now
	}
	rm.taken -= removed
	weblog.From(ctx).Add("clients_removed", removed)
	return nil
}

const noRoom = "this server keeps as many registered clients as it may; ask whoever runs it to remove some, or for a client_id"
