package e2e

import (
	"cmp"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// A face is what a widget shows while its tool is at work, when the chat gave it up,
// and when the tool found nothing, or a great many things.
type face struct {
	tool, args            string
	waits, givenUp        string
	nothing, showsNothing string // what the tool answers then, and what is said of it
	thousands, showsThem  string // a script that makes as much as a list holds, and what is said of that
	goesOn                string // the button beside what went wrong; empty: Try again
	mends                 bool   // a form: what failed is in it, to be sent again
}

// faces are those of the widgets, by the server that they belong to. The board's are
// looked at elsewhere: it needs no sign-in for them.
var faces = map[string][]face{
	"demo": {
		{tool: "whoami", waits: "Asking who is signed in", givenUp: "The chat did not ask who is signed in.",
			nothing: `{"signed_in": false, "scopes": []}`, showsNothing: "Nobody is signed in."},
	},
	"github": {
		{tool: "list_repositories", waits: "Asking GitHub for your repositories", givenUp: "Your chat did not ask GitHub.",
			nothing: `{"repositories": [], "page": 1}`, showsNothing: "There is no repository at GitHub that you own",
			thousands: `{page: 1, repositories: rows(i => ({owner: "navy", name: "mark-" + i, private: false, stars: i, open_issues: 1, has_issues: true, url: "https://github.com/navy/mark-" + i}))}`,
			showsThem: "10,000 repositories"},
		{tool: "get_repository_issues", args: `{"owner": "grace", "repo": "compiler"}`, waits: "Asking GitHub for issues", givenUp: "Your chat did not ask GitHub.",
			nothing: `{"issues": [], "owner": "grace", "repo": "compiler", "state": "open", "page": 1}`, showsNothing: "No open issue",
			thousands: `{page: 1, owner: "grace", repo: "compiler", state: "open", issues: rows(i => ({owner: "grace", repo: "compiler", number: i, title: "It hums", state: "open", labels: ["bug"], comments: i, pull_request: false, url: "https://github.com/grace/compiler/issues/" + i}))}`,
			showsThem: "10,000 open issues"},
		{tool: "create_issue", args: `{"owner": "grace", "repo": "compiler", "title": "It hums"}`, waits: "Opening the issue", givenUp: "It was not opened: Your chat did not send it.", mends: true},
		{tool: "get_profile", waits: "Asking GitHub who you are", givenUp: "Your chat did not ask GitHub.",
			nothing: `{}`, showsNothing: "GitHub did not say who you are."},
	},
	"intent": {
		{tool: "extract_intent", args: `{"fullInputText": "Hello."}`, goesOn: "See what was found before", waits: "Finding out what you are looking for", givenUp: "The chat did not ask what you are looking for.",
			nothing: `{"intents": [], "filesProcessed": 0, "linksProcessed": 0, "intentsGenerated": 0}`, showsNothing: "Nothing that you are looking for was found"},
		{tool: "discover_connections", args: `{"fullInputText": "Hello."}`, waits: "Looking for people who look for the same", givenUp: "The chat did not look for other people.",
			nothing: `{"connections": [], "intentsExtracted": 1, "connectionsFound": 0}`, showsNothing: "Nobody else looks for the same yet.",
			thousands: `{intentsExtracted: 1, connectionsFound: 10_000, connections: rows(i => ({user: {id: "u-" + i, name: "Lena " + i}, mutualIntentCount: 1, synthesis: ""}))}`,
			showsThem: "Lena 1"},
	},
}

// TestEveryWidgetHasAFace: for what it waits for, what went wrong, what the chat gave
// up, and what has nothing in it, or ten thousand rows.
func TestEveryWidgetHasAFace(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	github := standin.NewGitHub(standin.Client{ID: "door", Secret: elsewhereSecret}, standin.GitHubPerson{ID: 9, Login: "grace", Email: "grace@navy.example", Verified: true})
	github.Chooser = true
	github.Repos(repositories()...)
	there := httptest.NewServer(github)
	t.Cleanup(there.Close)
	d := newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: %s }
resources:
  - { name: demo, path: /demo, app: demo }
  - { name: github, path: /github, app: github }
  - { name: intent, path: /intent, app: intent }
`, there.URL, elsewhereSecret))
	github.Redirects(d.URL + "/oauth/callback/github")
	for server, all := range faces {
		t.Run(server, func(t *testing.T) {
			t.Parallel()
			c := newChat(t, browser, d.URL+"/"+server, "What does it look like?")
			signsIn := asGitHub // once
			for _, f := range all {
				f.looks(c, signsIn)
				signsIn = nil
			}
			c.forgives("status of 401")
			c.faults()
		})
	}
}

func (f face) looks(c *chat, signsIn func(*tab)) {
	if f.args == "" {
		f.args = "{}"
	}
	set := func(js string) { c.t.Helper(); evaluate[bool](c.tab, "("+js+", true)") }
	show := func(host string) *widgetFrame {
		c.t.Helper()
		w := c.showRaw(host, f.tool, f.args, signsIn)
		signsIn = nil
		return w
	}
	set(`chat.held = new Promise(() => {})`)
	w := show("mcpapps")
	w.awaits(f.waits)
	w.find("status", "")
	w.glance("waits-" + f.tool)
	set(`chat.held = Promise.reject(new Error("stopped")), chat.held.catch(() => {})`)
	w = show("mcpapps")
	w.awaits(f.givenUp)
	if f.mends {
		set(`chat.held = Promise.resolve()`)
		return
	}
	set(`chat.held = Promise.resolve(), chat.alter = () => ({isError: true, content: [{type: "text", text: "The moat is dry."}]})`)
	w = show("chatgpt")
	w.find("alert", "")
	w.awaits("The moat is dry.")
	w.find("button", cmp.Or(f.goesOn, "Try again"))
	w.glance("failed-" + f.tool)
	set(fmt.Sprintf(`chat.alter = () => ({content: [{type: "text", text: "Nothing."}], structuredContent: %s})`, f.nothing))
	w = show("mcpapps")
	w.awaits(f.showsNothing)
	if f.thousands != "" {
		set(fmt.Sprintf(`window.rows = make => Array.from({length: 10_000}, (_, i) => make(i + 1)), chat.alter = () => ({content: [{type: "text", text: "Many."}], structuredContent: %s})`, f.thousands))
		w = show("chatgpt")
		w.awaits(f.showsThem)
		w.isAFewElements(10_000)
	}
}

// isAFewElements goes to the end of a list of so many rows by the keyboard: only what is
// in sight is in the page, wherever that is.
func (w *widgetFrame) isAFewElements(rows int) {
	w.t.Helper()
	inside[any](w, `(document.querySelector("[role=grid] [data-stop]").focus(), null)`)
	for _, step := range []struct {
		key string
		at  int
	}{{kb.End, rows}, {kb.Home, 1}} {
		w.keys(step.key)
		w.awaitTrue(fmt.Sprintf(`document.activeElement.closest("[role=row]")?.ariaRowIndex === "%d"`, step.at))
		if n := inside[int](w, `document.querySelectorAll("*").length`); n > 800 {
			w.t.Errorf("%d elements are in the page", n)
		}
	}
	way := inside[struct {
		Median, Worst float64
		Empty         int
	}](w, wayThrough)
	w.t.Logf("through %d rows in 90 steps: %.1f ms a frame, the longest %.1f ms", rows, way.Median, way.Worst)
	if way.Empty > 0 {
		w.t.Errorf("whoever scrolls through %d rows in 90 steps sees none after %d of them", rows, way.Empty)
	}
	if n := inside[string](w, `document.querySelector("[role=grid]").ariaRowCount`); n != fmt.Sprint(rows) {
		w.t.Errorf("a screen reader is told of %s rows", n)
	}
}

// wayThrough scrolls through the whole list in ninety steps. It says how long a frame
// took, in milliseconds, which on a busy machine is no fault of the list's, and how many
// steps led to where no row was.
const wayThrough = `new Promise(done => {
	const grid = document.querySelector("[role=grid]"), step = (grid.scrollHeight - grid.clientHeight) / 90
	const { top, height } = grid.getBoundingClientRect()
	const seen = () => [...grid.querySelectorAll("[role=row]")].some(e => {
		const row = e.getBoundingClientRect()
		return row.top <= top + height / 2 && row.bottom >= top + height / 2
	})
	const took = []
	let before, empty = 0
	const draw = now => {
		if (before) took.push(now - before)
		before = now
		if (!seen()) empty++
		if (took.length === 90) {
			took.sort((a, b) => a - b)
			return done({ median: took[45], worst: took[89], empty })
		}
		requestAnimationFrame(draw)
		setTimeout(() => { grid.scrollTop += step }) // as a person does: after what was drawn
	}
	requestAnimationFrame(draw)
})`
