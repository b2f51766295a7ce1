package resource

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// DefaultMaxBody is how long a request may be unless [Config] says otherwise.
const DefaultMaxBody = 4 << 20

// A Verifier decides whether an access token is genuine and alive, and says
// what it permits. Its errors are refusals: an [oauth.Error] with the code
// TemporarilyUnavailable or ServerError is answered as such; anything else means
// that the token is no good, and the client is told to get another one.
type Verifier interface {
	Verify(ctx context.Context, raw oauth.Secret) (token.Access, error)
}

// Config is what a [Guard] is made of. Resource, Issuer and Verifier are
// required.
type Config struct {
	// Resource is what is protected. Its ID is the canonical public URL, the
	// only audience that is accepted.
	Resource oauth.ProtectedResource
	Issuer   string // the authorization server, byte for byte as in its tokens
	Verifier Verifier

	// Tools says what each tool needs; one that is not listed needs
	// DefaultToolScopes, which, when empty, is any valid token. Names are matched
	// exactly.
	Tools             map[string]Tool
	DefaultToolScopes oauth.Scope

	MetadataURL string // where Metadata is served; empty: [MetadataURL] of the resource
	MaxBody     int64  // bytes; 0: DefaultMaxBody

	// Revoked reports whether a grant has ended before its tokens did. It is
	// asked on every call and must be quick.
	Revoked func(grantID string) bool
	// Person looks up who a subject is, for [Caller]. Answers are kept for a
	// minute. An invalid_token refusal says that there is no such person any
	// more; every other error is an outage, which is answered 503.
	Person func(ctx context.Context, subject string) (oauth.Person, error)
	// Upstreams is what [UpstreamToken] asks; nil: no tool has a person's token of
	// another service.
	Upstreams Upstreams
	// Observe, if set, is told of every decision about a token: with a refusal
	// where the request was refused for it, and with the caller where one is
	// known. It is asked on every call and must be quick.
	Observe func(r *http.Request, c *Caller, refused *oauth.Error)
	Now     func() time.Time // nil: time.Now
}

// A Guard protects one resource. It is safe for concurrent use.
type Guard struct {
	resource      oauth.ProtectedResource
	issuer        string
	verifier      Verifier
	tools         map[string]Tool
	defaultScopes oauth.Scope
	baseline      oauth.Scope // what a client without a token should ask for
	anyPublic     bool
	metadataURL   string
	maxBody       int64
	origin        originRule
	revoked       func(string) bool
	people        *people
	upstreams     Upstreams
	streams       streams
	observe       func(*http.Request, *Caller, *oauth.Error)
	now           func() time.Time
}

// New checks the configuration. Its error names what is wrong.
func New(c Config) (*Guard, error) {
	id, err := oauth.CanonicalResource(c.Resource.ID)
	switch {
	case err != nil:
		return nil, fmt.Errorf("resource: %q: %w", c.Resource.ID, err)
	case id != c.Resource.ID:
		return nil, fmt.Errorf("resource: the id %q must be written %q", c.Resource.ID, id)
	case c.Issuer == "":
		return nil, errors.New("resource: the issuer is missing")
	case c.Verifier == nil:
		return nil, errors.New("resource: the verifier is missing")
	}
	public, err := url.Parse(id)
	if err != nil {
		return nil, err
	}
	g := &Guard{
		resource: c.Resource, issuer: c.Issuer, verifier: c.Verifier,
		tools: map[string]Tool{}, metadataURL: c.MetadataURL, maxBody: c.MaxBody,
		origin: originRuleFor(public), baseline: baselineOf(c.Resource),
		revoked: c.Revoked, observe: c.Observe, now: c.Now, upstreams: c.Upstreams,
	}
	if g.metadataURL == "" {
		if g.metadataURL, err = MetadataURL(id); err != nil {
			return nil, err
		}
	}
	if g.maxBody <= 0 {
		g.maxBody = DefaultMaxBody
	}
	if g.now == nil {
		g.now = time.Now
	}
	if c.Person != nil {
		g.people = newPeople(c.Person, g.now)
	}
	return g, g.setTools(c)
}

func (g *Guard) setTools(c Config) error {
	for name, tool := range c.Tools {
		scopes, err := g.checkScopes(tool.Scopes)
		if err != nil {
			return fmt.Errorf("resource %s: tool %q: %w", c.Resource.ID, name, err)
		}
		g.tools[name] = Tool{Scopes: scopes, Public: tool.Public}
		g.anyPublic = g.anyPublic || tool.Public
	}
	var err error
	if g.defaultScopes, err = g.checkScopes(c.DefaultToolScopes); err != nil {
		return fmt.Errorf("resource %s: default tool scopes: %w", c.Resource.ID, err)
	}
	return nil
}

// checkScopes refuses a scope that nobody could ever be granted.
func (g *Guard) checkScopes(s oauth.Scope) (oauth.Scope, error) {
	for _, name := range s {
		if parsed, err := oauth.ParseScope(name); err != nil || len(parsed) != 1 {
			return nil, fmt.Errorf("%q is not a scope token", name)
		}
		if !g.resource.Known().Has(name) {
			return nil, fmt.Errorf("the resource has no scope %q", name)
		}
	}
	return oauth.NewScope(s...), nil
}

// Refuse answers a request with a refusal in the words of this guard: a
// challenge where the code is one of RFC 6750, JSON otherwise. It is for what a
// handler finds out later about the token that was let through.
func (g *Guard) Refuse(w http.ResponseWriter, err error) { g.refuse(w, err) }

// note tells the request's log line who called, or why not. Where nothing logs
// requests it does nothing.
func (g *Guard) note(r, admitted *http.Request, err error) {
	event := weblog.From(r.Context())
	if event == nil {
		return
	}
	event.Add("resource", g.resource.Name)
	var rpc *rpcError
	switch {
	case errors.As(err, &rpc):
		event.Add("refusal", rpc.message)
	case err != nil:
		event.Fail(g.challengeFor(err).refusal)
	default:
		if c, ok := CallerFrom(admitted.Context()); ok && !c.Anonymous {
			event.Add("subject", c.Subject)
			event.Add("client", c.ClientID)
			event.Add("grant", c.GrantID)
			if c.Actor != "" {
				event.Add("actor", c.Actor)
			}
		}
	}
}

// tell tells the observer.
func (g *Guard) tell(r, admitted *http.Request, err error) {
	var rpc *rpcError
	switch {
	case g.observe == nil || errors.As(err, &rpc):
	case err != nil:
		ch := g.challengeFor(err)
		g.observe(r, ch.caller, ch.refusal)
	default:
		g.observe(r, visitOf(admitted.Context()).caller, nil)
	}
}

// Wrap protects next. What reaches it has been permitted: its context has a
// [Caller], its body is what was judged, byte for byte, and its Authorization
// header is still there. A request that is not permitted is answered here.
func (g *Guard) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		AllowCrossOrigin(w.Header())
		hurry(w, r)
		if err := g.origin.check(r); err != nil {
			g.refuse(w, err)
			return
		}
		if r.Method == http.MethodOptions {
			preflight(w)
			return
		}
		admitted, err := g.admit(w, r)
		g.note(r, admitted, err)
		g.tell(r, admitted, err)
		if err != nil {
			g.refuse(w, err)
			return
		}
		g.serve(w, admitted, next)
	})
}
