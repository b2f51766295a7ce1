package github

import (
	"context"
	"strings"

	"github.com/google/go-github/v89/github"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

type createIssueIn struct {
	in
	Title  string   `json:"title"`
	Body   string   `json:"body,omitempty" jsonschema:"Markdown"`
	Labels []string `json:"labels,omitempty" jsonschema:"GitHub leaves them out where the person may not set labels"`
}

type createIssueOut struct {
	Issue issue `json:"issue"`
}

func (h *hub) createIssue(ctx context.Context, _ *mcp.CallToolRequest, in createIssueIn) (*mcp.CallToolResult, createIssueOut, error) {
	var out createIssueOut
	if strings.TrimSpace(in.Title) == "" {
		return nil, out, toModel("title is empty; call again with one")
	}
	request := &github.IssueRequest{Title: &in.Title}
	if in.Body != "" {
		request.Body = &in.Body
	}
	if len(in.Labels) > 0 {
		request.Labels = &in.Labels
	}
	err := h.do(ctx, func(ctx context.Context, c *github.Client) error {
		made, _, err := c.Issues.Create(ctx, in.Owner, in.Repo, request)
		if err == nil {
			out.Issue = seen(made, in.Owner, in.Repo)
		}
		return err
	})
	if err != nil {
		return nil, out, err
	}
	dropped := ""
	if len(out.Issue.Labels) < len(in.Labels) {
		dropped = " GitHub left out labels that the person may not set."
	}
	return serving.Says("Opened %s: %s%s", out.Issue, out.Issue.URL, dropped), out, nil
}

type createPullIn struct {
	in
	Title string `json:"title"`
	Head  string `json:"head" jsonschema:"the branch with the changes; owner:branch where it is in a fork"`
	Base  string `json:"base" jsonschema:"the branch that the changes are for"`
	Body  string `json:"body,omitempty" jsonschema:"Markdown"`
	Draft bool   `json:"draft,omitempty"`
}

type createPullOut struct {
	Pull pull `json:"pull_request"`
}

type pull struct {
	Owner  string `json:"owner"`
	Repo   string `json:"repo"`
	Number int    `json:"number"`
	Title  string `json:"title"`
	State  string `json:"state"`
	Head   string `json:"head"`
	Base   string `json:"base"`
	Draft  bool   `json:"draft"`
	URL    string `json:"url"`
}

func (h *hub) createPull(ctx context.Context, _ *mcp.CallToolRequest, in createPullIn) (*mcp.CallToolResult, createPullOut, error) {
	var out createPullOut
	request := &github.NewPullRequest{Title: &in.Title, Head: &in.Head, Base: &in.Base, Draft: &in.Draft}
	if in.Body != "" {
		request.Body = &in.Body
	}
	err := h.do(ctx, func(ctx context.Context, c *github.Client) error {
		p, _, err := c.PullRequests.Create(ctx, in.Owner, in.Repo, request)
		if err == nil {
			out.Pull = pull{
				in.Owner, in.Repo, p.GetNumber(), p.GetTitle(), p.GetState(), p.GetHead().GetLabel(), p.GetBase().GetLabel(), p.GetDraft(), p.GetHTMLURL(),
			}
		}
		return err
	})
	if err != nil {
		return nil, out, err
	}
	return serving.Says("Opened pull request %s/%s#%d: %s", in.Owner, in.Repo, out.Pull.Number, out.Pull.URL), out, nil
}
