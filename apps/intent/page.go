package intent

import (
	_ "embed" // the pages

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/widget"
)

//go:embed widgets/dist/intent-display.html
var intentsHTML string

//go:embed widgets/dist/discover-connections.html
var connectionsHTML string

// intentsPage lists what the person is looking for.
func intentsPage() widget.Page {
	return widget.Page{
		URI: "ui://widget/intent-display.html", Name: "intent-display", Title: "What you are looking for", HTML: intentsHTML, Border: true,
		Description: "Lists what the person is looking for. They tick things off there by themselves. Do not repeat the list; say in one " +
			"sentence what was found, and offer to look for people who want the same.",
	}
}

// connectionsPage lists people who look for the same.
func connectionsPage() widget.Page {
	return widget.Page{
		URI: "ui://widget/discover-connections.html", Name: "discover-connections", Title: "People who look for the same", HTML: connectionsHTML, Border: true,
		Description: "Lists people who look for the same as the person, and what they have in common. The person asks them for a connection " +
			"there, skips or answers them by themselves. Do not repeat the list; say in one sentence who stands out.",
	}
}

// addPages makes chats show results on the pages, and lets the pages call.
func (d *discovery) addPages(s *mcp.Server) {
	intentsPage().AddTo(s, serving.FoundAt)
	connectionsPage().AddTo(s, serving.FoundAt)
}

// onPages says of a tool which page shows what it answers.
func onPages(t *mcp.Tool) *mcp.Tool {
	switch t.Name {
	case toolExtract:
		intentsPage().ShowResultsOf(t, "Finding out what you are looking for", "Found out what you are looking for")
	case toolItems:
		intentsPage().ShowResultsOf(t, "Looking at what was found", "Looked at what was found")
	case toolDiscover:
		connectionsPage().ShowResultsOf(t, "Looking for people who look for the same", "Looked for people who look for the same")
	case toolItem, toolAct:
		widget.LetWidgetsCall(t)
	}
	return t
}
