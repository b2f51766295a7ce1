package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
)

// The two kinds of host: see host/README.md.
var hosts = []string{"mcpapps", "chatgpt"}

// A chat is a page that shows the widgets of one MCP server, in a tab of its own.
type chat struct {
	*tab
	url string
}

// chatScript makes host/chat.mjs one file, once.
var chatScript = sync.OnceValues(func() (string, error) {
	script := filepath.Join(filepath.Dir(binary), "chat.js")
	bundle := exec.Command(os.Getenv(node.variable), filepath.Join(nodeModules(), "rolldown", "bin", "cli.mjs"), filepath.Join("host", "chat.mjs"),
		"--file", script, "--platform", "browser", "--format", "iife")
	bundle.Env = environment("NO_COLOR=1", "NODE_ENV=production")
	if out, err := bundle.CombinedOutput(); err != nil {
		return "", fmt.Errorf("rolldown: %w: run npm ci in e2e, or ./check\n%s", err, out)
	}
	return script, nil
})

// newChat serves the chat of host/ for a door's MCP server, and opens it.
// question is what the person said in it.
func newChat(t *testing.T, browser context.Context, mcp, question string) *chat {
	t.Helper()
	node.or(t)
	script, err := chatScript()
	if err != nil {
		t.Fatal(err)
	}
	sandbox := httptest.NewServer(http.HandlerFunc(serveSandbox))
	t.Cleanup(sandbox.Close)
	var page bytes.Buffer
	about := struct{ MCP, Sandbox, Question string }{mcp, sandbox.URL, question}
	if err := template.Must(template.ParseFiles(filepath.Join("host", "chat.html"))).Execute(&page, about); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page.Bytes()) })
	mux.HandleFunc("GET /chat.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, script) })
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join("host", "callback.html"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)

	c := &chat{newTab(t, browser), server.URL}
	c.open(server.URL)
	c.do(scheme("light")) // for people who want no motion, which is also what pictures want
	return c
}

// serveSandbox serves the outer frames, under the policy that the host made of
// what the widget's server declared. The widget's own frame inherits it.
func serveSandbox(w http.ResponseWriter, r *http.Request) {
	page, err := os.ReadFile(filepath.Join("host", "sandbox-"+filepath.Base(r.URL.Path)+".html"))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Security-Policy", r.URL.Query().Get("csp"))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page)
}

// show lets the chat call a tool and show its page. allow is called with a second
// tab at the authorization server, if the chat asks for permission.
func (c *chat) show(host, tool string, args map[string]any, allow func(*tab)) *widgetFrame {
	c.t.Helper()
	text, err := json.Marshal(args)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.showRaw(host, tool, string(text), allow)
}

// showRaw has the arguments as JSON.
func (c *chat) showRaw(host, tool, args string, allow func(*tab)) *widgetFrame {
	c.t.Helper()
	evaluate[bool](c.tab, fmt.Sprintf(`(window.showing = chat.show(%q, %q, %s ?? {}), showing.catch(() => {}), true)`, host, tool, args))
	if allow != nil {
		c.allows(allow)
	}
	c.await(`document.querySelector("#widget iframe")`)
	evaluate[bool](c.tab, `showing.then(() => true)`)
	return &widgetFrame{c}
}

// again shows the same result once more, as after a reload of the chat.
func (c *chat) again() {
	c.t.Helper()
	evaluate[bool](c.tab, `chat.again().then(() => true)`)
}

// allows follows the link that the chat shows when a server wants permission.
func (c *chat) allows(allow func(*tab)) {
	c.t.Helper()
	c.await(`document.querySelector("#ask a")`)
	there := c.another(c.t)
	there.open(evaluate[string](c.tab, `document.querySelector("#ask a").href`))
	allow(there)
	there.awaits("You can close this")
	c.await(`!document.querySelector("#ask a")`)
	there.close()
}

// await waits until a script is true in the chat's own page.
func (c *chat) await(js string) {
	c.t.Helper()
	c.do(chromedp.Poll[chromedp.Void](js, chromedp.WithPollingMutation()))
}

// palette is a host with colours of its own, by the names of MCP Apps.
const palette = `{
	"--color-background-primary": "#fdf6e3", "--color-background-secondary": "#eee8d5", "--color-text-primary": "#073642",
	"--color-text-secondary": "#475b62", "--color-border-primary": "#6c7c80", "--color-border-secondary": "#d9d2bd",
	"--color-ring-primary": "#b58900", "--border-radius-md": "2px", "--font-sans": "Georgia, serif"
}`

