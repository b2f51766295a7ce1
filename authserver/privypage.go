package authserver

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A PrivyScript is what Privy's script has to know of an app.
type PrivyScript struct {
	ID       string
	ClientID string // of the app client; empty: the app has but one
	At       string // the origin at which browsers speak with Privy
}

// showPrivy is the page on which Privy's script signs a person in, in their browser. It
// posts what it got to the callback, as a page of the operator's own would: what counts
// is the state, which it brings back and which is in this browser's cookies.
func (s *Server) showPrivy(w http.ResponseWriter, r *http.Request) error {
	u, ok := s.upstream(r.PathValue("login"))
	if !ok || u.Runs == nil {
		return refuseMethod("POST")(w, r) // to leave is a press of a button
	}
	query := r.URL.Query()
	state := query.Get("state")
	if len(state) < 20 || len(state) > 64 {
		return oauth.Refuse(oauth.AccessDenied, neverLeft).Because(errors.New("the page was opened without a state"))
	}
	s.Pages.Privy(w, http.StatusOK, pages.Privy{Title: u.Title, Action: u.callback(), State: state, Email: query.Get("login_hint"),
		ID: u.Runs.ID, ClientID: u.Runs.ClientID, At: u.Runs.At, BackURL: u.callback() + "?" + url.Values{"state": {state}}.Encode()})
	return nil
}
