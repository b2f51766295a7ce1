package pages

import (
	"net/http"
	"time"
)

// An Account lists what a person allowed, most recently used first, in the
// order given. Each grant has a form that gets RevokeURL with grant.
type Account struct {
	Person string // "Ada (ada@acme.example)"
	Now    time.Time
	Grants []GrantLine

	Connections []ConnectionLine // the services at which tools can act for them
	Ways        []WayLine        // how they can sign in
	NewWays     []NewWay         // and how they could

	RevokeURL     string // of the page that asks again
	SignOutAction string // posts csrf
	RemoveWayURL  string // of the page that asks again, with way
	PasskeysURL   string // empty: they have none and can have none
	AdminURL      string // empty: not an administrator
	CSRF          string // hidden, csrf

	// Notice is what was just done: "claude.ai can no longer act for you."
	Notice string
}

// A ConnectionLine is a service that a person can connect for one of the MCP
// servers here. The form posts csrf and resource.
type ConnectionLine struct {
	Title         string // "GitHub", on the buttons "Connect GitHub" and "Disconnect GitHub"
	ResourceTitle string // of what acts there
	Name          string // what they are called there; empty: not said
	Since         time.Time
	Ended         bool // the service ended it
	Action        string
	Resource      string // hidden, resource
	CSRF          string // hidden, csrf
}

// Connected reports whether tools can act there.
func (c ConnectionLine) Connected() bool { return !c.Since.IsZero() && !c.Ended }

// A WayLine is a way in that a person has: somebody else who says who they are, or
// their password.
type WayLine struct {
	ID    string // hidden, way; empty: it cannot be removed
	Title string // "GitHub", "Password"
	Name  string // what they are called there; empty: not said
	Since time.Time
	Off   bool // the settings do not have it any more
}

// A NewWay is one that they could add. The form posts csrf.
type NewWay struct {
	Title  string // "GitHub", on the button "Add GitHub"
	Action string
	CSRF   string // hidden, csrf
}

// A ConfirmWay asks once before a way in is removed. The form posts csrf and way.
type ConfirmWay struct {
	Action  string
	CSRF    string // hidden, csrf
	Way     WayLine
	BackURL string
}

// ConfirmWay draws the page that asks before a way in is removed.
func (p *Pages) ConfirmWay(w http.ResponseWriter, status int, v ConfirmWay) {
	p.draw(w, status, drawing{"confirmway", "Remove " + v.Way.Title + "?", atHome, v})
}

// A GrantLine is one client that can act for the person.
type GrantLine struct {
	ID            string // hidden, grant
	Host          string // of an oauth.RedirectTarget
	ClientName    string
	ResourceTitle string
	Permissions   []string // the titles of its scopes
	Since         time.Time
	LastUsed      time.Time // zero: never
}

// Party is who it is, for the template.
func (g GrantLine) Party() party { return partyOf(g.Host) }

// Withdrawn is the [Account.Notice] after this grant was revoked.
func (g GrantLine) Withdrawn() string {
	who := "A program on this computer"
	if p := g.Party(); !p.here() {
		who = "`" + p.Host + "`"
	}
	return who + " can no longer use " + g.ResourceTitle + " as you."
}

// Account draws the person's own page.
func (p *Pages) Account(w http.ResponseWriter, status int, v Account) {
	where := atHome
	if len(v.Connections)+len(v.NewWays) > 0 {
		where = onTheWay // a button there leads to another host
	}
	p.draw(w, status, drawing{"account", "What can act for you", where, v})
}

// A ConfirmRevoke asks once before a grant is revoked. The form posts csrf and
// grant.
type ConfirmRevoke struct {
	Action  string
	CSRF    string // hidden, csrf
	Grant   GrantLine
	BackURL string
}

// ConfirmRevoke draws the page that asks before a grant is revoked.
func (p *Pages) ConfirmRevoke(w http.ResponseWriter, status int, v ConfirmRevoke) {
	p.draw(w, status, drawing{"confirmrevoke", "Revoke " + v.Grant.Party().String() + "?", atHome, v})
}

// A SignedOut says that the person is signed out here.
type SignedOut struct {
	SignInURL string // empty: no link
}

// SignedOut draws the page after signing out.
func (p *Pages) SignedOut(w http.ResponseWriter, status int, v SignedOut) {
	p.draw(w, status, drawing{"signedout", "Signed out", atHome, v})
}
