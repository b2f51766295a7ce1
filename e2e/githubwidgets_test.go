package e2e

import (
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// A workshop is a door in front of somebody's repositories at GitHub.
type workshop struct {
	*door
	browser context.Context
	github  *standin.GitHub
}

func newWorkshop(t *testing.T) *workshop {
	t.Helper()
	s := &workshop{browser: newBrowser(t), github: standin.NewGitHub(standin.Client{ID: "door", Secret: elsewhereSecret},
		standin.GitHubPerson{ID: 9, Login: "grace", Name: "Grace Hopper", Email: "grace@navy.example", Verified: true, Orgs: []string{"navy"}},
		standin.GitHubPerson{ID: 10, Login: "ada-l", Email: "ada@example.com", Verified: true},
		standin.GitHubPerson{ID: 11, Login: "bo-l", Email: "bo@example.com", Verified: true})}
	s.github.Chooser = true
	s.github.Repos(repositories()...)
	there := httptest.NewServer(s.github)
	t.Cleanup(there.Close)
	s.door = newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: %s }
resources:
  - { name: repos, title: Repositories, path: /mcp, app: github }
`, there.URL, elsewhereSecret))
	s.github.Redirects(s.URL + "/oauth/callback/github")
	return s
}

// repositories are more than fit on a page, the interesting ones first.
func repositories() []standin.GitHubRepo {
	now := time.Now()
	issues := []standin.GitHubIssue{
		{Title: "The relay jams", Body: "There is a moth in relay 70.\n\n- [ ] tape it into the logbook <script>alert(1)</script>", Author: "ada-l", Labels: []string{"bug", "hardware"}, Comments: 3, Updated: now.Add(-2 * time.Hour)},
		{Title: "Say what a nanosecond is", Author: "grace", Labels: []string{"documentation"}, Updated: now.Add(-30 * time.Hour)},
		{Title: "Paint the cabinet", Author: "bo-l", Closed: true, Updated: now.Add(-900 * time.Hour)},
	}
	all := []standin.GitHubRepo{
		{Owner: "grace", Name: "compiler", Description: "Turns words that people understand into words that machines understand", Language: "Go", Stars: 1952, Private: true, Issues: issues, Updated: now.Add(-time.Hour)},
		{Owner: "grace", Name: "flow-matic", Description: "Data processing in English", Language: "COBOL", Stars: 3, Issues: issues, Updated: now.Add(-2 * time.Hour)},
		{Owner: "navy", Name: "a-repository-whose-name-goes-on-for-longer-than-a-telephone-is-wide", NoIssues: true, Updated: now.Add(-48 * time.Hour)},
		{Owner: "ada-l", Name: "notes", Issues: issues[:1], Updated: now},
		{Owner: "bo-l", Name: "boat", Issues: issues[:1], Updated: now},
	}
	for i := range 40 {
		all = append(all, standin.GitHubRepo{Owner: "navy", Name: fmt.Sprintf("mark-%02d", i+1), Language: "Assembly", Updated: now.Add(-time.Duration(100+i) * time.Hour)})
	}
	return all
}

// asGitHub is what a person does who signs in with GitHub and allows what is asked.
func asGitHub(b *tab) {
	b.press("Continue with GitHub")
	b.press("Authorize")
	b.forgives("/favicon.ico")
	b.press("Allow")
}

// TestGitHubInAChat is the conversation of a connector before us: from signing in at
// GitHub over the list of repositories to an issue that is opened, and seen.
func TestGitHubInAChat(t *testing.T) {
	s := newWorkshop(t)
	for host, repo := range map[string]string{"mcpapps": "grace/compiler", "chatgpt": "grace/flow-matic"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			s.converse(t, host, repo)
		})
	}
}

func (s *workshop) converse(t *testing.T, host, repo string) {
	c := newChat(t, s.browser, s.MCP, "Show me my repositories.")
	w := c.show(host, "list_repositories", nil, asGitHub)
	w.awaits("30 repositories so far")
	if host == "mcpapps" {
		w.look("github-repositories")
	}
	w.press("More repositories")
	w.awaits("43 repositories")
	w.write("searchbox", "Filter", strings.TrimPrefix(repo, "grace/"))
	w.awaits("1 of 43 repositories")
	w.press("Issues of " + repo)
	w.awaits("2 open issues")
	w.press("New issue")
	w.press("Open the issue")
	w.awaits("Say in a few words what it is about.")
	w.write("textbox", "Title", "It hums")
	w.write("textbox", "Labels", "bug, noise")
	w.press("Open the issue")
	c.allows(func(b *tab) { b.press("Allow") }) // which is not among what was allowed
	w.awaits("is open.")
	w.press("View on GitHub")
	w.press("Issues of " + repo)
	w.awaits("3 open issues")
	w.awaits("It hums")
	if made := s.github.IssuesOf("grace", strings.TrimPrefix(repo, "grace/")); len(made) != 4 || made[3].Title != "It hums" || made[3].Author != "grace" || !slices.Equal(made[3].Labels, []string{"bug", "noise"}) {
		t.Errorf("at GitHub there is %+v", made)
	}
	if _, links := c.said(); len(links) != 1 || links[0] != "https://github.com/"+repo+"/issues/4" {
		t.Errorf("it opens %q", links)
	}
	c.again()
	w.awaits("Issues of " + repo)
	w.awaits("It hums")
	w.press("Back")
	w.awaits("30 repositories so far")
	c.forgives("status of 401")
	c.forgives("status of 403")
	c.faults()
}

// write types into a field of the widget, in the place of what is there.
func (w *widgetFrame) write(role, name, words string) {
	w.t.Helper()
	w.focus(role, name)
	inside[any](w, "(document.activeElement.select(), null)")
	w.do(chromedp.KeyEvent(words))
}
