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
// nothing else. Who speaks of everything is found to look for a great many things.
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
func newIntents(t *testing.T) *door {
	t.Helper()
	site := newPrivySite(t, "did:privy:cm3np4u9j001rc8b73seqmqqk", "grace@navy.example")
	there := httptest.NewServer(protocol{site, backend.New(time.Now)})
	t.Cleanup(there.Close)
	d := newDoor(t, "login:"+site.login+`resources:
  - { name: intent, path: /mcp, app: intent, backend: "`+there.URL+`", connection: { provider: privy } }
`)
	site.signsInTo(t, d.URL)
	return d
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
	browser := newBrowser(t)
	d := newIntents(t)
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
