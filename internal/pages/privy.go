package pages

import "net/http"

// Privy is the page on which Privy's login runs: a script signs the person in, and its form
// posts state, privy_token and identity_token.
type Privy struct {
	Title   string // what the way in is called
	Action  string
	State   string // hidden, state
	Email   string // that the client suggests; may be empty
	BackURL string // where a person goes who does not sign in here

	ID, ClientID string // of the app at Privy, and of its app client, which may be empty
	At           string // the origin at which browsers speak with Privy
}

// Ways are those by other services of which an app at Privy may have some, as its script
// names them. What the app has not is not shown.
func (Privy) Ways() []PrivyWay {
	return []PrivyWay{{"google", "Google"}, {"apple", "Apple"}, {"github", "GitHub"}, {"twitter", "X"}, {"discord", "Discord"}, {"linkedin", "LinkedIn"}}
}

// A PrivyWay is one of those.
type PrivyWay struct{ Name, Title string }

// Privy draws the page with Privy's login. Its content security policy lets the script
// speak with Privy and with nobody else.
func (p *Pages) Privy(w http.ResponseWriter, status int, v Privy) {
	p.draw(w, status, drawing{"privy", "Sign in with " + v.Title, onTheWay | runsPrivy, v})
}
