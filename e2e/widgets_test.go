package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestTheDemoSaysWhoIsSignedIn uses the widget of whoami in both kinds of host: it
// says who is signed in, and asks for the permission that is missing.
func TestTheDemoSaysWhoIsSignedIn(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "")
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			c := newChat(t, browser, d.MCP, "Who am I?")
			w := c.show(host, "whoami", nil, func(b *tab) {
				b.signIn()
				b.press("Allow")
			})
			w.awaits("You are signed in as " + username)
			w.awaits("not allowed yet")
			if host == "mcpapps" {
				w.look("who")
			} else {
				w.glance("who-" + host)
			}

			w.press("Ask for it: Tick off and rename your items")
			w.awaits("Your chat asks you for it")
			c.allows(func(b *tab) { b.press("Allow") })
			w.awaits("You allowed it.")
			if said := w.words(); strings.Contains(said, "not allowed yet") {
				t.Errorf("it still says: %s", said)
			}
			w.glance("who-allowed-" + host)
			if strings.Contains(w.words(), "not allowed yet") {
				t.Error("a change of theme takes the newer answer away")
			}
			w.focus("button", "Ask again")
			w.do(chromedp.KeyEvent(kb.Enter))
			w.awaits("good for")
			c.forgives("status of 401") // which is where it begins
			c.forgives("status of 403") // and how it learns what is missing
			c.faults()
		})
	}
}
