package authserver

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A reply is the way back to a client. The only way to get one is to match a
// redirect URI against the client's own, so code that holds no reply cannot
// redirect, by mistake or by attack. RFC 6749 §4.1.2.1.
type reply struct {
	uri    string
	state  []byte // nil: none was sent
	issuer string
}

// replyTo matches a presented redirect URI.
//
// RFC 6749 §4.1.2.1: "If the request fails due to a missing, invalid, or
// mismatching redirection URI, or if the client identifier is missing or
// invalid, the authorization server SHOULD inform the resource owner of the
// error and MUST NOT automatically redirect the user-agent to the invalid
// redirection URI."
func (s *Server) replyTo(c oauth.Client, redirectURI string, state []byte) (*reply, error) {
	if redirectURI == "" {
		// RFC 6749 §3.1.2.3: it may be left out when exactly one is registered.
		if len(c.Metadata.RedirectURIs) != 1 {
			return nil, oauth.Refuse(oauth.InvalidRequest, missingRedirect)
		}
		redirectURI = c.Metadata.RedirectURIs[0]
	}
	if !c.Metadata.MatchRedirectURI(redirectURI) {
		return nil, oauth.Refuse(oauth.InvalidRequest, foreignRedirect)
	}
	return &reply{uri: redirectURI, state: state, issuer: s.Issuer}, nil
}

// refuse tells the client. It is the error response of RFC 6749 §4.1.2.1.
func (to *reply) refuse(w http.ResponseWriter, r *http.Request, err error) {
	e := oauth.AsError(err)
	weblog.From(r.Context()).Fail(e)
	flowtrace.From(r.Context()).Refused(e)
	to.send(w, r, "error", string(e.Code), "error_description", e.Description)
}

// personLooks reports whether a person sees what is answered: their browser goes
// there, it is no frame, and the client did not ask for silence. OpenID Connect
// Core §3.1.2.1: with prompt=none "the Authorization Server MUST NOT display any
// authentication or consent user interface pages".
func personLooks(r *http.Request, form url.Values) bool {
	frame := r.Header.Get("Sec-Fetch-Dest")
	silent := slices.Contains(strings.Fields(form.Get("prompt")), "none")
	return strings.Contains(r.Header.Get("Accept"), "text/html") && (frame == "" || frame == "document") && !silent
}

// refuseOnPage tells the person, who alone can mend what a client asks for wrongly,
// and leaves it to them to go back with the error. RFC 9700 §4.11.2: the server
// "MAY inform the user and rely on the user to make the correct decision".
func (s *Server) refuseOnPage(w http.ResponseWriter, r *http.Request, e *oauth.Error, to *reply) {
	problem := s.problem(r, e)
	if why := flowtrace.From(r.Context()).Explain(e); problem.ToDo == "" {
		problem.ToDo, problem.Copy = why.ToDo, why.Copy
	}
	problem.Back = to.location("error", string(e.Code), "error_description", e.Description)
	problem.BackHost = oauth.TargetOf(to.uri).Host
	s.Pages.Problem(w, e.Code.Status(), problem)
}

// send redirects with the parameters given.
func (to *reply) send(w http.ResponseWriter, r *http.Request, pairs ...string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	// draft-ietf-oauth-v2-1 §7.5.3: 303, so that no browser sends the form again.
	w.Header().Set("Location", to.location(pairs...))
	w.WriteHeader(http.StatusSeeOther)
}

// location is the redirect URI with the parameters given, in pairs, and those that
// every answer carries.
//
// RFC 9207 §2: "In authorization responses to the client, including error
// responses, an authorization server supporting this specification MUST
// indicate its identity by including the iss parameter in the response."
func (to *reply) location(pairs ...string) string {
	var query strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		query.WriteString(pairs[i] + "=" + escape(pairs[i+1]) + "&")
	}
	if to.state != nil {
		// RFC 6749 §4.1.2: "REQUIRED if the "state" parameter was present in the
		// client authorization request. The exact value received from the client."
		query.WriteString("state=" + escape(string(to.state)) + "&")
	}
	query.WriteString("iss=" + escape(to.issuer))

	// RFC 6749 §3.1.2: the query component "MUST be retained when adding
	// additional query parameters". The registered text stays as it is.
	separator := "?"
	if strings.Contains(to.uri, "?") {
		separator = "&"
	}
	return to.uri + separator + query.String()
}

// escape leaves no plus sign: some clients read it as a space, some do not.
func escape(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}
