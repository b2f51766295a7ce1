package pages

import (
	"html/template"
	"net/url"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A Guide is how one client is told about an MCP server.
type Guide struct {
	Client string // "Claude Code"
	// Hosted clients connect from their vendor's servers, which reach no server
	// on this computer.
	Hosted bool
	// Link opens the client and asks there whether to add the server. Whoever
	// makes it encodes what it holds; its scheme may be any. Empty: there is none.
	Link  string
	Steps []GuideStep
	// Troubles are what to do when it does not connect.
	Troubles []GuideTrouble
}

// A GuideStep is a sentence, in which text between backquotes is code, and what
// to copy.
type GuideStep struct {
	Text string
	Copy string
}

// A GuideTrouble is what people see, why, and what to do about it.
type GuideTrouble struct{ Sees, Why, Mend string }

// A guide is a [Guide] for one server.
type guide struct {
	Guide
	// Needs says what stands in the way; the steps are of no use before it is
	// solved. Empty: nothing.
	Needs string
	URL   template.URL // the link
}

// firstGuides is how many clients are listed before a person asks for more.
const firstGuides = 7

// guidesFor puts the clients first that can reach the server.
func guidesFor(v ResourcePage) (first, more []guide) {
	var last []guide
	u, err := url.Parse(v.URL)
	here := err == nil && oauth.IsLoopbackHost(u.Hostname())
	for _, g := range v.Guides {
		one := guide{Guide: g, URL: template.URL(g.Link)}
		if here && g.Hosted {
			one.Needs = g.Client + " connects from its own servers and cannot reach `" + u.Host +
				"`, which is this computer. Give the server a public https address first."
			last = append(last, one)
			continue
		}
		first = append(first, one)
	}
	first = append(first, last...)
	n := min(firstGuides, len(first))
	return first[:n], first[n:]
}
