package chess

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// engines are the built-in search and, where there is one, Stockfish.
func engines(t *testing.T, test func(t *testing.T, e *engine, by string)) {
	for by, path := range map[string]string{builtIn: "none", "Stockfish": ""} {
		t.Run(by, func(t *testing.T) {
			if path == "" && findStockfish("") == "" {
				t.Skip("there is no Stockfish on this machine: apt-get install stockfish")
			}
			e := newEngine(path, slog.New(slog.DiscardHandler))
			defer e.close()
			test(t, e, by)
		})
	}
}

func TestAnEngineFindsWhatThereIs(t *testing.T) {
	engines(t, func(t *testing.T, e *engine, by string) {
		for _, c := range []struct {
			name, fen, best string
			mate            int
		}{
			{"a mate in one", "6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1", "Ra8#", 1},
			{"a mate in one by black", "r5k1/8/8/8/8/8/5PPP/6K1 b - - 0 1", "Ra1#", -1},
			{"a mate in two", "7k/8/8/8/8/8/R7/1R4K1 w - - 0 1", "", 2},
			{"a queen for nothing", "3q3k/8/8/8/8/8/8/3RK3 w - - 0 1", "Rxd8+", 0},
		} {
			pos := position(t, c.fen)
			th, err := e.think(t.Context(), pos, 8)
			if err != nil {
				t.Fatal(err)
			}
			o := th.opinion(pos)
			if !strings.HasPrefix(o.By, by) || c.best != "" && o.Best != c.best || c.mate != 0 && (o.MateIn == nil || *o.MateIn != c.mate) {
				t.Errorf("%s: %s, %+v", c.name, o.say(), o)
			}
		}
	})
}

func TestAnEngineStopsWhenItsTimeIsOver(t *testing.T) {
	engines(t, func(t *testing.T, e *engine, by string) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(100*time.Millisecond, cancel)
		if _, err := e.think(ctx, position(t, "r1bqkbnr/pppp1ppp/2n5/4p3/4P3/5N2/PPPP1PPP/RNBQKB1R w KQkq - 2 3"), maxDepth); err == nil && by == builtIn {
			t.Error("a call that was cancelled went on")
		}
		e.close()
		if _, err := e.think(t.Context(), position(t, startFEN), 1); err == nil {
			t.Error("an engine that was closed thinks")
		}
	})
}

func TestAnEngineThatIsNoneIsDoneWithout(t *testing.T) {
	for name, script := range map[string]string{
		"ends at once":   "exit 1",
		"talks nonsense": "echo hello; read x; echo uciok; read x; read x; read x; echo readyok; read x; echo bestmove",
		"knows no move":  "read x; echo uciok; read x; read x; read x; echo readyok; read x; echo 'bestmove (none)'",
	} {
		path := filepath.Join(t.TempDir(), "stockfish")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		e := newEngine(path, slog.New(slog.DiscardHandler))
		th, err := e.think(t.Context(), position(t, startFEN), 1)
		if err != nil || th.by != builtIn || th.best == "" {
			t.Errorf("%s: %+v, %v", name, th, err)
		}
		e.close()
		if n := len(e.stockfish.alive); n != 0 {
			t.Errorf("%s: %d processes are left", name, n)
		}
	}
}

func TestNoEngineIsLeftBehind(t *testing.T) {
	path := findStockfish("")
	if path == "" {
		t.Skip("there is no Stockfish on this machine: apt-get install stockfish")
	}
	e := newEngine(path, slog.New(slog.DiscardHandler))
	for range 3 {
		if _, err := e.think(t.Context(), position(t, startFEN), 1); err != nil {
			t.Fatal(err)
		}
	}
	if len(e.stockfish.idle) != 1 || len(e.stockfish.alive) != 1 {
		t.Errorf("three moves in turn took %d engines, and %d are idle", len(e.stockfish.alive), len(e.stockfish.idle))
	}
	p := e.stockfish.idle[0]
	e.close()
	if p.cmd.ProcessState == nil || len(e.stockfish.alive) != 0 {
		t.Error("it goes on")
	}
}
