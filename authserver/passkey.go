package authserver

import (
	"errors"
	"net/http"

	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// passkeyForm is what the sign-in page needs to ask a device.
func (s *Server) passkeyForm(browser oauth.Secret, sealed string) (pages.PasskeyForm, error) {
	if s.WebAuthn == nil {
		return pages.PasskeyForm{}, nil
	}
	c := s.newChallenge(browser, aboutLogin(sealed))
	options, err := s.WebAuthn.Ask(c)
	return pages.PasskeyForm{Action: "/login/passkey", Challenge: c.String(), Options: options}, err
}

// signInWithPasskey signs in whose device answered, and goes on with what waited.
// Nobody says who they are: the device does.
func (s *Server) signInWithPasskey(w http.ResponseWriter, r *http.Request) error {
	if s.WebAuthn == nil {
		return oauth.Refuse(oauth.NotFound, nothingHere)
	}
	sealed := r.PostForm.Get("ix")
	if err := s.checkForm(r, aboutLogin(sealed)); err != nil {
		return s.staleForm(w, r, sealed, err)
	}
	if sealed != "" {
		if _, err := s.waiting(r.Context(), sealed); err != nil {
			return err
		}
	}
	proof, err := s.proved(r, sealed)
	if err != nil {
		return s.passkeyRefused(w, r, sealed, err)
	}
	session, err := s.openSession(r.Context(), w, r, signedIn{proof.Person.ID, localWay})
	if err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", proof.Person.ID)
	s.audit(r.Context(), store.Event{Kind: store.SignedIn, Actor: proof.Person.ID, Subject: proof.Person.ID, Detail: "with a passkey"})
	return s.afterLogin(w, r, sealed, session)
}

// proved checks what a device answered. What it proves is spent last, so that
// whoever refuses an answer leaves everything as it was.
//
// There is nothing to guess, and so nobody's name to slow; what is slowed is a
// network that has us check answers without end.
func (s *Server) proved(r *http.Request, sealed string) (login.PasskeyProof, error) {
	from := network(s.Address(r))
	if wait := s.limits.passkeys.blocked(from); wait > 0 {
		return login.PasskeyProof{}, tooMany(wait)
	}
	c, err := s.challengeOf(r, aboutLogin(sealed))
	if err != nil {
		return login.PasskeyProof{}, err
	}
	proof, err := s.WebAuthn.Prove(r.Context(), c, r.PostForm.Get("answer"))
	if err == nil {
		err = s.spendChallenge(r, c)
	}
	if err == nil {
		err = s.WebAuthn.Use(r.Context(), proof)
	}
	var refusal *oauth.Error
	if errors.As(err, &refusal) {
		s.limits.passkeys.spend(from)
	}
	if errors.Is(err, login.ErrCopied) && s.limits.failuresOf.spend("passkey "+proof.Person.ID) == 0 {
		s.audit(r.Context(), store.Event{Kind: store.SignInFailed, Subject: proof.Person.ID, Detail: "a passkey may have been copied: its counter went back"})
	}
	return proof, err
}

// passkeyRefused shows the form again.
func (s *Server) passkeyRefused(w http.ResponseWriter, r *http.Request, sealed string, cause error) error {
	e := oauth.AsError(cause)
	if e.Code != oauth.AccessDenied && e.Code != oauth.TooManyRequests {
		return e
	}
	return s.signInAgain(w, r, sealed, e, func(view *pages.SignIn) {
		if e.Code == oauth.AccessDenied {
			view.Problem = sentence(e.Description)
		}
	})
}
