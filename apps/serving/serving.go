// Package serving makes an MCP server of the official SDK an http.Handler that
// stands behind a guard (package resource): in both generations of the protocol,
// and with the person of each request in the context that its tools get.
//
//	server := mcp.NewServer(…)
//	http.Handle("/mcp", guard.Wrap(serving.Handler(server)))
//
// and a tool asks [resource.CallerFrom] who calls, with the context it was given.
package serving

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/resource"
)

// sessionIdle is how long a session of the older generation may be silent.
// Clients rarely say goodbye.
const sessionIdle = time.Hour

// modern is the first version of the protocol without sessions.
const modern = "2026-07-28"

// Handler serves s as streamable HTTP, for every path it is mounted at: versions
// 2024-11-05 to 2025-11-25 with sessions, and 2026-07-28 without.
//
// It leaves the checks of tokens, Host and Origin to whoever mounts it.
func Handler(s *mcp.Server) http.Handler {
	s.AddReceivingMiddleware(declaring, inTheContextOfItsRequest, steady)
	the := func(*http.Request) *mcp.Server { return s }
	// The SDK's own check of the Host header takes every request that reaches
	// a loopback address under a public name for an attack, and that is what a
	// tunnel or a reverse proxy sends.
	stateless := mcp.NewStreamableHTTPHandler(the, &mcp.StreamableHTTPOptions{
		Stateless: true, PropagateRequestCancellation: true, DisableLocalhostProtection: true,
	})
	sessions := mcp.NewStreamableHTTPHandler(the, &mcp.StreamableHTTPOptions{
		SessionTimeout: sessionIdle, DisableLocalhostProtection: true,
	})
	return carry(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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

const requestKey = "request"

// carry hands the context of each HTTP request on. In a session the SDK gives
// tools the context of the request that opened the session, in which the person
// and the permissions of today are missing; what it takes from each request anew
// is the token's information. Its user id also binds a session to the person who
// opened it.
func carry(next http.Handler) http.Handler {
	told := auth.RequireBearerToken(func(ctx context.Context, _ string, _ *http.Request) (*auth.TokenInfo, error) {
		c, _ := resource.CallerFrom(ctx)
		return &auth.TokenInfo{UserID: c.Subject, Scopes: c.Scope, Extra: map[string]any{requestKey: ctx}}, nil
	}, &auth.RequireBearerTokenOptions{AllowMissingExpiration: true})(next)

	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		// Tools can see the headers: the token is not for them.
		r.Header.Set("Authorization", "Bearer checked-before")
		told.ServeHTTP(w, r)
	})
}

// inTheContextOfItsRequest lets every method see the values of the request that
// asked for it.
func inTheContextOfItsRequest(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		extra := req.GetExtra()
		if extra != nil && extra.TokenInfo != nil {
			if its, ok := extra.TokenInfo.Extra[requestKey].(context.Context); ok {
				ctx = ofRequest{ctx, its}
			}
		}
		if s, ok := req.GetSession().(*mcp.ServerSession); ok && opensPages(s) {
			resource.KnowURLElicitation(ctx)
		}
		return next(ctx, method, req)
	}
}

// opensPages reports whether the client of a session said, when it opened it, that it
// can ask its person to open a URL.
func opensPages(s *mcp.ServerSession) bool {
	said := s.InitializeParams()
	return said != nil && said.Capabilities != nil && said.Capabilities.Elicitation != nil && said.Capabilities.Elicitation.URL != nil
}

// steady keeps one call from ending the program: the SDK calls methods where
// nothing catches what they throw. One thing that it throws itself, anybody can
// send: arguments that are null, to a tool whose schema has a default.
func steady(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (res mcp.Result, err error) {
		defer func() {
			if thrown := recover(); thrown != nil {
				slog.Default().Error("a method panicked", "method", method, "cause", fmt.Sprint(thrown), "stack", string(debug.Stack()))
				res, err = nil, errors.New("internal error")
			}
		}()
		if call, ok := req.(*mcp.CallToolRequest); ok && call.Params != nil && bytes.Equal(bytes.TrimSpace(call.Params.Arguments), []byte("null")) {
			call.Params.Arguments = nil
		}
		return next(ctx, method, req)
	}
}

// ofRequest ends when the context of a call does, and has the values of its HTTP
// request, before those of whichever request the SDK kept.
type ofRequest struct {
	context.Context
	request context.Context
}

// Value is the request's where the request has one.
func (c ofRequest) Value(key any) any {
	if v := c.request.Value(key); v != nil {
		return v
	}
	return c.Context.Value(key)
}
