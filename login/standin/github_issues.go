package standin

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// inRepo answers for one repository, which is as if it were not there for whoever
// may not read it: "404 Not Found" of "Troubleshooting the REST API".
func (g *GitHub) inRepo(next func(w http.ResponseWriter, r *http.Request, p GitHubPerson, grant *githubGrant, repo *githubRepo) any) reader {
	return func(w http.ResponseWriter, r *http.Request, p GitHubPerson, grant *githubGrant) any {
		for _, repo := range g.repos {
			if !strings.EqualFold(repo.Owner, r.PathValue("owner")) || !strings.EqualFold(repo.Name, r.PathValue("repo")) || !repo.shows(p, grant) {
				continue
			}
			// A token without a scope reads what is public, and writes nothing.
			scope := "repo"
			if !repo.Private {
				scope = "public_repo"
			}
			if r.Method != http.MethodGet && !grant.may(scope) {
				break
			}
			return next(w, r, p, grant, repo)
		}
		githubRefuse(w, http.StatusNotFound, "Not Found")
		return nil
	}
}

// listIssues answers "List repository issues", newest first. Pull requests are
// issues, too.
func (g *GitHub) listIssues(w http.ResponseWriter, r *http.Request, _ GitHubPerson, _ *githubGrant, repo *githubRepo) any {
	if repo.NoIssues {
		githubRefuse(w, http.StatusGone, "Issues has been disabled in this repository.")
		return nil
	}
	state := cmp.Or(r.URL.Query().Get("state"), "open")
	if !slices.Contains([]string{"open", "closed", "all"}, state) {
		invalid(w, "Issue", "invalid", "state")
		return nil
	}
	all := []map[string]any{}
	for i, issue := range slices.Backward(repo.issues) {
		if state == "all" || (state == "closed") == issue.Closed {
			all = append(all, g.describeIssue(repo, i))
		}
	}
	return all
}

func (g *GitHub) describeIssue(repo *githubRepo, i int) map[string]any {
	issue, full := repo.issues[i], repo.Owner+"/"+repo.Name
	state, page := "open", "issues"
	var closed any
	if issue.Closed {
		state, closed = "closed", stamp(issue.Updated)
	}
	if issue.Pull {
		page = "pull"
	}
	labels := []map[string]any{}
	for _, name := range issue.Labels {
		labels = append(labels, map[string]any{"name": name, "color": "ededed", "default": false, "description": nil})
	}
	url := fmt.Sprintf("https://github.com/%s/%s/%d", full, page, i+1)
	out := map[string]any{
		"id": repo.id*1000 + int64(i), "node_id": fmt.Sprintf("I_%d_%d", repo.id, i), "number": i + 1,
		"url":            fmt.Sprintf("https://api.github.com/repos/%s/issues/%d", full, i+1),
		"repository_url": "https://api.github.com/repos/" + full, "html_url": url,
		"title": issue.Title, "body": null(issue.Body), "user": g.author(cmp.Or(issue.Author, repo.Owner)), "labels": labels,
		"state": state, "locked": false, "assignee": nil, "assignees": []any{}, "milestone": nil, "comments": issue.Comments,
		"created_at": stamp(issue.Updated), "updated_at": stamp(issue.Updated), "closed_at": closed, "author_association": "NONE",
	}
	if issue.Pull {
		out["pull_request"] = map[string]any{
			"url":      fmt.Sprintf("https://api.github.com/repos/%s/pulls/%d", full, i+1),
			"html_url": url, "merged_at": nil,
		}
	}
	return out
}

// written reads a body of JSON: "400 Bad Request" of "Troubleshooting the REST
// API".
func written[T any](w http.ResponseWriter, r *http.Request) (T, bool) {
	var body T
	err := json.NewDecoder(r.Body).Decode(&body)
	if err != nil {
		githubRefuse(w, http.StatusBadRequest, "Problems parsing JSON")
	}
	return body, err == nil
}

// createIssue answers "Create an issue". Whoever reads may write one; labels of
// who may not push are "silently dropped".
func (g *GitHub) createIssue(w http.ResponseWriter, r *http.Request, p GitHubPerson, _ *githubGrant, repo *githubRepo) any {
	body, ok := written[struct {
		Title, Body string
		Labels      []string
	}](w, r)
	switch {
	case !ok:
		return nil
	case repo.NoIssues:
		githubRefuse(w, http.StatusGone, "Issues has been disabled in this repository.")
		return nil
	case strings.TrimSpace(body.Title) == "":
		invalid(w, "Issue", "missing_field", "title")
		return nil
	}
	if !repo.belongs(p) {
		body.Labels = nil
	}
	repo.issues = append(repo.issues, GitHubIssue{Title: body.Title, Body: body.Body, Author: p.Login, Labels: body.Labels, Updated: clock(g.Now)})
	made := g.describeIssue(repo, len(repo.issues)-1)
	w.Header().Set("Location", made["url"].(string))
	answer(w, http.StatusCreated, made)
	return nil
}

