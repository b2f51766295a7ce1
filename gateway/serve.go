package gateway

import (
	"net/http"

	"github.com/sallyport-dev/sallyport/resource"
)

// ServeHTTP serves the resources; everything else is a 404.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.Wrap(http.HandlerFunc(nothingHere)).ServeHTTP(w, r)
}

// Wrap serves the resources, and lets next answer everything else. It has to
// stand in front of any [http.ServeMux], which would redirect //mcp to /mcp:
// paths that resemble a resource's without being it end here.
func (g *Gateway) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, lookalike := g.routes.find(r)
		switch {
		case lookalike:
			nothingHere(w, r)
		case at == nil:
			next.ServeHTTP(w, r)
		case g.page != nil && isBrowsing(r):
			at.guard.Challenge(w.Header())
			g.page(w, r, at.resource)
		default:
			g.serve(w, r, at)
		}
	})
}

func (g *Gateway) serve(w http.ResponseWriter, r *http.Request, at *route) {
	// Before the first look at the revocations a revoked token would pass.
	if err := g.revoked.ready(r.Context()); err != nil {
		g.log.ErrorContext(r.Context(), "the revoked grants could not be read", "cause", err)
		resource.AllowCrossOrigin(w.Header())
		w.Header().Set("Retry-After", "1")
		writeError(w, http.StatusServiceUnavailable, "the server is starting or cannot read its database; try again")
		return
	}
	at.handler.ServeHTTP(w, r)
}

func nothingHere(w http.ResponseWriter, _ *http.Request) {
	resource.AllowCrossOrigin(w.Header())
	writeJSON(w, http.StatusNotFound, []byte(`{"error":"not_found","error_description":"there is nothing at this path"}`))
}

// writeError answers in the form of a JSON-RPC error, so that clients show the
// sentence. It is a constant one.
func writeError(w http.ResponseWriter, status int, sentence string) {
	writeJSON(w, status, []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"`+sentence+`"}}`))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone is told nothing
}
