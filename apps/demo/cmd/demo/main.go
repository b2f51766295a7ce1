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
	"flag"
	"fmt"
	"io"
	"log/slog"

	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

func main() { serving.Main("demo", run) }

// settings are the flags.
type settings struct{ issuer, resource, listen string }

func readFlags(args []string, diagnosis io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	f.SetOutput(diagnosis)
	f.StringVar(&s.issuer, "issuer", "", "the `URL` of the Sallyport that issues the tokens")
	f.StringVar(&s.resource, "resource", "", "the `URL` of this server as clients reach it, and as it is called in that Sallyport's settings")
	f.StringVar(&s.listen, "listen", "127.0.0.1:8084", "where to listen, `host:port`")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	switch {
	case f.NArg() > 0:
		return s, fmt.Errorf("%q is not a flag", f.Arg(0))
	case s.issuer == "" || s.resource == "":
		return s, errors.New("--issuer and --resource are needed, such as --issuer https://mcp.example.com --resource https://demo.example.com/mcp")
	}
	return s, nil
}

// run serves until ctx ends, and lets what is in flight finish.
func run(ctx context.Context, args []string, out, diagnosis io.Writer) error {
	s, err := readFlags(args, diagnosis)
	if err != nil {
		return err
	}
	return serving.Alone{Issuer: s.issuer, Listen: s.listen, Log: slog.New(slog.NewJSONHandler(diagnosis, nil)), Guard: resource.Config{
		Resource: oauth.ProtectedResource{Name: "demo", Title: "Sallyport demo", ID: s.resource, Scopes: demo.Scopes()},
		Tools:    demo.Tools(), DefaultToolScopes: oauth.NewScope(demo.ScopeRead, demo.ScopeWrite),
	}}.Serve(ctx, demo.New(demo.Options{}), out)
}
