package authserver

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
)

// tokens is the answer of RFC 6749 §5.1.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds; always sent
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"` // always sent: it may be less than was asked for
}

// token authenticates the client, picks the grant type and answers.
// RFC 6749 §3.2.
func (s *Server) token(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(r, form)
	if err != nil {
		return err
	}
	weblog.From(r.Context()).Add("client", c.ID)
	flowtrace.From(r.Context()).Client(c.Client)
	grantType := form.Get("grant_type")
	var answer any
	switch {
	case grantType == "":
		return oauth.Refuse(oauth.InvalidRequest, "grant_type is missing")
	case grantType == oauth.GrantTypeCode && c.May(grantType):
		answer, err = s.redeem(r.Context(), c, form)
	case grantType == oauth.GrantTypeRefresh && c.May(grantType):
		answer, err = s.refresh(r.Context(), c, form)
	case grantType == oauth.GrantTypeExchange && c.May(grantType):
		answer, err = s.exchange(r.Context(), c, form)
	case slices.Contains(s.grantTypes(), grantType):
		return oauth.Refuse(oauth.UnauthorizedClient, "the client did not register for this grant_type")
	default:
		return oauth.Refuse(oauth.UnsupportedGrantType, "grant_type must be authorization_code or refresh_token")
	}
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

// grantTypes are those that some client may use.
func (s *Server) grantTypes() []string {
	all := []string{oauth.GrantTypeCode, oauth.GrantTypeRefresh}
	if slices.ContainsFunc(s.Preregistered, func(c oauth.Client) bool { return c.May(oauth.GrantTypeExchange) }) {
		all = append(all, oauth.GrantTypeExchange)
	}
	return all
}

// mint makes what a grant is answered with: an access token for one resource,
// and the refresh token of generation n where the client may have one.
func (s *Server) mint(c oauth.Client, g oauth.Grant, scope oauth.Scope, n int64) (tokens, error) {
	scope = scope.Plain()
	resource, ok := s.resource(g.Resource)
	if !ok {
		return tokens{}, oauth.Refuse(oauth.InvalidGrant, "the resource of this grant is gone")
	}
	access, err := s.mintAccess(resource, g, scope)
	if err != nil {
		return tokens{}, err
	}
	t := tokens{
		AccessToken: string(access), TokenType: "Bearer",
		ExpiresIn: int64(s.AccessTTL.Seconds()), Scope: scope.String(),
	}
	if c.May(oauth.GrantTypeRefresh) {
		t.RefreshToken = string(s.Keys.RefreshToken(g, n))
	}
	return t, nil
}

// boundTo checks that a request names the resource of what it presents, or
// none. RFC 8707 §2.2.
func (s *Server) boundTo(resource string, form url.Values) error {
	for _, raw := range form["resource"] {
		if raw == "" {
			continue
		}
		r, err := s.matchResource(raw)
		if err != nil {
			return err
		}
		if r.ID != resource {
			return oauth.Refuse(oauth.InvalidTarget, "the grant is for another resource")
		}
	}
	return nil
}