// look takes pictures of the widget as the smallest phone, a phone and a desk show it,
// light, dark and in a host with colours of its own, and asks axe-core about each.
func (w *widgetFrame) look(name string) {
	w.t.Helper()
	w.lookAt(name, []int64{320, 390, 1280}, []string{"light", "dark", "host"})
}

// glance is a look at what differs little from what was looked at.
func (w *widgetFrame) glance(name string) {
	w.t.Helper()
	w.lookAt(name, []int64{390}, []string{"light", "dark"})
}

func (w *widgetFrame) lookAt(name string, widths []int64, themes []string) {
	w.t.Helper()
	for _, width := range widths {
		for i, theme := range themes {
			where := fmt.Sprintf("widget-%s-%d-%s", name, width, theme)
			w.dress(width, theme)
			if n := inside[int64](w, "document.documentElement.scrollWidth - document.documentElement.clientWidth"); n > 0 {
				w.t.Errorf("%s: the widget is %d pixels too wide", where, n)
			}
			for _, small := range inside[[]string](w, tooSmall) {
				w.t.Errorf("%s: who has no steady hand misses %s", where, small)
			}
			w.picture(where)
			rules := "{}"
			if i > 0 { // another theme is other colours, and nothing else
				rules = "{runOnly: ['color-contrast', 'link-in-text-block']}"
			}
			w.complain(where, w.askAxe(rules))
		}
	}
	w.dress(1280, "light")
}

// tooSmall is what can be pressed and is less than 24 pixels high or wide. WCAG 2.2
// has it as 2.5.8.
const tooSmall = `[...document.querySelectorAll("button, input, textarea, a[href], [role=gridcell][tabindex]")]
	.filter(e => e.checkVisibility())
	.map(e => ({ name: e.ariaLabel || e.textContent || e.name, box: e.getBoundingClientRect() }))
	.filter(({ box }) => box.width < 24 || box.height < 24)
	.map(({ name, box }) => name + " of " + box.width + " by " + box.height)`

// askAxe runs axe-core in the widget, and brings it there unless it is there.
func (w *widgetFrame) askAxe(rules string) axeReport {
	w.t.Helper()
	if !inside[bool](w, "typeof axe === 'object'") {
		axe, err := os.ReadFile(nodeModule(w.t, "axe-core", "axe.min.js"))
		if err != nil {
			w.t.Fatal(err)
		}
		inside[any](w, string(axe)+";null")
	}
	return inside[axeReport](w, fmt.Sprintf(axeRun, rules))
}

// dress gives the chat a width and a theme, and waits until the widget wears it.
func (w *widgetFrame) dress(width int64, theme string) {
	w.t.Helper()
	scheme, colours := theme, "undefined"
	if theme == "host" {
		scheme, colours = "light", palette
	}
	w.do(chromedp.EmulateViewport(width, 900))
	evaluate[bool](w.tab, fmt.Sprintf(`(chat.set({theme: %q, palette: %s}), true)`, scheme, colours))
	w.await(fmt.Sprintf(`document.documentElement.style.colorScheme === %q`, scheme))
	// Black on white, or white on black: nobody else notices a page that wears the
	// wrong one. The chat gives it another height when it wears it.
	w.awaitTrue(fmt.Sprintf(`(({colorScheme, color}, root) => colorScheme === %q &&
		(([r, g, b]) => r + g + b > 384)(color.match(/[\d.]+/g).map(Number)) === %t &&
		root.scrollHeight <= innerHeight + 1)(getComputedStyle(document.documentElement), document.documentElement)`, scheme, scheme == "dark"))
	inside[bool](w, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
}

// faults are what a real chat would not have let pass.
func (c *chat) faults() {
	c.t.Helper()
	for _, f := range evaluate[[]string](c.tab, "chat.faults") {
		c.t.Error("the chat says: " + f)
	}
}

// said is what widgets sent into the chat, and wanted opened.
func (c *chat) said() (messages, links []string) {
	c.t.Helper()
	return evaluate[[]string](c.tab, "chat.messages"), evaluate[[]string](c.tab, "chat.links")
}

var oneLine = strings.NewReplacer("\n", " ", "\u00a0", " ")
