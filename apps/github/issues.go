package github

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/google/go-github/v89/github"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

// in is a repository.
type in struct {
	Owner string `json:"owner" jsonschema:"the person or organization that owns the repository"`
	Repo  string `json:"repo" jsonschema:"the repository's name, without its owner"`
}

type issuesIn struct {
	in
	State string `json:"state,omitempty" jsonschema:"open where it is left out"`
	pages
}

type issue struct {
	Owner    string   `json:"owner"`
	Repo     string   `json:"repo"`
	Number   int      `json:"number"`
	Title    string   `json:"title"`
	State    string   `json:"state"`
	Author   string   `json:"author,omitempty"`
	Labels   []string `json:"labels"`
	Comments int      `json:"comments"`
	Pull     bool     `json:"pull_request"`
	Created  string   `json:"created,omitempty" jsonschema:"RFC 3339"`
	Updated  string   `json:"updated,omitempty" jsonschema:"RFC 3339"`
	URL      string   `json:"url"`
	Body     string   `json:"body,omitempty" jsonschema:"the first 2,000 characters"`
}

// maxBody bounds what is passed on of each body, in characters: a page of long
// ones would fill a conversation.
const maxBody = 2000

type issuesOut struct {
	Issues   []issue `json:"issues"`
	Owner    string  `json:"owner,omitempty"`
	Repo     string  `json:"repo,omitempty"`
	State    string  `json:"state,omitempty"`
	Query    string  `json:"query,omitempty"`
	Total    int     `json:"total,omitempty" jsonschema:"of a search: how many there are"`
	Page     int     `json:"page"`
	NextPage int     `json:"next_page,omitempty" jsonschema:"what to ask for next; left out on the last page"`
}

func (h *hub) repositoryIssues(ctx context.Context, _ *mcp.CallToolRequest, in issuesIn) (*mcp.CallToolResult, issuesOut, error) {
	out := issuesOut{Issues: []issue{}, Owner: in.Owner, Repo: in.Repo, State: cmp.Or(in.State, "open"), Page: cmp.Or(in.Page, 1)}
	err := h.do(ctx, func(ctx context.Context, c *github.Client) error {
		list, answer, err := c.Issues.ListByRepo(ctx, in.Owner, in.Repo, &github.IssueListByRepoOptions{State: out.State, ListOptions: in.options()})
		if err != nil {
			return err
		}
		for _, i := range list {
			if !i.IsPullRequest() {
				out.Issues = append(out.Issues, seen(i, in.Owner, in.Repo))
			}
		}
		out.NextPage = answer.NextPage
		return nil
	})
	if err != nil {
		return nil, out, err
	}
	of := out.State + " issues"
	if out.State == "all" {
		of = "issues"
	}
	return serving.Says("%d %s of %s/%s%s:\n%s", len(out.Issues), of, in.Owner, in.Repo, more(out.NextPage), lines(out.Issues)), out, nil
}

type searchIn struct {
	Query string `json:"query" jsonschema:"words and qualifiers"`
	Owner string `json:"owner,omitempty" jsonschema:"search only in this person's or organization's repositories"`
	Repo  string `json:"repo,omitempty" jsonschema:"search only in this repository of owner"`
	State string `json:"state,omitempty" jsonschema:"open, closed or all; all where it is left out"`
	pages
}

func (s searchIn) query() (string, error) {
	q := []string{s.Query}
	switch {
	case strings.TrimSpace(s.Query) == "" && s.Owner == "":
		return "", toModel("query is empty; say what to search for, or name an owner to see everything there")
	case s.Repo != "" && s.Owner == "":
		return "", toModel("repo needs owner beside it; call again with both")
	case s.Repo != "":
		q = append(q, "repo:"+s.Owner+"/"+s.Repo)
	case s.Owner != "":
		q = append(q, "user:"+s.Owner)
	}
	if s.State == "open" || s.State == "closed" {
		q = append(q, "state:"+s.State)
	}
	return strings.TrimSpace(strings.Join(q, " ")), nil
}

func (h *hub) searchIssues(ctx context.Context, _ *mcp.CallToolRequest, in searchIn) (*mcp.CallToolResult, issuesOut, error) {
	out := issuesOut{Issues: []issue{}, Page: cmp.Or(in.Page, 1)}
	query, err := in.query()
	if err != nil {
		return nil, out, err
	}
	out.Query = query
	err = h.do(ctx, func(ctx context.Context, c *github.Client) error {
		found, answer, err := c.Search.Issues(ctx, query, &github.SearchOptions{ListOptions: in.options()})
		if err != nil {
			return err
		}
		for _, i := range found.Issues {
			owner, repo := place(i)
			out.Issues = append(out.Issues, seen(i, owner, repo))
		}
		out.Total, out.NextPage = found.GetTotal(), answer.NextPage
		return nil
	})
	if err != nil {
		return nil, out, err
	}
	return serving.Says("%d found for %q%s:\n%s", out.Total, query, more(out.NextPage), lines(out.Issues)), out, nil
}

// place is the repository of an issue that was found. What GitHub answers says it
// in a URL that ends with owner and name.
func place(i *github.Issue) (owner, repo string) {
	parts := strings.Split(i.GetRepositoryURL(), "/")
	if len(parts) < 2 {
		return "", ""
	}
	return parts[len(parts)-2], parts[len(parts)-1]
}

func seen(i *github.Issue, owner, repo string) issue {
	labels := []string{}
	for _, l := range i.Labels {
		labels = append(labels, l.GetName())
	}
	return issue{
		Owner: owner, Repo: repo, Number: i.GetNumber(), Title: i.GetTitle(), State: i.GetState(), Author: i.GetUser().GetLogin(),
		Labels: labels, Comments: i.GetComments(), Pull: i.IsPullRequest(), Created: moment(i.GetCreatedAt()),
		Updated: moment(i.GetUpdatedAt()), URL: i.GetHTMLURL(), Body: first(i.GetBody(), maxBody),
	}
}

// first is the beginning of a text.
func first(text string, characters int) string {
	if runes := []rune(text); len(runes) > characters {
		return string(runes[:characters]) + " …"
	}
	return text
}

func lines(issues []issue) string {
	var text strings.Builder
	for _, i := range issues {
		fmt.Fprintln(&text, i)
	}
	return text.String()
}

// String is the issue as a model reads it.
func (i issue) String() string {
	line := fmt.Sprintf("%s/%s#%d (%s): %s", i.Owner, i.Repo, i.Number, i.State, i.Title)
	if len(i.Labels) > 0 {
		line += " [" + strings.Join(i.Labels, ", ") + "]"
	}
	return line
}
