package e2e

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/login/standin"
)

const aChessServer = "resources:\n  - { name: chess, path: /mcp, app: chess }\n"

// TestAGameOfChessIsPlayedInAChat is the conversation for which chess was built, in
// both kinds of host, through the real gateway: positions and a puzzle without a
// sign-in, then, signed in by Google or with a password, a game of one's own to mate,
// over a power cut.
func TestAGameOfChessIsPlayedInAChat(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	for i, host := range hosts {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			google := standin.NewGoogle(standin.Client{ID: "door", Secret: elsewhereSecret}, standin.GooglePerson{Sub: "110169484474386276334", Email: "grace@navy.example", Verified: true, Name: "Grace Hopper"})
			google.Chooser = true
			there := httptest.NewServer(google)
			t.Cleanup(there.Close)
			d := newDoor(t, aChessServer+fmt.Sprintf("login:\n  - { type: local }\n  - { type: google, issuer: %s, client_id: door, client_secret: %s }\n", there.URL, elsewhereSecret))
			google.Redirects(d.URL + "/oauth/callback/google")
			g := &chessChat{chat: newChat(t, browser, d.MCP, "Let's play chess! I'll start with e4."), host: host, door: d}
			g.withoutSignIn(map[string]func(*tab){"mcpapps": byGoogle, "chatgpt": (*tab).signIn}[host])
			g.begins()
			g.plays()
			g.asksForAdvice()
			g.survivesAPowerCut()
			rival := (&goTraveller{visitor: d.visitor()}).connect(t, d, []string{"2025-11-25", "2026-07-28"}[i])
			defer rival.Close()
			g.losesToTheEngine(rival)
			g.wins()
			g.forgives("status of 401")                   // of the first game, and of nothing before
			g.forgives("net::ERR_CONNECTION_REFUSED")     // of the power cut
			g.forgives("net::ERR_INCOMPLETE_CHUNKED_ENC") // the same
			g.faults()
		})
	}
}

// A chessChat is a chat that shows the board.
type chessChat struct {
	*chat
	host  string
	door  *door
	board *widgetFrame
}

// byGoogle is how the people of the connector before us signed in.
func byGoogle(b *tab) {
	b.press("Continue with Google")
	b.press("Continue")
	b.forgives("/favicon.ico")
	b.says("Grace Hopper")
}

// withoutSignIn plays from a position, and solves a puzzle: nobody is asked, until it
// is about a game of their own.
func (g *chessChat) withoutSignIn(signIn func(*tab)) {
	w := g.show(g.host, "apply_move", map[string]any{"fen": startFEN, "move": "e4 e5"}, nil)
	w.awaits("A game")
	w.awaits("Your move.")
	w.drag("gridcell", "g1, white knight", "f3, empty")
	w.find("gridcell", "f3, white knight")
	w.awaitTrue(movesMade(4))
	w.awaits("Your move.")

	w = g.show(g.host, "load_puzzle", map[string]any{"puzzle_id": "mate1-01"}, nil)
	w.awaits("Puzzle: mate in 1")
	w.drag("gridcell", "a1, black queen", "b1, empty")
	w.awaits("That is not it. Try another move.")
	w.drag("gridcell", "a1, black queen", "g1, empty")
	w.announces("checkmate. Solved!")
	if g.host == "chatgpt" {
		w.glance("chess-solved")
	}
	w.press("Next puzzle")
	w.awaits("Find the best move.")
	if g.host == "mcpapps" {
		w.glance("chess-puzzle")
	}
	// Whoever wants a game of their own is asked, once.
	w.press("New game")
	g.allows(func(b *tab) {
		signIn(b)
		b.press("Allow")
	})
	w.awaits("Your game")
	w.awaits("Your move.")
}

// begins starts the game as the model does, for which nobody is asked any more.
func (g *chessChat) begins() {
	w := g.show(g.host, "new_game", map[string]any{"side": "white"}, nil)
	g.board = w
	w.awaits("Your move.")
	w.awaits("No move was made yet.")
	w.pressOn("gridcell", "e2, white pawn")
	w.find("gridcell", "e4, empty, can go here")
	w.announces("White pawn on e2 can go to e3, e4.")
	if g.host == "mcpapps" {
		w.look("chess")
	}
}

// plays makes a move with the pointer, and one with the keyboard alone.
func (g *chessChat) plays() {
	w := g.board
	w.drag("gridcell", "e2, white pawn", "e4, empty, can go here")
	w.find("gridcell", "e4, white pawn")
	w.awaits("1. e4 ")
	w.awaitTrue(movesMade(2)) // the engine's
	w.announces("Your move.")
	w.announces("Black: ")

	// Nf3 by the keyboard: the roving focus starts where the pointer was.
	w.focus("gridcell", "e2, empty")
	w.keys(kb.ArrowRight, kb.ArrowRight, kb.ArrowDown, kb.Enter)
	w.announces("White knight on g1 can go to e2, f3, h3.")
	w.keys(kb.Escape, kb.Enter, kb.ArrowUp, kb.ArrowUp, kb.ArrowLeft)
	if at := w.focused(); at != "f3, empty, can go here" {
		g.t.Errorf("the keyboard is at %q", at)
	}
	w.keys(kb.Enter)
	w.find("gridcell", "f3, white knight")
	w.awaitTrue(movesMade(4))
	w.announces("Your move.")
	w.find("list", "Coach")
	if g.host == "mcpapps" {
		w.glance("chess-played")
	}
}

