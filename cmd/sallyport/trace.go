package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/store"
)

// How much of the flow trace is kept: for how long, and how many flows of
// strangers, of clients, and of people.
const (
	keepFlows = 7 * 24 * time.Hour
	mostFlows = 5000
)

// newTrace makes the recorder of attempts to connect.
func newTrace(in *installation, log *slog.Logger) *flowtrace.Recorder {
	return flowtrace.New(flowtrace.Options{
		Write: func(ctx context.Context, flows []flowtrace.Flow) error {
			rows := make([]store.Flow, len(flows))
			for i, f := range flows {
				rows[i] = store.Flow(f)
			}
			return in.store.Follow(ctx, rows)
		},
		Address: weblog.Addresses(in.config.Proxies()), Resources: in.config.ProtectedResources(), Now: time.Now, Log: log,
	})
}
