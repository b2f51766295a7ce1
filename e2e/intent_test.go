package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/sallyport-dev/sallyport/apps/intent/backend"
)

// A protocol is the far end of the intents: it takes the tokens that Privy gave, and
// nothing else. Who speaks of everything is found to look for a great many things,
// and who speaks of an outage has one.
type protocol struct {
	site *privySite
	next http.Handler
}

const great = 10_000

func (p protocol) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case !p.site.gave(token):
		http.Error(w, `{"error":"Invalid or expired access token"}`, http.StatusUnauthorized)
	case r.URL.Path == "/discover/new" && strings.Contains(r.FormValue("payload"), "an outage"):
		http.Error(w, "<html>", http.StatusBadGateway)
	case r.URL.Path == "/discover/new" && strings.Contains(r.FormValue("payload"), "everything"):
		var all []string
		for i := range great {
			all = append(all, fmt.Sprintf(`{"id":"many-%[1]d","payload":"Looking for thing number %[1]d","createdAt":"2026-01-01T00:00:00Z"}`, i+1))
		}
		fmt.Fprintf(w, `{"intents":[%s],"intentsGenerated":%d}`, strings.Join(all, ","), great)
	default:
		r.Header.Set("Authorization", "Bearer grace") // the stand-in knows people by name
		p.next.ServeHTTP(w, r)
	}
}

// newIntents is an installation that people come into by Privy, and that finds out
// what they look for at a backend that knows them by Privy's tokens.
func newIntents(t *testing.T) (*door, *privySite) {
	t.Helper()
	site := newPrivySite(t, "did:privy:cm3np4u9j001rc8b73seqmqqk", "grace@navy.example")
	there := httptest.NewServer(protocol{site, backend.New(time.Now)})
	t.Cleanup(there.Close)
	d := newDoor(t, "login:"+site.login+`resources:
  - { name: intent, path: /mcp, app: intent, backend: "`+there.URL+`", connection: { provider: privy } }
`)
	site.signsInTo(t, d.URL)
	return d, site
}

// byPrivy signs in on the operator's own page, and allows what is asked for.
func byPrivy(b *tab) {
	b.press("Continue with Privy")
	b.press("Sign in with Privy")
	b.press("Allow")
}

// TestALongListIsNotLong: ten thousand rows are a few elements, and the keyboard
// reaches all of them.
func TestALongListIsNotLong(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	d, _ := newIntents(t)
	c := newChat(t, browser, d.MCP, "I am looking for everything.")
	w := c.show("mcpapps", "extract_intent", map[string]any{"fullInputText": "I am looking for everything."}, byPrivy)
	w.awaits("10,000 intents found")
	few := func() {
		t.Helper()
		if n := inside[int](w, `document.querySelectorAll("[role=row]").length`); n < 5 || n > 30 {
			t.Errorf("%d rows are in the page", n)
		}
		if n := inside[int](w, `document.querySelectorAll("*").length`); n > 600 {
			t.Errorf("%d elements are in the page", n)
		}
	}
	focused := func(row int) {
		t.Helper()
		w.awaitTrue(fmt.Sprintf(`document.activeElement.closest("[role=row]")?.ariaRowIndex === "%d"`, row))
	}
	seen := func(row int) {
		t.Helper()
		w.awaitTrue(fmt.Sprintf(`(() => {
			const list = document.querySelector("[role=grid]").getBoundingClientRect(), row = document.querySelector('[aria-rowindex="%d"]')?.getBoundingClientRect()
			return row && row.top >= list.top - 2 && row.bottom <= list.bottom + 2
		})()`, row))
	}
	if n := inside[string](w, `document.querySelector("[role=grid]").ariaRowCount`); n != fmt.Sprint(great) {
		t.Errorf("a screen reader is told of %s rows", n)
	}
	few()
	w.glance("intents-many")

	// Scrolled, whichever way, the rows are there that belong there.
	for _, top := range []float64{0.5, 1, 0.1} {
		inside[bool](w, fmt.Sprintf(`(() => { const l = document.querySelector("[role=grid]"); l.scrollTop = l.scrollHeight * %v; return true })()`, top))
		w.awaitTrue(`(() => {
			const list = document.querySelector("[role=grid]"), box = list.getBoundingClientRect()
			const row = document.elementFromPoint(box.left + 40, box.top + box.height / 2)?.closest("[role=row]")
			const height = row?.offsetHeight
			return row && Number(row.ariaRowIndex) === Math.floor((list.scrollTop + box.height / 2) / height) + 1
		})()`)
		few()
	}

	// The keyboard's row stays where it was, and the way from it leads back into sight.
	w.focus("gridcell", "")
	press := func(key string) { w.do(chromedp.KeyEvent(key)) }
	press(kb.End)
	focused(great)
	seen(great)
	few()
	press(kb.PageUp)
	press(kb.ArrowUp)
	up := inside[int](w, `Number(document.activeElement.closest("[role=row]").ariaRowIndex)`)
	if up >= great-2 {
		t.Errorf("a page and a row up is row %d", up)
	}
	seen(up)
	inside[bool](w, `(document.querySelector("[role=grid]").scrollTop = 0, true)`)
	seen(1)
	focused(up)
	press(kb.ArrowDown)
	focused(up + 1)
	seen(up + 1)
	press(kb.ArrowRight)
	w.awaitTrue(`document.activeElement.localName === "button"`)
	press(kb.ArrowDown)
	focused(up + 2)
	w.awaitTrue(`document.activeElement.localName === "button"`)
	press(kb.Home)
	focused(1)
	seen(1)
	few()
	c.forgives("status of 401")
	c.faults()
}

