package e2e

import (
	"strings"
	"testing"
)

// TestTheDemoSaysWhoIsSignedIn uses the widget of whoami in both kinds of host: it
// says who is signed in, and asks for the permission that is missing.
func TestTheDemoSaysWhoIsSignedIn(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	d := newDoor(t, "")
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			c := newChat(t, browser, d.MCP, "Who am I?")
			w := c.show(host, "whoami", nil, func(b *tab) {
				b.signIn()
				b.press("Allow")
			})
			w.awaits("You are signed in as " + username)
			w.awaits("Through A chat 1.0 ") // the client, in its own words
			w.awaits("See who you are and read your items demo:read")
			w.awaits("good for")
			w.awaits("not allowed yet")
			if host == "mcpapps" {
				w.look("who")
			}

			w.enter("Ask for it: Tick off and rename your items")
			w.awaits("Your chat asks you for it")
			c.allows(func(b *tab) { b.press("Allow") })
			w.awaits("You allowed it.")
			if said := w.words(); strings.Contains(said, "not allowed yet") {
				t.Errorf("it still says: %s", said)
			}
			w.glance("who-allowed-" + host) // in other colours
			if strings.Contains(w.words(), "not allowed yet") {
				t.Error("a change of theme takes the newer answer away")
			}
			w.enter("Ask again")
			w.awaits("good for")
			c.forgives("status of 401") // which is where it begins
			c.forgives("status of 403") // and how it learns what is missing
			c.faults()
		})
	}
	t.Run("a person may deny what it asks for", func(t *testing.T) {
		t.Parallel()
		c := newChat(t, browser, d.MCP, "Who am I?")
		w := c.show("mcpapps", "whoami", nil, func(b *tab) {
			b.signIn()
			b.press("Allow")
		})
		w.press("Ask for it: Tick off and rename your items")
		c.allows(func(b *tab) { b.press("Deny") })
		w.find("alert", "")
		w.awaits("not allowed yet")
		w.glance("who-denied")
		w.press("Ask again")
		w.awaits("good for")
		c.forgives("status of 401")
		c.forgives("status of 403")
		c.faults()
	})
}

// TestWidgetsSayWhatTheyWaitForAndWhatWentWrong: the states that nobody designs
// are the ones that people remember.
func TestWidgetsSayWhatTheyWaitForAndWhatWentWrong(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	d := newDoor(t, "resources:\n  - { name: chess, path: /mcp, app: chess }\n")
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			c := newChat(t, browser, d.MCP, "Is this right?")
			evaluate[bool](c.tab, `(chat.held = new Promise(done => { window.release = () => done() }), true)`)
			w := c.show(host, "check_puzzle_move", map[string]any{"puzzle_id": "none", "fen": "", "move": "e4"}, nil)
			w.awaits("Setting up the board")
			w.find("status", "")
			if host == "mcpapps" {
				w.glance("chess-loading")
			}
			evaluate[bool](c.tab, `(release(), true)`)
			w.awaits("no such puzzle_id")
			w.find("alert", "")
			if host == "chatgpt" {
				w.glance("chess-failed")
			}
			w.press("Puzzle") // there is a way on
			w.awaits("Find the best move.")

			evaluate[bool](c.tab, `(chat.alter = () => ({content: [], structuredContent: {}}), true)`)
			w = c.show(host, "load_puzzle", nil, nil)
			w.awaits("There is no game here to show.")
			evaluate[bool](c.tab, `(chat.alter = r => ({...r, structuredContent: {...r.structuredContent, damage: "What is kept of this game is damaged."}}), true)`)
			w = c.show(host, "apply_move", map[string]any{"fen": startFEN, "move": "e4 e5"}, nil)
			w.announces("What is kept of this game is damaged.")
			w.pressOn("gridcell", "d2, white pawn") // which cannot be chosen
			if n := inside[int](w, `document.querySelectorAll(".goes, [aria-selected=true]").length`); n > 0 {
				t.Errorf("a damaged game can be played: %d squares are marked", n)
			}
			if host == "mcpapps" { // ChatGPT says nothing of a call that it gave up
				w.glance("chess-damaged")
				evaluate[bool](c.tab, `(chat.held = Promise.reject(new Error("stopped")), chat.held.catch(() => {}), true)`)
				w = c.show(host, "load_puzzle", nil, nil)
				w.awaits("The chat did not set up a board.")
				w.glance("chess-cancelled")
			}
			c.faults()
		})
	}
}
