package authserver

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// readForm reads the parameters of a program's request: a form, or a JSON
// object of strings, which some clients send. What the body is decides, not its
// content type, which some clients get wrong.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	// draft-ietf-oauth-v2-1 §2.4.1: client credentials "MUST NOT be included in
	// the request URI"; so nothing is read from there.
	form, err := parseBody(body)
	if err != nil {
		return nil, err
	}
	for name, values := range form {
		// RFC 6749 §3.2: "Request and response parameters MUST NOT be included more
		// than once."
		if len(values) > 1 && name != "resource" {
			return nil, oauth.Refuse(oauth.InvalidRequest, "a parameter is given more than once")
		}
	}
	return form, nil
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, oauth.Refuse(oauth.TooLarge, "the body is larger than 64 KiB").Because(err)
	case err != nil:
		return nil, oauth.Refuse(oauth.InvalidRequest, "the body cannot be read").Because(err)
	}
	return body, nil
}

func parseBody(body []byte) (url.Values, error) {
	text := strings.TrimSpace(string(body))
	if !strings.HasPrefix(text, "{") {
		form, err := url.ParseQuery(text)
		if err != nil {
			return nil, oauth.Refuse(oauth.InvalidRequest, "the body is not form-encoded").Because(err)
		}
		return form, nil
	}
	form, err := parseObject(text)
	if err != nil {
		return nil, oauth.Refuse(oauth.InvalidRequest, "the body is not a JSON object of strings").Because(err)
	}
	return form, nil
}

// parseObject reads a JSON object member by member. A map would keep the last of
// two members of one name, and say nothing of the first.
func parseObject(text string) (url.Values, error) {
	d := json.NewDecoder(strings.NewReader(text))
	if _, err := d.Token(); err != nil { // the bracket
		return nil, err
	}
	form := url.Values{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch v := value.(type) {
		case string:
			form.Add(name.(string), v) // a name is always a string
		case nil:
		default:
			return nil, errors.New("a member is not a string")
		}
	}
	if _, err := d.Token(); err != nil { // the other bracket
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	return form, nil
}

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
