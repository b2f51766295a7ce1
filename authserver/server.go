// Package authserver is the OAuth 2.1 authorization server: an http.Handler
// with one file per endpoint.
//
// Reading downwards: server.go names every path; authorize.go begins an
// interaction, flow.go alone knows what comes next, reply.go is the only way
// back to a client; token.go authenticates the client and picks the grant type;
// refuse.go renders every error. Handlers return errors and render none.
package authserver

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
	"github.com/sallyport-dev/sallyport/vault"
)

// Config is everything the server needs; there are no other inputs.
type Config struct {
	// Issuer is the one issuer string, reused byte for byte everywhere. It never
	// comes from a request. RFC 8414 §2.
	Issuer    string
	Resources []oauth.ProtectedResource // at least one; the first is the default
	// Administration is this server's own API, if it has one: a resource that is
	// never the default, and that only administrators may let clients at, of those
	// that an administrator added.
	Administration oauth.ProtectedResource

	Keys     *token.Keyring
	Grants   store.Grants
	Clients  store.Clients
	People   store.People
	Sessions store.Sessions
	Consents store.Consents
	Events   store.Events
	// Assertions remembers which client assertions were used.
	Assertions store.Assertions
	// Identities remembers who people are elsewhere.
	Identities store.Identities
	// Vault keeps the tokens that people bring from elsewhere; nil: none are kept.
	Vault *vault.Vault
	Local *login.Local // nil: nobody has a password here
	// Passkeys remembers passkeys. WebAuthn asks for them; nil: nobody has one here.
	Passkeys  store.Passkeys
	WebAuthn  *login.WebAuthn
	Upstreams []Upstream
	Pages     *pages.Pages
	// Aliases are more paths, of [AliasComplete] and those beside it.
	Aliases []string

	// Preregistered are the clients of the settings file; they are not in the store.
	Preregistered []oauth.Client

	AccessTTL    time.Duration
	RefreshTTL   time.Duration
	CodeTTL      time.Duration
	Registration Registration

	Now     func() time.Time
	Log     *slog.Logger
	Address func(*http.Request) netip.Addr // whom a request came from, for limits only
	// Flows keeps what happens on the way to a connection; nil: nothing is kept.
	Flows *flowtrace.Recorder
	// Revoked is told at once about a grant that ended here; may be nil.
	Revoked func(grantID string)
}

// Registration says who may register a client. RFC 7591 §3.
type Registration struct {
	Open           bool         // anyone may
	Token          oauth.Digest // of the initial access token, when Open is false; zero: no one may
	PrivateSchemes []string     // private-use URI schemes that a redirect URI may have
	MaxClients     int64        // how many registered clients are kept; 0: 100,000
	Documents      MetadataDocuments
}

// A Server answers the protocol's endpoints and the pages of the flow.
type Server struct {
	Config
	clients   *clientCache
	documents documents
	limits    *limits
	room      *room
	asked     *lately            // about whom upstreams were asked
	asking    singleflight.Group // of each about each once at a time
	secure    bool               // cookies are __Host- and Secure
}

// New checks the configuration and renders what never changes.
func New(c Config) (*Server, error) {
	// The canonical form of an origin is the origin: no path, no slash at the end, no
	// default port. Clients compare the issuer byte for byte. RFC 8414 §3.3.
	canonical, err := oauth.CanonicalResource(c.Issuer)
	u, _ := url.Parse(canonical)
	switch {
	case err != nil || canonical != c.Issuer || u.Path != "" || u.RawQuery != "":
		return nil, errors.New("authserver: the issuer is not an origin, such as https://mcp.example.com")
	case len(c.Resources) == 0:
		return nil, errors.New("authserver: there is no resource to issue tokens for")
	case c.Local == nil && len(c.Upstreams) == 0:
		return nil, errors.New("authserver: nobody can sign in")
	case slices.ContainsFunc(c.Aliases, func(path string) bool { return !slices.Contains(Aliases(), path) }):
		return nil, errors.New("authserver: there is no such alias")
	}
	for _, known := range c.Preregistered {
		if known.Keys == nil {
			continue
		}
		if _, err := readKeys(known.Keys); err != nil {
			return nil, fmt.Errorf("authserver: client %s: %w", known.ID, err)
		}
	}
	s := &Server{Config: c, secure: u.Scheme == "https"}
	s.clients = newClientCache(c, s.mayFetch)
	s.limits, s.asked = newLimits(c.Now), newLately(c.Now)
	s.room = newRoom(c.Clients, c.Registration.MaxClients, c.Now)
	s.documents, err = s.renderDocuments()
	return s, err
}

