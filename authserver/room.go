package authserver

import (
	"context"
	"sync"
	"time"

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

	mu      sync.Mutex // held while counting: the others need the same count
	taken   int64
	counted time.Time
}

func newRoom(clients store.Clients, most int64, now func() time.Time) *room {
	if most == 0 {
		most = defaultMaxClients
	}
	return &room{clients: clients, most: most, now: now}
}

// take takes the place of one more client, or refuses.
//
// Nothing is removed to make room. Whoever registers and comes back a week later
// finds their registration, and the pruner takes away what was never used.
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
		full := oauth.Refuse(oauth.TemporarilyUnavailable, noRoom)
		full.RetryAfter = int(time.Hour.Seconds())
		return full
	}
	rm.taken++
	return nil
}

const noRoom = "this server keeps as many registered clients as it may; ask whoever runs it to remove some, or for a client_id"
