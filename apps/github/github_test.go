package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/sallyport-dev/sallyport/apps/widget"
	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const callback = "https://door.example.com/oauth/callback/github"

// A bench is the server with a GitHub behind it, and somebody who uses it.
type bench struct {
	github  *standin.GitHub
	url     string // of the stand-in
	token   oauth.Secret
	noToken error // instead of a token
	refused func(oauth.Secret) error
	*mcp.ClientSession
}

func open(t *testing.T, change ...func(*standin.GitHub)) *bench {
	t.Helper()
	b := &bench{github: standin.NewGitHub(standin.Client{ID: "id", Secret: "hush", Redirects: []string{callback}},
		standin.GitHubPerson{ID: 101, Login: "ada", Name: "Ada", Email: "ada@example.com", Verified: true, Orgs: []string{"moat"}},
		standin.GitHubPerson{ID: 102, Login: "bo", Email: "bo@example.com", Verified: true})}
	b.github.Repos(
		standin.GitHubRepo{Owner: "ada", Name: "tower", Description: "A tower", Language: "Go", Stars: 3, Branches: []string{"stairs"}, Issues: []standin.GitHubIssue{
			{Title: "The door jams", Body: strings.Repeat("é", 3000), Author: "bo", Labels: []string{"bug"}},
			{Title: "Oil the hinges", Pull: true},
			{Title: "Paint it", Closed: true},
		}},
		standin.GitHubRepo{Owner: "moat", Name: "bridge", Private: true, NoIssues: true},
		standin.GitHubRepo{Owner: "bo", Name: "boat", Issues: []standin.GitHubIssue{{Title: "A leak at the door"}}},
	)
	for _, c := range change {
		c(b.github)
	}
	server := httptest.NewServer(b.github)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	b.url = server.URL
	b.token = b.signIn(t, "repo read:user")
	h, err := New(Options{
		API: b.url + "/", Token: func(context.Context) (oauth.Secret, error) { return b.token, b.noToken },
		Refused: func(_ context.Context, token oauth.Secret) error {
			if b.refused == nil {
				return toModel("connect GitHub again")
			}
			return b.refused(token)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	guarded := httptest.NewServer(h)
	t.Cleanup(guarded.Close)
	b.ClientSession, err = mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).
		Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: guarded.URL}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// signIn brings a token as a person's browser and a server would.
func (b *bench) signIn(t *testing.T, scope string) oauth.Secret {
	t.Helper()
	alone := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	away, err := alone.Get(b.url + "/login/oauth/authorize?" + url.Values{"client_id": {"id"}, "redirect_uri": {callback}, "scope": {scope}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	away.Body.Close()
	back, err := away.Location()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := alone.PostForm(b.url+"/login/oauth/access_token", url.Values{"client_id": {"id"}, "client_secret": {"hush"}, "code": {back.Query().Get("code")}})
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("access_token") == "" {
		t.Fatal("no token:", string(body))
	}
	return oauth.Secret(form.Get("access_token"))
}

// call returns the text of a result, and its structured content.
func (b *bench) call(t *testing.T, tool string, args map[string]any) (text string, out map[string]any, failed bool) {
	t.Helper()
	result, err := b.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	whole, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(whole), string(b.token)) {
		t.Errorf("the result of %s holds the token", tool)
	}
	out, _ = result.StructuredContent.(map[string]any)
	return result.Content[0].(*mcp.TextContent).Text, out, result.IsError
}

type args = map[string]any

func TestListOpenCreateAndSeeIt(t *testing.T) {
	b := open(t)
	text, out, failed := b.call(t, toolRepositories, args{"sort": "full_name"})
	if failed || len(out["repositories"].([]any)) != 2 || !strings.Contains(text, "ada/tower (public, Go, 3 stars, 2 open issues): A tower") ||
		!strings.Contains(text, "moat/bridge (private") {
		t.Errorf("the repositories: %s", text)
	}
	tower := args{"owner": "ada", "repo": "tower"}
	text, out, _ = b.call(t, toolIssues, tower)
	if got := out["issues"].([]any); len(got) != 1 || !strings.Contains(text, "ada/tower#1 (open): The door jams [bug]") {
		t.Errorf("the open issues: %s", text)
	} else if body := got[0].(args)["body"].(string); len([]rune(body)) > maxBody+2 {
		t.Errorf("a body of %d characters is passed on", len([]rune(body)))
	}
	text, out, failed = b.call(t, toolCreateIssue, args{"owner": "ada", "repo": "tower", "title": "It creaks", "body": "At night.", "labels": []string{"bug"}})
	if failed || out["issue"].(args)["number"] != 4.0 || out["issue"].(args)["author"] != "ada" {
		t.Fatalf("creating: %s", text)
	}
	if text, _, _ = b.call(t, toolIssues, tower); !strings.Contains(text, "ada/tower#4 (open): It creaks [bug]") {
		t.Errorf("it is not to be seen: %s", text)
	}
	if text, _, _ = b.call(t, toolSearch, args{"query": "creaks", "owner": "ada", "repo": "tower", "state": "open"}); !strings.HasPrefix(text, "1 found") {
		t.Errorf("it is not to be found: %s", text)
	}
	text, out, failed = b.call(t, toolCreatePull, args{"owner": "ada", "repo": "tower", "title": "Stairs", "head": "stairs", "base": "main"})
	if failed || out["pull_request"].(args)["head"] != "ada:stairs" {
		t.Errorf("the pull request: %s", text)
	}
	if text, _, _ = b.call(t, toolProfile, nil); !strings.HasPrefix(text, "You are Ada (ada) at GitHub") {
		t.Errorf("the profile: %s", text)
	}
}

func TestListsComeInPages(t *testing.T) {
	many := make([]standin.GitHubIssue, 250)
	for i := range many {
		many[i] = standin.GitHubIssue{Title: fmt.Sprint("Issue ", i+1)}
	}
	b := open(t, func(g *standin.GitHub) { g.Repos(standin.GitHubRepo{Owner: "ada", Name: "tower", Issues: many}) })
	seen, page := 0, 1.0
	for page != 0 {
		_, out, failed := b.call(t, toolIssues, args{"owner": "ada", "repo": "tower", "per_page": 100, "page": page})
		if failed {
			t.Fatal("page", page)
		}
		seen += len(out["issues"].([]any))
		page, _ = out["next_page"].(float64)
	}
	if seen != len(many) {
		t.Errorf("%d of %d came", seen, len(many))
	}
}

func TestWhatGitHubRefusesIsSaidInWords(t *testing.T) {
	tower := args{"owner": "ada", "repo": "tower"}
	and := func(more args) args {
		all := args{"owner": "ada", "repo": "tower"}
		for k, v := range more {
			all[k] = v
		}
		return all
	}
	for name, c := range map[string]struct {
		change func(*standin.GitHub)
		tool   string
		args   args
		want   string
	}{
		"a repository that is not there":   {nil, toolIssues, args{"owner": "ada", "repo": "none"}, "Call list_repositories"},
		"one without issues":               {nil, toolIssues, args{"owner": "moat", "repo": "bridge"}, "keeps no issues"},
		"a branch that is not there":       {nil, toolCreatePull, and(args{"title": "x", "head": "cellar", "base": "main"}), "head is invalid"},
		"a branch with nothing in it":      {nil, toolCreatePull, and(args{"title": "x", "head": "main", "base": "main"}), "No commits between main and main"},
		"a title of spaces":                {nil, toolCreateIssue, and(args{"title": "  "}), "title is empty"},
		"a search for nothing":             {nil, toolSearch, args{"query": " "}, "query is empty"},
		"a search in a repo of nobody":     {nil, toolSearch, args{"query": "x", "repo": "tower"}, "repo needs owner"},
		"a search too far":                 {nil, toolSearch, args{"query": "door", "page": 11, "per_page": 100}, "Only the first 1000 search results"},
		"a fault of GitHub's":              {func(g *standin.GitHub) { g.Fail(standin.Issues, standin.Status(502)) }, toolIssues, tower, "GitHub has a fault of its own"},
		"a page instead of JSON":           {func(g *standin.GitHub) { g.Fail(standin.Issues, standin.HTML(200)) }, toolIssues, tower, "could not be reached, or its answer could not be read"},
		"a connection that breaks":         {func(g *standin.GitHub) { g.Fail(standin.Issues, standin.Reset()) }, toolIssues, tower, "could not be reached"},
		"a state that is none":             {nil, toolIssues, and(args{"state": "ajar"}), "enum"},
		"more on a page than there can be": {nil, toolIssues, and(args{"per_page": 101}), "maximum"},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t)
			if c.change != nil {
				c.change(b.github)
			}
			text, _, failed := b.call(t, c.tool, c.args)
			if !failed || !strings.Contains(text, c.want) {
				t.Errorf("%v: %s", failed, text)
			}
			if strings.Contains(text, "127.0.0.1") || strings.Contains(text, "/repos/") {
				t.Errorf("the library's words are passed on: %s", text)
			}
		})
	}
}

