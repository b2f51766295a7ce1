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
	"github.com/chromedp/chromedp/kb"

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
		standin.GitHubPerson{ID: 11, Login: "bo-l", Email: "bo@example.com", Verified: true},
		standin.GitHubPerson{ID: 12, Login: "jean", Email: "jean@example.com", Verified: true, Orgs: []string{"birds"}})}
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

const longName = "a-repository-whose-name-goes-on-for-longer-than-a-telephone-is-wide"

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
		{Owner: "navy", Name: longName, NoIssues: true, Updated: now.Add(-48 * time.Hour)},
		{Owner: "ada-l", Name: "notes", Issues: issues[:1], Updated: now},
		{Owner: "bo-l", Name: "boat", Issues: issues[:1], Updated: now},
	}
	for i := range 40 {
		all = append(all, standin.GitHubRepo{Owner: "navy", Name: fmt.Sprintf("mark-%02d", i+1), Language: "Assembly", Updated: now.Add(-time.Duration(100+i) * time.Hour)})
	}
	for i := range birds {
		all = append(all, standin.GitHubRepo{Owner: "birds", Name: fmt.Sprintf("finch-%04d", i+1), Updated: now.Add(-time.Duration(i) * time.Minute)})
	}
	all[len(all)-birds+249].Name = "lyrebird"
	all[len(all)-1].Name = "wren"
	return all
}

// birds are more than anybody looks through unasked.
const birds = 1055

// asGitHub is what a person does who signs in with GitHub and allows what is asked.
func asGitHub(b *tab) { asSomebody("grace")(b) }

func asSomebody(login string) func(*tab) {
	return func(b *tab) { signsInAs(b, login) }
}

func signsInAs(b *tab, login string) {
	b.press("Continue with GitHub")
	evaluate[bool](b, fmt.Sprintf(`document.querySelector('[value=%q]').checked = true`, login))
	b.press("Authorize")
	b.forgives("/favicon.ico")
	b.press("Allow")
}

// TestGitHubInAChat is the conversation of a connector before us: from signing in at
// GitHub over the list of repositories to an issue that is opened, and seen; and what
// happens where there is no connection, or GitHub says no.
func TestGitHubInAChat(t *testing.T) {
	s := newWorkshop(t)
	s.addPerson("bo", password)
	for _, host := range hosts {
		t.Run("an issue is opened, "+host, func(t *testing.T) {
			t.Parallel()
			s.converse(t, host, map[string]string{"mcpapps": "compiler", "chatgpt": "flow-matic"}[host])
		})
		t.Run("GitHub is connected, "+host, func(t *testing.T) {
			t.Parallel()
			s.connect(t, host, map[string]string{"mcpapps": username, "chatgpt": "bo"}[host])
		})
	}
	t.Run("an issue is opened by the keyboard alone", func(t *testing.T) {
		t.Parallel()
		s.writes(t)
	})
	t.Run("a name on another page is found", func(t *testing.T) {
		t.Parallel()
		s.filter(t)
	})
	t.Run("issues are searched and read", func(t *testing.T) {
		t.Parallel()
		s.search(t)
	})
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
	w.write("searchbox", "Filter", repo)
	w.awaits("1 of 43 repositories")
	w.awaits(map[string]string{
		"compiler":   "grace/compiler Private Turns words that people understand into words that machines understand 2 open issues changed 1 hour ago Go ★ 1,952",
		"flow-matic": "grace/flow-matic Public Data processing in English 2 open issues changed 2 hours ago COBOL ★ 3",
	}[repo])
	w.press("GitHub page of grace/" + repo)
	w.press("New issue in grace/" + repo)
	w.find("heading", "New issue in grace/"+repo)
	w.press("Back")
	w.press("Issues of grace/" + repo)
	w.awaits("2 open issues")
	w.press("New issue")
	w.press("Open the issue")
	w.awaits("Say in a few words what it is about.")
	w.write("textbox", "Title", "It hums")
	w.write("textbox", "Labels", "bug, noise")
	s.comesBack(c, w, host)
	if host == "chatgpt" {
		w.lookAt("github-form", []int64{320, 1280}, []string{"light", "dark", "host"})
	}
	w.press("Open the issue")
	c.allows(func(b *tab) { b.press("Allow") }) // which is not among what was allowed
	w.awaits("is open.")
	w.press("View on GitHub")
	if host == "mcpapps" {
		w.glance("github-opened")
	}
	w.press("Issues of grace/" + repo)
	w.awaits("3 open issues")
	w.awaits("It hums")
	if made := s.github.IssuesOf("grace", repo); len(made) != 4 || made[3].Title != "It hums" || made[3].Author != "grace" || !slices.Equal(made[3].Labels, []string{"bug", "noise"}) {
		t.Errorf("at GitHub there is %+v", made)
	}
	page := "https://github.com/grace/" + repo
	if _, links := c.said(); !slices.Equal(links, []string{page, page + "/issues/4"}) {
		t.Errorf("it opens %q", links)
	}
	c.again()
	w.awaits("Issues of grace/" + repo)
	w.awaits("It hums")
	w.press("New issue") // and what was sent is not there to be sent again
	if left := inside[string](w, `[...document.querySelectorAll("input[type=text], textarea")].map(e => e.value).join("")`); left != "" {
		t.Errorf("a new form begins with %q", left)
	}
	w.press("Back")
	w.awaits("It hums")
	w.press("Back")
	w.awaits("30 repositories so far")
	c.forgives("status of 401")
	c.forgives("status of 403")
	c.faults()
}