const (
	moved = "I moved to Berlin. I am looking for a chess coach. I want to learn about cryptography."
	// What the stand-in finds there.
	coach = "I am looking for a chess coach"
)

// TestTheConversationOfTheIndexConnector is what R1 and R2 were for: a person says
// what they are looking for, signs in with Privy, sees what was understood, meets
// who looks for the same, and asks them; in both kinds of host.
func TestTheConversationOfTheIndexConnector(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			d, _ := newIntents(t)
			c := newChat(t, browser, d.MCP, moved)
			w := c.show(host, "extract_intent", map[string]any{"fullInputText": moved}, byPrivy)
			w.awaits("2 intents found")
			w.awaits(coach)
			if host == "mcpapps" {
				w.look("intents")
			}
			ticksOff(c, w, host)
			w.press("Find people")
			c.awaits("Find people who are looking for the same as I am.")

			w = c.show(host, "discover_connections", map[string]any{"fullInputText": moved}, nil)
			w.awaits("People who look for the same")
			w.awaits("Lena Fischer")
			if host == "mcpapps" {
				w.look("connections")
			}
			asksSomebody(c, w, host)
			c.forgives("status of 401") // which is where signing in begins
			c.forgives("status of 403") // and how a chat learns that it lacks a permission
			c.faults()
		})
	}
}

// ticksOff ticks an intent off: after a second thought, with a permission that was
// not given yet, and by the keyboard alone from there.
func ticksOff(c *chat, w *widgetFrame, host string) {
	w.t.Helper()
	w.press("Tick off: " + coach)
	w.awaitTrue(`document.activeElement.textContent === "No"`) // Enter does the safe thing
	w.do(chromedp.KeyEvent(kb.Enter))
	w.find("button", "Tick off: "+coach)
	w.awaitTrue(`document.activeElement.closest("[role=row]")`)
	w.press("Tick off: " + coach)
	if host == "mcpapps" {
		w.glance("intents-asked")
	}
	w.press("Yes, tick it off")
	w.awaits("Your chat asks you for it")
	c.allows(func(b *tab) { b.press("Allow") })
	w.awaits("“" + coach + "” is ticked off.")
	w.awaitTrue(`document.activeElement.closest("[role=row]")`)
	w.find("button", "Open again: "+coach)
	if host == "chatgpt" {
		w.glance("intents-done")
	}
	c.again()
	w.find("button", "Open again: "+coach) // the widget kept it
	w.press("See all of yours")
	w.awaits("2 intents, 1 of them done") // and so did the server
	w.focus("gridcell", "")
	for _, key := range []string{kb.End, kb.ArrowRight, kb.Enter} {
		w.do(chromedp.KeyEvent(key))
	}
	w.find("button", "No")
	w.do(chromedp.KeyEvent(kb.Enter))
}

// asksSomebody asks a person for a connection, takes it back, and skips another.
func asksSomebody(c *chat, w *widgetFrame, host string) {
	w.t.Helper()
	w.press("Ask to connect: Lena Fischer")
	w.press("Yes, ask")
	w.awaits("You asked Lena Fischer to connect.")
	w.find("button", "Take it back: Lena Fischer")
	w.press("Skip: Sam Okafor")
	w.press("Yes, skip")
	w.awaits("Sam Okafor is skipped.")
	c.again()
	w.find("button", "Take it back: Lena Fischer") // kept

	// In full, by the keyboard, and back to where one was.
	w.focus("button", "Take it back: Lena Fischer")
	for _, key := range []string{kb.ArrowLeft, kb.Enter} {
		w.do(chromedp.KeyEvent(key))
	}
	w.find("heading", "Lena Fischer")
	w.awaitTrue(`document.activeElement.textContent === "Lena Fischer"`)
	if host == "mcpapps" {
		w.glance("connections-whole")
	}
	w.press("Take it back: Lena Fischer")
	w.press("Yes, take it back")
	w.awaits("You took back what you asked Lena Fischer.")
	w.awaitTrue(`document.activeElement.textContent === "Lena Fischer"`)
	w.do(chromedp.KeyEvent(kb.Escape))
	w.awaitTrue(`document.activeElement.closest("[role=row]")?.textContent.includes("Lena Fischer")`)
	if host == "chatgpt" {
		w.glance("connections-acted")
	}
}

