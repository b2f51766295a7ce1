// Command intent is the server for intents and connections as a program of its own,
// which trusts a Sallyport elsewhere: it checks that one's access tokens by itself,
// and exchanges them there for the tokens that the protocol's API knows people by
// (RFC 8693).
//
//	intent --issuer https://mcp.example.com --resource https://intent.example.com/mcp --stand-in
//	INTENT_SERVER_SECRET=… intent --issuer https://mcp.example.com --resource https://intent.example.com/mcp --api https://api.example.com --client-id intent
//
// The first has a small API of its own, for trying. For the second, the resource has
// a connection there to the login privy; and a client intent, with that secret,
// serves it and may exchange for that login. For both, the resource has the same URL
// there, no upstream, and the scopes read and write.
package main

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/sallyport-dev/sallyport/apps/intent"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

const secretVariable = "INTENT_SERVER_SECRET"

func main() { serving.Main("intent", run) }

// settings are the flags.
type settings struct {
	*serving.Alone
	api, client, login string
	standIn            bool
	patience           time.Duration
}

func readFlags(args []string, diagnosis io.Writer) (settings, error) {
	var s settings
	f, alone := serving.Flags("intent", "127.0.0.1:8083", diagnosis)
	s.Alone = alone
	f.BoolVar(&s.standIn, "stand-in", false, "use a small API in this process, for trying: what people say is kept until the program ends")
	f.StringVar(&s.api, "api", "", "the `URL` of the protocol's API")
	f.DurationVar(&s.patience, "api-timeout", time.Minute, "how long the API may take to answer")
	f.StringVar(&s.client, "client-id", "", "with --api: the client that this server is there; its secret is in "+secretVariable)
	f.StringVar(&s.login, "login", "privy", "with --api: the `name` of the login there whose tokens the API knows people by")
	if err := serving.Parse(f, args); err != nil {
		return s, err
	}
	switch {
	case s.Issuer == "" || s.Guard.Resource.ID == "":
		return s, errors.New("--issuer and --resource are needed, such as --issuer https://mcp.example.com --resource https://intent.example.com/mcp")
	case s.standIn == (s.api != ""):
		return s, errors.New("either --api says where the protocol's API is, or --stand-in makes do without one")
	case s.api != "" && s.client == "":
		return s, errors.New("--api needs --client-id: the client that this server is at the issuer")
	}
	return s, nil
}

// run serves until ctx ends, and lets what is in flight finish.
func run(ctx context.Context, args []string, out, diagnosis io.Writer) error {
	s, err := readFlags(args, diagnosis)
	if err != nil {
		return err
	}
	s.Guard = resource.Config{
		Resource: oauth.ProtectedResource{Name: "intent", Title: "Intents and connections", ID: s.Guard.Resource.ID, Scopes: intent.Scopes()},
		Tools:    intent.Tools(), DefaultToolScopes: oauth.NewScope(intent.ScopeRead, intent.ScopeWrite),
	}
	o := intent.Options{Patience: s.patience}
	if s.api != "" {
		exchange, err := s.Exchange(s.client, secretVariable, nil)
		if err != nil {
			return err
		}
		defer exchange.Close()
		s.Guard.Upstreams = exchange
		own := serving.OwnOf(s.login)
		o.API, o.Token, o.Refused = s.api, own.Token, own.Refused
	}
	server, err := intent.New(o)
	if err != nil {
		return err
	}
	return s.Serve(ctx, server, out)
}
