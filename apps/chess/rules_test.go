package chess

import (
	"strings"
	"testing"

	rules "github.com/corentings/chess/v2"
)

func position(t *testing.T, fen string) *rules.Position {
	t.Helper()
	pos, err := parseFEN(fen)
	if err != nil {
		t.Fatal(err)
	}
	return pos
}

// perft counts the positions after so many half-moves.
func perft(pos *rules.Position, depth int) int {
	moves := pos.ValidMoves()
	if depth == 1 {
		return len(moves)
	}
	n := 0
	for i := range moves {
		n += perft(after(pos, &moves[i]), depth-1)
	}
	return n
}

// The counts are known to everyone who ever wrote a chess program.
func TestTheRulesAreThoseOfChess(t *testing.T) {
	for _, c := range []struct {
		name, fen string
		counts    []int
	}{
		{"the start", startFEN, []int{20, 400, 8902}},
		{"castling, pins and promotions", "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1", []int{48, 2039}},
		{"en passant that would leave the king in check", "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", []int{14, 191, 2812, 43238}},
		{"promotions everywhere", "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", []int{6, 264, 9467}},
		{"a promotion with a check", "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", []int{44, 1486}},
		{"the most moves there are", "R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1", []int{218}},
	} {
		pos := position(t, c.fen)
		for i, want := range c.counts {
			if got := perft(pos, i+1); got != want {
				t.Errorf("%s, depth %d: %d, want %d", c.name, i+1, got, want)
			}
		}
	}
}

func TestAPositionIsReadAsItIsWritten(t *testing.T) {
	for _, fen := range []string{
		startFEN,
		"rnbqkbnr/pppp1ppp/8/8/3Pp3/8/PPP1PPPP/RNBQKBNR b KQkq d3 0 3",
		"4k2r/8/8/8/8/8/8/R3K3 b Qk - 149 5000",
		"8/8/8/8/8/8/k7/2K4R w - - 12 60",
	} {
		if got := position(t, fen).String(); got != fen {
			t.Errorf("%s became %s", fen, got)
		}
	}
	if got := position(t, "  8/8/8/8/8/8/k7/2K4R   w - -\n").String(); got != "8/8/8/8/8/8/k7/2K4R w - - 0 1" {
		t.Error("without counters:", got)
	}
}