// writes is a person without a pointer, from the list to an issue that is open.
func (s *workshop) writes(t *testing.T) {
	c := newChat(t, s.browser, s.MCP, "Show me my repositories.")
	w := c.show("mcpapps", "list_repositories", nil, asGitHub)
	w.awaits("30 repositories so far")
	w.fill("Filter", "mark-02")
	w.awaits("1 of 43 repositories")
	w.enter("New issue in navy/mark-02")
	w.find("heading", "New issue in navy/mark-02")
	w.enter("Open the issue")
	w.awaitTrue(`document.activeElement.name === "title"`) // which is what is missing
	w.keys("It clicks")
	w.fill("Description", "On every key.")
	w.fill("Labels", "noise")
	w.enter("Open the issue")
	c.allows(func(b *tab) { b.press("Allow") })
	w.awaits("Issue #1 is open.")
	w.enter("Issues of navy/mark-02")
	w.enter("It clicks")
	w.awaits("On every key.")
	w.enter("Back")
	w.awaits("1 open issue")
	c.forgives("status of 401")
	c.forgives("status of 403")
	c.faults()
}

// comesBack opens the chat anew while an issue is written: nothing of it is lost, and
// the model was told nothing of it.
func (s *workshop) comesBack(c *chat, w *widgetFrame, host string) {
	w.t.Helper()
	if host == "chatgpt" { // which is told a moment after somebody wrote; another page keeps it as it goes
		w.until("kept what was written", func(context.Context) bool {
			return evaluate[bool](c.tab, `JSON.stringify(chat.kept).includes("noise")`)
		})
	}
	c.again()
	w.awaits("New issue in grace/")
	w.awaitTrue(`[...document.querySelectorAll("input[type=text]")].map(e => e.value).join() === "It hums,bug, noise"`)
	if told := evaluate[string](c.tab, `JSON.stringify(chat.model)`); strings.Contains(told, "It hums") || !strings.Contains(told, "form for a new issue") {
		w.t.Errorf("the model is told %s", told)
	}
}

// filter looks for names that are on pages which nobody has seen yet: it goes on by
// itself, says how far it is, stops when it is told to, and does not go on forever.
func (s *workshop) filter(t *testing.T) {
	c := newChat(t, s.browser, s.MCP, "Show me my repositories.")
	w := c.show("chatgpt", "list_repositories", nil, asSomebody("jean"))
	w.awaits("30 repositories so far")
	evaluate[bool](c.tab, `(chat.paused = new Promise(done => { window.release = () => done() }), true)`)
	w.write("searchbox", "Filter", "lyrebird")
	w.announces("Still looking: nothing found in 30 repositories so far")
	w.lookAt("github-looking", []int64{320, 1280}, []string{"light", "dark"})
	w.press("Stop")
	evaluate[bool](c.tab, `(release(), true)`) // the page that was on its way comes, and no other
	w.announces("nothing found in the first 100 repositories")
	w.awaitTrue(`document.activeElement.textContent === "Look further"`)
	w.do(chromedp.KeyEvent(kb.Enter))
	w.announces("1 found in the first 1,000 repositories")
	w.awaits("birds/lyrebird")
	w.glance("github-looked")
	w.write("searchbox", "Filter", "wren")
	w.announces("nothing found in the first 1,000 repositories")
	w.press("Look further")
	w.announces("1 of 1,055 repositories")
	w.awaits("birds/wren")
	w.awaitTrue(`document.activeElement.type === "search"`)
	w.write("searchbox", "Filter", "albatross")
	w.announces("nothing with “albatross” in 1,055 repositories")
	c.forgives("status of 401")
	c.faults()
}