// Routes is every path on one screen. Everything that is not here, nor a
// resource, is a JSON 404.
func (s *Server) Routes(mux *http.ServeMux) {
	traced := s.Flows.Wrap
	for _, path := range []string{"/oauth/authorize", "/authorize"} {
		// RFC 6749 §3.1: "The authorization server MUST support the use of the
		// HTTP "GET" method [...] and MAY support the use of the "POST" method".
		mux.Handle("GET "+path, traced(flowtrace.Authorize, s.page(s.authorize)))
		mux.Handle("POST "+path, traced(flowtrace.Authorize, s.page(s.authorize)))
		mux.Handle(path, s.page(refuseMethod("GET, POST")))
	}
	mux.Handle("GET /login", traced(flowtrace.SignIn, s.page(s.showLogin)))
	mux.Handle("POST /login", traced(flowtrace.SignIn, s.form(s.signIn)))
	mux.Handle("POST /login/passkey", traced(flowtrace.SignIn, s.form(s.signInWithPasskey)))
	mux.Handle("GET /login/{login}", traced(flowtrace.SignIn, s.page(s.showPrivy)))
	mux.Handle("POST /login/{login}", traced(flowtrace.SignIn, s.form(s.leave)))
	mux.Handle("/login/{login}", s.page(refuseMethod("POST")))
	for path, at := range s.callbacks() {
		mux.Handle("GET "+path, at(traced(flowtrace.SignIn, s.page(s.comeBack))))
		mux.Handle("POST "+path, at(s.page(s.takePost)))
		mux.Handle(path, s.page(refuseMethod("GET")))
	}
	mux.Handle("GET /connect", traced(flowtrace.SignIn, s.page(s.showConnect)))
	mux.Handle("GET /connect/{login}", traced(flowtrace.SignIn, s.page(s.showErrand)))
	mux.Handle("POST /connect/{login}", traced(flowtrace.SignIn, s.form(s.connect)))
	mux.Handle("POST /disconnect/{login}", s.form(s.disconnect))
	mux.Handle("GET /consent", traced(flowtrace.Consent, s.page(s.showConsent)))
	mux.Handle("POST /consent", traced(flowtrace.Consent, s.form(s.decide)))
	mux.Handle("POST /logout", s.form(s.signOut))
	mux.Handle("GET /setup/{token}", s.page(s.showFirstRun))
	mux.Handle("POST /setup/{token}", s.form(s.firstRun))
	mux.Handle("GET /account", s.page(s.showAccount))
	mux.Handle("GET /account/revoke", s.page(s.confirmRevoke))
	mux.Handle("POST /account/revoke", s.form(s.revokeOwn))
	mux.Handle("POST "+waysPath+"/{login}", s.form(s.addWay))
	mux.Handle("GET "+waysPath, s.page(s.confirmRemoveWay))
	mux.Handle("POST "+waysPath, s.form(s.removeWay))
	mux.Handle("GET /account/passkeys", s.page(s.showPasskeys))
	mux.Handle("POST /account/passkeys", s.form(s.addPasskey))
	mux.Handle("POST /account/passkeys/confirm", s.form(s.confirmPerson))
	mux.Handle("GET /account/passkeys/remove", s.page(s.confirmRemovePasskey))
	mux.Handle("POST /account/passkeys/remove", s.form(s.removePasskey))
	mux.Handle("GET /{$}", s.page(s.showHome))

	s.api(mux, "POST", traced(flowtrace.Token, s.json(s.token)), "/oauth/token", "/token")
	s.api(mux, "POST", traced(flowtrace.Registration, s.json(s.register)), "/oauth/register", "/register")
	s.api(mux, "POST", s.json(s.revoke), "/oauth/revoke")
	s.api(mux, "POST", s.json(s.introspect), "/oauth/introspect")
	for _, u := range s.Upstreams {
		if u.HandsOut {
			s.api(mux, "POST", traced(flowtrace.Exchange, s.json(s.handOut(u))), strings.Replace("/token/{login}/access-token", "{login}", u.Name, 1))
		}
	}
	s.wellKnown(mux)
	s.aliases(mux)
	mux.Handle("/", s.json(s.notFound))
}

// api registers a JSON endpoint for programs, browsers' programs included: the
// preflight is answered before anything else, and every answer carries the
// same headers. Another method is a 405.
func (s *Server) api(mux *http.ServeMux, method string, h http.Handler, paths ...string) {
	for _, path := range paths {
		mux.Handle(method+" "+path, h)
		mux.Handle("OPTIONS "+path, preflight(method))
		mux.Handle(path, s.json(refuseMethod(method+", OPTIONS")))
	}
}

// resource finds a resource by a presented identifier.
func (s *Server) resource(id string) (oauth.ProtectedResource, bool) {
	for _, r := range s.Resources {
		if r.ID == id {
			return r, true
		}
	}
	if s.administration(id) {
		return s.Administration, true
	}
	return oauth.ProtectedResource{}, false
}
