// Command demo is the demo as a program of its own, which trusts a Sallyport
// elsewhere: it checks that one's access tokens by itself, with the keys that are
// published there.
//
//	demo --issuer https://mcp.example.com --resource https://demo.example.com/mcp
//
// There, the resource has the same URL, no upstream, and the scopes demo:read and
// demo:write.
package main

import (
	"context"
	"errors"
	"io"

	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

func main() { serving.Main("demo", run) }

// run serves until ctx ends, and lets what is in flight finish.
func run(ctx context.Context, args []string, out, diagnosis io.Writer) error {
	f, alone := serving.Flags("demo", "127.0.0.1:8084", diagnosis)
	if err := serving.Parse(f, args); err != nil {
		return err
	}
	if alone.Issuer == "" || alone.Guard.Resource.ID == "" {
		return errors.New("--issuer and --resource are needed, such as --issuer https://mcp.example.com --resource https://demo.example.com/mcp")
	}
	alone.Guard = resource.Config{
		Resource: oauth.ProtectedResource{Name: "demo", Title: "Sallyport demo", ID: alone.Guard.Resource.ID, Scopes: demo.Scopes()},
		Tools:    demo.Tools(), DefaultToolScopes: oauth.NewScope(demo.ScopeRead, demo.ScopeWrite),
	}
	return alone.Serve(ctx, demo.New(demo.Options{}), out)
}