// TestIntentsSayWhatTheyWaitForAndWhatWentWrong: nothing found, nobody there, a
// backend that is away, and a person whose token it does not take any more.
func TestIntentsSayWhatTheyWaitForAndWhatWentWrong(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for i, host := range hosts {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			d, _ := newIntents(t)
			c := newChat(t, browser, d.MCP, "Hello.")
			w := c.show(host, "extract_intent", map[string]any{"fullInputText": "Hello."}, byPrivy)
			w.awaits("Nothing that you are looking for was found")
			if i == 0 {
				w.glance("intents-empty")
			}
			w.press("See all of yours")
			w.awaits("Nothing was found yet.")
			w = c.show(host, "discover_connections", map[string]any{"fullInputText": "I need a zebra."}, nil)
			w.awaits("Nobody else looks for the same yet.")
			if i == 0 {
				w.glance("connections-nobody")
			}

			evaluate[bool](c.tab, `(chat.held = new Promise(done => { window.release = () => done() }), true)`)
			w = c.show(host, "discover_connections", map[string]any{"fullInputText": "I need an outage."}, nil)
			w.find("status", "")
			if i == 1 {
				w.glance("connections-loading")
			}
			evaluate[bool](c.tab, `(release(), chat.held = Promise.resolve(), true)`)
			w.awaits("the protocol's API is not there now.")
			if i == 1 {
				w.glance("connections-failed")
			}
			w.press("Try again")
			w.find("alert", "")
			w = c.show(host, "extract_intent", map[string]any{"fullInputText": "I need an outage."}, nil)
			w.awaits("the protocol's API is not there now.")
			c.forgives("status of 401")
			c.faults()
		})
	}
}

// TestABackendThatRefusesATokenHasItsPersonConnect: Privy took the person's token
// back before its time. The widget says so, and opens the page where they connect;
// when they have, it goes on.
func TestABackendThatRefusesATokenHasItsPersonConnect(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	d, site := newIntents(t)
	c := newChat(t, browser, d.MCP, moved)
	w := c.show("mcpapps", "extract_intent", map[string]any{"fullInputText": moved}, byPrivy)
	w.awaits("2 intents found")
	site.takesBack()
	w = c.show("mcpapps", "discover_connections", map[string]any{"fullInputText": moved}, nil)
	w.announces("Privy is not connected")
	w.lookAt("connections-unconnected", []int64{320, 1280}, []string{"light", "dark", "host"})
	w.press("Connect Privy")
	w.announces("The page is open in another window.")
	w.awaitTrue(`document.querySelector("button.main")?.textContent === "I have connected it"`)
	if _, links := c.said(); len(links) != 1 || !strings.HasPrefix(links[0], d.URL+"/connect/privy?for=") {
		t.Fatalf("the chat is asked to open %q", links)
	}
	w.press("I have connected it") // too early
	w.announces("Privy is not connected yet.")
	w = c.show("mcpapps", "extract_intent", map[string]any{"fullInputText": moved}, nil)
	w.awaits("Privy is not connected")
	w.glance("intents-unconnected")
	w = c.show("mcpapps", "discover_connections", map[string]any{"fullInputText": moved}, nil)
	connectsPrivy(c, w)
	w.awaits("Lena Fischer")
	if asked := evaluate[bool](c.tab, `!!document.querySelector("#ask a")`); asked {
		t.Error("the chat asks for a permission that was given")
	}
	c.forgives("status of 401")
	c.faults()
}

// connectsPrivy is what the person does whose widget says that Privy is not connected:
// they open the page, connect there, come back, and go on.
func connectsPrivy(c *chat, w *widgetFrame) {
	w.t.Helper()
	w.press("Connect Privy")
	w.announces("The page is open in another window.")
	_, links := c.said()
	b := c.another(w.t)
	b.open(links[len(links)-1])
	b.says("“A chat” asked of Intents and connections for you")
	b.press("Connect Privy")
	b.press("Sign in with Privy")
	b.says("Privy is connected")
	w.press("I have connected it")
}