func TestALimitSaysWhenItEnds(t *testing.T) {
	b := open(t, func(g *standin.GitHub) { g.Limit = 1 })
	b.call(t, toolProfile, nil)
	if text, _, failed := b.call(t, toolProfile, nil); !failed || !strings.Contains(text, "rate limit for this person is reached. Try again at 20") ||
		!strings.Contains(text, "(in 59m") && !strings.Contains(text, "(in 1h") {
		t.Errorf("%s", text)
	}
}

func TestAPauseThatGitHubAsksForIsKept(t *testing.T) {
	b := open(t)
	b.github.Fail(standin.Issues, standin.Answer(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "90")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"message":"You have exceeded a secondary rate limit.","documentation_url":"https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`)
	}))
	if text, _, failed := b.call(t, toolIssues, args{"owner": "ada", "repo": "tower"}); !failed || !strings.Contains(text, "Wait 1m30s") {
		t.Errorf("%s", text)
	}
}

func TestATokenThatGitHubEndedIsSaid(t *testing.T) {
	b := open(t)
	b.github.Withdraw("ada")
	if text, _, failed := b.call(t, toolProfile, nil); !failed || !strings.Contains(text, "connect GitHub again") {
		t.Errorf("%s", text)
	}
	b.noToken = errors.New("nothing is connected")
	if text, _, failed := b.call(t, toolProfile, nil); !failed || text != "nothing is connected" {
		t.Errorf("%s", text)
	}
}

