// Package resource protects any MCP server that is an [http.Handler]: it reads
// the bearer token, decides per tool whether the token permits the call, answers
// in the words that make clients sign in or ask for more, and puts the person
// into the context of what it lets through.
//
// A [Guard] is made once and wraps the handler:
//
//	guard, err := resource.New(resource.Config{Resource: r, Issuer: issuer, Verifier: v})
//	http.Handle("/mcp", guard.Wrap(server))
//
// and the handler asks [CallerFrom] who is calling. RFC 6750, RFC 9728, and MCP
// 2026-07-28 and the versions before it.
//
// Not supported: tokens in the query or in a form (RFC 6750 §2.2 and §2.3),
// DPoP (RFC 9449).
package resource
