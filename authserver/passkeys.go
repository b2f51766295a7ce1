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

const (
	passkeysPath      = "/account/passkeys"
	passkeyRemovePath = "/account/passkeys/remove"
	// freshFor is how long somebody who signed in may change how they sign in,
	// without saying once more who they are: a browser that is left open is not
	// theirs alone.
	freshFor     = 10 * time.Minute
	mostPasskeys = 20
)

func (s *Server) fresh(session *oauth.Session) bool { return s.Now().Sub(session.AuthTime) <= freshFor }

func aboutPasskeys(p oauth.Person) string { return "passkeys " + p.ID }

// hasPasskeys says whether somebody may have passkeys here. Whom somebody else
// vouches for, may not: whether they may come in is asked there, each time.
func (s *Server) hasPasskeys(p oauth.Person) bool {
	return s.WebAuthn != nil && s.Local != nil && p.PasswordHash != ""
}

// passkeyOwner is the owner of the page, where they may have passkeys.
func (s *Server) passkeyOwner(w http.ResponseWriter, r *http.Request) (*oauth.Session, oauth.Person, error) {
	session, person, err := s.owner(w, r)
	if err == nil && session != nil && !s.hasPasskeys(person) {
		err = oauth.Refuse(oauth.NotFound, nothingHere)
	}
	return session, person, err
}

func (s *Server) showPasskeys(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.passkeyOwner(w, r)
	if session == nil || err != nil {
		return err
	}
	view, err := s.passkeysView(w, r, session, person)
	if err != nil {
		return err
	}
	s.Pages.Passkeys(w, http.StatusOK, view)
	return nil
}

func (s *Server) passkeysView(w http.ResponseWriter, r *http.Request, session *oauth.Session, person oauth.Person) (pages.Passkeys, error) {
	keys, err := s.Passkeys.Passkeys(r.Context(), person.ID)
	if err != nil {
		return pages.Passkeys{}, err
	}
	browser := s.browser(w, r)
	view := pages.Passkeys{
		Person: personLine(person), Now: s.Now(), RemoveURL: passkeyRemovePath, BackURL: "/account",
		CSRF: s.formToken(browser, s.cookie(r, sessionCookie), aboutPasskeys(person)),
	}
	for _, k := range keys {
		view.Passkeys = append(view.Passkeys, passkeyLine(k))
		if k.ID == r.URL.Query().Get("added") && s.Now().Sub(k.Created) < time.Minute {
			view.Notice = "From now on you can sign in with it."
		}
	}
	switch {
	case !s.fresh(session):
		view.ConfirmAction = "/account/passkeys/confirm"
	case len(keys) < mostPasskeys:
		c := s.newChallenge(browser, aboutPasskeys(person))
		view.Add = pages.PasskeyForm{Action: passkeysPath, Challenge: c.String()}
		view.Add.Options, err = s.WebAuthn.AskNew(c, person, keys)
	}
	return view, err
}

func passkeyLine(k oauth.Passkey) pages.PasskeyLine {
	return pages.PasskeyLine{ID: k.ID, Name: k.Name, Since: k.Created, LastUsed: k.LastUsed}
}

// passkeysAgain shows the page once more, with what was wrong.
func (s *Server) passkeysAgain(w http.ResponseWriter, r *http.Request, cause error) error {
	e := oauth.AsError(cause)
	if e.Code.Status() >= http.StatusInternalServerError {
		return e
	}
	session, person, err := s.passkeyOwner(w, r)
	if session == nil || err != nil {
		return err
	}
	weblog.From(r.Context()).Fail(e)
	view, err := s.passkeysView(w, r, session, person)
	if err != nil {
		return err
	}
	if e.Code != oauth.TooManyRequests {
		view.Problem = sentence(e.Description)
	}
	view.RetryAfter = e.RetryAfter
	s.Pages.Passkeys(w, e.Code.Status(), view)
	return nil
}

// confirmPerson asks once more for the password of who is signed in.
func (s *Server) confirmPerson(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.passkeyOwner(w, r)
	if session == nil || err != nil {
		return err
	}
	if err := s.checkForm(r, aboutPasskeys(person)); err != nil {
		return err
	}
	if _, err := s.Local.SignIn(r.Context(), person.Username, oauth.Secret(r.PostForm.Get("password")), s.Address(r)); err != nil {
		if oauth.AsError(err).Code == oauth.AccessDenied {
			err = oauth.Refuse(oauth.AccessDenied, "That is not your password.").Because(err)
		}
		return s.passkeysAgain(w, r, err)
	}
	if _, err := s.openSession(r.Context(), w, r, signedIn{person.ID, localWay}); err != nil {
		return err
	}
	s.audit(r.Context(), store.Event{Kind: store.SignedIn, Actor: person.ID, Subject: person.ID})
	seeOther(w, passkeysPath)
	return nil
}

