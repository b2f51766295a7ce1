package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/store"
)

// mostFlows is how many flows of strangers are kept, how many of clients, and
// how many of people.
const mostFlows = 5000

// newTrace makes the recorder of attempts to connect. Where none are kept, it
// still explains what went wrong.
func newTrace(in *installation, log *slog.Logger) *flowtrace.Recorder {
	o := flowtrace.Options{Address: weblog.Addresses(in.config.Proxies()), Resources: in.config.ProtectedResources(), Now: time.Now, Log: log}
	if in.config.Flows.Keep > 0 {
		o.Write = func(ctx context.Context, flows []flowtrace.Flow) error {
			rows := make([]store.Flow, len(flows))
			for i, f := range flows {
				rows[i] = store.Flow(f)
			}
			return in.store.Follow(ctx, rows)
		}
	}
	return flowtrace.New(o)
}

// pruneFlows removes attempts that are too old, or too many.
func pruneFlows(ctx context.Context, in *installation) (int64, error) {
	return in.store.PruneFlows(ctx, time.Now().Add(-in.config.Flows.Keep), mostFlows)
}
