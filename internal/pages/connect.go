package pages

import "net/http"

// A Connect asks a person to connect another service, at which the tools of a
// resource act for them. The form posts ix, resource and csrf; where a client waits,
// which ix says, also decision=deny from the button "Not now".
type Connect struct {
	Action      string
	Transaction string // hidden, ix
	Resource    string // hidden, resource
	CSRF        string // hidden, csrf

	Person        string // "Ada (ada@acme.example)"
	Title         string // "GitHub", on the button "Connect GitHub"
	ResourceTitle string
	ClientHost    string // of an oauth.RedirectTarget
	Ended         bool   // they had connected it, and the service ended that
	Problem       string // what was wrong with the last try, in whole sentences
	Reference     string // names the attempt for whoever runs the server; empty: not said

	// Errand says that a tool's call waits, of a client that has been let in: its
	// name, and who vouches for it, as in a Consent. Both may be empty.
	Errand               bool
	ClientName, ProvedBy string
	HomeURL              string
}

// Connect draws the page that asks to connect another service.
func (p *Pages) Connect(w http.ResponseWriter, status int, v Connect) {
	p.draw(w, status, drawing{"connect", "Connect " + v.Title, onTheWay, struct {
		Connect
		Party party
	}{v, partyOf(v.ClientHost)}})
}

// Connected draws the page that says so, to who came on an errand.
func (p *Pages) Connected(w http.ResponseWriter, status int, v Connect) {
	p.draw(w, status, drawing{"connected", v.Title + " is connected", atHome, v})
}
