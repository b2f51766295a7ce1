package authserver

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
)

// authorize begins an interaction. Nothing is written: the request waits,
// sealed, in the URL of the page that comes next. RFC 6749 §4.1.1.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) error {
	form, err := requestParameters(w, r)
	if err != nil {
		return err
	}
	flow := flowtrace.From(r.Context())
	flow.Asks(form)
	c, err := s.client(r, form)
	if err != nil {
		return err
	}
	flow.Client(c)
	to, err := s.matchReply(c, form)
	if err != nil {
		return err
	}
	weblog.From(r.Context()).Add("client", c.ID)
	ix, err := s.readRequest(c, form)
	if err != nil {
		if personLooks(r, form) {
			s.refuseOnPage(w, r, oauth.AsError(err), to)
		} else {
			to.refuse(w, r, err)
		}
		return nil
	}
	ix.RedirectURI, ix.State = to.uri, to.state
	flow.At(ix.Resource)
	flow.Did(flowtrace.Authorize, flowtrace.Asked)
	ix.Flow = flow.Flow()
	return s.advance(w, r, ix, to)
}

// requestParameters reads the query, and the body of a POST. RFC 6749 §3.1.
func requestParameters(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if len(r.URL.RawQuery) > maxForm {
		return nil, oauth.Refuse(oauth.TooLarge, "the request is too long")
	}
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, oauth.Refuse(oauth.InvalidRequest, "the query is not form-encoded").Because(err)
	}
	if r.Method == http.MethodPost {
		if err := readPageForm(w, r); err != nil {
			return nil, err
		}
		for name, values := range r.PostForm {
			form[name] = append(form[name], values...)
		}
	}
	return form, nil
}

// client finds who asks. It is not known yet where an answer may go, so what
// is wrong here is said on a page.
func (s *Server) client(r *http.Request, form url.Values) (oauth.Client, error) {
	if len(form["client_id"]) > 1 || len(form["redirect_uri"]) > 1 {
		return oauth.Client{}, oauth.Refuse(oauth.InvalidRequest, "client_id or redirect_uri is given more than once")
	}
	id := form.Get("client_id")
	if id == "" {
		return oauth.Client{}, oauth.Refuse(oauth.InvalidRequest, missingClient)
	}
	c, err := s.clients.find(r, id)
	if err != nil {
		flowtrace.From(r.Context()).Claims(id)
	}
	if isNotFound(err) {
		return oauth.Client{}, oauth.Refuse(oauth.InvalidRequest, unknownClient)
	}
	// Nobody authenticates here: what is wrong is the request.
	var refusal *oauth.Error
	if errors.As(err, &refusal) {
		flowtrace.From(r.Context()).As(flowtrace.Document)
	}
	if refusal != nil && refusal.Code == oauth.InvalidClient {
		err = oauth.Refuse(oauth.InvalidRequest, refusal.Description).Because(refusal.Cause)
	}
	return c, err
}

func (s *Server) matchReply(c oauth.Client, form url.Values) (*reply, error) {
	var state []byte
	// A state that is given twice cannot be echoed, and is refused below.
	if values := form["state"]; len(values) == 1 && values[0] != "" {
		state = []byte(values[0])
	}
	return s.replyTo(c, form.Get("redirect_uri"), state)
}

// readRequest reads the rest; from here on a refusal goes to the client.
func (s *Server) readRequest(c oauth.Client, form url.Values) (Interaction, error) {
	var none Interaction
	// RFC 6749 §3.1: "Request and response parameters MUST NOT be included more
	// than once." RFC 8707 §2 excepts resource.
	for name, values := range form {
		if len(values) > 1 && name != "resource" && slices.Contains(requestNames, name) {
			return none, oauth.Refuse(oauth.InvalidRequest, "a parameter is given more than once")
		}
	}
	switch responseType := form.Get("response_type"); {
	case responseType == "":
		return none, oauth.Refuse(oauth.InvalidRequest, "response_type is missing: it must be code")
	case responseType != "code":
		return none, oauth.Refuse(oauth.UnsupportedResponseType, "response_type must be code")
	case form.Get("response_mode") != "" && form.Get("response_mode") != "query":
		return none, oauth.Refuse(oauth.InvalidRequest, "response_mode must be query")
	case form.Get("request") != "":
		return none, oauth.Refuse(oauth.RequestNotSupported, "request objects are not supported")
	case form.Get("request_uri") != "":
		return none, oauth.Refuse(oauth.RequestURINotSupported, "request objects are not supported")
	case len(form.Get("state")) > maxState:
		return none, oauth.Refuse(oauth.InvalidRequest, "state is too long")
	}
	challenge, err := oauth.ParseChallenge(form.Get("code_challenge"), form.Get("code_challenge_method"))
	if err != nil {
		return none, err
	}
	resource, err := s.requestedResource(form["resource"])
	if err != nil {
		return none, err
	}
	if err := s.mayAdminister(c, resource); err != nil {
		return none, err
	}
	scope, err := requestedScope(c, resource, form.Get("scope"))
	if err != nil {
		return none, err
	}
	ix := Interaction{
		ClientID: c.ID, Resource: resource.ID, Scope: s.withDelegations(resource, scope), Challenge: challenge,
		Prompt: clip(form.Get("prompt"), 128), LoginHint: clip(form.Get("login_hint"), 128), Began: s.Now(),
	}
	// OpenID Connect Core §3.1.2.1: "If this parameter contains none with any
	// other value, an error is returned."
	if ix.prompts("none") && len(strings.Fields(ix.Prompt)) > 1 {
		return none, oauth.Refuse(oauth.InvalidRequest, "prompt=none stands alone")
	}
	return ix, ix.readMaxAge(form.Get("max_age"))
}

