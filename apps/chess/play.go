package chess

import (
	"fmt"
	"slices"
	"strings"

	rules "github.com/corentings/chess/v2"
)

// A play is a position and how it came about, as far as that is known.
type play struct {
	pos     *rules.Position
	history []string       // the moves as people write them
	moves   []string       // those made here, as programs write them
	seen    map[string]int // how often each position was there; for repetitions
}

func newPlay() *play {
	p, err := playFrom(startFEN)
	if err != nil {
		panic(err) // the rules know the position in which every game starts
	}
	return p
}

func playFrom(fen string) (*play, error) {
	pos, err := parseFEN(fen)
	if err != nil {
		return nil, err
	}
	return &play{pos: pos, seen: map[string]int{sameness(pos): 1}}, nil
}

// playKnowing is the position fen, with the moves that led to it. Where they do
// lead there from the usual start, repetitions are counted; otherwise they are
// taken as they are, for people to read.
func playKnowing(fen string, history []string) (*play, error) {
	p, err := playFrom(fen)
	if err != nil || len(history) == 0 {
		return p, err
	}
	if len(history) > maxHistory {
		return nil, fmt.Errorf("move_history has %d moves, and %d are the most", len(history), maxHistory)
	}
	told := newPlay()
	for _, text := range history {
		if err = told.make(text); err != nil {
			break
		}
	}
	if err == nil && sameness(told.pos) == sameness(p.pos) {
		told.pos = p.pos // its counters are what the caller has
		return told, nil
	}
	for _, text := range history {
		p.history = append(p.history, brief(text))
	}
	return p, nil
}

// make makes one move, if the game is not over.
func (p *play) make(text string) error {
	if s := p.state(); s.over() {
		return fmt.Errorf("the game is over: %s. Start another with new_game", s)
	}
	if len(p.history) >= maxHistory || p.pos.Ply() >= 2*maxCount { // what comes after would be no position to parseFEN
		return fmt.Errorf("the game has %d moves, and goes on no longer; start another with new_game", len(p.history))
	}
	m, err := findMove(p.pos, text)
	if err != nil {
		return err
	}
	p.push(m)
	return nil
}

func (p *play) push(m *rules.Move) {
	p.history = append(p.history, san(p.pos, m))
	p.moves = append(p.moves, uci(m))
	p.pos = after(p.pos, m)
	p.seen[sameness(p.pos)]++
}

// makeAll makes every move of a text, or none.
func (p *play) makeAll(text string) error {
	moves, err := splitMoves(text)
	if err != nil {
		return err
	}
	before, seen := *p, map[string]int{}
	for k, n := range p.seen {
		seen[k] = n
	}
	for i, one := range moves {
		if err := p.make(one); err != nil {
			*p = before
			p.history, p.moves, p.seen = slices.Clip(before.history), slices.Clip(before.moves), seen
			if len(moves) == 1 {
				return err
			}
			return fmt.Errorf("move %d of %d, after %s: %w. None of them was made", i+1, len(moves), strings.Join(moves[:i], " "), err)
		}
	}
	return nil
}

// sameness is what two positions have in common when they are the same to the
// rule of repetition: en passant counts where a pawn may really be taken so.
// FIDE Laws of Chess 9.2.3.
func sameness(pos *rules.Position) string {
	parts := strings.Fields(pos.String())
	if parts[3] != "-" && !slices.ContainsFunc(pos.ValidMoves(), func(m rules.Move) bool { return m.HasTag(rules.EnPassant) }) {
		parts[3] = "-"
	}
	return strings.Join(parts[:4], " ")
}

// A state says how a game stands.
type state struct {
	status string // ongoing, check, checkmate, stalemate, draw
	reason string // why it is over
	winner string // the side that has won
}

func (s state) over() bool { return s.reason != "" }

func (s state) String() string {
	if s.winner != "" {
		return s.reason + ", " + s.winner + " has won"
	}
	return s.reason
}

// state says how the game stands. Three repetitions and fifty moves end it at
// once, without anybody claiming so: there is nobody to claim it from.
func (p *play) state() state {
	check := inCheck(p.pos)
	switch {
	case len(p.pos.ValidMoves()) == 0 && check:
		return state{"checkmate", "checkmate", side(p.pos.Turn().Other())}
	case len(p.pos.ValidMoves()) == 0:
		return state{status: "stalemate", reason: "stalemate"}
	case barren(p.pos.Board()):
		return state{status: "draw", reason: "insufficient material"}
	case p.seen[sameness(p.pos)] >= 3:
		return state{status: "draw", reason: "threefold repetition"}
	case p.pos.HalfMoveClock() >= 100:
		return state{status: "draw", reason: "fifty-move rule"}
	case check:
		return state{status: "check"}
	}
	return state{status: "ongoing"}
}

// barren reports whether nobody can be mated by any sequence of moves with what
// is left: kings, with one knight, or with bishops that all stand on squares of
// one color.
func barren(b *rules.Board) bool {
	knights, bishops := 0, [2]int{}
	for sq, p := range b.SquareMap() {
		switch p.Type() {
		case rules.King:
		case rules.Knight:
			knights++
		case rules.Bishop:
			bishops[(int(sq.File())+int(sq.Rank()))%2]++
		default:
			return false
		}
	}
	if knights > 0 {
		return knights == 1 && bishops == [2]int{}
	}
	return bishops[0] == 0 || bishops[1] == 0
}
