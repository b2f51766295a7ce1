package authserver

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/oauth"
)

// authenticate finds the client and has it prove who it is, by its secret in
// the Authorization header or in the body, or by its id alone when it is
// public. RFC 6749 §2.3.
func (s *Server) authenticate(r *http.Request, form url.Values) (oauth.Client, error) {
	id, secret, err := credentials(r, form)
	if err != nil {
		return oauth.Client{}, err
	}
	c, err := s.clients.find(r.Context(), id)
	if isNotFound(err) {
		// Clients that get this status register again.
		return oauth.Client{}, oauth.Refuse(oauth.InvalidClient, "the client is unknown; register again")
	}
	if err != nil {
		return oauth.Client{}, err
	}
	switch {
	case c.Public() && secret == "":
		return c, nil
	case c.Public():
		return oauth.Client{}, oauth.Refuse(oauth.InvalidClient, "the client is public and has no secret")
	case secret == "":
		return oauth.Client{}, oauth.Refuse(oauth.InvalidClient, "the client has to authenticate with its secret")
	}
	// By client and address, so that no stranger can lock the client itself out.
	who := c.ID + " " + network(s.Address(r))
	if wait := s.limits.secrets.blocked(who); wait > 0 {
		return oauth.Client{}, tooMany(wait)
	}
	if !c.CheckSecret(secret) {
		s.limits.secrets.spend(who)
		return oauth.Client{}, oauth.Refuse(oauth.InvalidClient, "the client secret is wrong")
	}
	return c, nil
}

// credentials reads a client's id and secret.
//
// RFC 6749 §2.3: "The client MUST NOT use more than one authentication method
// in each request."
func credentials(r *http.Request, form url.Values) (id string, secret oauth.Secret, err error) {
	id, secret = form.Get("client_id"), oauth.Secret(form.Get("client_secret"))
	header := r.Header.Values("Authorization")
	switch {
	case len(header) > 1:
		return "", "", oauth.Refuse(oauth.InvalidRequest, "there is more than one Authorization header")
	case len(header) == 1:
		user, pass, err := basic(header[0])
		if err != nil {
			return "", "", err
		}
		if secret != "" && pass != "" {
			return "", "", oauth.Refuse(oauth.InvalidRequest, "the client authenticates in two ways at once")
		}
		if id != "" && id != user {
			return "", "", oauth.Refuse(oauth.InvalidRequest, "client_id and the Authorization header name two clients")
		}
		if pass != "" {
			secret = pass
		}
		id = user
	}
	if id == "" {
		return "", "", oauth.Refuse(oauth.InvalidClient, "the client did not say who it is")
	}
	return id, secret, nil
}

// basic reads an Authorization header.
//
// RFC 6749 §2.3.1: the client identifier and the password are encoded "using
// the "application/x-www-form-urlencoded" encoding algorithm".
func basic(header string) (id string, secret oauth.Secret, err error) {
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	user, pass, ok := r.BasicAuth()
	if !ok {
		return "", "", oauth.Refuse(oauth.InvalidClient, "the Authorization header is not Basic")
	}
	id, err1 := url.QueryUnescape(user)
	plain, err2 := url.QueryUnescape(pass)
	if err := errors.Join(err1, err2); err != nil {
		return "", "", oauth.Refuse(oauth.InvalidClient, "the Basic credentials are not form-encoded").Because(err)
	}
	return id, oauth.Secret(plain), nil
}
