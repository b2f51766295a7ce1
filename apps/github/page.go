package github

import (
	_ "embed" // the pages

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/widget"
)

var (
	//go:embed widgets/dist/github-repositories.html
	repositoriesHTML string
	//go:embed widgets/dist/github-issues.html
	issuesHTML string
	//go:embed widgets/dist/github-new-issue.html
	newIssueHTML string
	//go:embed widgets/dist/github-connect.html
	connectHTML string
)

// A page of this server loads nothing, pictures of people from GitHub neither: what it
// shows came with the results.
func page(name, title, description, html string) widget.Page {
	return widget.Page{URI: "ui://widget/" + name + ".html", Name: name, Title: title, Description: description, HTML: html, Border: true}
}

func repositoriesPage() widget.Page {
	return page("github-repositories", "Repositories", "Lists the person's repositories; they filter them, see their issues and open new ones "+
		"there by themselves. Do not list them again; say in one sentence what can be done next.", repositoriesHTML)
}

func issuesPage() widget.Page {
	return page("github-issues", "Issues", "Lists the issues; the person filters them, reads one, asks for more and opens a new one there by themselves. "+
		"Do not list them again; say in one sentence what stands out.", issuesHTML)
}

func newIssuePage() widget.Page {
	return page("github-new-issue", "New issue", "Shows the issue that was opened, or a form with what GitHub did not take, which the person "+
		"mends and sends by themselves. Do not send it again for them.", newIssueHTML)
}

func connectPage() widget.Page {
	return page("github-connect", "Connection to GitHub", "Shows who the person is at GitHub, or a button with which they connect it.", connectHTML)
}

// onPage makes chats show what a tool answers on its page, where it has one.
func onPage(t *mcp.Tool) {
	switch t.Name {
	case toolRepositories:
		repositoriesPage().ShowResultsOf(t, "Listing your repositories", "Listed your repositories")
	case toolIssues, toolSearch:
		issuesPage().ShowResultsOf(t, "Looking for issues", "Looked for issues")
	case toolCreateIssue:
		newIssuePage().ShowResultsOf(t, "Opening the issue", "Opened the issue")
	case toolProfile:
		connectPage().ShowResultsOf(t, "Asking GitHub who you are", "Asked GitHub who you are")
	}
}
