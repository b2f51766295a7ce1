package authserver

import (
	"net/http"
	"net/url"
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

// send redirects with the parameters given, in pairs, and those that every
// answer carries.
//
// RFC 9207 §2: "In authorization responses to the client, including error
// responses, an authorization server supporting this specification MUST
// indicate its identity by including the iss parameter in the response."
func (to *reply) send(w http.ResponseWriter, r *http.Request, pairs ...string) {
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
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer")
	// draft-ietf-oauth-v2-1 §7.5.3: 303, so that no browser sends the form again.
	w.Header().Set("Location", to.uri+separator+query.String())
	w.WriteHeader(http.StatusSeeOther)
}

// escape leaves no plus sign: some clients read it as a space, some do not.
func escape(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}
