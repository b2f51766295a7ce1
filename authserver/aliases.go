package authserver

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
)

// The aliases that there are: paths at which servers that this one takes the place
// of did the same, each off unless [Config.Aliases] names it. No metadata name them;
// they are for clients and programs that have kept an address.
const (
	AliasComplete   = "/authorize/complete"
	AliasIntrospect = "/token/introspect"
	AliasJWKS       = "/oauth/jwks.json"
	AliasRegister   = "/.well-known/oauth-authorization-server/register"
)

// Aliases are all of them.
func Aliases() []string {
	return []string{AliasComplete, AliasIntrospect, AliasJWKS, AliasRegister}
}

// aliases registers those that are on.
func (s *Server) aliases(mux *http.ServeMux) {
	for _, path := range s.Aliases {
		switch path {
		case AliasComplete:
			s.api(mux, "POST", s.json(s.complete), path)
		case AliasIntrospect:
			s.api(mux, "POST", s.json(s.introspect), path)
		case AliasRegister:
			s.api(mux, "POST", s.Flows.Wrap(flowtrace.Registration, s.json(s.register)), path)
		case AliasJWKS:
			s.api(mux, "GET", s.json(s.jwks), path)
		}
	}
}

func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "public, max-age=60")
	w.Header().Set("Content-Type", "application/json")
	w.Write(s.Keys.JWKS()) //nolint:errcheck // the client went away
	return nil
}

// complete takes, as JSON, what a page posts as a form to a callback, and answers
// where the browser goes now: redirect_uri, a page of ours, never the client's.
//
// state is the one that the page was opened with. What else such pages sent is not
// looked at: the client and its request are those of the interaction that waits in
// the browser, and what a person consents to is asked there.
func (s *Server) complete(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(w, r)
	if err != nil {
		return err
	}
	var sent struct {
		State    string  `json:"state"`
		Token    string  `json:"privy_token"`
		Identity string  `json:"identity_token"`
		User     *string `json:"privy_user_id"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return oauth.Refuse(oauth.InvalidRequest, "the body is not the JSON that is expected").Because(err)
	}
	u, ok := s.postingFrom(r.Header.Get("Origin"))
	switch {
	case !ok:
		return oauth.Refuse(oauth.AccessDenied, anotherPage).Because(errors.New("the Origin is not that of any login_url"))
	case sent.State == "":
		return oauth.Refuse(oauth.InvalidRequest, "state is missing: it is the one that the page was opened with")
	}
	answer := map[string][]string{"privy_token": {sent.Token}, "identity_token": {sent.Identity}}
	if sent.User != nil {
		answer["privy_user_id"] = []string{*sent.User}
	}
	t := ticket{State: sent.State, Upstream: u.Name, Made: s.Now()}
	if t.Profile, err = u.Way.Return(r.Context(), login.Departure{}, answer); err != nil {
		if e := oauth.AsError(err); e.Code == oauth.AccessDenied {
			return oauth.Refuse(oauth.InvalidRequest, "the token is not one that can be believed").Because(err)
		}
		return err
	}
	target, err := s.callbackWith(t)
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, map[string]string{"redirect_uri": s.Issuer + target})
	return nil
}

// postingFrom is the upstream whose answers a page of that origin posts.
func (s *Server) postingFrom(origin string) (Upstream, bool) {
	for _, u := range s.Upstreams {
		if u.PostsFrom != "" && u.PostsFrom == origin {
			return u, true
		}
	}
	return Upstream{}, false
}
