package flowtrace

import (
	"sync"
	"sync/atomic"
)

// maxCalled is how many grants are remembered as in use.
const maxCalled = 50_000

// called knows which grants have been used for a call here. That is asked at
// every call, so it is one look into a map that nobody locks.
type called struct {
	now   atomic.Pointer[sync.Map]
	count atomic.Int64
}

// first reports whether a grant is new. When there are too many they are all
// forgotten: what is told twice is stored once.
func (c *called) first(grantID string) bool {
	m := c.now.Load()
	if m == nil || c.count.Load() > maxCalled {
		c.count.Store(0)
		m = &sync.Map{}
		c.now.Store(m)
	}
	if _, ok := m.Load(grantID); ok {
		return false
	}
	if _, ok := m.LoadOrStore(grantID, struct{}{}); ok {
		return false
	}
	c.count.Add(1)
	return true
}

// Called says that a token of a grant was let through to its resource. Every
// call but the first costs one look-up.
func (rec *Recorder) Called(grantID string) {
	if rec == nil || grantID == "" || !rec.called.first(grantID) {
		return
	}
	now := rec.o.Now()
	step := Step{At: now, Kind: Call, Outcome: OK, Said: FirstCall}
	f := Flow{GrantID: grantID, Last: now, Called: now, Steps: step.text()}
	rec.mu.Lock()
	if o := rec.board.by[rec.board.grant(grantID)]; o != nil {
		f.ID, f.Started = o.id, now
	}
	rec.mu.Unlock()
	rec.enqueue(f)
}