// addPasskey saves what a device of the person made.
func (s *Server) addPasskey(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.passkeyOwner(w, r)
	if session == nil || err != nil {
		return err
	}
	if err := s.checkForm(r, aboutPasskeys(person)); err != nil {
		return err
	}
	k, err := s.madePasskey(r, session, person)
	if err != nil {
		return s.passkeysAgain(w, r, err)
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	s.audit(r.Context(), store.Event{Kind: store.PasskeyAdded, Actor: person.ID, Subject: person.ID, Detail: k.Name})
	seeOther(w, passkeysPath+"?added="+url.QueryEscape(k.ID))
	return nil
}

func (s *Server) madePasskey(r *http.Request, session *oauth.Session, person oauth.Person) (oauth.Passkey, error) {
	if !s.fresh(session) {
		return oauth.Passkey{}, oauth.Refuse(oauth.AccessDenied, outOfDate)
	}
	keys, err := s.Passkeys.Passkeys(r.Context(), person.ID)
	if err != nil {
		return oauth.Passkey{}, err
	}
	if len(keys) >= mostPasskeys {
		return oauth.Passkey{}, oauth.Refuse(oauth.InvalidRequest, "You have as many passkeys as there may be.")
	}
	c, err := s.challengeOf(r, aboutPasskeys(person))
	if err == nil {
		err = s.spendChallenge(r, c)
	}
	if err != nil {
		return oauth.Passkey{}, err
	}
	return s.WebAuthn.Add(r.Context(), c, person, r.PostForm.Get("name"), r.PostForm.Get("answer"))
}

// ownPasskey finds a passkey of a person. Another person's is not found.
func (s *Server) ownPasskey(r *http.Request, person oauth.Person, id string) (oauth.Passkey, error) {
	keys, err := s.Passkeys.Passkeys(r.Context(), person.ID)
	if err != nil {
		return oauth.Passkey{}, err
	}
	if i := slices.IndexFunc(keys, func(k oauth.Passkey) bool { return k.ID == id }); i >= 0 {
		return keys[i], nil
	}
	return oauth.Passkey{}, oauth.Refuse(oauth.NotFound, passkeyGone)
}

func (s *Server) confirmRemovePasskey(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.passkeyOwner(w, r)
	if session == nil || err != nil {
		return err
	}
	if !s.fresh(session) {
		seeOther(w, passkeysPath) // which asks who they are
		return nil
	}
	k, err := s.ownPasskey(r, person, r.URL.Query().Get("passkey"))
	if err != nil {
		return err
	}
	s.Pages.ConfirmPasskey(w, http.StatusOK, pages.ConfirmPasskey{
		Action: passkeyRemovePath, Passkey: passkeyLine(k), BackURL: passkeysPath,
		CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), "remove passkey "+k.ID),
	})
	return nil
}

// removePasskey forgets a passkey and ends the person's sessions, but for this
// browser's, which goes on under a new secret, signed in since it was.
func (s *Server) removePasskey(w http.ResponseWriter, r *http.Request) error {
	session, person, err := s.passkeyOwner(w, r)
	if session == nil || err != nil {
		return err
	}
	k, err := s.ownPasskey(r, person, r.PostForm.Get("passkey"))
	if err != nil {
		return err
	}
	if err := s.checkForm(r, "remove passkey "+k.ID); err != nil {
		return err
	}
	if !s.fresh(session) {
		return s.passkeysAgain(w, r, oauth.Refuse(oauth.AccessDenied, outOfDate))
	}
	err = s.Passkeys.RemovePasskey(r.Context(), person.ID, k.ID)
	if isNotFound(err) {
		return oauth.Refuse(oauth.NotFound, passkeyGone).Because(err)
	}
	if err != nil {
		return err
	}
	kept, secret, err := s.newSession(r.Context(), *session)
	if err != nil {
		return err
	}
	s.setCookie(w, sessionCookie, secret, kept.Expires.Sub(s.Now()))
	weblog.From(r.Context()).Add("subject", person.ID)
	s.audit(r.Context(), store.Event{Kind: store.PasskeyRemoved, Actor: person.ID, Subject: person.ID, Detail: k.Name})
	seeOther(w, passkeysPath)
	return nil
}
