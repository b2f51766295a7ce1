package authserver

import (
	"context"
	"errors"
	"net/http"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// keep keeps what a person brought from an upstream, where tools need it. It is of
// no use for anything else, and is forgotten otherwise.
func (s *Server) keep(ctx context.Context, person oauth.Person, u Upstream, profile login.Profile) error {
	if !s.Vault.Keeps(u.Name) {
		return nil
	}
	return s.Vault.Keep(ctx, person.ID, u.Name, profile.Identity, profile.Tokens)
}

// lacksConnection reports whether calls of a resource need a connection that the
// person does not have, or not any more.
func (s *Server) lacksConnection(ctx context.Context, r oauth.ProtectedResource, person string) (bool, error) {
	if !s.Vault.Keeps(r.Connection) {
		return false, nil
	}
	err := s.Vault.Alive(ctx, person, r.Connection)
	if errors.Is(err, vault.ErrNotConnected) || errors.Is(err, vault.ErrDead) {
		return true, nil
	}
	return false, err
}

// mayStillAct refuses to refresh what would be of no use, or for somebody who is gone
// elsewhere: a client that hears invalid_grant brings the person, who then connects or
// signs in again. Nothing is revoked.
func (s *Server) mayStillAct(ctx context.Context, g oauth.Grant) error {
	resource, _ := s.resource(g.Resource)
	lacks, err := s.lacksConnection(ctx, resource, g.Subject)
	if lacks {
		return oauth.Refuse(oauth.InvalidGrant, "the person has to sign in again, to connect the service that this server acts at")
	}
	if err != nil {
		return err
	}
	return s.stillVouchedFor(ctx, g.Subject)
}

func aboutConnect(login, sealed string) string { return "connect " + login + " " + sealed }

// showConnect asks the person of an interaction to connect what its resource needs.
func (s *Server) showConnect(w http.ResponseWriter, r *http.Request) error {
	return s.askToConnect(w, r, r.URL.Query().Get("ix"), nil)
}

// homeAgain says what was wrong to a person who came from their own page, and leads
// back there.
func (s *Server) homeAgain(w http.ResponseWriter, r *http.Request, e *oauth.Error) error {
	problem := s.problem(r, e)
	problem.Again = "/account"
	comeAgain(w, e)
	s.Pages.Problem(w, e.Code.Status(), problem)
	return nil
}

// askToConnect draws the page of showConnect, with what was wrong if anything was.
func (s *Server) askToConnect(w http.ResponseWriter, r *http.Request, sealed string, refused *oauth.Error) error {
	ix, err := s.interaction(r.Context(), sealed)
	if err != nil {
		return err
	}
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	next, err := s.next(r.Context(), ix, session, false)
	switch {
	case err != nil:
		return err
	case next == stepLogin:
		return s.goTo(w, "/login", ix)
	case next != stepConnect:
		return s.afterLogin(w, r, sealed, *session)
	}
	resource, _ := s.resource(ix.Resource)
	u, ok := s.upstream(resource.Connection)
	if !ok {
		return errors.New("authserver: a resource has a connection to no upstream")
	}
	view, status := pages.Connect{
		Action: "/connect/" + u.Name, Transaction: sealed, Person: personLine(person), Title: u.Title, ResourceTitle: resource.Title,
		ClientHost: oauth.TargetOf(ix.RedirectURI).Host, Ended: errors.Is(s.Vault.Alive(r.Context(), person.ID, u.Name), vault.ErrDead),
		CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutConnect(u.Name, sealed)),
	}, http.StatusOK
	if refused != nil {
		weblog.From(r.Context()).Fail(refused)
		flowtrace.From(r.Context()).Refused(refused)
		view.Problem, view.Reference, status = sentence(refused.Description), attempt(r, sealed), refused.Code.Status()
		comeAgain(w, refused)
	}
	s.Pages.Connect(w, status, view)
	return nil
}

