package authserver

import (
	"net/http"
	"slices"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// introspection is the answer of RFC 7662 §2.2. What is not active says
// nothing else.
type introspection struct {
	Active    bool         `json:"active"`
	Scope     string       `json:"scope,omitempty"`
	ClientID  string       `json:"client_id,omitempty"`
	Subject   string       `json:"sub,omitempty"`
	Audience  string       `json:"aud,omitempty"`
	Issuer    string       `json:"iss,omitempty"`
	TokenType string       `json:"token_type,omitempty"`
	Expires   int64        `json:"exp,omitempty"`
	IssuedAt  int64        `json:"iat,omitempty"`
	ID        string       `json:"jti,omitempty"`
	Actor     *token.Actor `json:"act,omitempty"` // RFC 8693 §4.1
}

// introspect answers RFC 7662 §2. The caller authenticates with a secret, and
// learns only about tokens that concern it: its own, and those for a resource
// that it was named a server of.
//
// RFC 7662 §2.1: "To prevent token scanning attacks, the endpoint MUST also
// require some form of authorization to access this endpoint".
func (s *Server) introspect(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(r, form)
	switch {
	case err != nil:
		return err
	case c.Public():
		return oauth.Refuse(oauth.InvalidClient, "introspection is for clients that authenticate")
	case form.Get("token") == "":
		return oauth.Refuse(oauth.InvalidRequest, "token is missing")
	}
	answer, err := s.describe(r, c.Client, oauth.Secret(form.Get("token")))
	if err == nil && answer.Active {
		err = s.spendAssertion(r.Context(), c)
	}
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, answer)
	return nil
}

func (s *Server) describe(r *http.Request, c oauth.Client, presented oauth.Secret) (introspection, error) {
	if id, n, ok := token.ParseRefreshToken(presented); ok {
		return s.describeRefresh(r, c, presented, id, n)
	}
	access, err := s.accessToken(presented)
	if err != nil || !concerns(c, access.ClientID, access.Audience) {
		return introspection{}, nil
	}
	// The grant is read: a revoked one, or one of a disabled person, is inactive.
	_, err = s.Grants.Grant(r.Context(), access.GrantID)
	if isNotFound(err) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	return introspection{
		Active: true, Scope: access.Scope.String(), ClientID: access.ClientID, Subject: access.Subject,
		Audience: access.Audience, Issuer: access.Issuer, TokenType: "Bearer", ID: access.ID, Actor: token.ActorOf(access.Actors),
		Expires: access.Expires.Unix(), IssuedAt: access.IssuedAt.Unix(),
	}, nil
}

func (s *Server) describeRefresh(r *http.Request, c oauth.Client, presented oauth.Secret, id string, n int64) (introspection, error) {
	g, err := s.Grants.Grant(r.Context(), id)
	if isNotFound(err) {
		return introspection{}, nil
	}
	if err != nil {
		return introspection{}, err
	}
	// A refresh token is for its client only; no resource server has business with it.
	_, verdict := g.Generation.Present(n, s.Now().Sub(g.RotatedAt))
	if g.ClientID != c.ID || !s.Keys.CheckRefreshToken(presented, g) || verdict == oauth.Replayed {
		return introspection{}, nil
	}
	return introspection{
		Active: true, Scope: g.Scope.Plain().String(), ClientID: g.ClientID, Subject: g.Subject,
		Issuer: s.Issuer, Expires: g.Expires.Unix(), IssuedAt: g.RotatedAt.Unix(),
	}, nil
}

func concerns(c oauth.Client, clientID, audience string) bool {
	return c.ID == clientID || slices.Contains(c.Serves, audience)
}

// accessToken reads an access token of this issuer, for whichever resource.
func (s *Server) accessToken(presented oauth.Secret) (token.Access, error) {
	return s.Keys.VerifyAccessForAnyone(presented, s.Issuer, s.Now())
}
