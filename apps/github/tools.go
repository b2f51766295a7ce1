package github

import (
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/widget"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// The scopes of this server. What people read about them stands in the settings.
const (
	ScopeProfile = "read:user"
	ScopeRead    = "read:repos"
	ScopeWrite   = "write:issues"
)

// The scopes that the person's token has to have at GitHub, for all of the tools.
// An OAuth App cannot ask for less: private repositories are to be had with
// everything in them or not at all. A GitHub App has permissions of its own.
func UpstreamScopes() []string { return []string{"repo", "read:user"} }

const (
	toolRepositories = "list_repositories"
	toolIssues       = "get_repository_issues"
	toolSearch       = "search_issues"
	toolCreateIssue  = "create_issue"
	toolCreatePull   = "create_pull_request"
	toolProfile      = "get_profile"
)

// ToolScopes is what each tool needs.
func ToolScopes() map[string]oauth.Scope {
	read, write := oauth.NewScope(ScopeRead), oauth.NewScope(ScopeWrite)
	return map[string]oauth.Scope{
		toolRepositories: read, toolIssues: read, toolSearch: read,
		toolCreateIssue: write, toolCreatePull: write, toolProfile: oauth.NewScope(ScopeProfile),
	}
}

func (h *hub) addTools(s *mcp.Server) {
	for _, p := range []widget.Page{repositoriesPage(), issuesPage(), newIssuePage(), connectPage()} {
		p.AddTo(s, serving.FoundAt)
	}
	mcp.AddTool(s, h.tool(mcp.Tool{
		Name: toolRepositories, Title: "List repositories", Annotations: reads(),
		Description: "Lists the repositories that the person owns, collaborates on or has through an organization, the one that changed last first.",
		InputSchema: serving.Schema[repositoriesIn](limitPages, choices("visibility", "all", "public", "private"), choices("sort", "updated", "pushed", "full_name")),
	}), h.listRepositories)
	mcp.AddTool(s, h.tool(mcp.Tool{
		Name: toolIssues, Title: "Issues of a repository", Annotations: reads(),
		Description: "Lists the issues of one repository, newest first. Pull requests are left out.",
		InputSchema: serving.Schema[issuesIn](limitPages, limitRepository, choices("state", "open", "closed", "all")),
	}), h.repositoryIssues)
	mcp.AddTool(s, h.tool(mcp.Tool{
		Name: toolSearch, Title: "Search issues", Annotations: reads(),
		Description: "Searches issues and pull requests everywhere the person can read, or in one repository where owner and repo are given. " +
			"query takes words and GitHub's qualifiers, such as: crash label:bug is:open author:octocat.",
		InputSchema: serving.Schema[searchIn](limitPages, limitRepository, longest("query", 256), choices("state", "open", "closed", "all")),
	}), h.searchIssues)
	mcp.AddTool(s, h.tool(mcp.Tool{
		Name: toolCreateIssue, Title: "Create an issue", Annotations: writes(),
		Description: "Opens an issue in a repository, in the person's name. Everybody who can see the repository sees it at once, and some are sent mail.",
		InputSchema: serving.Schema[createIssueIn](limitRepository, longest("title", 256), longest("body", 65_536), limitLabels),
	}), h.createIssue)
	mcp.AddTool(s, h.tool(mcp.Tool{
		Name: toolCreatePull, Title: "Create a pull request", Annotations: writes(),
		Description: "Proposes the changes of branch head for branch base, in the person's name. Both branches have to be there already.",
		InputSchema: serving.Schema[createPullIn](limitRepository, longest("title", 256), longest("body", 65_536), longest("head", 255), longest("base", 255)),
	}), h.createPull)
	mcp.AddTool(s, h.tool(mcp.Tool{
		Name: toolProfile, Title: "My GitHub profile", Annotations: reads(),
		Description: "Says who the person is at GitHub.",
	}), h.profile)
}

func reads() *mcp.ToolAnnotations {
	return &mcp.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: jsonschema.Ptr(true)}
}

// writes adds something that others see. Nothing that is there is changed, and
// doing it twice makes two.
func writes() *mcp.ToolAnnotations {
	return &mcp.ToolAnnotations{DestructiveHint: jsonschema.Ptr(false), OpenWorldHint: jsonschema.Ptr(true)}
}

func choices(property string, values ...any) func(*jsonschema.Schema) {
	return func(s *jsonschema.Schema) { s.Properties[property].Enum = values }
}

func longest(property string, length int) func(*jsonschema.Schema) {
	return func(s *jsonschema.Schema) { s.Properties[property].MaxLength = jsonschema.Ptr(length) }
}

func limitPages(s *jsonschema.Schema) {
	s.Properties["page"].Minimum = jsonschema.Ptr(1.0)
	s.Properties["per_page"].Minimum, s.Properties["per_page"].Maximum = jsonschema.Ptr(1.0), jsonschema.Ptr(100.0)
}

// limitRepository keeps what stands in a path from leading to another one: the
// library puts owner and repo into it as they are.
func limitRepository(s *jsonschema.Schema) {
	s.Properties["owner"].Pattern = `^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})$`
	s.Properties["repo"].Pattern = `^(?:[A-Za-z0-9_-]|\.[A-Za-z0-9_-]|\.\.[A-Za-z0-9._-])[A-Za-z0-9._-]{0,98}$`
}

func limitLabels(s *jsonschema.Schema) {
	s.Properties["labels"].MaxItems = jsonschema.Ptr(20)
	s.Properties["labels"].Items.MaxLength = jsonschema.Ptr(50)
}

// Scopes are the scopes of this server as people read them.
func Scopes() []oauth.ScopeInfo {
	return []oauth.ScopeInfo{
		{Name: ScopeProfile, Title: "See your GitHub profile", Description: "Your name there, and what you say of yourself.", Default: true},
		{Name: ScopeRead, Title: "Read your repositories and issues", Description: "Those that only you can see as well.", Default: true},
		{Name: ScopeWrite, Title: "Open issues and pull requests", Description: "In your name, where others see them at once."},
	}
}

// Tools is what a guard has to know of the tools.
func Tools() map[string]resource.Tool { return serving.Tools(ToolScopes()) }

// tool says what a tool needs, and which page shows what it answers.
func (h *hub) tool(t mcp.Tool) *mcp.Tool {
	said := h.Needs.Tool(t)
	onPage(said)
	return said
}
