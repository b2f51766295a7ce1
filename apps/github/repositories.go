package github

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v89/github"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

type pages struct {
	Page    int `json:"page,omitempty" jsonschema:"which page; 1 where it is left out"`
	PerPage int `json:"per_page,omitempty" jsonschema:"how many on a page; 30 where it is left out"`
}

func (p pages) options() github.ListOptions {
	return github.ListOptions{Page: cmp.Or(p.Page, 1), PerPage: cmp.Or(p.PerPage, 30)}
}

type repositoriesIn struct {
	Visibility string `json:"visibility,omitempty" jsonschema:"all where it is left out"`
	Sort       string `json:"sort,omitempty" jsonschema:"updated where it is left out"`
	pages
}

type repository struct {
	Owner       string `json:"owner"`
	Name        string `json:"name"`
	Private     bool   `json:"private"`
	Description string `json:"description,omitempty"`
	Language    string `json:"language,omitempty"`
	Stars       int    `json:"stars"`
	OpenIssues  int    `json:"open_issues" jsonschema:"pull requests that are open count, too"`
	Updated     string `json:"updated,omitempty" jsonschema:"RFC 3339"`
	URL         string `json:"url"`
	HasIssues   bool   `json:"has_issues" jsonschema:"whether it keeps issues at all"`
	Branch      string `json:"default_branch,omitempty"`
}

type repositoriesOut struct {
	Repositories []repository `json:"repositories"`
	Page         int          `json:"page"`
	NextPage     int          `json:"next_page,omitempty" jsonschema:"what to ask for next; left out on the last page"`
}

func (h *hub) listRepositories(ctx context.Context, _ *mcp.CallToolRequest, in repositoriesIn) (*mcp.CallToolResult, repositoriesOut, error) {
	out := repositoriesOut{Repositories: []repository{}, Page: cmp.Or(in.Page, 1)}
	err := h.do(ctx, func(ctx context.Context, c *github.Client) error {
		list, answer, err := c.Repositories.ListByAuthenticatedUser(ctx, &github.RepositoryListByAuthenticatedUserOptions{
			Visibility: cmp.Or(in.Visibility, "all"), Sort: cmp.Or(in.Sort, "updated"), ListOptions: in.options(),
		})
		if err != nil {
			return err
		}
		for _, r := range list {
			out.Repositories = append(out.Repositories, repository{
				Owner: r.GetOwner().GetLogin(), Name: r.GetName(), Private: r.GetPrivate(), Description: r.GetDescription(),
				Language: r.GetLanguage(), Stars: r.GetStargazersCount(), OpenIssues: r.GetOpenIssuesCount(),
				Updated: moment(r.GetUpdatedAt()), URL: r.GetHTMLURL(), HasIssues: r.GetHasIssues(), Branch: r.GetDefaultBranch(),
			})
		}
		out.NextPage = answer.NextPage
		return nil
	})
	if err != nil {
		return nil, out, err
	}
	var text strings.Builder
	for _, r := range out.Repositories {
		fmt.Fprintln(&text, r)
	}
	return serving.Says("%d repositories%s:\n%s", len(out.Repositories), more(out.NextPage), text.String()), out, nil
}

// String is the repository as a model reads it.
func (r repository) String() string {
	hidden := "public"
	if r.Private {
		hidden = "private"
	}
	line := fmt.Sprintf("%s/%s (%s", r.Owner, r.Name, hidden)
	if r.Language != "" {
		line += ", " + r.Language
	}
	line += fmt.Sprintf(", %d stars, %d open issues)", r.Stars, r.OpenIssues)
	if r.Description != "" {
		line += ": " + r.Description
	}
	return line
}

// more says that there is another page.
func more(next int) string {
	if next == 0 {
		return ""
	}
	return fmt.Sprintf(" on this page, and more on page %d", next)
}

func moment(t github.Timestamp) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

type nothing struct{}

type profileOut struct {
	Login       string `json:"login"`
	Name        string `json:"name,omitempty"`
	Company     string `json:"company,omitempty"`
	Location    string `json:"location,omitempty"`
	Bio         string `json:"bio,omitempty"`
	PublicRepos int    `json:"public_repos"`
	Followers   int    `json:"followers"`
	URL         string `json:"url"`
}

func (h *hub) profile(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, profileOut, error) {
	var out profileOut
	err := h.do(ctx, func(ctx context.Context, c *github.Client) error {
		u, _, err := c.Users.Get(ctx, "")
		if err == nil {
			out = profileOut{u.GetLogin(), u.GetName(), u.GetCompany(), u.GetLocation(), u.GetBio(), u.GetPublicRepos(), u.GetFollowers(), u.GetHTMLURL()}
		}
		return err
	})
	if err != nil {
		return nil, out, err
	}
	who := out.Login
	if out.Name != "" {
		who = fmt.Sprintf("%s (%s)", out.Name, out.Login)
	}
	return serving.Says("You are %s at GitHub, with %d public repositories and %d followers.", who, out.PublicRepos, out.Followers), out, nil
}
