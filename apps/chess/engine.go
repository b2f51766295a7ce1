package chess

import (
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"runtime"
	"time"

	rules "github.com/corentings/chess/v2"
)

const (
	maxDepth = 20              // half-moves
	thinking = 2 * time.Second // by the clock, whatever the depth
)

var errEnded = errors.New("chess: the engines have ended")

// A thought is what an engine thinks, as the side that moves sees it.
type thought struct {
	by    string
	depth int
	best  string // as programs write it
	line  []string
	score int // hundredths of a pawn
	mate  int // in so many moves; below zero: of the other side; 0: none is seen
}

// An engine thinks for everybody, for so many at a time as there are processors,
// and two at least.
type engine struct {
	stockfish *stockfish // nil: there is none
	turns     *turns
	ending    context.Context
	end       context.CancelFunc
	log       *slog.Logger
}

func newEngine(path string, log *slog.Logger) *engine {
	e := &engine{turns: newTurns(max(runtime.GOMAXPROCS(0), 2)), log: log}
	e.ending, e.end = context.WithCancel(context.Background())
	if path = findStockfish(path); path != "" {
		e.stockfish = &stockfish{path: path}
	}
	return e
}

// findStockfish says where the program is, empty where there is none. Debian puts
// it among the games, which are not in everybody's path.
func findStockfish(path string) string {
	if path == "none" {
		return ""
	}
	for _, name := range []string{path, "stockfish", "/usr/games/stockfish"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
		if path != "" {
			return ""
		}
	}
	return ""
}

// think says what is best in a position in which the game is not over.
func (e *engine) think(ctx context.Context, pos *rules.Position, depth int) (thought, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.ending, func() { cancel(errEnded) })()
	leave, err := e.turns.take(ctx)
	if err != nil {
		return thought{}, err
	}
	defer leave()
	if e.ending.Err() != nil {
		return thought{}, errEnded
	}
	depth = min(max(depth, 1), maxDepth)
	if e.stockfish != nil {
		t, err := e.stockfish.think(ctx, pos, depth)
		if err == nil || ctx.Err() != nil {
			return t, err
		}
		e.log.Warn("stockfish gave no move; the built-in search plays instead", "cause", err.Error())
	}
	t := searchFor(ctx, pos, depth, time.Now().Add(thinking))
	return t, context.Cause(ctx)
}

func (e *engine) close() error {
	e.end()
	if e.stockfish == nil {
		return nil
	}
	return e.stockfish.close()
}

// opinion is a thought about pos for people to read, as White sees it.
func (t thought) opinion(pos *rules.Position) opinion {
	sign := 1
	if pos.Turn() == rules.Black {
		sign = -1
	}
	o := opinion{By: t.by, Depth: t.depth, BestUCI: t.best}
	if t.mate != 0 {
		mate := sign * t.mate
		o.MateIn = &mate
	} else {
		score := float64(sign*t.score) / 100
		o.Score = &score
	}
	at := &play{pos: pos, seen: map[string]int{}}
	for _, text := range t.line[:min(len(t.line), 6)] {
		if at.make(text) != nil {
			break
		}
	}
	o.Line = at.history
	if m, err := findMove(pos, t.best); err == nil {
		o.Best = san(pos, m)
	}
	return o
}
