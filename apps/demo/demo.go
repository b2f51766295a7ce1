// Package demo is the MCP server that a newcomer meets first: it says who they
// are, keeps a few items for each person, counts slowly, and shows one of every
// feature of the protocol, in both of its generations.
//
// It knows nothing of OAuth. Whoever protects it puts the caller into the
// request's context (package resource); a request without one is anonymous.
package demo

import (
	"context"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/resource"
)

// Options are what New needs. The zero value works.
type Options struct {
	Version string           // what the server says of itself; empty: "dev"
	Now     func() time.Time // nil: time.Now
	People  int              // for how many people items are kept; 0: 1000; the one away longest is dropped
}

// sessionIdle is how long a session of the older generation may be silent.
// Clients rarely say goodbye.
const sessionIdle = time.Hour

// modern is the first version of the protocol without sessions.
const modern = "2026-07-28"

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
	server := newServer(o)
	the := func(*http.Request) *mcp.Server { return server }
	// The SDK's own check of the Host header takes every request that reaches
	// a loopback address under a public name for an attack, and that is what a
	// tunnel or a reverse proxy sends.
	stateless := mcp.NewStreamableHTTPHandler(the, &mcp.StreamableHTTPOptions{
		Stateless: true, PropagateRequestCancellation: true, DisableLocalhostProtection: true,
	})
	sessions := mcp.NewStreamableHTTPHandler(the, &mcp.StreamableHTTPOptions{
		SessionTimeout: sessionIdle, DisableLocalhostProtection: true,
	})
	return carryCaller(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// MCP 2026-07-28, Streamable HTTP: "Every POST request to the MCP
		// endpoint MUST include an MCP-Protocol-Version header." The SDK serves
		// one generation per handler.
		if r.Header.Get("Mcp-Protocol-Version") >= modern {
			stateless.ServeHTTP(w, r)
			return
		}
		sessions.ServeHTTP(w, r)
	}))
}

func newServer(o Options) *mcp.Server {
	d := &demo{now: o.Now, version: o.Version, shelf: newShelf(o.People, o.Now)}
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
	now     func() time.Time
	version string
	shelf   *shelf
}

const callerKey = "caller"

// carryCaller hands the caller of each HTTP request to the tools. In a session
// the SDK gives tools the context of the request that opened the session, in
// which the permissions of today are missing; what it takes from each request
// anew is the token's information. Its user id also binds a session to the
// person who opened it.
func carryCaller(next http.Handler) http.Handler {
	told := auth.RequireBearerToken(func(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
		c, _ := resource.CallerFrom(ctx)
		return &auth.TokenInfo{UserID: c.Subject, Scopes: c.Scope, Extra: map[string]any{callerKey: c}}, nil
	}, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})(next)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, known := resource.CallerFrom(r.Context())
		r = r.Clone(r.Context())
		r.Header.Del("Authorization") // what the tools can see of the headers
		if !known || c.Anonymous || c.Subject == "" {
			next.ServeHTTP(w, r)
			return
		}
		r.Header.Set("Authorization", "Bearer checked-before")
		told.ServeHTTP(w, r)
	})
}

// callerOf is who made this very request; false where nobody is signed in.
func callerOf(req mcp.Request) (resource.Caller, bool) {
	extra := req.GetExtra()
	if extra == nil || extra.TokenInfo == nil {
		return resource.Caller{}, false
	}
	c, ok := extra.TokenInfo.Extra[callerKey].(resource.Caller)
	return c, ok
}
