package chess

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	rules "github.com/corentings/chess/v2"
)

// go test ./apps/chess -run TestEveryPuzzleHasOneSolution -generate
var generate = flag.Bool("generate", false, "make puzzles.json anew, by games of Stockfish against itself")

const (
	themeMate1 = "mate in 1"
	themeMate2 = "mate in 2"
	themeWin   = "win material"
)

func TestEveryPuzzleHasOneSolution(t *testing.T) {
	if *generate {
		writePuzzles(t)
	}
	text, err := os.ReadFile("puzzles.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []puzzle
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	seen, counts := map[string]bool{}, map[string]int{}
	for _, z := range all {
		if line, ok := solve(position(t, z.FEN), z.Theme); !ok || !slices.Equal(line, z.Line) {
			t.Errorf("%s (%s) %s: the solution is %v, want %v", z.ID, z.Theme, z.FEN, line, z.Line)
		}
		if seen[z.ID] || seen[z.FEN] || len(z.ID) > maxPuzzleID {
			t.Errorf("%s: twice, or too long", z.ID)
		}
		seen[z.ID], seen[z.FEN] = true, true
		counts[z.Theme]++
	}
	if counts[themeMate1] < 10 || counts[themeMate2] < 10 || counts[themeWin] < 6 {
		t.Errorf("there are %v", counts)
	}
}

// solve looks at every move and every answer, and returns the one line there is.
func solve(pos *rules.Position, theme string) ([]string, bool) {
	switch theme {
	case themeMate1:
		found := mating(pos)
		if len(found) == 1 {
			return []string{uci(&found[0])}, true
		}
	case themeMate2:
		return mateInTwo(pos)
	case themeWin:
		return winning(pos)
	}
	return nil, false
}

func mating(pos *rules.Position) []rules.Move {
	return slices.DeleteFunc(pos.ValidMoves(), func(m rules.Move) bool { return !mates(pos, &m) })
}

// mateInTwo wants one first move after which every answer can be mated, and that
// there is no faster way. The answer of the line is one that leaves one mate, if
// there is such an answer.
func mateInTwo(pos *rules.Position) ([]string, bool) {
	if len(mating(pos)) > 0 {
		return nil, false
	}
	var line []string
	for _, first := range pos.ValidMoves() {
		next := after(pos, &first)
		answers := next.ValidMoves()
		if len(answers) == 0 {
			continue
		}
		var best []string
		least := 100
		for _, answer := range answers {
			found := mating(after(next, &answer))
			if len(found) == 0 {
				best = nil
				break
			}
			if len(found) < least {
				least, best = len(found), []string{uci(&first), uci(&answer), uci(&found[0])}
			}
		}
		if best == nil {
			continue
		}
		if line != nil || least != 1 {
			return nil, false
		}
		line = best
	}
	return line, line != nil
}

// winning wants one move that wins a piece or more within three half-moves and
// the exchanges after them, while no other wins more than a pawn.
func winning(pos *rules.Position) ([]string, bool) {
	s := &search{ctx: context.Background(), until: time.Now().Add(time.Hour), value: material}
	now, line := material(pos), []string(nil)
	for _, m := range pos.ValidMoves() {
		v, _ := s.alphaBeta(after(pos, &m), 2, bounds{-2 * mateScore, 2 * mateScore}, 1)
		switch gain := -v - now; {
		case gain > 150 && (gain < 300 || line != nil):
			return nil, false
		case gain >= 300:
			line = []string{uci(&m)}
		}
	}
	return line, line != nil
}

func material(pos *rules.Position) int {
	sum := 0
	for sq := rules.A1; sq <= rules.H8; sq++ {
		if p := pos.Board().Piece(sq); p.Color() == pos.Turn() {
			sum += worth(p.Type())
		} else if p != rules.NoPiece {
			sum -= worth(p.Type())
		}
	}
	return sum
}

// A maker collects puzzles from games of an engine that now and then errs.
type maker struct {
	engine *engine
	rand   *rand.Rand
	found  map[string][]puzzle
}

func writePuzzles(t *testing.T) {
	m := &maker{newEngine("", slog.New(slog.DiscardHandler)), rand.New(rand.NewPCG(2026, 11)), map[string][]puzzle{}}
	defer m.engine.close()
	want := map[string]int{themeMate1: 12, themeMate2: 16, themeWin: 10}
	missing := func(theme string) bool { return len(m.found[theme]) < want[theme] }
	for g := 0; missing(themeMate1) || missing(themeMate2) || missing(themeWin); g++ {
		m.game(t, missing)
		t.Logf("game %d: %d, %d, %d", g, len(m.found[themeMate1]), len(m.found[themeMate2]), len(m.found[themeWin]))
	}
	var lines []string
	for _, theme := range []string{themeMate1, themeMate2, themeWin} {
		prefix := map[string]string{themeMate1: "mate1", themeMate2: "mate2", themeWin: "win"}[theme]
		for i, z := range m.found[theme] {
			z.ID = fmt.Sprintf("%s-%02d", prefix, i+1)
			text, err := json.Marshal(z)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(text))
		}
	}
	if err := os.WriteFile("puzzles.json", []byte("[\n"+strings.Join(lines, ",\n")+"\n]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// game plays one game, and takes one puzzle of each theme from it at most.
func (m *maker) game(t *testing.T, missing func(string) bool) {
	p, taken := newPlay(), map[string]bool{}
	for ply := 0; ply < 140 && !p.state().over(); ply++ {
		th, err := m.engine.think(t.Context(), p.pos, 7)
		if err != nil {
			t.Fatal(err)
		}
		theme := ""
		switch level := material(p.pos); {
		case ply < 10 || len(p.pos.Board().SquareMap()) < 8:
		case th.mate == 1 && level < 1600:
			theme = themeMate1
		case th.mate == 2 && level < 1600:
			theme = themeMate2
		case th.mate == 0 && th.score > level+250 && level < 200:
			theme = themeWin
		}
		if theme != "" && missing(theme) && !taken[theme] {
			if line, ok := solve(p.pos, theme); ok && line[0] == th.best {
				taken[theme] = true
				m.found[theme] = append(m.found[theme], puzzle{Theme: theme, FEN: p.pos.String(), Line: line})
			}
		}
		next := th.best
		if moves := p.pos.ValidMoves(); m.rand.IntN(100) < map[bool]int{true: 50, false: 18}[ply < 12] {
			next = uci(&moves[m.rand.IntN(len(moves))])
		}
		if err := p.make(next); err != nil {
			t.Fatal(err)
		}
	}
}
