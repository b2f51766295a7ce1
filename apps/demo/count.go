package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

// The longest count is a hundred steps of ten seconds: long enough to find out
// which proxy gives up first, short enough to be forgotten about.
const (
	maxCount = 100
	maxEvery = 10_000
)

type countIn struct {
	To      int `json:"to" jsonschema:"where to stop"`
	EveryMS int `json:"every_ms,omitempty" jsonschema:"how long each step takes, in milliseconds"`
}

type countOut struct {
	Counted   int `json:"counted"`
	ElapsedMS int `json:"elapsed_ms"`
}

func limitCount(in *jsonschema.Schema) {
	in.Properties["to"].Minimum, in.Properties["to"].Maximum = jsonschema.Ptr(1.0), jsonschema.Ptr(float64(maxCount))
	in.Properties["every_ms"].Minimum, in.Properties["every_ms"].Maximum = jsonschema.Ptr(1.0), jsonschema.Ptr(float64(maxEvery))
	in.Properties["every_ms"].Default = []byte("1000")
}

// count ends early when the client cancels or goes away.
func (d *demo) count(ctx context.Context, req *mcp.CallToolRequest, in countIn) (*mcp.CallToolResult, countOut, error) {
	began := d.now()
	tick := time.NewTicker(time.Duration(in.EveryMS) * time.Millisecond)
	defer tick.Stop()
	for n := 1; n <= in.To; n++ {
		select {
		case <-ctx.Done():
			return nil, countOut{}, fmt.Errorf("cancelled after counting to %d", n-1)
		case <-tick.C:
		}
		if err := progress(ctx, req, n, in.To); err != nil && ctx.Err() == nil {
			return nil, countOut{}, err
		}
	}
	elapsed := d.now().Sub(began)
	return serving.Says("Counted to %d in %s.", in.To, elapsed.Round(time.Millisecond)),
		countOut{Counted: in.To, ElapsedMS: int(elapsed.Milliseconds())}, nil
}

// progress tells the client where we are, if it asked to be told.
//
// MCP 2025-11-25, progress: "Progress notifications MUST only reference tokens
// that [...] were provided in an active request".
func progress(ctx context.Context, req *mcp.CallToolRequest, n, of int) error {
	token := req.Params.GetProgressToken()
	if token == nil {
		return nil
	}
	return req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
		ProgressToken: token, Progress: float64(n), Total: float64(of),
		Message: fmt.Sprintf("counted to %d of %d", n, of),
	})
}
