package authserver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// waysPath is where a person removes a way in, and below it where they add one.
const waysPath = "/account/ways"

// signInOnceMore is where somebody says who they are before they change that.
const signInOnceMore = "/login?again=yes"

func aboutWay(login string) string { return "way " + login }

// wayID names who somebody is elsewhere, on a page and in its address: what they
// are there stands in no log.
func wayID(i oauth.Identity) string {
	return oauth.Secret(i.Issuer + "\x00" + i.Subject).Digest().String()
}

// vouching is the first upstream of which an identity is.
func (s *Server) vouching(i oauth.Identity) (Upstream, bool) {
	at := slices.IndexFunc(s.Upstreams, func(u Upstream) bool { return u.Way.Authority() == i.Issuer })
	if at < 0 {
		return Upstream{}, false
	}
	return s.Upstreams[at], true
}

// hasPassword says whether a person can sign in by a password.
func (s *Server) hasPassword(p oauth.Person) bool { return s.Local != nil && p.PasswordHash != "" }

// stays is a way in that a person has besides gone: the zero Identity is their
// password. There may be none.
func (s *Server) stays(p oauth.Person, all []oauth.Identity, gone oauth.Identity) (oauth.Identity, bool) {
	if s.hasPassword(p) {
		return oauth.Identity{}, true
	}
	for _, i := range all {
		if _, ok := s.vouching(i); ok && wayID(i) != wayID(gone) {
			return i, true
		}
	}
	return oauth.Identity{}, false
}

// waysIn says how a person can sign in, and could.
func (s *Server) waysIn(w http.ResponseWriter, r *http.Request, person oauth.Person, view *pages.Account) error {
	all, err := s.Identities.Identities(r.Context(), person.ID)
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b oauth.Identity) int { return a.Linked.Compare(b.Linked) })
	view.RemoveWayURL = waysPath
	if s.hasPassword(person) {
		view.Ways = append(view.Ways, pages.WayLine{Title: "Password", Name: person.Username})
	}
	for _, i := range all {
		line := s.wayLine(i)
		if _, ok := s.stays(person, all, i); !ok {
			line.ID = "" // without it they could not come in
		}
		view.Ways = append(view.Ways, line)
	}
	for _, u := range s.Upstreams {
		if slices.ContainsFunc(all, func(i oauth.Identity) bool { return i.Issuer == u.Way.Authority() }) {
			continue
		}
		view.NewWays = append(view.NewWays, pages.NewWay{Title: u.Title, Action: waysPath + "/" + u.Name,
			CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutWay(u.Name))})
	}
	return nil
}

func (s *Server) wayLine(i oauth.Identity) pages.WayLine {
	line := pages.WayLine{ID: wayID(i), Title: i.Issuer, Name: i.Name, Since: i.Linked}
	u, ok := s.vouching(i)
	if line.Off = !ok; ok {
		line.Title = u.Title
	}
	return line
}

// addWay sends a person who is signed in, and was a moment ago, to an upstream, to
// be known by it from then on. Nothing else makes two people one: no address that
// is the same, and no form of another site.
func (s *Server) addWay(w http.ResponseWriter, r *http.Request) error {
	u, ok := s.upstream(r.PathValue("login"))
	if !ok {
		return oauth.Refuse(oauth.NotFound, nothingHere)
	}
	session, person, err := s.owner(w, r)
	if session == nil || err != nil {
		return err
	}
	if err := s.checkForm(r, aboutWay(u.Name)); err != nil {
		return err
	}
	if !s.fresh(session) {
		return s.askOnceMore(w, "", nil)
	}
	d := s.newDeparture(u, s.cookie(r, browserCookie))
	d.Joins, d.Session = person.ID, session.ID
	target, err := u.Way.Leave(r.Context(), d.Departure)
	if err != nil {
		return s.turnedAway(w, r, d, err)
	}
	return s.sendAway(w, r, d, target)
}

// joined notes who a person is elsewhere, who left for that in the session that is
// still this browser's. What the upstream gave besides is forgotten: to sign in by
// it is not yet to have tools act there.
func (s *Server) joined(w http.ResponseWriter, r *http.Request, u Upstream, d departure, profile login.Profile) error {
	session, person, err := s.session(r)
	switch {
	case err != nil:
		return err
	case session != nil && person.ID != d.Joins:
		return oauth.Refuse(oauth.AccessDenied, anotherPerson)
	case session == nil, session.ID != d.Session:
		return oauth.Refuse(oauth.AccessDenied, anotherSession)
	}
	if err := s.link(r.Context(), person, u, profile.Known()); err != nil {
		return s.turnedAway(w, r, d, err)
	}
	if err := s.keepSignIn(r.Context(), person, d, profile); err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	seeOther(w, "/account")
	return nil
}

// mayConnect says whether a person may connect an upstream now. Who is connected
// can sign in from then on; so it takes what adding a way in does, unless they
// sign in by that upstream already.
func (s *Server) mayConnect(ctx context.Context, session *oauth.Session, u Upstream) (bool, error) {
	all, err := s.Identities.Identities(ctx, session.Subject)
	known := slices.ContainsFunc(all, func(i oauth.Identity) bool { return i.Issuer == u.Way.Authority() })
	return known || s.fresh(session), err
}

