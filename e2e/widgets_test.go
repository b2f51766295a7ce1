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
			}

			w.press("Ask for it: Tick off and rename your items")
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
			w.focus("button", "Ask again")
			w.do(chromedp.KeyEvent(kb.Enter))
			w.awaits("good for")
			c.forgives("status of 401") // which is where it begins
			c.forgives("status of 403") // and how it learns what is missing
			c.faults()
		})
	}
}

// TestChessIsPlayedOnABoard plays with the pointer and with the keyboard against the
// engine, in both kinds of host, and finds its game again after a reload.
func TestChessIsPlayedOnABoard(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "resources:\n  - { name: chess, path: /mcp, app: chess }\n")
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			c := newChat(t, browser, d.MCP, "Let's play chess! I'll start with e4.")
			w := c.show(host, "new_game", map[string]any{"side": "white"}, func(b *tab) {
				b.signIn()
				b.press("Allow")
			})
			w.awaits("Your move.")
			w.pressOn("gridcell", "e2, white pawn")
			w.find("gridcell", "e4, empty, can go here")
			if host == "mcpapps" {
				w.look("chess")
			}
			w.drag("gridcell", "e2, white pawn", "e4, empty, can go here")
			w.find("gridcell", "e4, white pawn")
			w.awaits("1. e4 ")
			w.awaitTrue(`document.querySelectorAll("ol.moves li span")[2]?.textContent`) // what the engine played
			w.awaits("Your move.")

			// Nf3 by the keyboard alone: the roving focus starts where the pointer was.
			w.focus("gridcell", "e2, empty")
			for _, key := range []string{kb.ArrowRight, kb.ArrowRight, kb.ArrowDown, kb.Enter, kb.ArrowUp, kb.ArrowUp, kb.ArrowLeft, kb.Enter} {
				w.do(chromedp.KeyEvent(key))
			}
			w.find("gridcell", "f3, white knight")
			w.awaitTrue(`document.querySelectorAll("ol.moves li span")[5]?.textContent`)
			w.awaits("Your move.")
			if host == "mcpapps" {
				w.glance("chess-played")
			}

			w.press("Ask for advice")
			c.awaits("I play white and it is my move.") // in the chat
			if messages, _ := c.said(); !strings.Contains(messages[0], "I play white") {
				t.Errorf("it says in the chat: %q", messages)
			}

			moves := inside[string](w, `document.querySelector("ol.moves").textContent`)
			c.again()
			w.awaits("Your move.")
			if now := inside[string](w, `document.querySelector("ol.moves")?.textContent ?? ""`); now != moves {
				t.Errorf("after a reload the moves are %q, and were %q", now, moves)
			}

			w.press("Puzzle")
			w.awaits("Find the best move.")
			if host == "chatgpt" {
				w.glance("chess-puzzle")
			}
			c.forgives("status of 401")
			c.faults()
		})
	}
}

// TestAPuzzleNeedsNoSignIn solves a puzzle without one, and is asked to sign in when
// it wants a game of its own: one server mixes both.
func TestAPuzzleNeedsNoSignIn(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "resources:\n  - { name: chess, path: /mcp, app: chess }\n")
	c := newChat(t, browser, d.MCP, "Give me a puzzle.")
	w := c.show("mcpapps", "load_puzzle", map[string]any{"puzzle_id": "mate1-01"}, nil)
	w.awaits("Puzzle: mate in 1")
	w.drag("gridcell", "a1, black queen", "b1, empty")
	w.awaits("That is not it. Try another move.")
	w.drag("gridcell", "a1, black queen", "g1, empty")
	w.awaits("Solved!")
	w.glance("chess-solved")

	w.press("New game")
	c.allows(func(b *tab) {
		b.signIn()
		b.press("Allow")
	})
	w.awaits("Your game")
	w.awaits("Your move.")
	c.forgives("status of 401") // of the new game, not of the puzzle
	c.faults()
}

// TestWidgetsSayWhatTheyWaitForAndWhatWentWrong: the states that nobody designs
// are the ones that people remember.
func TestWidgetsSayWhatTheyWaitForAndWhatWentWrong(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "resources:\n  - { name: chess, path: /mcp, app: chess }\n")
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
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
			c.faults()
		})
	}
}

// TestAPersonMayDenyWhatAWidgetAsksFor: the widget says so and goes on.
func TestAPersonMayDenyWhatAWidgetAsksFor(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "")
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
}