// connector is who is signed in, and the upstream of the path that they connect or
// disconnect.
func (s *Server) connector(w http.ResponseWriter, r *http.Request) (Upstream, *oauth.Session, oauth.Person, error) {
	u, ok := s.upstream(r.PathValue("login"))
	if !ok || !s.Vault.Keeps(u.Name) {
		return u, nil, oauth.Person{}, oauth.Refuse(oauth.NotFound, nothingHere)
	}
	session, person, err := s.owner(w, r)
	return u, session, person, err
}

// connect sends a person who is signed in to an upstream, for its tokens.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) error {
	u, session, person, err := s.connector(w, r)
	if session == nil || err != nil {
		return err
	}
	sealed := r.PostForm.Get("ix")
	if err := s.checkForm(r, aboutConnect(u.Name, sealed)); err != nil {
		return err
	}
	if may, err := s.mayConnect(r.Context(), session, u); !may || err != nil {
		return s.askOnceMore(w, sealed, err)
	}
	d := s.newDeparture(u, s.cookie(r, browserCookie))
	d.Transaction, d.Connects, d.Consent = sealed, person.ID, true
	if s.fresh(session) {
		d.Session = session.ID
	}
	target, err := u.Way.Leave(r.Context(), d.Departure)
	if err != nil {
		return s.turnedAway(w, r, d, err)
	}
	return s.sendAway(w, r, d, target)
}

// connected keeps what a person who is signed in brought, and notes who they are
// there. Who is somebody else here, or was, connects nothing: they would act with
// that person's token.
func (s *Server) connected(w http.ResponseWriter, r *http.Request, u Upstream, d departure, profile login.Profile) error {
	session, person, err := s.session(r)
	switch {
	case err != nil:
		return err
	case session == nil || person.ID != d.Connects:
		return oauth.Refuse(oauth.AccessDenied, anotherPerson)
	}
	if d.Session != session.ID {
		d.Session = oauth.Digest{} // it is not the one that was fresh
	}
	if err := s.known(r.Context(), person, u, d, profile.Identity); err != nil {
		return err
	}
	if err := s.keep(r.Context(), person, u, profile); err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	s.audit(r.Context(), store.Event{Kind: store.PersonConnected, Actor: person.ID, Subject: person.ID, Detail: u.Name})
	return s.afterLogin(w, r, d.Transaction, *session)
}

// disconnect forgets a person's connection. What the upstream gave is good there
// for as long as it says; the person can take that back there.
func (s *Server) disconnect(w http.ResponseWriter, r *http.Request) error {
	u, session, person, err := s.connector(w, r)
	if session == nil || err != nil {
		return err
	}
	if err := s.checkForm(r, aboutConnect(u.Name, "")); err != nil {
		return err
	}
	if err := s.Vault.Forget(r.Context(), person.ID, u.Name); err != nil {
		return err
	}
	s.audit(r.Context(), store.Event{Kind: store.PersonDisconnected, Actor: person.ID, Subject: person.ID, Detail: u.Name})
	seeOther(w, "/account")
	return nil
}

// connectionLines are what a person has connected, or can.
func (s *Server) connectionLines(w http.ResponseWriter, r *http.Request, person oauth.Person) ([]pages.ConnectionLine, error) {
	if s.Vault == nil {
		return nil, nil
	}
	there, err := s.Vault.Store.Connections(r.Context(), person.ID)
	if err != nil {
		return nil, err
	}
	var lines []pages.ConnectionLine
	for _, u := range s.Upstreams {
		if !s.Vault.Keeps(u.Name) {
			continue
		}
		line := pages.ConnectionLine{Title: u.Title, Action: "/connect/" + u.Name,
			CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutConnect(u.Name, ""))}
		for _, c := range there {
			if c.Login == u.Name {
				line.Name, line.Since = c.Name, c.Connected
				line.Ended = s.Vault.Alive(r.Context(), person.ID, u.Name) != nil
			}
		}
		if line.Connected() {
			line.Action = "/disconnect/" + u.Name
		}
		lines = append(lines, line)
	}
	return lines, nil
}