// known makes sure that a person is that at an upstream, of which they brought
// tokens: they were known to be, or left to become it.
func (s *Server) known(ctx context.Context, person oauth.Person, u Upstream, d departure, i oauth.Identity) error {
	if !d.Session.IsZero() {
		return s.link(ctx, person, u, i)
	}
	whose, err := s.Identities.Identified(ctx, i.Issuer, i.Subject)
	switch {
	case isNotFound(err):
		return oauth.Refuse(oauth.AccessDenied, unknownThere)
	case err == nil && whose.ID != person.ID:
		return oauth.Refuse(oauth.AccessDenied, foreignAccount)
	}
	return err
}

// askOnceMore has a person say once more who they are, and go on from there.
func (s *Server) askOnceMore(w http.ResponseWriter, sealed string, err error) error {
	to := signInOnceMore
	if sealed != "" {
		to += "&ix=" + url.QueryEscape(sealed)
	}
	if err == nil {
		seeOther(w, to)
	}
	return err
}

// link notes that a person is that elsewhere, too, unless that is known. Who is
// somebody else here, or was made one a moment ago, is refused.
func (s *Server) link(ctx context.Context, person oauth.Person, u Upstream, i oauth.Identity) error {
	i.Linked = s.Now()
	err := s.Identities.Link(ctx, person.ID, i)
	if err == nil {
		s.audit(ctx, store.Event{Kind: store.WayAdded, Actor: person.ID, Subject: person.ID, Detail: u.Name})
	}
	if !errors.Is(err, store.ErrExists) {
		return err
	}
	whose, err := s.Identities.Identified(ctx, i.Issuer, i.Subject)
	if err == nil && whose.ID != person.ID {
		return oauth.Refuse(oauth.AccessDenied, foreignAccount)
	}
	return err
}

// ownWay finds who a person is elsewhere, and what else they are. Another person's
// is not found.
func (s *Server) ownWay(r *http.Request, person oauth.Person, id string) (gone oauth.Identity, all []oauth.Identity, err error) {
	all, err = s.Identities.Identities(r.Context(), person.ID)
	if err != nil {
		return gone, nil, err
	}
	at := slices.IndexFunc(all, func(i oauth.Identity) bool { return wayID(i) == id })
	if at < 0 {
		return gone, nil, oauth.Refuse(oauth.NotFound, noSuchWay)
	}
	return all[at], all, nil
}

func (s *Server) confirmRemoveWay(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.owner(w, r)
	if session == nil || err != nil {
		return err
	}
	if !s.fresh(session) {
		return s.askOnceMore(w, "", nil)
	}
	gone, _, err := s.ownWay(r, person, r.URL.Query().Get("way"))
	if err != nil {
		return err
	}
	s.Pages.ConfirmWay(w, http.StatusOK, pages.ConfirmWay{Action: waysPath, Way: s.wayLine(gone), BackURL: "/account",
		CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), "remove way "+wayID(gone))})
	return nil
}

// removeWay forgets who a person is elsewhere, and ends their sessions: whoever
// has that may be signed in by it. This browser's goes on under a new secret,
// unless it was opened by what is gone.
func (s *Server) removeWay(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.owner(w, r)
	if session == nil || err != nil {
		return err
	}
	gone, all, err := s.ownWay(r, person, r.PostForm.Get("way"))
	if err != nil {
		return err
	}
	if err := s.checkForm(r, "remove way "+wayID(gone)); err != nil {
		return err
	}
	if !s.fresh(session) {
		return s.askOnceMore(w, "", nil)
	}
	if err := s.unlink(r.Context(), person, all, gone); err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	u, _ := s.vouching(gone)
	s.audit(r.Context(), store.Event{Kind: store.WayRemoved, Actor: person.ID, Subject: person.ID, Detail: u.Name})
	if by, ok := s.upstream(session.Way); ok && by.Way.Authority() == gone.Issuer {
		s.setCookie(w, sessionCookie, "", -1)
		seeOther(w, "/login")
		return nil
	}
	kept, secret, err := s.newSession(r.Context(), *session)
	if err != nil {
		return err
	}
	s.setCookie(w, sessionCookie, secret, kept.Expires.Sub(s.Now()))
	seeOther(w, "/account")
	return nil
}

// unlink removes a way in, if another one stays.
func (s *Server) unlink(ctx context.Context, person oauth.Person, all []oauth.Identity, gone oauth.Identity) error {
	stays, ok := s.stays(person, all, gone)
	if !ok {
		return oauth.Refuse(oauth.AccessDenied, lastWay)
	}
	err := s.Identities.Unlink(ctx, person.ID, gone, stays)
	switch {
	case errors.Is(err, store.ErrInUse):
		return oauth.Refuse(oauth.AccessDenied, lastWay).Because(err)
	case isNotFound(err):
		return oauth.Refuse(oauth.NotFound, noSuchWay).Because(err)
	case err != nil:
		return err
	}
	return s.forgetSignIns(ctx, person.ID, gone)
}

// forgetSignIns forgets what signing in by a way left that is none any more. What tools
// act with stays: it is on the person's page by itself.
func (s *Server) forgetSignIns(ctx context.Context, person string, gone oauth.Identity) error {
	for _, u := range s.Upstreams {
		if u.Way.Authority() != gone.Issuer || !s.Vault.Keeps(u.Name) {
			continue
		}
		if err := s.Vault.ForgetSignIn(ctx, person, u.Name, gone); err != nil {
			return err
		}
	}
	return nil
}