// createPull answers "Create a pull request". The branches have to be there, and
// to have no pull request yet.
func (g *GitHub) createPull(w http.ResponseWriter, r *http.Request, p GitHubPerson, _ *githubGrant, repo *githubRepo) any {
	body, ok := written[struct {
		Title, Head, Base, Body string
		Draft                   bool
	}](w, r)
	if !ok {
		return nil
	}
	branch := body.Head
	if owner, name, cross := strings.Cut(body.Head, ":"); cross && strings.EqualFold(owner, repo.Owner) {
		branch = name
	}
	same := func(i GitHubIssue) bool { return i.Pull && !i.Closed && i.head == branch && i.base == body.Base }
	switch {
	case body.Title == "":
		invalid(w, "PullRequest", "missing_field", "title")
	case body.Base != "main" && !slices.Contains(repo.Branches, body.Base):
		invalid(w, "PullRequest", "invalid", "base")
	case branch != "main" && !slices.Contains(repo.Branches, branch):
		invalid(w, "PullRequest", "invalid", "head")
	case branch == body.Base:
		custom(w, fmt.Sprintf("No commits between %s and %s", body.Base, branch))
	case slices.ContainsFunc(repo.issues, same):
		custom(w, fmt.Sprintf("A pull request already exists for %s:%s.", repo.Owner, branch))
	default:
		repo.issues = append(repo.issues, GitHubIssue{
			Title: body.Title, Body: body.Body, Author: p.Login, Pull: true, Updated: clock(g.Now), head: branch, base: body.Base,
		})
		made := g.describeIssue(repo, len(repo.issues)-1)
		delete(made, "pull_request")
		made["draft"], made["merged"], made["mergeable"] = body.Draft, false, nil
		made["head"] = map[string]any{"label": repo.Owner + ":" + branch, "ref": branch, "sha": strings.Repeat("6", 40)}
		made["base"] = map[string]any{"label": repo.Owner + ":" + body.Base, "ref": body.Base, "sha": strings.Repeat("9", 40)}
		answer(w, http.StatusCreated, made)
	}
	return nil
}

// custom refuses with a sentence.
func custom(w http.ResponseWriter, message string) {
	answer(w, http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest/pulls/pulls#create-a-pull-request", "status": "422",
		"errors": []map[string]string{{"resource": "PullRequest", "code": "custom", "message": message}},
	})
}

// searchIssues answers "Search issues and pull requests". Of the qualifiers it
// knows repo, user, org, is, state, type, author and label; other words have to be
// in the title or the body.
func (g *GitHub) searchIssues(w http.ResponseWriter, r *http.Request, p GitHubPerson, grant *githubGrant) any {
	q := r.URL.Query().Get("q")
	if strings.TrimSpace(q) == "" {
		invalid(w, "Search", "missing", "q")
		return nil
	}
	found, asked := []map[string]any{}, strings.Fields(q)
	for _, repo := range g.repos {
		if !repo.shows(p, grant) {
			continue
		}
		for i, issue := range slices.Backward(repo.issues) {
			if !slices.ContainsFunc(asked, func(word string) bool { return !matches(repo, issue, word) }) {
				hit := g.describeIssue(repo, i)
				hit["score"] = 1.0
				found = append(found, hit)
			}
		}
	}
	size, page := number(r, "per_page", 30, 100), number(r, "page", 1, 1<<20)
	// "Only the first 1000 search results are available."
	if (page-1)*size >= 1000 {
		answer(w, http.StatusUnprocessableEntity, map[string]any{
			"message": "Only the first 1000 search results are available", "documentation_url": "https://docs.github.com/v3/search/", "status": "422",
		})
		return nil
	}
	return map[string]any{"total_count": len(found), "incomplete_results": false, "items": paged(w, r, found)}
}

func matches(repo *githubRepo, issue GitHubIssue, word string) bool {
	state, kind := "open", "issue"
	if issue.Closed {
		state = "closed"
	}
	if issue.Pull {
		kind = "pr"
	}
	key, value, qualified := strings.Cut(word, ":")
	value = strings.Trim(value, `"`)
	switch {
	case !qualified:
		return strings.Contains(strings.ToLower(issue.Title+"\n"+issue.Body), strings.ToLower(strings.Trim(word, `"`)))
	case key == "repo":
		return strings.EqualFold(value, repo.Owner+"/"+repo.Name)
	case key == "user", key == "org":
		return strings.EqualFold(value, repo.Owner)
	case key == "author":
		return strings.EqualFold(value, issue.Author)
	case key == "label":
		return slices.Contains(issue.Labels, value)
	case key == "is", key == "state", key == "type":
		return value == state || value == kind || key == "is" && value == map[bool]string{true: "private", false: "public"}[repo.Private]
	}
	return true
}
