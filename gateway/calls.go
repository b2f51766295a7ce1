package gateway

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// calls knows what is running under which grant, so that a revoked grant's
// streams end with it.
type calls struct {
	now     func() time.Time
	mu      sync.Mutex // guards running
	running map[string]map[*call]struct{}
}

type call struct{ cancel context.CancelCauseFunc }

func newCalls(now func() time.Time) *calls {
	return &calls{now: now, running: map[string]map[*call]struct{}{}}
}

// Why a call was ended by us.
var (
	errRevoked error = oauth.Refuse(oauth.InvalidToken, "the access token was revoked")
	errExpired error = oauth.Refuse(oauth.InvalidToken, "the access token has expired")
)

// endedByUs reports whether a call was ended because its grant or its token was.
func endedByUs(ctx context.Context) bool {
	cause := context.Cause(ctx)
	return cause == errRevoked || cause == errExpired
}

// maxCalls is how many calls may run under one grant, streams included. No client
// has a use for so many, and one must not be able to take every connection.
const maxCalls = 256

// begin notes a call, unless there are too many. The context it returns ends with
// the request's, when the grant is revoked, and, for a stream that the client
// opened to listen, with its token: the client opens another with its next one.
func (c *calls) begin(r *http.Request, who resource.Caller) (ctx context.Context, end func(), ok bool) {
	if who.Anonymous {
		return r.Context(), func() {}, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.running[who.GrantID]) >= maxCalls {
		return nil, nil, false
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	stop := func() bool { return true }
	if r.Method == http.MethodGet {
		stop = time.AfterFunc(who.Expires.Sub(c.now()), func() { cancel(errExpired) }).Stop
	}
	this := &call{cancel}
	set := c.running[who.GrantID]
	if set == nil {
		set = map[*call]struct{}{}
		c.running[who.GrantID] = set
	}
	set[this] = struct{}{}
	return ctx, func() {
		stop()
		cancel(nil)
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(set, this)
		if len(set) == 0 && len(c.running[who.GrantID]) == 0 {
			delete(c.running, who.GrantID)
		}
	}, true
}

// end cancels what runs under a grant.
func (c *calls) end(grantID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for this := range c.running[grantID] {
		this.cancel(errRevoked)
	}
}
