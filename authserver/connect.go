package authserver

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// connectionOf is the connection that calls of a resource need of a person, and
// whether they need one that is kept here.
func (s *Server) connectionOf(person string, r oauth.ProtectedResource) (vault.Connection, bool) {
	return vault.Connection{Person: person, Login: r.Connection, Resource: r.ID}, s.Vault.Keeps(r.Connection)
}

// bringsFor has a departure bring back what a resource needs, if that is the
// upstream's, and asks for no more than this resource needs.
func (s *Server) bringsFor(d *departure, id string) {
	r, _ := s.resource(id)
	if r.Connection == d.Upstream && s.Vault.Keeps(d.Upstream) {
		d.Resource, d.Scopes = r.ID, r.ConnectionScopes
	}
}

// keep keeps what a person brought from an upstream, for the resource for which it
// was asked, if that still needs it. It is of no use for anything else, and is
// forgotten otherwise.
func (s *Server) keep(ctx context.Context, person oauth.Person, d departure, profile login.Profile) error {
	r, _ := s.resource(d.Resource)
	c, keeps := s.connectionOf(person.ID, r)
	if !keeps || c.Login != d.Upstream {
		return nil
	}
	return s.Vault.Keep(ctx, c, profile.Identity, profile.Tokens)
}

// bringsTooLittle reports whether a sign-in brought what ends within the hour, and
// nothing to renew it with, where asking the person for the permissions there brings
// that: they would be asked to connect in the middle of a call, for no reason that they
// know.
//
// Google Identity, Using OAuth 2.0 for Web Server Applications, Refreshing an access
// token (offline access): a refresh token comes with the first authorization of an
// application, and with others where prompt is consent.
func (s *Server) bringsTooLittle(ctx context.Context, u Upstream, d departure, profile login.Profile) (bool, error) {
	if !u.AsksForRefresh || d.Resource == "" || d.Consent || profile.Tokens.Refresh != "" || profile.Tokens.Life == 0 {
		return false, nil
	}
	person, err := s.Identities.Identified(ctx, profile.Issuer, profile.Subject)
	if isNotFound(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	r, _ := s.resource(d.Resource)
	c, keeps := s.connectionOf(person.ID, r)
	if !keeps {
		return false, nil
	}
	renews, err := s.Vault.Renews(ctx, c, profile.Identity)
	return !renews, err
}

// leaveAgain sends somebody who came back at once to the same upstream, to be asked for
// the permissions. What they bring then is all that counts.
func (s *Server) leaveAgain(w http.ResponseWriter, r *http.Request, u Upstream, before departure, profile login.Profile) error {
	d := s.newDeparture(u, s.cookie(r, browserCookie))
	d.Transaction, d.Setup, d.Resource, d.Scopes = before.Transaction, before.Setup, before.Resource, before.Scopes
	d.Again, d.Consent = before.Again, true
	d.Hint = cmp.Or(profile.Email, before.Hint) // they have chosen already
	target, err := u.Way.Leave(r.Context(), d.Departure)
	if err != nil {
		return s.turnedAway(w, r, d, err)
	}
	return s.sendAway(w, r, d, target)
}

// keepSignIn is keep for who comes in by what they brought. What no tool acts with is
// kept to ask by, later, whether they still may; of the rest nothing is.
func (s *Server) keepSignIn(ctx context.Context, person oauth.Person, d departure, profile login.Profile) error {
	if err := s.keep(ctx, person, d, profile); err != nil {
		return err
	}
	if u, _ := s.upstream(d.Upstream); asksItself(u) {
		return nil
	}
	return s.Vault.KeepSignIn(ctx, person.ID, d.Upstream, profile.Identity, profile.Tokens)
}

// lacksConnection reports whether calls of a resource need a connection that the
// person does not have, or not any more.
func (s *Server) lacksConnection(ctx context.Context, r oauth.ProtectedResource, person string) (bool, error) {
	c, keeps := s.connectionOf(person, r)
	if !keeps {
		return false, nil
	}
	err := s.Vault.Alive(ctx, c)
	if errors.Is(err, vault.ErrNotConnected) || errors.Is(err, vault.ErrDead) {
		return true, nil
	}
	return false, err
}

// mayStillAct refuses to refresh for somebody who may not come in any more, and what
// would be of no use without a connection: a client that hears invalid_grant brings the
// person, who then signs in again or connects. For a connection nothing is revoked.
func (s *Server) mayStillAct(ctx context.Context, g oauth.Grant) error {
	resource, _ := s.resource(g.Resource)
	if err := s.stillVouchedFor(ctx, g.Subject, resource, g.Created); err != nil {
		return err
	}
	lacks, err := s.lacksConnection(ctx, resource, g.Subject)
	if lacks {
		return oauth.Refuse(oauth.InvalidGrant, "the person has to sign in again, to connect the service that this server acts at")
	}
	return err
}

// aboutConnect is what the token of a form to connect or disconnect is bound to.
func aboutConnect(login, resource, sealed string) string {
	return "connect " + login + " " + resource + " " + sealed
}

// showConnect asks the person of an interaction to connect what its resource needs.
func (s *Server) showConnect(w http.ResponseWriter, r *http.Request) error {
	return s.askToConnect(w, r, r.URL.Query().Get("ix"), nil)
}

// homeAgain says what was wrong to a person who came from their own page, and leads
// back there.
func (s *Server) homeAgain(w http.ResponseWriter, r *http.Request, e *oauth.Error, said string) error {
	problem := s.problem(r, e)
	problem.Happened, problem.Again = said, "/account"
	comeAgain(w, e)
	s.Pages.Problem(w, e.Code.Status(), problem)
	return nil
}

// askToConnect draws the page of showConnect, with what was wrong if anything was.
func (s *Server) askToConnect(w http.ResponseWriter, r *http.Request, sealed string, refused *oauth.Error) error {
	ix, err := s.waiting(r.Context(), sealed)
	switch {
	case err != nil:
		return err
	case ix.Errand != "":
		return s.askOnErrand(w, r, ix.Errand, refused)
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
	c, _ := s.connectionOf(person.ID, resource)
	view := pages.Connect{
		Action: "/connect/" + u.Name, Transaction: sealed, Resource: resource.ID, Person: personLine(person), Title: u.Title, ResourceTitle: resource.Title,
		ClientHost: oauth.TargetOf(ix.RedirectURI).Host, Ended: errors.Is(s.Vault.Alive(r.Context(), c), vault.ErrDead),
		CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutConnect(u.Name, resource.ID, sealed)),
	}
	s.Pages.Connect(w, s.sayOnConnect(w, r, &view, refused), view)
	return nil
}

// sayOnConnect puts on the page what was wrong, if anything was, and returns the
// status that it has.
func (s *Server) sayOnConnect(w http.ResponseWriter, r *http.Request, view *pages.Connect, refused *oauth.Error) int {
	if refused == nil {
		return http.StatusOK
	}
	weblog.From(r.Context()).Fail(refused)
	flowtrace.From(r.Context()).Refused(refused)
	view.Problem, view.Reference = sentence(ofService(view.Title, refused.Description)), attempt(r, view.Transaction)
	if hint := hints[refused.Description]; hint != "" {
		view.Problem += " " + hint
	}
	comeAgain(w, refused)
	return refused.Code.Status()
}

// toolsActAt reports whether a resource has a connection to a login: only then has a
// person anything to connect there.
func (s *Server) toolsActAt(login string) bool {
	return s.Vault.Keeps(login) && slices.ContainsFunc(s.Resources, func(r oauth.ProtectedResource) bool { return r.Connection == login })
}

// connector is who is signed in, and the upstream of the path that they connect or
// disconnect, for the resource that the form says: one that a page of ours said.
func (s *Server) connector(w http.ResponseWriter, r *http.Request) (vault.Connection, *oauth.Session, error) {
	u, ok := s.upstream(r.PathValue("login"))
	if !ok || !s.toolsActAt(u.Name) {
		return vault.Connection{}, nil, oauth.Refuse(oauth.NotFound, nothingHere)
	}
	session, person, err := s.owner(w, r)
	if session == nil || err != nil {
		return vault.Connection{}, nil, err
	}
	c := vault.Connection{Person: person.ID, Login: u.Name, Resource: r.PostForm.Get("resource")}
	return c, session, s.checkForm(r, aboutConnect(c.Login, c.Resource, r.PostForm.Get("ix")))
}

// connect sends a person who is signed in to an upstream, for its tokens.
func (s *Server) connect(w http.ResponseWriter, r *http.Request) error {
	c, session, err := s.connector(w, r)
	if session == nil || err != nil {
		return err
	}
	u, _ := s.upstream(c.Login)
	sealed := r.PostForm.Get("ix")
	if r.PostForm.Get("decision") == "deny" {
		return s.notNow(w, r, sealed, c)
	}
	if may, err := s.mayConnect(r.Context(), session, u); !may || err != nil {
		return s.askOnceMore(w, sealed, err)
	}
	d := s.newDeparture(u, s.cookie(r, browserCookie))
	d.Transaction, d.Connects, d.Consent = sealed, c.Person, true
	if s.bringsFor(&d, c.Resource); d.Resource == "" {
		return oauth.Refuse(oauth.NotFound, nothingHere) // the settings have changed
	}
	if s.fresh(session) {
		d.Session = session.ID
	}
	target, err := u.Way.Leave(r.Context(), d.Departure)
	if err != nil {
		return s.turnedAway(w, r, d, err)
	}
	return s.sendAway(w, r, d, target)
}

// notNow tells the client that waits that the person did not connect what its
// resource needs. RFC 6749 §4.1.2.1: access_denied.
func (s *Server) notNow(w http.ResponseWriter, r *http.Request, sealed string, c vault.Connection) error {
	ix, err := s.interaction(r.Context(), sealed)
	if err != nil {
		return err
	}
	to, err := s.replyOf(r, ix)
	if err != nil {
		return err
	}
	s.auditConsent(r.Context(), store.ConsentDenied, ix, oauth.Person{ID: c.Person}, nil)
	to.refuse(w, r, oauth.Refuse(oauth.AccessDenied, "the person did not connect the service that this server acts at"))
	return nil
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
	who := profile.Known()
	who.Standing.ForTools = true // until they sign in by it
	if err := s.known(r.Context(), person, u, d, who); err != nil {
		return s.turnedAway(w, r, d, err) // they may be somebody else there, too
	}
	if err := s.keep(r.Context(), person, d, profile); err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	s.audit(r.Context(), store.Event{Kind: store.PersonConnected, Actor: person.ID, Subject: person.ID, Detail: d.Upstream + " for " + d.Resource})
	return s.afterLogin(w, r, d.Transaction, *session)
}

// disconnect forgets a person's connection. What the upstream gave is good there
// for as long as it says; the person can take that back there.
func (s *Server) disconnect(w http.ResponseWriter, r *http.Request) error {
	c, session, err := s.connector(w, r)
	if session == nil || err != nil {
		return err
	}
	if err := s.Vault.Forget(r.Context(), c); err != nil {
		return err
	}
	s.audit(r.Context(), store.Event{Kind: store.PersonDisconnected, Actor: c.Person, Subject: c.Person, Detail: c.Login + " for " + c.Resource})
	seeOther(w, "/account")
	return nil
}

// connectionLines are what a person has connected, or can; and what they had
// connected for a resource that needs it no more, which they can end.
func (s *Server) connectionLines(w http.ResponseWriter, r *http.Request, person oauth.Person) ([]pages.ConnectionLine, error) {
	if s.Vault == nil {
		return nil, nil
	}
	there, err := s.Vault.Connections(r.Context(), person.ID)
	if err != nil {
		return nil, err
	}
	var lines []pages.ConnectionLine
	add := func(c vault.State, resourceTitle string) {
		u, _ := s.upstream(c.Login)
		line := pages.ConnectionLine{Title: u.Title, ResourceTitle: resourceTitle, Name: c.Name, Since: c.Since, Ended: c.Ended, Action: "/connect/" + c.Login,
			Resource: c.Resource, CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutConnect(c.Login, c.Resource, ""))}
		if line.Connected() {
			line.Action = "/disconnect/" + c.Login
		}
		lines = append(lines, line)
	}
	for _, resource := range s.Resources {
		c, keeps := s.connectionOf(person.ID, resource)
		if !keeps {
			continue
		}
		state := vault.State{Connection: c}
		if i := slices.IndexFunc(there, func(s vault.State) bool { return s.Connection == c }); i >= 0 {
			state = there[i]
			there = slices.Delete(there, i, i+1)
		}
		add(state, resource.Title)
	}
	for _, left := range there {
		if !left.Ended {
			add(left, left.Resource)
		}
	}
	return lines, nil
}
