package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// What an upstream learns of the person.
const (
	IdentityNone    = "none"
	IdentityJWT     = "jwt"     // X-Sallyport-Identity, a JWT
	IdentityHeaders = "headers" // X-Sallyport-Subject and others
)

// Revocations says which grants ended before their tokens did.
type Revocations interface {
	Revoked(ctx context.Context, since time.Time) ([]store.Revocation, error)
}

// People says who a subject is.
type People interface {
	Person(ctx context.Context, id string) (oauth.Person, error)
}

// Config is what a [Gateway] is made of. PublicURL, Keyring and Grants are
// required.
type Config struct {
	PublicURL string // the issuer, byte for byte
	Resources []Resource
	Keyring   *token.Keyring
	Grants    Revocations
	People    People // nil: upstreams learn no names

	// TokenLife is the longest life of an access token: for so long a revocation
	// is remembered. 0: 24 hours.
	TokenLife time.Duration
	MaxBody   int64 // bytes of a request; 0: resource.DefaultMaxBody

	// Page shows a person who opened a resource in a browser what to do with its
	// URL. The header has the challenge of a request without a token already, for
	// programs that look like browsers. nil: browsers get what programs get.
	Page func(w http.ResponseWriter, r *http.Request, at oauth.ProtectedResource)
	// Flows keeps what happens on the way to a connection; nil: nothing is kept.
	Flows *flowtrace.Recorder
	Now   func() time.Time // nil: time.Now
	Log   *slog.Logger     // nil: nothing is logged
}

// A Resource is one MCP server behind the door: an Upstream or a Handler.
type Resource struct {
	oauth.ProtectedResource

	// Path is where it is served, with and without a trailing slash; empty: the
	// path of the resource's ID.
	Path string
	// Host, when set, is the only Host under which it is served.
	Host string

	Upstream *url.URL     // http or https
	Handler  http.Handler // in this process: an app or a stdio bridge
	// Upstreams is what the tools of a Handler ask ([resource.UpstreamToken]); nil: they
	// have no person's token of another service.
	Upstreams resource.Upstreams

	Tools             map[string]resource.Tool
	DefaultToolScopes oauth.Scope

	// Identity is one of the Identity constants; empty: none.
	// IdentityAlgorithm signs the JWT; empty: ES256.
	Identity          string
	IdentityAlgorithm string

	// Attach adds the person's own upstream credential to the headers that go
	// upstream. Its errors are refusals; a [resource.Unconnected] has the client bring
	// the person. It is not called for an anonymous caller.
	Attach func(ctx context.Context, c resource.Caller, upstream http.Header) error

	// Ended is told of each grant, of whichever resource, that was revoked, after its
	// running calls were ended; it must not wait. For a Handler that keeps something
	// between calls; nil: nobody is told.
	Ended func(grantID string)

	// Timeout is how long the upstream may take to begin an answer; 0: 5 minutes.
	// A stream that has begun is not limited.
	Timeout time.Duration
}

// A Gateway is an [http.Handler] for all resources. It is safe for concurrent
// use. [Gateway.Run] has to be running beside it.
type Gateway struct {
	routes    routes
	tokens    *resource.Cache
	revoked   *revocations
	calls     *calls
	sessions  sessions
	identity  *identities
	page      func(http.ResponseWriter, *http.Request, oauth.ProtectedResource)
	now       func() time.Time
	log       *slog.Logger
	transport *http.Transport
	buffers   bufferPool
}

// rememberedTokens is how many verified tokens are remembered.
const rememberedTokens = 20_000