// A token that GitHub refuses early is replaced once, and otherwise the call ends with
// what the person has to do.
func TestATokenThatGitHubRefusesIsReplacedOnce(t *testing.T) {
	b := open(t)
	var told []oauth.Secret
	old, next := b.token, b.signIn(t, "repo read:user")
	b.refused = func(token oauth.Secret) error {
		told = append(told, token)
		b.token = next
		return nil
	}
	b.github.Fail(standin.Issues, standin.Status(401))
	text, _, failed := b.call(t, toolCreateIssue, args{"owner": "ada", "repo": "tower", "title": "It creaks"})
	if !failed || !strings.Contains(text, "connect GitHub again") || len(told) != 1 || b.github.Count(standin.Issues) != 2 {
		t.Errorf("where GitHub refuses everything: told %d times, asked %d times: %s", len(told), b.github.Count(standin.Issues), text)
	}
	b.github.Heal(standin.Issues)
	b.token = "gho_taken-back"
	if text, _, failed = b.call(t, toolCreateIssue, args{"owner": "ada", "repo": "tower", "title": "It creaks"}); failed || len(told) != 2 || told[0] != old || told[1] != "gho_taken-back" {
		t.Errorf("it is told %d times: %s", len(told), text)
	}
	if got := len(b.github.IssuesOf("ada", "tower")); got != 4 {
		t.Errorf("there are %d issues: it was done twice, or not at all", got)
	}
	b.token, b.refused = "gho_taken-back", func(oauth.Secret) error { return errors.New("Connect GitHub.") }
	if text, _, failed = b.call(t, toolProfile, nil); !failed || text != "Connect GitHub." {
		t.Errorf("%s", text)
	}
}

