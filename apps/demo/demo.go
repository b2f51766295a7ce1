// Package demo is the MCP server that a newcomer meets first: it says who they
// are, keeps a few items for each person, counts slowly, and shows one of every
// feature of the protocol, in both of its generations.
//
// It knows nothing of OAuth. Whoever protects it puts the caller into the
// request's context (package resource); a request without one is anonymous.
package demo

import (
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/shelf"
)

// Options are what New needs. The zero value works.
type Options struct {
	Version string           // what the server says of itself; empty: "dev"
	Now     func() time.Time // nil: time.Now
	Needs   serving.Needs    // what the guard asks for, as clients are told; nil: what ToolScopes says
	People  int              // for how many people items are kept; 0: 1000; the one away longest is dropped
}

// New returns the server as streamable HTTP, for every path it is mounted at:
// versions 2024-11-05 to 2025-11-25 with sessions, and 2026-07-28 without.
//
// It leaves the checks of tokens, Host and Origin to whoever mounts it.
func New(o Options) http.Handler {
	if o.Version == "" {
		o.Version = "dev"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.People <= 0 {
		o.People = 1000
	}
	return serving.Handler(newServer(o))
}

func newServer(o Options) *mcp.Server {
	d := &demo{needs: o.Needs.Or(ToolScopes()), now: o.Now, version: o.Version, shelf: shelf.New(o.People, o.Now, firstItems()...)}
	s := mcp.NewServer(&mcp.Implementation{
		Name:        "sallyport-demo",
		Title:       "Sallyport demo",
		Description: "Shows what an MCP server behind Sallyport knows of the person who is signed in.",
		Version:     o.Version,
	}, &mcp.ServerOptions{
		Instructions: "Call whoami first: it says who is signed in and with which permissions. " +
			"get-items and perform-item-action work on a list that belongs to that person alone. " +
			"count-slowly reports progress and can be cancelled.",
		Capabilities:      &mcp.ServerCapabilities{}, // without it the SDK promises log messages
		CompletionHandler: d.complete,
	})
	d.addTools(s)
	d.addResources(s)
	d.addPrompts(s)
	return s
}

type demo struct {
	needs   serving.Needs
	now     func() time.Time
	version string
	shelf   *shelf.Shelf
}

func firstItems() []shelf.Item {
	return []shelf.Item{
		{ID: "connect", Title: "Connect a client to this server", Done: true},
		{ID: "whoami", Title: "Ask who is signed in, with whoami"},
		{ID: "complete", Title: "Complete this item, with perform-item-action"},
		{ID: "withdraw", Title: "Withdraw the client's permission on the account page"},
	}
}
