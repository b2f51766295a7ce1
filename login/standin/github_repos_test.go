package standin

import (
	"fmt"
	"strings"
	"testing"
)

func withRepos(g *GitHub) {
	tower := GitHubRepo{Owner: "ada", Name: "tower", Description: "A tower", Language: "Go", Stars: 3, Branches: []string{"stairs"}, Issues: []GitHubIssue{
		{Title: "The door jams", Body: "In the rain", Author: "bo", Labels: []string{"bug"}},
		{Title: "Oil the hinges", Pull: true},
		{Title: "Paint it", Closed: true},
	}}
	g.Repos(tower,
		GitHubRepo{Owner: "ada", Name: "vault", Private: true, NoIssues: true},
		GitHubRepo{Owner: "bo", Name: "boat", Issues: []GitHubIssue{{Title: "A leak at the door"}}},
		GitHubRepo{Owner: "moat", Name: "bridge", Private: true})
}

func TestGitHubRepositoriesAndIssues(t *testing.T) {
	h := newHub(t, withRepos)
	all, bare := h.token(t, "scope", "repo"), h.token(t, "scope", "gist")
	for _, test := range []struct {
		name, method, path, token, body string
		status                          int
		want                            string // is in the body
	}{
		{"repositories", "GET", "/user/repos", all, "", 200, `"full_name":"ada/tower"`},
		{"those of an organization", "GET", "/user/repos", all, "", 200, `"full_name":"moat/bridge"`},
		{"what is private needs the scope", "GET", "/user/repos?visibility=private", bare, "", 200, `[]`},
		{"open issues count pull requests", "GET", "/user/repos", all, "", 200, `"open_issues_count":2`},
		{"issues", "GET", "/repos/ada/tower/issues", all, "", 200, `"title":"The door jams"`},
		{"a pull request is an issue", "GET", "/repos/ada/tower/issues", all, "", 200, `"pull_request":{`},
		{"closed ones", "GET", "/repos/ada/tower/issues?state=closed", all, "", 200, `"number":3`},
		{"a state that is none", "GET", "/repos/ada/tower/issues?state=ajar", all, "", 422, `"field":"state"`},
		{"a repository that is not there", "GET", "/repos/ada/none/issues", all, "", 404, `"message":"Not Found"`},
		{"one that is hidden is not there", "GET", "/repos/moat/bridge/issues", bare, "", 404, `"message":"Not Found"`},
		{"issues that are disabled", "GET", "/repos/ada/vault/issues", all, "", 410, `Issues has been disabled`},
		{"writing needs the scope", "POST", "/repos/ada/tower/issues", bare, `{"title":"x"}`, 404, `Not Found`},
		{"an issue needs a title", "POST", "/repos/ada/tower/issues", all, `{"title":" "}`, 422, `{"code":"missing_field","field":"title","resource":"Issue"}`},
		{"a body has to be JSON", "POST", "/repos/ada/tower/issues", all, `{`, 400, `Problems parsing JSON`},
		{"an issue", "POST", "/repos/ada/tower/issues", all, `{"title":"A fourth","labels":["new"]}`, 201, `"number":4`},
		{"labels of who may not push are dropped", "POST", "/repos/bo/boat/issues", all, `{"title":"Hm","labels":["new"]}`, 201, `"labels":[]`},
		{"a pull request", "POST", "/repos/ada/tower/pulls", all, `{"title":"Stairs","head":"stairs","base":"main"}`, 201, `"label":"ada:stairs"`},
		{"another of the same", "POST", "/repos/ada/tower/pulls", all, `{"title":"Stairs","head":"ada:stairs","base":"main"}`, 422, `A pull request already exists for ada:stairs.`},
		{"of a branch that is not there", "POST", "/repos/ada/tower/pulls", all, `{"title":"x","head":"cellar","base":"main"}`, 422, `"field":"head"`},
		{"without a commit", "POST", "/repos/ada/tower/pulls", all, `{"title":"x","head":"main","base":"main"}`, 422, `No commits between main and main`},
		{"a search", "GET", "/search/issues?q=door+is:issue+state:open", all, "", 200, `"total_count":2`},
		{"a search in one repository", "GET", "/search/issues?q=door+repo:bo/boat", all, "", 200, `"total_count":1`},
		{"a search for nothing", "GET", "/search/issues", all, "", 422, `"code":"missing"`},
		{"a search too far", "GET", "/search/issues?q=door&per_page=100&page=11", all, "", 422, `Only the first 1000 search results are available`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := send(t, test.method, h.url+test.path, strings.NewReader(test.body), "Authorization", "Bearer "+test.token)
			wants(t, "status", got.status, test.status)
			if !strings.Contains(got.body, test.want) {
				t.Errorf("%s is not in %s", test.want, got.body)
			}
		})
	}
	wants(t, "what was made", len(h.IssuesOf("ada", "tower")), 5)
}

func TestGitHubSearchesHaveALimitOfTheirOwn(t *testing.T) {
	h := newHub(t, withRepos)
	token := h.token(t, "scope", "repo")
	find := func() reply { return get(t, h.url+"/search/issues?q=door", "Authorization", "Bearer "+token) }
	for n := range 30 {
		got := find()
		wants(t, fmt.Sprint("search ", n+1), got.status, 200)
		wants(t, "what is left", got.header.Get("X-RateLimit-Remaining"), fmt.Sprint(29-n))
		wants(t, "of what", got.header.Get("X-RateLimit-Resource"), "search")
	}
	got := find()
	wants(t, "one more", got.status, 403)
	wants(t, "why", got.text(t, "message"), "API rate limit exceeded for user ID 101.")
	wants(t, "other requests", get(t, h.url+"/user", "Authorization", "Bearer "+token).status, 200)
	h.advance(61e9)
	wants(t, "a minute later", find().status, 200)
}
