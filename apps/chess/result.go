package chess

import (
	"fmt"
	"strings"

	rules "github.com/corentings/chess/v2"
)

// A result is the structuredContent of every tool.
type result struct {
	FEN     string   `json:"fen" jsonschema:"the position, after the move; give it back with the next call that has no game of its own"`
	Move    string   `json:"move" jsonschema:"the last move that was made, such as Nf3; empty where none was"`
	UCI     string   `json:"uci,omitempty" jsonschema:"the same as programs write it, such as g1f3"`
	Status  string   `json:"status" jsonschema:"how the game stands"`
	Turn    string   `json:"turn" jsonschema:"who moves"`
	Winner  string   `json:"winner,omitempty"`
	Reason  string   `json:"reason,omitempty" jsonschema:"why the game is over"`
	History []string `json:"history" jsonschema:"the moves so far, as far as known; give them back as move_history"`
	Saved   bool     `json:"saved" jsonschema:"whether this is the game of the person who is signed in, which is kept"`
	Version int64    `json:"version,omitempty" jsonschema:"of that game; given back with the next move, the move is refused if the game has moved on"`
	Side    string   `json:"side,omitempty" jsonschema:"which side the person plays"`

	Damage string `json:"damage,omitempty" jsonschema:"what is wrong with what was kept of the game: it can be looked at, and not gone on with"`

	Moves  []string `json:"moves,omitempty" jsonschema:"every legal move"`
	Engine *opinion `json:"engine,omitempty" jsonschema:"what the engine thinks"`
	Puzzle *attempt `json:"puzzle,omitempty"`
}

// An opinion is what an engine thinks, as White sees it.
type opinion struct {
	By      string   `json:"by" jsonschema:"which engine"`
	Depth   int      `json:"depth" jsonschema:"how many half-moves it has looked ahead"`
	Score   *float64 `json:"score,omitempty" jsonschema:"in pawns; above zero White is better"`
	MateIn  *int     `json:"mate_in,omitempty" jsonschema:"in moves; below zero Black mates"`
	Best    string   `json:"best,omitempty" jsonschema:"the best move"`
	BestUCI string   `json:"best_uci,omitempty"`
	Line    []string `json:"line,omitempty" jsonschema:"how it would go on"`
}

// An attempt is how far somebody has come with a puzzle.
type attempt struct {
	ID        string `json:"id"`
	Theme     string `json:"theme" jsonschema:"what is to be found"`
	MovesLeft int    `json:"moves_left" jsonschema:"how many moves are still to be found"`
	Correct   *bool  `json:"correct,omitempty" jsonschema:"whether the move was right"`
	Solved    bool   `json:"solved"`
	Reply     string `json:"reply,omitempty" jsonschema:"what the other side answered"`
}

// A legalMove is for a board that shows where a piece may go.
type legalMove struct {
	SAN       string `json:"san"`
	UCI       string `json:"uci"`
	From      string `json:"from"`
	To        string `json:"to"`
	Promotion string `json:"promotion,omitempty"`
	Capture   bool   `json:"capture,omitempty"`
	Check     bool   `json:"check,omitempty"`
}

// show describes a play.
func (p *play) show() result {
	s := p.state()
	r := result{
		FEN: p.pos.String(), Status: s.status, Turn: side(p.pos.Turn()),
		Winner: s.winner, Reason: s.reason, History: p.history,
	}
	if len(p.history) > 0 {
		r.Move = p.history[len(p.history)-1]
	}
	if len(p.moves) > 0 {
		r.UCI = p.moves[len(p.moves)-1]
	}
	if r.History == nil {
		r.History = []string{}
	}
	return r
}

// legal lists the moves that may be made, none where the game is over.
func (p *play) legal() []legalMove {
	list := []legalMove{}
	if p.state().over() {
		return list
	}
	moves := p.pos.ValidMoves()
	for i := range moves {
		m := &moves[i]
		text := san(p.pos, m)
		list = append(list, legalMove{
			SAN: text, UCI: uci(m), From: m.S1().String(), To: m.S2().String(), Promotion: m.Promo().String(),
			Capture: m.HasTag(rules.Capture) || m.HasTag(rules.EnPassant), Check: strings.ContainsAny(text, "+#"),
		})
	}
	return list
}

// say tells a result to whoever sees no board.
func (r result) say() string {
	var b strings.Builder
	if r.Damage != "" {
		b.WriteString(r.Damage + " This is how far; new_game begins another.\n")
	}
	if r.Move != "" {
		fmt.Fprintf(&b, "The last move was %s. ", r.Move)
	}
	switch {
	case r.Winner != "":
		fmt.Fprintf(&b, "Checkmate: %s has won.", r.Winner)
	case r.Status == "stalemate":
		b.WriteString("Stalemate: the game is drawn.")
	case r.Reason != "":
		fmt.Fprintf(&b, "The game is drawn: %s.", r.Reason)
	case r.Status == "check":
		fmt.Fprintf(&b, "It is %s's move, and %[1]s is in check.", r.Turn)
	default:
		fmt.Fprintf(&b, "It is %s's move.", r.Turn)
	}
	if r.Saved && r.Side != "" {
		fmt.Fprintf(&b, " The person plays %s; their game is kept.", r.Side)
	}
	if r.Engine != nil {
		b.WriteString("\n" + r.Engine.say())
	}
	b.WriteString("\n\n" + draw(r.FEN))
	if len(r.History) > 0 {
		fmt.Fprintf(&b, "\nMoves: %s\n", strings.Join(r.History, " "))
	}
	if len(r.Moves) > 0 {
		fmt.Fprintf(&b, "\nLegal: %s\n", strings.Join(r.Moves, " "))
	}
	fmt.Fprintf(&b, "\nfen: %s", r.FEN)
	return b.String()
}

func (o opinion) say() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, depth %d:", o.By, o.Depth)
	switch {
	case o.MateIn != nil && *o.MateIn > 0:
		fmt.Fprintf(&b, " White mates in %d.", *o.MateIn)
	case o.MateIn != nil && *o.MateIn < 0:
		fmt.Fprintf(&b, " Black mates in %d.", -*o.MateIn)
	case o.Score != nil:
		fmt.Fprintf(&b, " %+.2f pawns for White.", *o.Score)
	}
	if o.Best != "" {
		fmt.Fprintf(&b, " Best: %s (%s).", o.Best, strings.Join(o.Line, " "))
	}
	return b.String()
}

// draw is the board as text: capitals are White's pieces.
func draw(fen string) string {
	var b strings.Builder
	board, _, _ := strings.Cut(fen, " ")
	for i, rank := range strings.Split(board, "/") {
		fmt.Fprintf(&b, "%d ", 8-i)
		for _, c := range rank {
			if c >= '1' && c <= '8' {
				b.WriteString(strings.Repeat(" .", int(c-'0')))
			} else {
				b.WriteString(" " + string(c))
			}
		}
		b.WriteByte('\n')
	}
	return b.String() + "   a b c d e f g h\n"
}
