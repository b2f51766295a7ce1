package pages

import (
	"html/template"
	"net/http"
)

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

	// Back leads to a client whose redirect URI was matched, with the error that it
	// waits for; empty: nowhere. BackHost is where that is.
	Back     string
	BackHost string

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
	p.draw(w, status, drawing{"problem", v.Title, onTheWay, problemView{v, template.URL(v.Back), partyOf(v.BackHost)}})
}

// A problemView is a Problem as its template reads it. The way back may have any
// scheme that a client may register, and none of those runs anything.
type problemView struct {
	Problem
	Return template.URL
	Party  party
}
