package standin

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A GitHubRepo is a repository of [GitHub].
type GitHubRepo struct {
	Owner, Name string // Owner is the login of a person or an organization
	Description string
	Language    string
	Private     bool
	Members     []string // logins that may read and write, besides Owner and who is in it
	NoIssues    bool     // issues are disabled
	Stars       int
	Branches    []string // besides main
	Updated     time.Time
	Issues      []GitHubIssue
}

// A GitHubIssue is an issue of a [GitHubRepo], or a pull request. Their numbers
// are their order, from 1.
type GitHubIssue struct {
	Title, Body string
	Author      string // a login
	Labels      []string
	Closed      bool
	Comments    int
	Pull        bool
	Updated     time.Time

	head, base string // of a pull request that was made here
}

// githubRepo is a repository with what was made in it.
type githubRepo struct {
	GitHubRepo
	id     int64
	issues []GitHubIssue
}

// Repos replaces the repositories, at any time.
func (g *GitHub) Repos(repos ...GitHubRepo) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.repos = nil
	for i, repo := range repos {
		g.repos = append(g.repos, &githubRepo{repo, int64(1296269 + i), slices.Clone(repo.Issues)})
	}
}

// IssuesOf returns the issues and pull requests of a repository, those that were
// made here included.
func (g *GitHub) IssuesOf(owner, name string) []GitHubIssue {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, repo := range g.repos {
		if strings.EqualFold(repo.Owner, owner) && strings.EqualFold(repo.Name, name) {
			return slices.Clone(repo.issues)
		}
	}
	return nil
}

// belongs tells whether somebody may write to a repository.
func (repo *githubRepo) belongs(p GitHubPerson) bool {
	return strings.EqualFold(repo.Owner, p.Login) || slices.Contains(repo.Members, p.Login) || slices.Contains(p.Orgs, repo.Owner)
}

// shows tells whether a token may read a repository: what is private needs the
// scope repo, and its person among those who may.
func (repo *githubRepo) shows(p GitHubPerson, grant *githubGrant) bool {
	return !repo.Private || repo.belongs(p) && grant.may("repo")
}

// may tells whether a token has a scope. A GitHub App's has permissions instead.
func (grant *githubGrant) may(scope string) bool {
	return strings.HasPrefix(grant.token, "ghu_") ||
		slices.ContainsFunc(grant.scopes, func(has string) bool { return includes(has, scope) })
}

// listRepos answers "List repositories for the authenticated user".
func (g *GitHub) listRepos(w http.ResponseWriter, r *http.Request, p GitHubPerson, grant *githubGrant) any {
	query := r.URL.Query()
	visibility, sort := cmp.Or(query.Get("visibility"), "all"), cmp.Or(query.Get("sort"), "full_name")
	if !slices.Contains([]string{"all", "public", "private"}, visibility) || !slices.Contains([]string{"created", "updated", "pushed", "full_name"}, sort) {
		invalid(w, "Repository", "invalid", "visibility")
		return nil
	}
	var found []*githubRepo
	for _, repo := range g.repos {
		if repo.belongs(p) && repo.shows(p, grant) && (visibility == "all" || (visibility == "private") == repo.Private) {
			found = append(found, repo)
		}
	}
	slices.SortStableFunc(found, func(a, b *githubRepo) int {
		if sort == "full_name" {
			return strings.Compare(strings.ToLower(a.Owner+"/"+a.Name), strings.ToLower(b.Owner+"/"+b.Name))
		}
		return b.Updated.Compare(a.Updated)
	})
	// "direction": asc by default when using full_name, otherwise desc.
	if way := query.Get("direction"); way == "desc" && sort == "full_name" || way == "asc" && sort != "full_name" {
		slices.Reverse(found)
	}
	all := []map[string]any{}
	for _, repo := range found {
		all = append(all, g.repository(repo, p))
	}
	return all
}

func (g *GitHub) repository(repo *githubRepo, p GitHubPerson) map[string]any {
	full := repo.Owner + "/" + repo.Name
	visibility := "public"
	if repo.Private {
		visibility = "private"
	}
	open := 0
	for _, issue := range repo.issues {
		if !issue.Closed {
			open++
		}
	}
	return map[string]any{
		"id": repo.id, "node_id": fmt.Sprintf("R_%d", repo.id), "name": repo.Name, "full_name": full, "private": repo.Private,
		"owner": g.author(repo.Owner), "html_url": "https://github.com/" + full, "description": null(repo.Description), "fork": false,
		"url": "https://api.github.com/repos/" + full, "language": null(repo.Language), "stargazers_count": repo.Stars,
		"watchers_count": repo.Stars, "forks_count": 0, "open_issues_count": open, "open_issues": open,
		"default_branch": "main", "has_issues": !repo.NoIssues, "archived": false, "disabled": false, "topics": []string{}, "visibility": visibility,
		"pushed_at": stamp(repo.Updated), "created_at": "2020-01-01T00:00:00Z", "updated_at": stamp(repo.Updated),
		"permissions": map[string]bool{"admin": strings.EqualFold(repo.Owner, p.Login), "push": repo.belongs(p), "pull": true},
	}
}

// author is the "simple user" of the reference. An organization is one, too.
func (g *GitHub) author(login string) map[string]any {
	kind, id := "Organization", int64(1)
	if p, ok := g.person(login); ok {
		kind, id = "User", p.ID
	}
	return map[string]any{
		"login": login, "id": id, "node_id": fmt.Sprintf("U_%d", id), "type": kind, "site_admin": false,
		"avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", id),
		"url":        "https://api.github.com/users/" + login, "html_url": "https://github.com/" + login,
	}
}

func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func stamp(t time.Time) string {
	if t.IsZero() {
		t = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t.UTC().Format(time.RFC3339)
}

// invalid refuses as "Client errors" of "Troubleshooting the REST API" says.
func invalid(w http.ResponseWriter, resource, code, field string) {
	answer(w, http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest", "status": "422",
		"errors": []map[string]string{{"resource": resource, "code": code, "field": field}},
	})
}
