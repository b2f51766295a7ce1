package pages

import "net/http"

// A Problem says why it cannot go on. In Happened and ToDo, text between
// backquotes is set in monospace.
type Problem struct {
	Title    string // "This connection cannot be made"
	Happened string // what happened, in one or two sentences
	ToDo     string // what to do about it
	Copy     string // what ToDo says to enter; empty: nothing

	// ByClient says what to do where that differs between clients.
	ByClient []ClientAdvice

	// Again is where to start over; empty: nowhere.
	Again string

	// HelpURL is where people read how to add a server to their client; empty:
	// nowhere.
	HelpURL string

	// Reference names the attempt for whoever runs the server: the flow, or the
	// request id.
	Reference string
}

// ClientAdvice is what to do in one client.
type ClientAdvice struct {
	Client string // "Claude Code"
	ToDo   string
	Copy   string
}

// Problem draws the page that ends what cannot go on.
func (p *Pages) Problem(w http.ResponseWriter, status int, v Problem) {
	p.draw(w, status, drawing{"problem", v.Title, onTheWay, v})
}
