package store

import (
	"context"
	"time"
)

// A Flow is what is kept of one attempt to connect, for whoever is asked why it
// failed: or what is to be added to it. Empty members say nothing new.
type Flow struct {
	ID         string // empty: the flow that led to GrantID
	Started    time.Time
	Last       time.Time
	Standing   int64 // how much is known of who is behind it; only ever more
	ClientID   string
	ClientName string
	Resource   string
	Subject    string
	GrantID    string
	Called     time.Time // when the grant's token was first used; zero: not yet
	Steps      string    // lines, which the store does not read
}

// FlowSteps is how long Flow.Steps gets, in characters. What does not fit any
// more is left out.
const FlowSteps = 16 << 10

// Flows remembers attempts to connect. Nothing depends on it: it is the one part
// of the store that may lose what it was told.
type Flows interface {
	// Follow adds to flows, and makes those that are not there yet. Of one that is
	// there, Started stays, the other members are replaced by those that are not
	// empty, and Steps are appended, so that any number of replicas may add to
	// one. What has no ID is added to the flows of its grant, if their Called is
	// still zero, and is dropped otherwise.
	Follow(ctx context.Context, flows []Flow) error

	// Flow returns one flow.
	Flow(ctx context.Context, id string) (Flow, error)

	// Flows lists flows, the last to start first, from the first that started
	// before the one given, or had a smaller id then; the zero Flow lists all.
	Flows(ctx context.Context, before Flow, limit int) ([]Flow, error)

	// PruneFlows removes flows that started before cutoff, and of those of each
	// standing the oldest beyond most. It returns how many it removed.
	PruneFlows(ctx context.Context, cutoff time.Time, most int) (int64, error)
}
