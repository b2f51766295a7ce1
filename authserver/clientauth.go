package authserver

import (
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// presented is what a request says of the client that sent it.
type presented struct {
	id        string
	secret    oauth.Secret
	raw       oauth.Secret // the secret of a client that does not form-encode it
	assertion oauth.Secret
}

// A caller is a client that proved itself for one request.
type caller struct {
	oauth.Client
	assertion token.Assertion // by which it did, until that is spent; zero: none
}

// authenticate finds the client and has it prove who it is, by its secret in
// the Authorization header or in the body, by a JWT that it signed, or by its id
// alone when it is public. RFC 6749 §2.3, RFC 7523 §2.2.
func (s *Server) authenticate(r *http.Request, form url.Values) (*caller, error) {
	p, err := credentials(r, form)
	if err != nil {
		return nil, err
	}
	c, err := s.clients.find(r, p.id)
	if err != nil {
		flowtrace.From(r.Context()).Claims(p.id)
	}
	if isNotFound(err) {
		// Clients that get this status register again.
		return nil, oauth.Refuse(oauth.InvalidClient, "the client is unknown; register again")
	}
	if err != nil {
		return nil, err
	}
	if p.assertion != "" {
		a, err := s.checkAssertion(r, c, p.assertion)
		return &caller{c, a}, err
	}
	return &caller{Client: c}, s.prove(r, c, p)
}

// prove has a client prove itself by its secret, or by its id alone.
func (s *Server) prove(r *http.Request, c oauth.Client, p presented) error {
	switch {
	case p.secret == "" && c.Public():
		return nil
	case c.Authenticates(oauth.AuthPrivateKey):
		return oauth.Refuse(oauth.InvalidClient, "the client has to authenticate with an assertion that it signs, private_key_jwt")
	case c.Public():
		return oauth.Refuse(oauth.InvalidClient, "the client is public and has no secret")
	case p.secret == "":
		return oauth.Refuse(oauth.InvalidClient, "the client has to authenticate with its secret")
	}
	// By client and address, so that no stranger can lock the client itself out.
	who := c.ID + " " + network(s.Address(r))
	if wait := s.limits.secrets.blocked(who); wait > 0 {
		return tooMany(wait)
	}
	if !c.CheckSecret(p.secret) && !c.CheckSecret(p.raw) {
		s.limits.secrets.spend(who)
		return oauth.Refuse(oauth.InvalidClient, "the client secret is wrong")
	}
	return nil
}

// credentials reads who a client says that it is, and by what.
//
// RFC 6749 §2.3: "The client MUST NOT use more than one authentication method
// in each request."
func credentials(r *http.Request, form url.Values) (presented, error) {
	p := presented{id: form.Get("client_id"), secret: oauth.Secret(form.Get("client_secret")), assertion: oauth.Secret(form.Get("client_assertion"))}
	p.raw = p.secret
	header := r.Header.Values("Authorization")
	switch {
	case len(header) > 1:
		return p, oauth.Refuse(oauth.InvalidRequest, "there is more than one Authorization header")
	case len(header) == 1:
		b, err := basic(header[0])
		switch {
		case err != nil:
			return p, err
		case p.secret != "" && b.secret != "":
			return p, twoWays()
		case p.id != "" && p.id != b.id:
			return p, oauth.Refuse(oauth.InvalidRequest, "client_id and the Authorization header name two clients")
		}
		p.id = b.id
		if b.secret != "" {
			p.secret, p.raw = b.secret, b.raw
		}
	}
	if err := p.readAssertion(form.Get("client_assertion_type")); err != nil {
		return p, err
	}
	if p.id == "" {
		return p, oauth.Refuse(oauth.InvalidClient, "the client did not say who it is")
	}
	return p, nil
}

func twoWays() error {
	return oauth.Refuse(oauth.InvalidRequest, "the client authenticates in two ways at once")
}

// readAssertion finds whose assertion it is, where the request does not say.
//
// RFC 7521 §4.2: client_id "is unnecessary for client assertion authentication
// [...] If present, the value [...] MUST identify the same client as is identified
// by the client assertion."
func (p *presented) readAssertion(kind string) error {
	switch {
	case p.assertion == "" && kind == "":
		return nil
	case p.assertion == "":
		return oauth.Refuse(oauth.InvalidRequest, "client_assertion is missing")
	case kind != token.AssertionType:
		return oauth.Refuse(oauth.InvalidRequest, "client_assertion_type must be "+token.AssertionType)
	case p.secret != "":
		return twoWays()
	}
	named, err := token.AssertionClient(p.assertion)
	switch {
	case err != nil:
		return oauth.Refuse(oauth.InvalidClient, "the client assertion is no JWT that is taken here").Because(err)
	case p.id != "" && p.id != named:
		return oauth.Refuse(oauth.InvalidClient, "client_id and the client assertion name two clients")
	}
	p.id = named
	return nil
}

// basic reads an Authorization header.
//
// RFC 6749 §2.3.1: the client identifier and the password are encoded "using
// the "application/x-www-form-urlencoded" encoding algorithm". Some clients do
// not: to them a plus is a plus.
func basic(header string) (presented, error) {
	r := http.Request{Header: http.Header{"Authorization": {header}}}
	user, pass, ok := r.BasicAuth()
	if !ok {
		return presented{}, oauth.Refuse(oauth.InvalidClient, "the Authorization header is not Basic")
	}
	id, err1 := url.QueryUnescape(user)
	plain, err2 := url.QueryUnescape(pass)
	if err1 != nil {
		return presented{}, oauth.Refuse(oauth.InvalidClient, "the Basic credentials are not form-encoded").Because(err1)
	}
	if err2 != nil {
		plain = pass
	}
	return presented{id: id, secret: oauth.Secret(plain), raw: oauth.Secret(pass)}, nil
}
