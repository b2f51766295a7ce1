package authserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

// An errand is why a tool sends a person here from the middle of a call: to connect
// a service. It is sealed in the link that the person is given. Whoever else has the
// link can do nothing with it: it signs nobody in, and it is good for one person only.
type errand struct {
	vault.Connection
	ClientID string // whose call it was
	Expires  time.Time
}

// errandTTL is how long a link can begin something.
const errandTTL = 15 * time.Minute

const sealErrand = "errand"

// ConnectPage returns the URL at which a person, and nobody else, connects a login for
// a resource, on the way of a client's call. It can be told to that client: it holds
// nothing that can be read, and is not good without the person's own session.
//
// MCP 2026-07-28, elicitation, safe URL handling: servers "MUST NOT provide a URL
// which is pre-authenticated to access a protected resource".
func (s *Server) ConnectPage(c vault.Connection, clientID string) string {
	plain, err := json.Marshal(errand{c, clientID, s.Now().Add(errandTTL)})
	if err != nil {
		return s.Issuer + "/account" // three strings and a time cannot fail
	}
	return s.Issuer + "/connect/" + url.PathEscape(c.Login) + "?for=" + url.QueryEscape(s.Keys.Seal(sealErrand, plain))
}

// TitleOf is what people call the service of a login; its name where that is
// not known.
func (s *Server) TitleOf(login string) string {
	if u, ok := s.upstream(login); ok {
		return u.Title
	}
	return login
}

// errandAt reads a link, path and query.
func (s *Server) errandAt(link string) (errand, error) {
	var e errand
	u, err := url.Parse(link)
	if err != nil {
		return e, err
	}
	plain, err := s.Keys.Unseal(sealErrand, u.Query().Get("for"))
	if err != nil {
		return e, oauth.Refuse(oauth.InvalidRequest, brokenLink).Because(err)
	}
	if err := json.Unmarshal(plain, &e); err != nil {
		return e, err
	}
	resource, ok := s.resource(e.Resource)
	if !ok || u.Path != "/connect/"+e.Login || resource.Connection != e.Login || !s.Vault.Keeps(e.Login) {
		return e, oauth.Refuse(oauth.NotFound, nothingHere)
	}
	return e, nil
}

// showErrand asks the person of a link to connect what a tool needs.
func (s *Server) showErrand(w http.ResponseWriter, r *http.Request) error {
	return s.askOnErrand(w, r, r.URL.RequestURI(), nil)
}

// askOnErrand draws the page of a link, with what was wrong if anything was. Fetching
// it changes nothing, and shows nobody else anything of it.
//
// MCP 2026-07-28, elicitation, phishing: "the server MUST ensure that the user who
// started the elicitation request [...] is the same user who completes the
// authorization flow."
func (s *Server) askOnErrand(w http.ResponseWriter, r *http.Request, link string, refused *oauth.Error) error {
	e, err := s.errandAt(link)
	if err != nil {
		return err
	}
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	over := !s.Now().Before(e.Expires)
	ix := Interaction{ClientID: e.ClientID, Resource: e.Resource, MaxAge: -1, Began: s.Now(), Errand: link}
	switch {
	case session == nil && over:
		return oauth.Refuse(oauth.InvalidRequest, linkIsOver)
	case session == nil:
		return s.goTo(w, "/login", ix)
	case person.ID != e.Person:
		return oauth.Refuse(oauth.AccessDenied, anothersLink)
	}
	view, err := s.errandView(r, e, person)
	if err != nil {
		return err
	}
	state := s.Vault.Alive(r.Context(), e.Connection)
	switch {
	case state == nil:
		s.Pages.Connected(w, http.StatusOK, view)
		return nil
	case !errors.Is(state, vault.ErrNotConnected) && !errors.Is(state, vault.ErrDead):
		return state
	case over:
		return oauth.Refuse(oauth.InvalidRequest, linkIsOver)
	}
	if view.Transaction, err = s.sealInteraction(ix); err != nil {
		return err
	}
	view.Ended = errors.Is(state, vault.ErrDead)
	view.CSRF = s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutConnect(e.Login, e.Resource, view.Transaction))
	s.Pages.Connect(w, s.sayOnConnect(w, r, &view, refused), view)
	return nil
}

// errandView says whose call it was. A client that is gone has no name.
func (s *Server) errandView(r *http.Request, e errand, person oauth.Person) (pages.Connect, error) {
	resource, _ := s.resource(e.Resource)
	view := pages.Connect{
		Action: "/connect/" + e.Login, Resource: e.Resource, Person: personLine(person), Title: s.TitleOf(e.Login),
		ResourceTitle: resource.Title, Errand: true, HomeURL: s.Issuer + "/account",
	}
	c, err := s.clients.find(r, e.ClientID)
	switch {
	case isNotFound(err):
	case err != nil:
		return view, err
	default:
		view.ClientName, view.ProvedBy = c.Metadata.ClientName, provedBy(c)
	}
	return view, nil
}
