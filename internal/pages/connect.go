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
}

// Connect draws the page that asks to connect another service.
func (p *Pages) Connect(w http.ResponseWriter, status int, v Connect) {
	p.draw(w, status, drawing{"connect", "Connect " + v.Title, onTheWay, struct {
		Connect
		Party party
	}{v, partyOf(v.ClientHost)}})
}
