package flowtrace

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxCalled is how many grants are remembered as in use.
	maxCalled = 50_000
	// callsAtOnce and callsPerSecond bound how often the database is told that a
	// grant is in use, however many are: after a start all of them are.
	callsAtOnce    = 1000
	callsPerSecond = 100
)

// called knows which grants have been used for a call here. That is asked at
// every call, so it is one look into a map that nobody locks.
type called struct {
	now   atomic.Pointer[sync.Map]
	count atomic.Int64

	mu     sync.Mutex // guards budget
	budget budget
}

// known reports whether a grant has been told of.
func (c *called) known(grantID string) bool {
	m := c.now.Load()
	if m == nil {
		return false
	}
	_, ok := m.Load(grantID)
	return ok
}

// first reports whether a grant is new and may be told of now; if it may not, its
// next call asks again. When there are too many they are all forgotten: what is
// told twice is stored once.
func (c *called) first(grantID string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.now.Load()
	if m == nil || c.count.Load() >= maxCalled {
		c.count.Store(0)
		m = &sync.Map{}
		c.now.Store(m)
	}
	if _, ok := m.Load(grantID); ok || !c.budget.spend(now) {
		return false
	}
	m.Store(grantID, struct{}{})
	c.count.Add(1)
	return true
}

// Called says that a token of a grant was let through to its resource. Every
// call but the first costs one look-up.
func (rec *Recorder) Called(grantID string) {
	if !rec.keeps() || grantID == "" || rec.called.known(grantID) {
		return
	}
	now := rec.o.Now()
	if !rec.called.first(grantID, now) {
		return
	}
	step := Step{At: now, Kind: Call, Outcome: OK, Said: FirstCall}
	f := Flow{GrantID: grantID, Last: now, Called: now, Steps: step.text()}
	rec.mu.Lock()
	if o := rec.board.by[rec.board.grant(grantID)]; o != nil {
		f.ID, f.Started = o.id, now
	}
	rec.mu.Unlock()
	rec.enqueue(f)
}