// search reads with the keyboard what others wrote, and mends what was refused.
func (s *workshop) search(t *testing.T) {
	c := newChat(t, s.browser, s.MCP, "What do people say of the relay?")
	evaluate[bool](c.tab, `(chat.held = new Promise(done => { window.release = () => done() }), true)`)
	w := c.show("mcpapps", "search_issues", map[string]any{"query": "relay", "owner": "grace"}, asGitHub)
	w.awaits("Asking GitHub for issues")
	w.glance("github-loading")
	evaluate[bool](c.tab, `(release(), true)`)
	w.awaits("2 issues")
	w.lookAt("github-issues", []int64{320, 1280}, []string{"light", "dark", "host"})
	inside[any](w, `(document.querySelector("[role=grid] [data-stop]").focus(), null)`)
	w.do(chromedp.KeyEvent(kb.ArrowDown))
	w.glance("github-keyboard")
	w.do(chromedp.KeyEvent(kb.Enter))
	w.awaits("There is a moth in relay 70.")
	w.awaits("<script>alert(1)</script>") // as somebody wrote it
	w.glance("github-issue")
	w.press("Talk about it")
	c.awaits("Let's look at grace/")
	w.press("Back")
	w.awaitTrue(`document.activeElement.closest("[role=row]")?.ariaRowIndex === "2"`)
	w.press("Closed")
	w.awaits("No closed issue")
	w.glance("github-none")

	w = c.show("mcpapps", "create_issue", map[string]any{"owner": "navy", "repo": "mark-01", "title": " ", "labels": []string{"bug"}}, func(b *tab) { b.press("Allow") })
	w.awaits("It was not opened: title is empty")
	w.write("textbox", "Title", "It is too slow")
	w.press("Open the issue")
	w.awaits("Issue #1 is open.")
	c.again()
	w.awaits("Issue #1 is open.") // and not a form that opens a second one
	w = c.show("mcpapps", "create_issue", map[string]any{"owner": "navy", "repo": longName, "title": "Nobody reads this"}, nil)
	w.awaits("keeps no issues")
	w.find("alert", "")
	w.glance("github-refused")
	w.press("Open the issue")
	w.awaitTrue(`document.querySelector("[role=alert]")?.textContent.includes("keeps no issues")`)

	w = c.show("mcpapps", "get_repository_issues", map[string]any{"owner": "grace", "repo": "none"}, nil)
	w.awaits("There is no such repository")
	w.press("Try again")
	w.find("alert", "")
	w.glance("github-failed")
	evaluate[bool](c.tab, `(chat.alter = () => ({content: [], structuredContent: {repositories: [], page: 1}}), true)`)
	w = c.show("chatgpt", "list_repositories", nil, nil)
	w.awaits("There is no repository")
	w.glance("github-empty")
	c.forgives("status of 401")
	c.forgives("status of 403")
	c.faults()
}

// connect is a person who signs in with a password and connects GitHub on the way,
// takes it back, and is asked for it by a widget.
func (s *workshop) connect(t *testing.T, host, name string) {
	atGitHub := func(b *tab) {
		b.press("Connect GitHub")
		evaluate[bool](b, fmt.Sprintf(`document.querySelector('[value^="%.2s"]').checked = true`, name))
		b.press("Authorize")
		b.forgives("/favicon.ico")
	}
	c := newChat(t, s.browser, s.MCP, "Who am I at GitHub?")
	w := c.show(host, "get_profile", nil, func(b *tab) {
		signIn(b, name, password)
		b.says("acts at GitHub as you")
		atGitHub(b)
		b.press("Allow")
	})
	w.awaits("You are connected to GitHub as " + name[:2])
	w.glance("github-connected-" + host)
	b := c.another(t)
	b.open(s.URL + "/account")
	b.press("Disconnect GitHub")
	b.says("Not connected.")
	w.press("Ask again")
	w.awaits("GitHub is not connected")
	if host == "chatgpt" {
		w.lookAt("github-connect", []int64{320, 1280}, []string{"light", "dark", "host"})
	}

	w = c.show(host, "list_repositories", nil, nil)
	w.awaits("GitHub is not connected")
	press := map[string]func(string){"mcpapps": w.enter, "chatgpt": w.press}[host]
	press("Connect GitHub")
	w.awaits("The page is open in another window.")
	press("I have connected it") // too early
	w.announces("GitHub is not connected yet.")
	_, links := c.said()
	if len(links) != 1 || !strings.HasPrefix(links[0], s.URL+"/connect/github?for=") {
		t.Fatalf("it opens %q", links)
	}
	b.open(links[0])
	atGitHub(b)
	b.says("GitHub is connected")
	press("I have connected it")
	w.awaits("Your repositories")
	c.forgives("status of 401")
	c.faults()
}

// write types into a field of the widget, in the place of what is there.
func (w *widgetFrame) write(role, name, words string) {
	w.t.Helper()
	w.focus(role, name)
	inside[any](w, "(document.activeElement.select(), null)")
	w.do(chromedp.KeyEvent(words))
}