func (g *chessChat) asksForAdvice() {
	g.board.press("Ask for advice")
	g.awaits("I play white and it is my move.") // in the chat
	if messages, _ := g.said(); !strings.Contains(messages[0], "I play white") {
		g.t.Errorf("it says in the chat: %q", messages)
	}
}

// survivesAPowerCut loses the server in the middle of a move: the piece goes back, and
// the game goes on where it was, also in a chat that is opened anew.
func (g *chessChat) survivesAPowerCut() {
	w := g.board
	moves := inside[string](w, `document.querySelector("ol.moves").textContent`)
	g.door.kill()
	w.drag("gridcell", "a2, white pawn", "a3, empty")
	w.find("alert", "")
	w.find("gridcell", "a2, white pawn")
	if g.host == "chatgpt" {
		w.glance("chess-unreachable")
	}
	g.door.open()
	w.press("Show the game as it is now")
	w.awaitTrue(`!document.querySelector("[role=alert]")`)
	w.announces("Your move.")
	g.again()
	w.announces("Your move.")
	if now := inside[string](w, `document.querySelector("ol.moves")?.textContent ?? ""`); now != moves {
		g.t.Errorf("after a power cut the moves are %q, and were %q", now, moves)
	}
}

// losesToTheEngine plays a game from its first move to mate: as badly as it can be
// done, since the engine plays as well as it can.
func (g *chessChat) losesToTheEngine(rival *mcp.ClientSession) {
	w := g.board
	w.press("New game")
	w.awaits("No move was made yet.")
	w.announces("Your move.")
	for made := 0; ; made += 2 {
		if made > 80 {
			g.t.Fatalf("there is no mate in %d moves: %s", made/2, w.words())
		}
		g.makes(worst(g.t, rival, inside[string](w, `document.querySelector("main").dataset.fen`)))
		w.awaitTrue(movesMade(made+2) + ` && /Your move|Checkmate|draw/.test(document.querySelector(".standing").textContent)`)
		said := w.words()
		if strings.Contains(said, "A draw") {
			g.t.Fatalf("a draw: %s", said)
		}
		if strings.Contains(said, "Checkmate. You lost.") {
			break
		}
	}
	w.announces("checkmate. Checkmate. You lost.")
	if g.host == "mcpapps" {
		w.glance("chess-lost")
	}
	w.press("New game")
	w.awaits("No move was made yet.")
}

// wins plays the last move of a game whose others were told to the model.
func (g *chessChat) wins() {
	w := g.show(g.host, "apply_move", map[string]any{"move": "1. e4 e5 2. Bc4 Nc6 3. Qh5 Nf6"}, nil)
	w.announces("Black: knight to f6. Your move.")
	w.drag("gridcell", "h5, white queen", "f7, black pawn")
	w.announces("White: queen takes f7, checkmate. Checkmate. You won!")
	w.find("gridcell", "e8, black king, in check")
	if g.host == "chatgpt" {
		w.glance("chess-won")
	}
}

// makes makes a move on the board.
func (g *chessChat) makes(uci string) {
	name := func(square string) string {
		return inside[string](g.board, fmt.Sprintf(`document.querySelector("[data-square=%s]").ariaLabel`, square))
	}
	g.board.drag("gridcell", name(uci[:2]), name(uci[2:4]))
}

// movesMade is true in the widget when n half-moves are in the list.
func movesMade(n int) string {
	return fmt.Sprintf(`document.querySelectorAll("ol.moves li span:not(.quiet):not(:empty)").length >= %d`, n)
}

// worst is a move after which the other side mates soonest, of those that are likely
// to be: a session without a sign-in asks the engine about each.
func worst(t *testing.T, s *mcp.ClientSession, fen string) string {
	t.Helper()
	res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "legal_moves", Arguments: map[string]any{"fen": fen}})
	if err != nil || res.IsError {
		t.Fatalf("legal_moves of %s: %v, %v", fen, res, err)
	}
	var moves []string
	for _, m := range res.Meta["legal_moves"].([]any) {
		m := m.(map[string]any)
		if uci := m["uci"].(string); len(uci) == 4 && m["capture"] != true {
			moves = append(moves, uci)
		}
	}
	slices.SortStableFunc(moves, func(a, b string) int { return strings.Index("gf", b[:1]) - strings.Index("gf", a[:1]) })
	found, least := "", 0.0
	for _, uci := range moves[:min(len(moves), 5)] {
		r := board(t, s, "apply_move", map[string]any{"fen": fen, "move": uci})
		if r["status"] != "ongoing" && r["status"] != "check" {
			continue
		}
		o := board(t, s, "analyze", map[string]any{"fen": r["fen"], "depth": 6})["engine"].(map[string]any)
		value, _ := o["score"].(float64)
		if mate, ok := o["mate_in"].(float64); ok {
			value = 1000 / mate // below zero: Black mates, and the sooner the lower
		}
		if found == "" || value < least {
			found, least = uci, value
		}
	}
	if found == "" {
		t.Fatalf("there is no move to lose by in %s", fen)
	}
	return found
}
