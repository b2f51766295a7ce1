package gateway

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// A passage is the way of one resource's requests from its guard, which has
// permitted them, to the MCP server.
type passage struct {
	gateway  *Gateway
	resource Resource
	guard    *resource.Guard
	observe  func(*http.Request, *resource.Caller, *oauth.Error) // nil: nobody is told
	next     http.Handler
}

// ServeHTTP strips, attaches and hands over. What goes wrong here is rendered
// here.
func (p *passage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller, ok := resource.CallerFrom(r.Context())
	if !ok {
		panic("gateway: a request came past its guard")
	}
	g := p.gateway
	upstreamHeader := r.Header.Clone()
	strip(upstreamHeader)

	session, err := g.sessions.take(upstreamHeader, caller)
	if err != nil {
		// MCP 2025-11-25, session management: the answer to a session that is not
		// known is 404, and the client then opens a new one.
		writeJSON(w, http.StatusNotFound, []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}`))
		return
	}
	if session.elicits {
		resource.KnowURLElicitation(r.Context())
	}
	ctx, end, ok := g.calls.begin(r, caller)
	if !ok {
		w.Header().Set("Retry-After", "10")
		writeError(w, http.StatusTooManyRequests, "too many calls of this client are running; end one and try again")
		return
	}
	defer end()
	// It counts as running from here on, because this may wait for a service, or for a
	// person who connects it.
	err = resource.Await(ctx, func() error { return p.attach(ctx, caller, upstreamHeader) })
	switch {
	case endedByUs(ctx):
		p.guard.Refuse(w, context.Cause(ctx))
		return
	case !caller.Anonymous && g.revoked.has(caller.GrantID):
		// A revocation that came after the guard looked and before this call was
		// known to be running would otherwise miss it.
		p.guard.Refuse(w, errRevoked)
		return
	case err != nil:
		p.unattached(w, r, caller, err)
		return
	}
	out := r.WithContext(ctx)
	out.Header = upstreamHeader
	// A query could carry a token, or a method to use instead; the public URL of
	// a resource has none.
	u := *r.URL
	u.RawQuery, u.ForceQuery = "", false
	out.URL = &u
	// The client's Host says nothing here; a handler in this process that guards
	// itself against rebound names would refuse a public one.
	out.Host = "localhost"
	a := &answer{to: w, header: http.Header{}, passage: p, session: session, request: out}
	p.hand(a, out)
}

// hand hands over. The proxy aborts the connection when it cannot pass on all of
// an answer; where we replaced the answer, or cut off a stream, all is well.
func (p *passage) hand(a *answer, r *http.Request) {
	defer func() {
		v := recover()
		switch {
		case v == nil:
		case v == http.ErrAbortHandler && (a.failed || a.stream && endedByUs(r.Context())):
		default:
			panic(v)
		}
	}()
	p.next.ServeHTTP(a, r)
	if cause := context.Cause(r.Context()); endedByUs(r.Context()) {
		a.refuse(cause) // unless an answer has begun
	}
	a.finish()
}

// unattached refuses a call to which nothing could be attached.
func (p *passage) unattached(w http.ResponseWriter, r *http.Request, caller resource.Caller, err error) {
	p.log(r, slog.LevelWarn, "nothing could be attached to a call", "cause", err)
	if p.observe != nil {
		p.observe(r, &caller, oauth.AsError(err))
	}
	p.guard.RefuseCall(w, r, err)
}

// attach adds what the upstream should know.
func (p *passage) attach(ctx context.Context, c resource.Caller, upstream http.Header) error {
	if c.Anonymous {
		return nil
	}
	switch p.resource.Identity {
	case IdentityJWT:
		signed, err := p.gateway.identity.of(c, p.resource.IdentityAlgorithm)
		if err != nil {
			return err
		}
		upstream["X-Sallyport-Identity"] = []string{string(signed)}
	case IdentityHeaders:
		identityHeaders(c, upstream)
	}
	if p.resource.Attach == nil {
		return nil
	}
	return p.resource.Attach(ctx, c, upstream)
}