func TestAPositionThatCannotBeIsRefused(t *testing.T) {
	for name, fen := range map[string]string{
		"nothing":                        "",
		"no position":                    "hello",
		"too long":                       startFEN + strings.Repeat(" ", 100),
		"seven ranks":                    "rnbqkbnr/pppppppp/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
		"nine files":                     "rnbqkbnr/pppppppp/9/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
		"a rank too long":                "rnbqkbnrr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1",
		"no kings":                       "8/8/8/8/8/8/8/8 w - - 0 1",
		"two kings of one side":          "k6k/8/8/8/8/8/8/K7 w - - 0 1",
		"kings side by side":             "8/8/8/8/8/8/8/Kk6 w - - 0 1",
		"a pawn on the last rank":        "P6k/8/8/8/8/8/8/K7 w - - 0 1",
		"ten queens":                     "QQQQQQQQ/QQ6/8/8/8/8/8/K1k5 w - - 0 1",
		"nine pawns":                     "k7/pppppppp/p7/8/8/8/8/K7 w - - 0 1",
		"a king that could be taken":     "k7/8/8/8/8/8/8/R3K3 w - - 0 1",
		"no side":                        "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR x KQkq - 0 1",
		"a right without a rook":         "4k3/8/8/8/8/8/8/4K3 w K - 0 1",
		"a right twice":                  "4k3/8/8/8/8/8/8/4K2R w KK - 0 1",
		"en passant without a pawn":      "4k3/8/8/8/8/8/8/4K3 w - e6 0 1",
		"en passant on the wrong rank":   "4k3/8/8/3p4/8/8/8/4K3 w - d3 0 1",
		"a clock below zero":             "4k3/8/8/8/8/8/8/4K2R w - - -1 1",
		"a clock beyond the end":         "4k3/8/8/8/8/8/8/4K2R w - - 151 1",
		"a move number that is not one":  "4k3/8/8/8/8/8/8/4K2R w - - 0 0",
		"a move number beyond all games": "4k3/8/8/8/8/8/8/4K2R w - - 0 99999999999999999999",
	} {
		pos, err := parseFEN(fen)
		if err == nil {
			t.Errorf("%s: became %s", name, pos)
		} else if !strings.HasPrefix(err.Error(), "fen is not a position: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAMoveIsFoundHoweverItIsWritten(t *testing.T) {
	const knights = "4k3/8/8/8/8/5N2/8/1N2K3 w - - 0 1" // b1 and f3 both reach d2
	const pawns = "4k3/P7/8/3pP3/8/8/8/R3K2R w KQ d6 0 1"
	for _, c := range []struct{ fen, text, want string }{
		{startFEN, "e4", "e4"}, {startFEN, "e2e4", "e4"}, {startFEN, "e2-e4", "e4"}, {startFEN, "Nf3", "Nf3"}, {startFEN, "Ng1f3", "Nf3"},
		{startFEN, "Ng1-f3", "Nf3"}, {startFEN, "g1f3", "Nf3"}, {startFEN, "Nf3!?", "Nf3"},
		{knights, "Nbd2", "Nbd2"}, {knights, "Nfd2", "Nfd2"}, {knights, "N1d2", "Nbd2"},
		{pawns, "exd6", "exd6"}, {pawns, "exd6e.p.", "exd6"}, {pawns, "e5d6", "exd6"}, {pawns, "a8=Q", "a8=Q+"}, {pawns, "a8N", "a8=N"},
		{pawns, "a7a8r", "a8=R+"}, {pawns, "a8=Q+", "a8=Q+"}, {pawns, "a7a8", "a8=Q+"}, {pawns, "O-O", "O-O"}, {pawns, "0-0-0", "O-O-O"},
		{pawns, "e1g1", "O-O"}, {pawns, "o-o", "O-O"},
	} {
		pos := position(t, c.fen)
		m, err := findMove(pos, c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if got := san(pos, m); got != c.want {
			t.Errorf("%s is %s, want %s", c.text, got, c.want)
		}
	}
	for _, c := range []struct{ fen, text, says string }{
		{startFEN, "e5", "not legal here; it is white's move. Legal moves: Na3, Nc3"}, {startFEN, "Ke2", "not legal"}, {startFEN, "O-O", "not legal"},
		{startFEN, "hello", "is not a move"}, {startFEN, "\x00\n", "is not a move"}, {knights, "Nd2", "any of: Nbd2, Nfd2"},
		{"4k3/8/8/8/8/5N2/8/4K3 w - - 0 1", "Nbd2", "not legal"}, {startFEN, strings.Repeat("é", 1000), "is not a move"},
	} {
		if _, err := findMove(position(t, c.fen), c.text); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%.20q: %v, want %q", c.text, err, c.says)
		}
	}
}

func TestAGameEndsAsItShould(t *testing.T) {
	for _, c := range []struct{ name, fen, moves, status, reason, winner string }{
		{"a check", startFEN, "e4 f6 d4 g5 Qh5", "checkmate", "checkmate", "white"},
		{"a knight where a queen would give check", "4k3/P7/8/8/8/8/8/4K2R w K - 0 1", "a8=N", "ongoing", "", ""},
		{"fool's mate", startFEN, "1. f3 e5 2. g4 Qh4#", "checkmate", "checkmate", "black"},
		{"a check that is none", startFEN, "e4 e5 Bb5 c6 Bxc6 dxc6", "ongoing", "", ""},
		{"a check", startFEN, "e4 d5 Bb5", "check", "", ""},
		{"stalemate", "7k/5K2/8/6Q1/8/8/8/8 w - - 0 1", "Qg6", "stalemate", "stalemate", ""},
		{"bare kings", "7k/8/8/8/8/8/6q1/7K w - - 0 1", "Kxg2", "draw", "insufficient material", ""},
		{"bishops of one color", "7k/8/8/8/2b5/8/p7/1B5K w - - 0 1", "Bxa2", "draw", "insufficient material", ""},
		{"a position for the third time", startFEN, "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8", "draw", "threefold repetition", ""},
		{"a position for the second time", startFEN, "Nf3 Nf6 Ng1 Ng8", "ongoing", "", ""},
		{"fifty moves", "7k/8/8/8/8/8/8/R6K w - - 99 80", "Ra2", "draw", "fifty-move rule", ""},
		{"mate is before fifty moves", "7k/8/6K1/8/8/8/8/R7 w - - 99 80", "Ra8", "checkmate", "checkmate", "white"},
		{"a pawn starts the count anew", "7k/8/8/8/8/8/P7/R6K w - - 99 80", "a3", "ongoing", "", ""},
	} {
		p, err := playFrom(c.fen)
		if err == nil {
			err = p.makeAll(c.moves)
		}
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, want := p.state(), (state{c.status, c.reason, c.winner}); got != want {
			t.Errorf("%s: %+v, want %+v", c.name, got, want)
		}
		if p.state().over() {
			if err := p.makeAll("e4"); err == nil || !strings.Contains(err.Error(), "new_game") {
				t.Errorf("%s: and goes on: %v", c.name, err)
			}
		}
	}
}

func TestOfSeveralMovesAllAreMadeOrNone(t *testing.T) {
	p := newPlay()
	if err := p.makeAll("e4 e5"); err != nil {
		t.Fatal(err)
	}
	before := p.pos.String()
	err := p.makeAll("Nf3 Nc6 Bb5 Ke8")
	if err == nil || !strings.Contains(err.Error(), "move 4 of 4, after Nf3 Nc6 Bb5") {
		t.Error(err)
	}
	if p.pos.String() != before || len(p.history) != 2 || len(p.seen) != 3 {
		t.Errorf("%s, %v, %v", p.pos, p.history, p.seen)
	}
}

func TestRepetitionsAreSeenWithTheHistoryOnly(t *testing.T) {
	p := newPlay()
	if err := p.makeAll("Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		history []string
		want    string
	}{{p.history, "draw"}, {nil, "ongoing"}, {p.history[:3], "ongoing"}, {[]string{"nonsense"}, "ongoing"}} {
		told, err := playKnowing(p.pos.String(), c.history)
		if err == nil {
			err = told.make("Ng8")
		}
		if err != nil || told.state().status != c.want || len(told.history) != len(c.history)+1 {
			t.Errorf("%v: %v, %v, %v", c.history, told.state(), told.history, err)
		}
	}
}
