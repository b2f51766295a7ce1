package console

import (
	"context"
	"errors"
	"net/http"
	"time"

	_ "embed"

	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// Path is where the API is, below the public URL.
const Path = "/api/v1"

// ScopeFlows is the scope that lets a client read attempts to connect.
const ScopeFlows = "flows:read"

// Administration is the API as a protected resource of the server at publicURL,
// which people know as site. Its access tokens are signed with algorithm.
func Administration(publicURL, site, algorithm string) oauth.ProtectedResource {
	return oauth.ProtectedResource{
		Name: "administration", Title: "Administration of " + site, ID: publicURL + Path, TokenFormat: token.FormatJWT, Algorithm: algorithm,
		Scopes: []oauth.ScopeInfo{{
			Name: ScopeFlows, Title: "See attempts to connect", Default: true,
			Description: "Who connected or tried to, with which client, to what, and what went wrong. Changes nothing.",
		}},
	}
}

// Config is what the API is made of.
type Config struct {
	PublicURL string // the issuer of tokens
	// Tokens checks them.
	Tokens interface {
		VerifyAccess(raw oauth.Secret, issuer, audience string, now time.Time) (token.Access, error)
	}
	// Grants and People are asked at every request, so that who is revoked,
	// disabled or no administrator any more is refused at once.
	Grants interface {
		Grant(ctx context.Context, id string) (oauth.Grant, error)
	}
	People interface {
		Person(ctx context.Context, id string) (oauth.Person, error)
	}
	Flows FlowReader
	Now   func() time.Time
}

// An API answers below [Path].
type API struct {
	Config
	metadata string // where clients read how to get a token. RFC 9728 §5.1
}

// New makes the API.
func New(c Config) (*API, error) {
	metadata, err := resource.MetadataURL(c.PublicURL + Path)
	return &API{c, metadata}, err
}

//go:embed openapi.json
var openAPI []byte

// Routes is every path on one screen.
func (a *API) Routes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/openapi.json", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, openAPI) })
	mux.Handle("GET /api/v1/flows", a.permit(ScopeFlows, a.listFlows))
	mux.Handle("GET /api/v1/flows/{id}", a.permit(ScopeFlows, a.showFlow))
	mux.Handle("/api/v1/", a.permit("", nothing))
	mux.Handle("/api/v1", a.permit("", nothing))
}

func nothing(*http.Request) (any, error) {
	return nil, oauth.Refuse(oauth.NotFound, "there is nothing here")
}

// permit lets administrators through, whose token has the scope.
func (a *API) permit(scope string, next func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := a.admit(r, scope)
		var value any
		if err == nil {
			value, err = next(r)
		}
		if err != nil {
			a.refuse(w, r, oauth.AsError(err), scope)
			return
		}
		answerJSON(w, http.StatusOK, value)
	})
}

var (
	errNoToken = oauth.Refuse(oauth.InvalidToken, "an access token is required")
	errToken   = "the access token is not valid for this API, or was revoked"
	errPerson  = "the access token is not that of an administrator"
)

// admit decides. A token of another resource, server or time, and one that has
// been revoked, are told apart for nobody.
func (a *API) admit(r *http.Request, scope string) error {
	raw, err := resource.Bearer(r.Header)
	if err != nil {
		return err
	}
	if raw == "" {
		return errNoToken
	}
	access, err := a.Tokens.VerifyAccess(raw, a.PublicURL, a.PublicURL+Path, a.Now())
	if err != nil {
		return oauth.Refuse(oauth.InvalidToken, errToken).Because(err)
	}
	grant, err := a.Grants.Grant(r.Context(), access.GrantID)
	if errors.Is(err, store.ErrNotFound) {
		return oauth.Refuse(oauth.InvalidToken, errToken).Because(err)
	}
	if err != nil {
		return err
	}
	person, err := a.People.Person(r.Context(), grant.Subject)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return oauth.Refuse(oauth.InvalidToken, errToken).Because(err)
	case err != nil:
		return err
	case !person.Disabled.IsZero() || grant.Subject != access.Subject:
		return oauth.Refuse(oauth.InvalidToken, errToken)
	case !person.Admin:
		return oauth.Refuse(oauth.AccessDenied, errPerson)
	case scope != "" && !access.Scope.Has(scope):
		return oauth.Refuse(oauth.InsufficientScope, "the access token does not permit this; ask for the scope named")
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	weblog.From(r.Context()).Add("client", access.ClientID)
	return nil
}
