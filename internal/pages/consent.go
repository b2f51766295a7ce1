package pages

import (
	"net/http"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A Consent asks a person whether a client may act for them. The form posts
// ix, csrf, scope (once per optional scope that is checked) and decision, which
// is "deny" or "allow". The form at SwitchAction posts ix and csrf.
type Consent struct {
	Action       string
	SwitchAction string // signs out and starts over; empty: not offered
	Transaction  string // hidden, ix
	CSRF         string // hidden, csrf

	Person string // "Ada (ada@acme.example)"

	// Target is where the answer goes; RedirectURI is it in full.
	Target      oauth.RedirectTarget
	RedirectURI string

	// ClientName is what the client calls itself; anyone can choose any.
	ClientName string
	// ProvedBy is the host whose metadata document has that name; empty: nobody
	// vouches for it. It proves nothing of a program on the person's computer,
	// and the page says so where Target is one.
	ProvedBy string

	ResourceTitle string
	ResourceURL   string
	Scopes        []ScopeLine
	// Elsewhere is what the servers behind it may do for the person with that: it comes
	// with the rest, and cannot be left out.
	Elsewhere []ElsewhereLine

	// OfflineAccess: it lasts until it is withdrawn at AccountURL. Otherwise it
	// lasts AccessTTL, an hour where that is zero.
	OfflineAccess bool
	AccessTTL     time.Duration
	AccountURL    string
}

// An ElsewhereLine is one permission that the server of one resource has at another.
type ElsewhereLine struct {
	By, At string // what they are called
	URL    string // of At
	Scope  ScopeLine
}

// A ScopeLine is one permission.
type ScopeLine struct {
	Name        string // the scope token
	Title       string // empty: Name
	Description string
	Optional    bool // has a checkbox; on the page of a resource: not asked for by itself
	Checked     bool // where Optional
}

// Label is what the permission is called.
func (s ScopeLine) Label() string {
	if s.Title == "" {
		return s.Name
	}
	return s.Title
}

// Consent draws the consent page.
//
// The MCP security best practices ask of it that it names the client, the
// permissions and the registered redirect URI, cannot be framed, and answers
// only to a form that carries the interaction's own token.
func (p *Pages) Consent(w http.ResponseWriter, status int, v Consent) {
	lasts := time.Hour
	if v.AccessTTL > 0 {
		lasts = v.AccessTTL
	}
	who := partyOf(v.Target.Host)
	p.draw(w, status, drawing{"consent", "Allow " + who.String() + "?", onTheWay, struct {
		Consent
		Party  party
		Proved bool
		Lasts  string
	}{v, who, v.ProvedBy != "" && !who.here(), forHowLong(lasts)}})
}
