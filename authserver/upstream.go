package authserver

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// An Upstream is somebody else who says who a person is.
type Upstream struct {
	Name  string // the last part of its callback, /oauth/callback/{name}
	Title string // on the button: Continue with {title}
	Way   Way
	// Callback is the path of its own to which it sends people back; empty:
	// /oauth/callback/{name}. No two have the same: what came there is its answer.
	Callback string
	// Admission is asked each time somebody comes back.
	Admission login.Admission
	// PostsFrom is the origin of a page of the operator's own that posts the answer
	// to the callback; empty: the upstream sends the browser there by itself.
	PostsFrom string
	// Runs is the app at Privy whose login a page of this server runs; nil: none does.
	Runs *PrivyScript
	// AsksForRefresh says that it gives a refresh token only where it asks the person
	// for the permissions, which it does once by itself.
	AsksForRefresh bool
	// HandsOut switches on /token/{name}/access-token.
	HandsOut bool
}

// A Way leads to an upstream and back; the types of package login are ways.
type Way interface {
	// Leave returns where the person's browser goes.
	Leave(ctx context.Context, d login.Departure) (string, error)
	// Return makes a person of what the browser brought back. Its errors are
	// refusals that a person may read.
	Return(ctx context.Context, d login.Departure, answer url.Values) (login.Profile, error)
	// Authority is the issuer of everybody whom Return makes: they are remembered
	// under it.
	Authority() string
}

// callbacks are the paths to which upstreams send people back, and who knows there
// which one it is.
func (s *Server) callbacks() map[string]func(http.Handler) http.Handler {
	all := map[string]func(http.Handler) http.Handler{"/oauth/callback/{login}": func(h http.Handler) http.Handler { return h }}
	for _, u := range s.Upstreams {
		if u.Callback == "" {
			continue
		}
		all[u.Callback] = func(h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.SetPathValue("login", u.Name)
				h.ServeHTTP(w, r)
			})
		}
	}
	return all
}

func (s *Server) upstream(name string) (Upstream, bool) {
	for _, u := range s.Upstreams {
		if u.Name == name {
			return u, true
		}
	}
	return Upstream{}, false
}

// upstreamButtons are the ways in that a page offers.
func (s *Server) upstreamButtons() []pages.Upstream {
	var all []pages.Upstream
	for _, u := range s.Upstreams {
		all = append(all, pages.Upstream{Name: u.Name, Title: u.Title, Action: "/login/" + u.Name})
	}
	return all
}

// leave sends a person to an upstream. It takes a press of a button on a page of
// ours, which says for which client it is: no client can send a browser through
// us to an upstream that would answer without asking.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	u, ok := s.upstream(r.PathValue("login"))
	if !ok {
		return oauth.Refuse(oauth.NotFound, nothingHere)
	}
	sealed, setup := r.PostForm.Get("ix"), r.PostForm.Get("setup")
	about := aboutLogin(sealed)
	if setup != "" {
		sealed, about = "", aboutSetup(setup)
		if err := s.mayBeFirst(r, setup); err != nil {
			return err
		}
	}
	if err := s.checkForm(r, about); err != nil {
		return s.staleForm(w, r, sealed, err)
	}
	d := s.newDeparture(u, s.cookie(r, browserCookie))
	d.Transaction, d.Setup, d.Again = sealed, setup, r.PostForm.Get("again") != ""
	if sealed != "" {
		ix, err := s.waiting(r.Context(), sealed)
		if err != nil {
			return err
		}
		d.Hint, d.Again = ix.LoginHint, d.Again || ix.prompts("login") || ix.MaxAge >= 0
		s.bringsFor(&d, ix.Resource)
	}
	target, err := u.Way.Leave(r.Context(), d.Departure)
	if err != nil {
		return s.turnedAway(w, r, d, err)
	}
	return s.sendAway(w, r, d, target)
}

// sendAway has a departure wait in the browser, and sends that to target.
func (s *Server) sendAway(w http.ResponseWriter, r *http.Request, d departure, target string) error {
	if err := s.depart(w, r, d); err != nil {
		return err
	}
	// Who goes for a page of their own connects nothing: that is no attempt to, and
	// would be told as one that was given up.
	if flow := flowtrace.From(r.Context()); flow.Joined() {
		flow.Did(flowtrace.SignIn, flowtrace.SentElsewhere)
	}
	w.Header().Set("Referrer-Policy", "no-referrer")
	seeOther(w, target)
	return nil
}

