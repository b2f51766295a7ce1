package authserver

import (
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// FirstRunURL is the link at which the first person makes their account. It is
// good for as long as there is no one, and on every replica: it is not stored
// but follows from the installation's keys.
func (s *Server) FirstRunURL() string {
	return s.Issuer + "/setup/" + s.firstRunToken()
}

func (s *Server) firstRunToken() string {
	return base64.RawURLEncoding.EncodeToString(s.Keys.MAC("first run", []byte(s.Issuer)))
}

// mayBeFirst checks the token and that there is no one yet.
func (s *Server) mayBeFirst(r *http.Request, presented string) error {
	mac, err := base64.RawURLEncoding.DecodeString(presented)
	if err != nil || !s.Keys.CheckMAC("first run", mac, []byte(s.Issuer)) {
		return oauth.Refuse(oauth.AccessDenied, "this link is not the one that the server printed")
	}
	people, err := s.People.People(r.Context(), "", 1)
	if err != nil {
		return err
	}
	if len(people) > 0 {
		return oauth.Refuse(oauth.AccessDenied, firstIsMade)
	}
	return nil
}

const firstIsMade = "the first account was made already"

func (s *Server) showFirstRun(w http.ResponseWriter, r *http.Request) error {
	presented := r.PathValue("token")
	if err := s.mayBeFirst(r, presented); err != nil {
		return err
	}
	s.Pages.FirstRun(w, http.StatusOK, s.firstRunView(w, r, presented))
	return nil
}

func (s *Server) firstRunView(w http.ResponseWriter, r *http.Request, presented string) pages.FirstRun {
	return pages.FirstRun{
		Action: "/setup/" + url.PathEscape(presented), PasswordMin: login.PasswordMin,
		PasswordLogin: s.Local != nil, Upstreams: s.upstreamButtons(), Setup: presented,
		CSRF: s.formToken(s.browser(w, r), s.cookie(r, sessionCookie), aboutSetup(presented)),
	}
}

// firstRun makes the first account, an administrator's, and signs them in.
func (s *Server) firstRun(w http.ResponseWriter, r *http.Request) error {
	presented := r.PathValue("token")
	if err := s.mayBeFirst(r, presented); err != nil {
		return err
	}
	if err := s.checkForm(r, aboutSetup(presented)); err != nil {
		return err
	}
	if s.Local == nil {
		return oauth.Refuse(oauth.NotFound, nothingHere)
	}
	person, err := s.Local.Create(r.Context(), login.New{
		Username: r.PostForm.Get("username"), Name: r.PostForm.Get("name"), Email: r.PostForm.Get("email"),
		Password: oauth.Secret(r.PostForm.Get("password")), Admin: true, First: true,
	})
	if err != nil {
		// Whoever was overtaken while the password was hashed is told the same as
		// whoever came later: the form is of no use to them.
		if overtaken := s.mayBeFirst(r, presented); overtaken != nil {
			return overtaken
		}
		return s.firstRunAgain(w, r, presented, err)
	}
	if _, err := s.openSession(r.Context(), w, r, signedIn{person.ID, localWay}); err != nil {
		return err
	}
	s.audit(r.Context(), store.Event{Kind: store.PersonCreated, Actor: person.ID, Subject: person.ID, Detail: "the first account"})
	seeOther(w, "/account")
	return nil
}

// firstRunAgain shows the form once more, with what was wrong.
func (s *Server) firstRunAgain(w http.ResponseWriter, r *http.Request, presented string, cause error) error {
	e := oauth.AsError(cause)
	if e.Code.Status() >= http.StatusInternalServerError {
		return e
	}
	return s.setUpAgain(w, r, presented, e, func(*pages.FirstRun) {})
}

// setUpAgain shows the form of a refusal, with what say adds. The link is as good as it
// was, unless somebody was faster.
func (s *Server) setUpAgain(w http.ResponseWriter, r *http.Request, presented string, e *oauth.Error, say func(*pages.FirstRun)) error {
	if err := s.mayBeFirst(r, presented); err != nil {
		return err
	}
	weblog.From(r.Context()).Fail(e)
	view := s.firstRunView(w, r, presented)
	view.Username, view.Name = clip(r.PostForm.Get("username"), 128), clip(r.PostForm.Get("name"), 128)
	view.Problem = sentence(e.Description)
	say(&view)
	comeAgain(w, e)
	s.Pages.FirstRun(w, e.Code.Status(), view)
	return nil
}
