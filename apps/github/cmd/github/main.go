// Command github is the GitHub server as a program of its own, which trusts a
// Sallyport elsewhere: it checks that one's access tokens by itself, and exchanges
// them there for the GitHub tokens of the people who call (RFC 8693).
//
//	GITHUB_SERVER_SECRET=… github --issuer https://mcp.example.com --resource https://hub.example.com/mcp --client-id hub
//
// There, the resource has the same URL, no upstream, the scopes read:user, read:repos
// and write:issues, and a connection to the login github with the scopes repo and
// read:user; and a client hub, with that secret, serves it and may exchange for that
// login.
package main

import (
	"context"
	"errors"
	"io"

	"github.com/sallyport-dev/sallyport/apps/github"
	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

const secretVariable = "GITHUB_SERVER_SECRET"

func main() { serving.Main("github", run) }

// settings are the flags.
type settings struct {
	*serving.Alone
	client, login, api string
}

func readFlags(args []string, diagnosis io.Writer) (settings, error) {
	var s settings
	f, alone := serving.Flags("github", "127.0.0.1:8082", diagnosis)
	s.Alone = alone
	f.StringVar(&s.client, "client-id", "", "the client that this server is there; its secret is in "+secretVariable)
	f.StringVar(&s.login, "login", "github", "the `name` of the login there whose tokens are meant")
	f.StringVar(&s.api, "api", "", "the `URL` of GitHub's API, with a slash at its end (default https://api.github.com/)")
	if err := serving.Parse(f, args); err != nil {
		return s, err
	}
	if s.Issuer == "" || s.Guard.Resource.ID == "" || s.client == "" {
		return s, errors.New("--issuer, --resource and --client-id are needed, such as --issuer https://mcp.example.com --resource https://hub.example.com/mcp --client-id hub")
	}
	return s, nil
}

// run serves until ctx ends, and lets what is in flight finish.
func run(ctx context.Context, args []string, out, diagnosis io.Writer) error {
	s, err := readFlags(args, diagnosis)
	if err != nil {
		return err
	}
	exchange, err := s.Exchange(s.client, secretVariable, map[string]string{s.login: "GitHub"})
	if err != nil {
		return err
	}
	defer exchange.Close()
	own := serving.OwnOf(s.login)
	hub, err := github.New(github.Options{API: s.api, Token: own.Token, Refused: own.Refused})
	if err != nil {
		return err
	}
	s.Guard = resource.Config{
		Resource: oauth.ProtectedResource{Name: "github", Title: "GitHub", ID: s.Guard.Resource.ID, Scopes: github.Scopes()},
		Tools:    github.Tools(), Upstreams: exchange,
	}
	return s.Serve(ctx, hub, out)
}
