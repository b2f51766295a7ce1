package pages

import "net/http"

// A Welcome is the root of the server, for a person who opens it in a browser.
type Welcome struct {
	Resources  []ResourceLine
	AccountURL string
}

// A ResourceLine is one guarded MCP server.
type ResourceLine struct {
	Title       string
	Description string
	URL         string
}

// Welcome draws the page at the root.
func (p *Pages) Welcome(w http.ResponseWriter, status int, v Welcome) {
	p.draw(w, status, drawing{"welcome", "MCP servers", atHome, v})
}

// A ResourcePage is a guarded MCP URL that a person opened in a browser: what it
// is, and how to add it to a client.
type ResourcePage struct {
	Title       string // "Acme Tickets"
	Description string
	URL         string // the MCP URL
	Scopes      []ScopeLine
	AccountURL  string
	Guides      []Guide // in the order in which people should see them
}

// Resource draws the page of a guarded MCP server. What the caller has put into
// the header before, such as a challenge for programs, stays.
func (p *Pages) Resource(w http.ResponseWriter, status int, v ResourcePage) {
	first, more := guidesFor(v)
	p.draw(w, status, drawing{"resource", "Connect to " + v.Title, atHome | copies, struct {
		ResourcePage
		First, More []guide
	}{v, first, more}})
}
