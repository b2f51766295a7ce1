package chess

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

const maxPuzzleID = 16

//go:embed puzzles.json
var puzzleFile []byte

// A puzzle is a position, and how the side that moves wins: its moves and the
// other side's answers, in turn, beginning and ending with its own.
type puzzle struct {
	ID    string   `json:"id"`
	Theme string   `json:"theme"`
	FEN   string   `json:"fen"`
	Line  []string `json:"line"`
}

type (
	puzzleIn struct {
		ID string `json:"puzzle_id,omitempty" jsonschema:"which puzzle; without it, one by chance"`
	}
	answerIn struct {
		Move string `json:"move" jsonschema:"the move to try, such as Qxf7 or h5f7"`
		ID   string `json:"puzzle_id" jsonschema:"which puzzle"`
		FEN  string `json:"fen" jsonschema:"the position as the last result has it"`
	}
)

// readPuzzles panics where the file is not what it should be: a mistake in this
// package, found by any of its tests.
func readPuzzles() []puzzle {
	var all []puzzle
	if err := json.Unmarshal(puzzleFile, &all); err != nil {
		panic(err)
	}
	return all
}

func (c *chess) loadPuzzle(_ context.Context, in puzzleIn) (answer, error) {
	z := c.puzzles[rand.IntN(len(c.puzzles))]
	if in.ID != "" {
		var err error
		if z, err = c.puzzle(in.ID); err != nil {
			return answer{}, err
		}
	}
	p, err := playFrom(z.FEN)
	if err != nil {
		return answer{}, err
	}
	a := z.about(p, 0)
	a.text = fmt.Sprintf("Puzzle %s: %s, %s to move. Check a move with check_puzzle_move.\n", z.ID, z.Theme, a.Turn)
	return a, nil
}

func (c *chess) puzzle(id string) (puzzle, error) {
	at := slices.IndexFunc(c.puzzles, func(z puzzle) bool { return z.ID == id })
	if at < 0 {
		return puzzle{}, tell(fmt.Errorf("there is no such puzzle_id; the puzzles are %s to %s. Call load_puzzle without one to have any",
			c.puzzles[0].ID, c.puzzles[len(c.puzzles)-1].ID))
	}
	return c.puzzles[at], nil
}

// about is the answer that shows how far somebody has come: done half-moves of
// the line are made.
func (z puzzle) about(p *play, done int) answer {
	r := p.show()
	r.Puzzle = &attempt{ID: z.ID, Theme: z.Theme, MovesLeft: (len(z.Line) - done + 1) / 2}
	r.Side = z.side()
	if !p.state().over() {
		r.Status = "puzzle"
	}
	return about(p, r)
}

// side is whose moves are to be found.
func (z puzzle) side() string {
	if strings.Contains(z.FEN, " b ") {
		return "black"
	}
	return "white"
}

// at is the play of the puzzle in the position fen, and how many half-moves of
// its line lead there.
func (z puzzle) at(fen string) (*play, int, error) {
	asked, err := parseFEN(fen)
	if err != nil {
		return nil, 0, tell(err)
	}
	p, err := playFrom(z.FEN)
	if err != nil {
		return nil, 0, err
	}
	for i, text := range z.Line {
		if i%2 == 0 && sameness(p.pos) == sameness(asked) {
			return p, i, nil
		}
		if err := p.make(text); err != nil {
			return nil, 0, err
		}
	}
	return nil, 0, tell(fmt.Errorf("fen is no position of puzzle %s. Give the fen of the last result, or begin with %s", z.ID, z.FEN))
}

func (c *chess) checkPuzzleMove(_ context.Context, in answerIn) (answer, error) {
	z, err := c.puzzle(in.ID)
	if err != nil {
		return answer{}, err
	}
	p, done, err := z.at(in.FEN)
	if err != nil {
		return answer{}, err
	}
	m, err := findMove(p.pos, strings.TrimSpace(in.Move))
	if err != nil {
		return answer{}, tell(err)
	}
	last := done+1 == len(z.Line)
	right := uci(m) == z.Line[done] || last && mates(p.pos, m)
	if !right {
		a := z.about(p, done)
		a.Puzzle.Correct = &right
		a.text = fmt.Sprintf("%s is not it. The position is as before; try another move.\n", san(p.pos, m))
		return a, nil
	}
	p.push(m)
	reply := ""
	if !last {
		if err := p.make(z.Line[done+1]); err != nil {
			return answer{}, err
		}
		reply = p.history[len(p.history)-1]
		done++
	}
	a := z.about(p, done+1)
	a.Puzzle.Correct, a.Puzzle.Solved, a.Puzzle.Reply = &right, last, reply
	switch {
	case last:
		a.Puzzle.MovesLeft, a.Status = 0, p.state().status
		a.text = "Right: the puzzle is solved.\n"
	default:
		a.text = fmt.Sprintf("Right. The other side answers %s; find the next move.\n", reply)
	}
	return a, nil
}