// comeBack signs in who an upstream says it is, and goes on with what waited.
func (s *Server) comeBack(w http.ResponseWriter, r *http.Request) error {
	u, ok := s.upstream(r.PathValue("login"))
	if !ok {
		return oauth.Refuse(oauth.NotFound, nothingHere)
	}
	d, err := s.arrive(w, r)
	if err != nil {
		return err
	}
	if d.Transaction != "" {
		if _, err := s.waiting(r.Context(), d.Transaction); err != nil {
			return err
		}
	}
	profile, err := s.vouched(r, u, d)
	if err != nil {
		return s.turnedAway(w, r, d, err)
	}
	switch {
	case d.Connects != "":
		return s.connected(w, r, u, d, profile)
	case d.Joins != "":
		return s.joined(w, r, u, d, profile)
	}
	short, err := s.bringsTooLittle(r.Context(), u, d, profile)
	switch {
	case err != nil:
		return err
	case short:
		return s.leaveAgain(w, r, u, d, profile)
	}
	person, err := s.identified(r, d, profile)
	if err != nil {
		return s.turnedAway(w, r, d, err)
	}
	if err := s.Identities.Saw(r.Context(), profile.Known()); err != nil {
		return err
	}
	if err := s.keepSignIn(r.Context(), person, d, profile); err != nil {
		return err
	}
	s.asked.now(wayID(profile.Identity))
	session, err := s.openSession(r.Context(), w, r, signedIn{person.ID, u.Name})
	if err != nil {
		return err
	}
	weblog.From(r.Context()).Add("subject", person.ID)
	s.audit(r.Context(), store.Event{Kind: store.SignedIn, Actor: person.ID, Subject: person.ID, Detail: "by " + u.Name})
	return s.afterLogin(w, r, d.Transaction, session)
}

// identified returns who that is here, and makes them an account when they come
// for the first time. An account that exists is never theirs by its address: who
// can choose an address at one upstream would be someone else here.
func (s *Server) identified(r *http.Request, d departure, profile login.Profile) (oauth.Person, error) {
	ctx := r.Context()
	person, err := s.Identities.Identified(ctx, profile.Issuer, profile.Subject)
	switch {
	case err == nil && !person.Disabled.IsZero():
		return person, oauth.Refuse(oauth.AccessDenied, notWelcomeHere).Because(errors.New("the person is disabled"))
	case !isNotFound(err):
		return person, err
	}
	if d.Setup != "" {
		if err := s.mayBeFirst(r, d.Setup); err != nil {
			return person, err
		}
	} else if err := s.someoneRunsThis(ctx); err != nil {
		return person, err
	}
	return s.newcomer(ctx, d, profile)
}

// someoneRunsThis refuses newcomers while there is no one: whoever comes first
// would take the place of who runs this.
func (s *Server) someoneRunsThis(ctx context.Context) error {
	anyone, err := s.People.People(ctx, "", 1)
	if err == nil && len(anyone) == 0 {
		return oauth.Refuse(oauth.AccessDenied, nobodyYet)
	}
	return err
}

// newcomer adds a person under a name that is free.
func (s *Server) newcomer(ctx context.Context, d departure, profile login.Profile) (oauth.Person, error) {
	identity := profile.Known()
	identity.Linked = s.Now()
	for try := range 3 {
		person := profile.Person(d.Upstream, try)
		person.Created, person.Admin = s.Now(), d.Setup != ""
		err := s.Identities.AddIdentified(ctx, person, identity, d.Setup != "")
		if err == nil {
			s.audit(ctx, store.Event{Kind: store.PersonCreated, Actor: person.ID, Subject: person.ID, Detail: "signed in by " + d.Upstream})
			return person, nil
		}
		if !errors.Is(err, store.ErrExists) {
			return person, err
		}
		// Perhaps they came twice at once, and are here now.
		if there, err := s.Identities.Identified(ctx, identity.Issuer, identity.Subject); !isNotFound(err) {
			return there, err
		}
	}
	return oauth.Person{}, errors.New("authserver: no username is free for a person of " + d.Upstream)
}

// turnedAway shows the page on which they pressed the button, and what was wrong, so
// that they can press it again. Whoever answers for an upstream reads the cause in
// the log, and in the flow trace.
func (s *Server) turnedAway(w http.ResponseWriter, r *http.Request, d departure, cause error) error {
	e := oauth.AsError(cause)
	said := sentence(ofService(s.TitleOf(d.Upstream), e.Description))
	switch {
	case e.Code == oauth.ServerError:
		return e
	case d.Setup != "":
		id := flowtrace.From(r.Context()).Refused(e)
		return s.setUpAgain(w, r, d.Setup, e, func(view *pages.FirstRun) { view.Problem, view.Reference = said, reference(id) })
	case d.Connects != "" && d.Transaction != "":
		return s.askToConnect(w, r, d.Transaction, e)
	case d.Connects != "", d.Joins != "":
		return s.homeAgain(w, r, e, said)
	}
	id := ""
	if d.Transaction == "" {
		id = flowtrace.From(r.Context()).Refused(e)
	}
	return s.signInAgain(w, r, d.Transaction, e, func(view *pages.SignIn) {
		view.Problem, view.Again = said, view.Again || d.Again && d.Transaction == ""
		if len(view.Upstreams) > 1 || view.PasswordLogin {
			view.Problem = strings.Replace(said, "try again in a moment", "try again, or sign in another way", 1)
		}
		view.Reference = cmp.Or(attempt(r, d.Transaction), reference(id))
	})
}

// aboutSetup is what the token of the first-run form is bound to.
func aboutSetup(presented string) string { return "setup " + presented }