// New checks the configuration. Its error names what is wrong. It makes the
// signing keys that identity tokens need and that are not there yet.
func New(c Config) (*Gateway, error) {
	switch {
	case c.PublicURL == "":
		return nil, errors.New("gateway: the public URL is missing")
	case c.Keyring == nil, c.Grants == nil:
		return nil, errors.New("gateway: the keyring or the grants are missing")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.TokenLife <= 0 {
		c.TokenLife = 24 * time.Hour
	}
	g := &Gateway{
		routes: routes{}, page: c.Page, now: c.Now, log: c.Log,
		tokens:    resource.NewCache(issued{c.Keyring, c.PublicURL, c.Now}, rememberedTokens, c.Now),
		calls:     newCalls(c.Now),
		sessions:  sessions{c.Keyring},
		identity:  newIdentities(c),
		transport: newTransport(),
	}
	g.revoked = newRevocations(c, func(grantID string) {
		g.calls.end(grantID) // first: who is told after it can rely on no call that goes on
		for _, r := range c.Resources {
			if r.Ended != nil {
				r.Ended(grantID)
			}
		}
	})
	for _, r := range c.Resources {
		if err := g.add(c, r); err != nil {
			_ = g.Close()
			return nil, fmt.Errorf("gateway: resource %q: %w", r.Name, err)
		}
	}
	return g, nil
}

func (g *Gateway) add(c Config, r Resource) error {
	if err := r.complete(); err != nil {
		return err
	}
	if r.Identity == IdentityJWT {
		if err := c.Keyring.Ensure(context.Background(), r.IdentityAlgorithm); err != nil {
			return err
		}
	}
	observe := observed(c.Flows, r.ID)
	guard, err := resource.New(resource.Config{
		Resource: r.ProtectedResource, Issuer: c.PublicURL, Verifier: g.tokens,
		Tools: r.Tools, DefaultToolScopes: r.DefaultToolScopes, MaxBody: c.MaxBody,
		Revoked: g.revoked.has, Person: personOf(c.People), Now: c.Now, Observe: observe, Upstreams: r.Upstreams,
	})
	if err != nil {
		return err
	}
	p := &passage{gateway: g, resource: r, guard: guard, observe: observe, next: r.Handler}
	if r.Upstream != nil {
		p.next = g.proxyTo(p)
	}
	return g.routes.add(&route{path: r.Path, host: r.Host, resource: r.ProtectedResource, guard: guard, handler: guard.Wrap(p)})
}

// observed tells the flow trace: of the first call of a grant, and of calls that
// are refused. It sees every call, and leaves the rest of them alone.
func observed(flows *flowtrace.Recorder, id string) func(*http.Request, *resource.Caller, *oauth.Error) {
	if flows == nil {
		return nil
	}
	return func(r *http.Request, c *resource.Caller, refused *oauth.Error) {
		grant := ""
		if c != nil {
			grant = c.GrantID
		}
		switch {
		case refused == nil:
			flows.Called(grant)
		case len(r.Header["Authorization"]) == 0:
			flows.Challenged(r, id)
		default:
			flows.CallRefused(r, id, grant, refused)
		}
	}
}

// complete fills what is left out, and refuses what contradicts itself.
func (r *Resource) complete() error {
	public, err := url.Parse(r.ID)
	if err != nil {
		return err
	}
	if r.Path == "" {
		r.Path = public.Path
	}
	if r.Identity == "" {
		r.Identity = IdentityNone
	}
	if r.IdentityAlgorithm == "" {
		r.IdentityAlgorithm = token.ES256
	}
	if r.Timeout <= 0 {
		r.Timeout = 5 * time.Minute
	}
	switch r.Identity {
	case IdentityNone, IdentityJWT, IdentityHeaders:
	default:
		return fmt.Errorf("the identity %q is unknown; it is jwt, headers or none", r.Identity)
	}
	switch {
	case (r.Upstream == nil) == (r.Handler == nil):
		return errors.New("it needs either an upstream or a handler")
	case r.Upstream != nil && (r.Upstream.Scheme != "http" && r.Upstream.Scheme != "https" || r.Upstream.Host == ""):
		return errors.New("the upstream is not an absolute http or https URL")
	}
	return nil
}

// personOf looks people up for those who are told names. Someone who is gone or
// disabled has no valid token, even before their grants are known to be revoked.
func personOf(people People) func(context.Context, string) (oauth.Person, error) {
	if people == nil {
		return nil
	}
	return func(ctx context.Context, subject string) (oauth.Person, error) {
		p, err := people.Person(ctx, subject)
		if errors.Is(err, store.ErrNotFound) || err == nil && !p.Disabled.IsZero() {
			return p, oauth.Refuse(oauth.InvalidToken, "the person of the access token may not sign in").Because(err)
		}
		return p, err
	}
}

// issued verifies the tokens of this installation, for whichever resource: the
// guard of each compares the audience, on every call.
type issued struct {
	keyring *token.Keyring
	issuer  string
	now     func() time.Time
}

func (v issued) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	return v.keyring.VerifyAccessForAnyone(raw, v.issuer, v.now())
}

// Close ends what the gateway keeps open. Requests have to be over.
func (g *Gateway) Close() error {
	g.transport.CloseIdleConnections()
	return g.tokens.Close()
}
