package chess

import (
	"testing"

	rules "github.com/corentings/chess/v2"
)

// Whatever strangers send: what is taken for a position is one, and every move in
// it leads to one.
func FuzzStrangersPositionsAndMoves(f *testing.F) {
	for _, seed := range [][2]string{
		{startFEN, "1. e4 e5 2. Nf3"}, {"4k3/P7/8/3pP3/8/8/8/R3K2R w KQ d6 0 1", "exd6"}, {"4k3/P7/8/3pP3/8/8/8/R3K2R w KQ d6 0 1", "a8=N"},
		{"R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1", "Qa1"}, {"8/8/8/8/8/8/k7/2K4R w - -", "0-0-0"},
		{"k7/8/8/8/8/8/8/K6R b - - 150 5000", "Kb8 Kb1"}, {"k7/8/8/8/8/8/8/K6R b - - 0 5000", "Kb8"}, {"7k/5Q2/6K1/8/8/8/8/8 b - - 0 1", "Kg8"},
	} {
		f.Add(seed[0], seed[1])
	}
	for _, z := range readPuzzles() {
		f.Add(z.FEN, z.Line[0])
	}
	f.Fuzz(func(t *testing.T, fen, moves string) {
		p, err := playFrom(fen)
		if err != nil {
			return
		}
		sound(t, p.pos)
		before := p.pos.String()
		if err := p.makeAll(moves); err != nil && p.pos.String() != before {
			t.Errorf("%q in %s was refused and has changed it: %v", moves, before, err)
		}
		sound(t, p.pos)
		legal := p.legal()
		if len(legal) == 0 != p.state().over() {
			t.Errorf("%s: %d moves, and %s", p.pos, len(legal), p.state())
		}
		for _, m := range legal {
			for _, text := range []string{m.SAN, m.UCI} {
				if found, err := findMove(p.pos, text); err != nil || uci(found) != m.UCI {
					t.Errorf("%s in %s: %v, %v", text, p.pos, found, err)
				}
			}
		}
		if h := p.hints(); len(h) > maxHints {
			t.Error(h)
		}
	})
}

// sound checks that a position reads as itself, and that nobody can leave it for
// one that cannot be.
func sound(t *testing.T, pos *rules.Position) {
	t.Helper()
	again, err := parseFEN(pos.String())
	if err == nil && again.String() == pos.String() && inCheck(again) == inCheck(pos) {
		return
	}
	t.Errorf("%s is read as %v, %v", pos, again, err)
}