// requestNames are the parameters that are understood; others are ignored.
var requestNames = []string{"response_type", "response_mode", "client_id", "redirect_uri", "scope", "state",
	"code_challenge", "code_challenge_method", "prompt", "max_age", "login_hint", "request", "request_uri"}

const maxState = 8 << 10

// requestedResource finds the resource that a request names. RFC 8707 §2.
//
// None means the default. Of several, all must be one resource: a token has one
// audience. The origin stands for the only resource that lives there, because
// some clients send the origin of the URL that was entered.
func (s *Server) requestedResource(named []string) (oauth.ProtectedResource, error) {
	var found *oauth.ProtectedResource
	for _, raw := range named {
		if raw == "" {
			continue
		}
		r, err := s.matchResource(raw)
		switch {
		case err != nil:
			return oauth.ProtectedResource{}, err
		case found != nil && found.ID != r.ID:
			return oauth.ProtectedResource{}, oauth.Refuse(oauth.InvalidTarget, "a token is for one resource; ask for each on its own")
		}
		found = &r
	}
	if found == nil {
		return s.Resources[0], nil
	}
	return *found, nil
}

func (s *Server) matchResource(raw string) (oauth.ProtectedResource, error) {
	id, err := oauth.CanonicalResource(raw)
	if err != nil {
		return oauth.ProtectedResource{}, err
	}
	if r, ok := s.resource(id); ok {
		return r, nil
	}
	var here []oauth.ProtectedResource
	for _, r := range s.Resources {
		if u, err := url.Parse(r.ID); err == nil && u.Scheme+"://"+u.Host == id {
			here = append(here, r)
		}
	}
	if len(here) == 1 {
		return here[0], nil
	}
	return oauth.ProtectedResource{}, oauth.Refuse(oauth.InvalidTarget, "there is no such resource here; use the resource of the protected resource metadata")
}

// identityScopes ask for things that are not resources' scopes. Clients send
// them by habit; alone they mean no scope at all.
var identityScopes = oauth.NewScope("openid", "profile", "email", "address", "phone", oauth.OfflineAccess)

// requestedScope is what is asked for, as far as the resource knows it and the
// client may have it.
//
// RFC 6749 §3.3: the server "MAY fully or partially ignore the scope requested
// by the client"; what was granted is always said in the answer.
func requestedScope(c oauth.Client, r oauth.ProtectedResource, wire string) (oauth.Scope, error) {
	asked, err := oauth.ParseScope(wire)
	if err != nil {
		return nil, err
	}
	known := asked.Intersect(r.Askable())
	allowed := beneathCeiling(c, r, known)
	switch {
	case len(asked.Without(identityScopes)) == 0:
		allowed = defaultScope(c, r)
	case len(known) == 0:
		return nil, oauth.Refuse(oauth.InvalidScope, "none of the scopes asked for exists at this resource")
	}
	if len(allowed) == 0 {
		return nil, oauth.Refuse(oauth.InvalidScope, "this client may have none of the scopes that it asks for")
	}
	return allowed, nil
}

func (ix *Interaction) readMaxAge(value string) error {
	ix.MaxAge = -1
	if value == "" {
		return nil
	}
	seconds, err := strconv.ParseInt(value, 10, 32)
	if err != nil || seconds < 0 {
		return oauth.Refuse(oauth.InvalidRequest, "max_age is not a number of seconds")
	}
	ix.MaxAge = time.Duration(seconds) * time.Second
	return nil
}

func clip(s string, n int) string {
	if len(s) > n {
		return ""
	}
	return strings.ToValidUTF8(s, "")
}
