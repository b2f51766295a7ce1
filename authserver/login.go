package authserver

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// aboutLogin is what the token of a sign-in form is bound to.
func aboutLogin(sealed string) string { return "login " + sealed }

// showLogin shows the sign-in form, for an interaction or for the account page.
func (s *Server) showLogin(w http.ResponseWriter, r *http.Request) error {
	sealed := r.URL.Query().Get("ix")
	view, err := s.loginView(w, r, sealed)
	if err != nil {
		return err
	}
	if sealed != "" {
		flowtrace.From(r.Context()).Did(flowtrace.SignIn, flowtrace.ShownSignIn)
	}
	s.Pages.SignIn(w, http.StatusOK, view)
	return nil
}

func (s *Server) loginView(w http.ResponseWriter, r *http.Request, sealed string) (pages.SignIn, error) {
	browser := s.browser(w, r)
	view := pages.SignIn{
		Action: "/login", Transaction: sealed, PasswordLogin: s.Local != nil, Upstreams: s.upstreamButtons(),
		CSRF: s.formToken(browser, s.cookie(r, sessionCookie), aboutLogin(sealed)),
	}
	view.Again = r.URL.Query().Has("again") || r.PostForm.Get("again") != ""
	var err error
	if view.Passkey, err = s.passkeyForm(browser, sealed); err != nil || sealed == "" {
		return view, err
	}
	ix, err := s.waiting(r.Context(), sealed)
	if err != nil {
		return view, err
	}
	view.Username = ix.LoginHint
	if ix.Errand == "" {
		view.ClientHost = oauth.TargetOf(ix.RedirectURI).Host
	}
	if resource, ok := s.resource(ix.Resource); ok {
		view.ResourceTitle, view.HelpURL = resource.Title, resource.ID
		if !takes(resource, localWay) {
			view.PasswordLogin, view.Passkey = false, pages.PasskeyForm{}
		}
		view.Upstreams = slices.DeleteFunc(view.Upstreams, func(u pages.Upstream) bool { return !takes(resource, u.Name) })
	}
	return view, nil
}

// signIn checks the password and goes on with what waited.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) error {
	sealed := r.PostForm.Get("ix")
	if err := s.checkForm(r, aboutLogin(sealed)); err != nil {
		return s.staleForm(w, r, sealed, err)
	}
	if s.Local == nil {
		return oauth.Refuse(oauth.NotFound, nothingHere)
	}
	person, err := s.Local.SignIn(r.Context(), r.PostForm.Get("username"), oauth.Secret(r.PostForm.Get("password")), s.Address(r))
	if err != nil {
		return s.wrongPassword(w, r, sealed, err)
	}
	session, err := s.openSession(r.Context(), w, r, signedIn{person.ID, localWay})
	if err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	s.audit(r.Context(), store.Event{Kind: store.SignedIn, Actor: person.ID, Subject: person.ID})
	return s.afterLogin(w, r, sealed, session)
}

// afterLogin goes on with the session that was just opened; the request's
// cookies are still the old ones.
func (s *Server) afterLogin(w http.ResponseWriter, r *http.Request, sealed string, session oauth.Session) error {
	if sealed == "" {
		seeOther(w, "/account")
		return nil
	}
	ix, err := s.waiting(r.Context(), sealed)
	if err != nil {
		return err
	}
	if ix.Errand != "" {
		seeOther(w, ix.Errand)
		return nil
	}
	flow := flowtrace.From(r.Context())
	flow.Person(session.Subject)
	flow.Did(flowtrace.SignIn, flowtrace.SignedIn)
	covered, err := s.remembered(r, ix, session.Subject)
	if err != nil {
		return err
	}
	next, err := s.next(r.Context(), ix, &session, covered)
	if err != nil {
		return err
	}
	switch next {
	case stepLogin: // by another way
		return s.goTo(w, "/login", ix)
	case stepConnect:
		return s.goTo(w, "/connect", ix)
	case stepAnswer:
		flow.Did(flowtrace.Consent, flowtrace.ConsentRemembered)
		return s.answer(w, r, ix, session, ix.Scope)
	}
	return s.goTo(w, "/consent", ix)
}

// signInAgain shows the page once more after a refusal, with what say adds. The
// status is the refusal's own.
func (s *Server) signInAgain(w http.ResponseWriter, r *http.Request, sealed string, e *oauth.Error, say func(*pages.SignIn)) error {
	weblog.From(r.Context()).Fail(e)
	view, err := s.loginView(w, r, sealed)
	if err != nil {
		return err
	}
	if sealed != "" {
		flowtrace.From(r.Context()).Refused(e)
	}
	view.RetryAfter = e.RetryAfter
	say(&view)
	s.Pages.SignIn(w, e.Code.Status(), view)
	return nil
}

// wrongPassword shows the form again.
func (s *Server) wrongPassword(w http.ResponseWriter, r *http.Request, sealed string, cause error) error {
	e := oauth.AsError(cause)
	if e.Code != oauth.AccessDenied && e.Code != oauth.TooManyRequests {
		return e
	}
	return s.signInAgain(w, r, sealed, e, func(view *pages.SignIn) {
		view.Username = clip(r.PostForm.Get("username"), 128)
		if e.Code == oauth.AccessDenied {
			view.Problem = pages.WrongPassword
			s.auditFailure(r)
		}
	})
}

// staleForm answers a form whose token does not fit. Most often the person
// signed in or out in another tab meanwhile. Who signed in there, and is the
// same, goes on as they are: a second session would void the page that the
// other tab shows. Everyone else needs a fresh page.
func (s *Server) staleForm(w http.ResponseWriter, r *http.Request, sealed string, cause error) error {
	weblog.From(r.Context()).Fail(oauth.AsError(cause))
	session, person, err := s.session(r)
	if err != nil {
		return err
	}
	if name, err := login.CanonicalUsername(r.PostForm.Get("username")); err == nil && session != nil && name == person.Username {
		return s.afterLogin(w, r, sealed, *session)
	}
	view, err := s.loginView(w, r, sealed)
	if err != nil {
		return err
	}
	view.Username = clip(r.PostForm.Get("username"), 128)
	view.Problem = "This page was out of date. Please sign in again."
	s.Pages.SignIn(w, http.StatusForbidden, view)
	return nil
}

// signOut ends the browser's session. With an interaction it leads back to
// signing in, as someone else.
func (s *Server) signOut(w http.ResponseWriter, r *http.Request) error {
	sealed := r.PostForm.Get("ix")
	about := "logout"
	if sealed != "" {
		about = aboutConsent(sealed) // the form stands on that page
	}
	if err := s.checkForm(r, about); err != nil {
		return err
	}
	if secret := s.cookie(r, sessionCookie); secret != "" {
		if err := s.Sessions.CloseSession(r.Context(), secret.Digest()); err != nil {
			return err
		}
	}
	s.setCookie(w, sessionCookie, "", -1)
	target := "/login"
	if sealed != "" {
		target += "?ix=" + url.QueryEscape(sealed)
	}
	seeOther(w, target)
	return nil
}

func seeOther(w http.ResponseWriter, target string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
}
