package authserver

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// sessionTTL is how long a browser stays signed in.
const sessionTTL = 30 * 24 * time.Hour

// The cookies, by what they hold. On https they get the prefix __Host-, which
// binds them to this host, to the root path and to TLS.
const (
	sessionCookie = "sallyport_session" // who is signed in
	browserCookie = "sallyport_browser" // which browser this is, signed in or not
)

func (s *Server) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *Server) setCookie(w http.ResponseWriter, name string, value oauth.Secret, age time.Duration) {
	c := &http.Cookie{
		Name: s.cookieName(name), Value: string(value), Path: "/", MaxAge: int(age.Seconds()),
		HttpOnly: true, Secure: s.secure,
		// Lax: a client sends the person here from its own site, and they should
		// be known when they arrive; forms of other sites carry nothing.
		SameSite: http.SameSiteLaxMode,
	}
	if age < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (s *Server) cookie(r *http.Request, name string) oauth.Secret {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return oauth.Secret(c.Value)
}

// session returns who is signed in in this browser; nil when no one is.
func (s *Server) session(r *http.Request) (*oauth.Session, oauth.Person, error) {
	secret := s.cookie(r, sessionCookie)
	if secret == "" {
		return nil, oauth.Person{}, nil
	}
	session, person, err := s.Sessions.Session(r.Context(), secret.Digest())
	switch {
	case isNotFound(err):
		return nil, oauth.Person{}, nil
	case err != nil:
		return nil, oauth.Person{}, err
	}
	return &session, person, nil
}

// owner returns who is signed in, for a page of their own. Without a session it
// leads to where one is opened, and returns none.
func (s *Server) owner(w http.ResponseWriter, r *http.Request) (*oauth.Session, oauth.Person, error) {
	session, person, err := s.session(r)
	if err == nil && session == nil {
		seeOther(w, "/login")
	}
	return session, person, err
}

// signedIn is who proved who they are, and how.
type signedIn struct{ person, way string }

// localWay is the way of who is known here, by a password or a passkey.
const localWay = "local"

// openSession signs a person in in this browser. The cookie is always a new
// one, so that nobody can prepare it for them, and the old session ends. It ends
// last: a fault on the way leaves the person signed in as they were.
func (s *Server) openSession(ctx context.Context, w http.ResponseWriter, r *http.Request, who signedIn) (oauth.Session, error) {
	now := s.Now()
	session, secret, err := s.newSession(ctx, oauth.Session{Subject: who.person, Way: who.way, AuthTime: now, Expires: now.Add(sessionTTL)})
	if err != nil {
		return oauth.Session{}, err
	}
	if old := s.cookie(r, sessionCookie); old != "" {
		if err := s.Sessions.CloseSession(ctx, old.Digest()); err != nil {
			return oauth.Session{}, err
		}
	}
	s.setCookie(w, sessionCookie, secret, sessionTTL)
	return session, nil
}

// newSession saves a session under a new secret, which it returns.
func (s *Server) newSession(ctx context.Context, session oauth.Session) (oauth.Session, oauth.Secret, error) {
	secret := oauth.NewSecret(oauth.SessionPrefix)
	session.ID = secret.Digest()
	return session, secret, s.Sessions.OpenSession(ctx, session)
}

// browser returns the browser's own secret, and gives it one if it has none.
func (s *Server) browser(w http.ResponseWriter, r *http.Request) oauth.Secret {
	if b := s.cookie(r, browserCookie); b != "" {
		return b
	}
	b := oauth.NewSecret("sp_b_")
	s.setCookie(w, browserCookie, b, 365*24*time.Hour)
	return b
}

// formToken is what a form must bring back. It follows from the browser, who is
// signed in there, and what the form is about, so it is the same however often
// a page is fetched: a prefetch or a second tab voids nothing.
func (s *Server) formToken(browser, session oauth.Secret, about string) string {
	mac := s.Keys.MAC("form", []byte(browser), []byte(session), []byte(about))
	return base64.RawURLEncoding.EncodeToString(mac)
}

// checkForm compares the token of a form that came back.
func (s *Server) checkForm(r *http.Request, about string) error {
	refused := oauth.Refuse(oauth.AccessDenied, foreignForm)
	browser := s.cookie(r, browserCookie)
	mac, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get("csrf"))
	if browser == "" || err != nil {
		return refused.Because(err)
	}
	if !s.Keys.CheckMAC("form", mac, []byte(browser), []byte(s.cookie(r, sessionCookie)), []byte(about)) {
		return refused
	}
	return nil
}
