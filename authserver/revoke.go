package authserver

import (
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// revoke answers RFC 7009 §2. Whichever token is presented, what ends is the
// grant: to revoke one of its tokens is to revoke all.
func (s *Server) revoke(w http.ResponseWriter, r *http.Request) error {
	form, err := readForm(w, r)
	if err != nil {
		return err
	}
	c, err := s.authenticate(r, form)
	if err != nil {
		return err
	}
	if form.Get("token") == "" {
		return oauth.Refuse(oauth.InvalidRequest, "token is missing")
	}
	g, err := s.grantOf(r, form)
	switch {
	case isNotFound(err):
		// RFC 7009 §2.2: "invalid tokens do not cause an error response".
		w.WriteHeader(http.StatusOK)
		return nil
	case err != nil:
		return err
	case g.ClientID != c.ID:
		// RFC 7009 §2.1: "If this validation fails, the request is refused and the
		// client is informed of the error".
		return oauth.Refuse(oauth.InvalidGrant, "the token was issued to another client")
	}
	if err := s.spendAssertion(r.Context(), c); err != nil {
		return err
	}
	weblog.From(r.Context()).Add("grant", g.ID)
	if _, err := s.Grants.Revoke(r.Context(), store.GrantFilter{ID: g.ID}, store.ByClient); err != nil {
		return err
	}
	s.ended(g.ID)
	s.audit(r.Context(), store.Event{Kind: store.GrantRevoked, Actor: c.ID, Subject: g.Subject, ClientID: c.ID, GrantID: g.ID,
		Detail: "the client revoked it"})
	w.WriteHeader(http.StatusOK)
	return nil
}

// grantOf finds the living grant that a presented token hangs from. A token
// that proves nothing finds none.
func (s *Server) grantOf(r *http.Request, form url.Values) (oauth.Grant, error) {
	presented := oauth.Secret(form.Get("token"))
	if id, _, ok := token.ParseRefreshToken(presented); ok {
		g, err := s.Grants.Grant(r.Context(), id)
		if err == nil && !s.Keys.CheckRefreshToken(presented, g) {
			return oauth.Grant{}, store.ErrNotFound
		}
		return g, err
	}
	access, err := s.accessToken(presented)
	if err != nil {
		return oauth.Grant{}, store.ErrNotFound
	}
	return s.Grants.Grant(r.Context(), access.GrantID)
}
