package authserver

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// showHome says what this is, to a person who opened the root.
func (s *Server) showHome(w http.ResponseWriter, _ *http.Request) error {
	view := pages.Welcome{AccountURL: "/account"}
	for _, resource := range s.Resources {
		view.Resources = append(view.Resources, pages.ResourceLine{Title: resource.Title, URL: resource.ID})
	}
	s.Pages.Welcome(w, http.StatusOK, view)
	return nil
}

// shown is how many apps one page lists.
const shown = 500

// showAccount lists every app that may act for the person.
func (s *Server) showAccount(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.owner(w, r)
	if session == nil || err != nil {
		return err
	}
	grants, err := s.Grants.Grants(r.Context(), store.GrantFilter{Subject: person.ID}, "", shown)
	if err != nil {
		return err
	}
	slices.SortFunc(grants, func(a, b oauth.Grant) int { return b.RotatedAt.Compare(a.RotatedAt) })
	view := pages.Account{
		Person: personLine(person), SignOutAction: "/logout", RevokeURL: "/account/revoke", Now: s.Now(),
		CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), "logout"),
	}
	if err := s.waysIn(w, r, person, &view); err != nil {
		return err
	}
	if view.Connections, err = s.connectionLines(w, r, person); err != nil {
		return err
	}
	if s.hasPasskeys(person) {
		view.PasskeysURL = passkeysPath
	}
	for _, g := range grants {
		view.Grants = append(view.Grants, s.grantLine(r, g))
	}
	if view.Notice, err = s.withdrawn(r, person); err != nil {
		return err
	}
	s.Pages.Account(w, http.StatusOK, view)
	return nil
}

// withdrawn says what the person ended a moment ago. The page is led to with the
// id of the grant; somebody else's, or one that lives, says nothing.
func (s *Server) withdrawn(r *http.Request, person oauth.Person) (string, error) {
	id := r.URL.Query().Get("revoked")
	if id == "" {
		return "", nil
	}
	which := store.GrantFilter{ID: id, Subject: person.ID, IncludeEnded: true}
	grants, err := s.Grants.Grants(r.Context(), which, "", 1)
	if err != nil || len(grants) == 0 || grants[0].Revoked.IsZero() || s.Now().Sub(grants[0].Revoked) > time.Minute {
		return "", err
	}
	return s.grantLine(r, grants[0]).Withdrawn(), nil
}

// grantLine describes a grant. A client that is gone still has a host.
func (s *Server) grantLine(r *http.Request, g oauth.Grant) pages.GrantLine {
	line := pages.GrantLine{
		ID: g.ID, Host: g.RedirectHost, ClientName: s.clients.name(r, g.ClientID), ResourceTitle: g.Resource, Since: g.Created, LastUsed: g.RotatedAt,
	}
	if resource, ok := s.resource(g.Resource); ok {
		line.ResourceTitle = resource.Title
		for _, name := range g.Scope {
			if info, ok := resource.ScopeInfo(name); ok {
				line.Permissions = append(line.Permissions, info.Title)
			}
		}
	}
	if resource, ok := s.resource(g.Resource); ok && resource.HandOut.Name != "" && g.Scope.Has(resource.HandOut.Name) {
		line.Permissions = append(line.Permissions, resource.HandOut.Title+" to it")
	}
	for _, e := range s.elsewhereLines(g.Scope) {
		line.Permissions = append(line.Permissions, e.Scope.Label()+" (at "+e.At+", by "+e.By+")")
	}
	return line
}

// ownGrant finds a living grant of a person. Another person's is not found.
func (s *Server) ownGrant(r *http.Request, person oauth.Person, id string) (oauth.Grant, error) {
	g, err := s.Grants.Grant(r.Context(), id)
	if isNotFound(err) || (err == nil && g.Subject != person.ID) {
		return oauth.Grant{}, oauth.Refuse(oauth.NotFound, "this app has no access any more")
	}
	return g, err
}

func (s *Server) confirmRevoke(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.owner(w, r)
	if session == nil || err != nil {
		return err
	}
	g, err := s.ownGrant(r, person, r.URL.Query().Get("grant"))
	if err != nil {
		return err
	}
	s.Pages.ConfirmRevoke(w, http.StatusOK, pages.ConfirmRevoke{
		Action: "/account/revoke", Grant: s.grantLine(r, g), BackURL: "/account",
		CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), "revoke "+g.ID),
	})
	return nil
}

func (s *Server) revokeOwn(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.owner(w, r)
	if session == nil || err != nil {
		return err
	}
	g, err := s.ownGrant(r, person, r.PostForm.Get("grant"))
	if err != nil {
		return err
	}
	if err := s.checkForm(r, "revoke "+g.ID); err != nil {
		return err
	}
	if _, err := s.Grants.Revoke(r.Context(), store.GrantFilter{ID: g.ID}, "revoked by the person"); err != nil {
		return err
	}
	s.ended(g.ID)
	weblog.From(r.Context()).Add("grant", g.ID)
	s.audit(r.Context(), store.Event{Kind: store.GrantRevoked, Actor: person.ID, Subject: person.ID, ClientID: g.ClientID, GrantID: g.ID,
		Detail: "the person withdrew it"})
	seeOther(w, "/account?revoked="+url.QueryEscape(g.ID))
	return nil
}
