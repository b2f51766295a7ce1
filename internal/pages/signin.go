package pages

import (
	"net/http"
	"strconv"
	"time"
)

// A SignIn asks a person who they are. The forms post to Action and to the
// Action of each upstream, with ix and csrf; the password form adds username
// and password.
type SignIn struct {
	Action      string
	Transaction string // hidden, ix
	CSRF        string // hidden, csrf

	// ResourceTitle and ClientHost say what signing in is for. ClientHost is the
	// host of an oauth.RedirectTarget. Without a resource it is for the person's
	// own page.
	ResourceTitle string
	ClientHost    string

	// HelpURL is where people read how to add the server to their client; empty:
	// nowhere.
	HelpURL string

	// Again: they are signed in, and say once more who they are. The forms of the
	// upstreams add again.
	Again bool

	PasswordLogin bool
	Username      string // filled in again
	Upstreams     []Upstream
	Passkey       PasskeyForm // adds ix and csrf

	// Problem is what was wrong with the last try, in whole sentences. Reference names
	// the attempt for whoever runs the server; empty: not said.
	Problem   string
	Reference string
	// RetryAfter is how many seconds to wait, for people and for the Retry-After
	// header; with it, Problem may be empty.
	RetryAfter int
}

// An Upstream is somebody else who can say who a person is.
type Upstream struct {
	Name   string // "github"
	Title  string // "GitHub", on the button "Continue with GitHub"
	Action string
}

// WrongPassword is the Problem of a SignIn whose username or password is wrong;
// it does not say which.
const WrongPassword = "That username and password do not go together."

// SignIn draws the sign-in page.
func (p *Pages) SignIn(w http.ResponseWriter, status int, v SignIn) {
	title := "Sign in"
	v.Problem = tooManyTries(w, v.RetryAfter, v.Problem)
	reach := onTheWay
	if v.Passkey.Action != "" {
		reach |= asksDevices
	}
	if v.ResourceTitle != "" {
		title += " to continue to " + v.ResourceTitle
	}
	p.draw(w, status, drawing{"signin", title, reach, struct {
		SignIn
		Party party
	}{v, partyOf(v.ClientHost)}})
}

// tooManyTries says how long to wait, in the header and, where nothing else is
// wrong, on the page.
func tooManyTries(w http.ResponseWriter, seconds int, problem string) string {
	if seconds <= 0 {
		return problem
	}
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	if problem != "" {
		return problem
	}
	return "Too many tries. Try again in " + forHowLong(time.Duration(seconds)*time.Second) + "."
}

// A FirstRun makes the first account of an installation, which administers it.
// The form posts csrf, username, name and password; that of an upstream csrf and
// setup.
type FirstRun struct {
	Action string // holds the one-time secret of the link
	CSRF   string // hidden, csrf
	Setup  string // hidden, setup

	PasswordLogin bool
	Upstreams     []Upstream

	Username string // filled in again
	Name     string

	// PasswordMin is the least number of characters.
	PasswordMin int

	// Problem is what was wrong, in whole sentences, and Field the field it is
	// about: "username", "name", "password", or empty for none of them.
	Problem string
	Field   string

	Reference string // for whoever runs the server: the attempt; empty: it has none
}

// FirstRun draws the page that makes the first account.
func (p *Pages) FirstRun(w http.ResponseWriter, status int, v FirstRun) {
	where := atHome
	if len(v.Upstreams) > 0 {
		where = onTheWay // a button there leads to another host
	}
	p.draw(w, status, drawing{"firstrun", "Make the first account", where, v})
}