// TestANameCannotLeadToAnotherPath: the library puts owner and repo into the path
// as they are.
func TestANameCannotLeadToAnotherPath(t *testing.T) {
	b := open(t)
	for _, name := range []string{"..", ".", "a/b", "../..", "tower/../../bo/boat", "%2e%2e", "a?b", "a#b", "", "a b", "-x\n", strings.Repeat("a", 101)} {
		for _, in := range []args{{"owner": name, "repo": "tower"}, {"owner": "ada", "repo": name}} {
			for _, tool := range []string{toolIssues, toolCreateIssue, toolCreatePull} {
				in["title"], in["head"], in["base"] = "x", "x", "x"
				if tool == toolIssues {
					delete(in, "title")
					delete(in, "head")
					delete(in, "base")
				}
				if tool == toolCreateIssue {
					delete(in, "head")
					delete(in, "base")
				}
				if text, _, failed := b.call(t, tool, in); !failed || !strings.Contains(text, "pattern") {
					t.Errorf("%s takes %v: %s", tool, in, text)
				}
			}
		}
	}
	if asked := b.github.Count(standin.Issues) + b.github.Count(standin.Pulls); asked != 0 {
		t.Errorf("GitHub was asked %d times", asked)
	}
}

// TestATokenGoesToNobodyElse: a repository that has moved is followed, and only
// where it was.
func TestATokenGoesToNobodyElse(t *testing.T) {
	told := 0
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { told++ }))
	defer thief.Close()
	b := open(t)
	b.github.Fail(standin.Issues, standin.Answer(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
	}))
	if text, _, failed := b.call(t, toolIssues, args{"owner": "ada", "repo": "tower"}); !failed || !strings.Contains(text, "has moved") {
		t.Errorf("%s", text)
	}
	if told != 0 {
		t.Error("another host was asked")
	}
}

func TestToolsSayWhatTheyNeedAndDo(t *testing.T) {
	b := open(t)
	list, err := b.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Tools) != len(ToolScopes()) {
		t.Errorf("%d tools are listed, and %d have scopes", len(list.Tools), len(ToolScopes()))
	}
	for _, tool := range list.Tools {
		scopes := fmt.Sprint(tool.Meta["securitySchemes"])
		if want := ToolScopes()[tool.Name].String(); want == "" || !strings.Contains(scopes, want) {
			t.Errorf("%s says of its scopes %s", tool.Name, scopes)
		}
		a := tool.Annotations
		if tool.Title == "" || tool.OutputSchema == nil || a == nil || a.Title == "" || a.OpenWorldHint == nil {
			t.Errorf("%s leaves something out", tool.Name)
		}
		if writes := strings.HasPrefix(tool.Name, "create"); a.ReadOnlyHint == writes || a.IdempotentHint == writes {
			t.Errorf("%s says the wrong thing of what it changes", tool.Name)
		}
	}
}

// TestEveryPageIsFoundByBothKindsOfChat: what a tool names is there to be read, and
// loads nothing.
func TestEveryPageIsFoundByBothKindsOfChat(t *testing.T) {
	b := open(t)
	list, err := b.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range list.Tools {
		ui, _ := tool.Meta["ui"].(map[string]any)
		address, _ := ui["resourceUri"].(string)
		if tool.Name == toolCreatePull {
			if address != "" {
				t.Errorf("%s has a page", tool.Name)
			}
			continue
		}
		if address == "" || tool.Meta["openai/outputTemplate"] != address || tool.Meta["openai/widgetAccessible"] != true {
			t.Errorf("%s says of its page %v", tool.Name, tool.Meta)
			continue
		}
		page, err := b.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: address})
		if err != nil || len(page.Contents) != 1 || page.Contents[0].MIMEType != widget.Type || !strings.Contains(page.Contents[0].Text, `<div id="root">`) {
			t.Fatalf("%s: %v", address, err)
		}
		csp, _ := page.Contents[0].Meta["ui"].(map[string]any)["csp"].(map[string]any)
		if len(csp) == 0 {
			t.Errorf("%s has no policy", address)
		}
		for kind, hosts := range csp {
			if len(hosts.([]any)) != 0 {
				t.Errorf("%s wants %s %v", address, kind, hosts)
			}
		}
	}
}

func TestALateAnswerIsSaidToBeUncertain(t *testing.T) {
	h := &hub{Options{Now: time.Now}}
	if got := h.refusal(context.DeadlineExceeded).Error(); !strings.Contains(got, "may have been done") {
		t.Error(got)
	}
}
