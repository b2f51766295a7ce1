package authserver

import (
	"net/http"
	"slices"

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
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	if session == nil {
		seeOther(w, "/login")
		return nil
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
	for _, g := range grants {
		view.Grants = append(view.Grants, s.grantLine(r, g))
	}
	s.Pages.Account(w, http.StatusOK, view)
	return nil
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
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	if session == nil {
		seeOther(w, "/login")
		return nil
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
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	if session == nil {
		seeOther(w, "/login")
		return nil
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
	s.audit(r.Context(), store.Event{Kind: "grant.revoked", Actor: person.ID, Subject: person.ID, ClientID: g.ClientID, GrantID: g.ID,
		Detail: "the person withdrew it"})
	seeOther(w, "/account")
	return nil
}
