package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// board calls a tool of chess that is to succeed, and returns what it says as
// data.
func board(t *testing.T, s *mcp.ClientSession, tool string, args map[string]any) map[string]any {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := s.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	if res.IsError {
		t.Fatalf("%s: %s", tool, res.Content[0].(*mcp.TextContent).Text)
	}
	return res.StructuredContent.(map[string]any)
}

func shows(t *testing.T, r map[string]any, fields ...string) {
	t.Helper()
	for _, f := range fields {
		name, want, _ := strings.Cut(f, "=")
		if got := fmt.Sprint(r[name]); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

const startFEN = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"

// "Let's play chess! I'll start with e4." lose is a power cut; what was answered
// is there afterwards.
func playChess(t *testing.T, d *door, version string, lose func()) {
	g := &goTraveller{visitor: d.visitor()}
	s := g.connect(t, d, version)
	shows(t, board(t, s, "apply_move", map[string]any{"fen": startFEN, "move": "e4 e5"}), "move=e5", "saved=false")
	if g.asked != 0 {
		t.Errorf("who brings a position was asked to sign in, %d times", g.asked)
	}
	shows(t, board(t, s, "new_game", nil), "fen="+startFEN, "status=ongoing", "turn=white", "saved=true")
	if g.asked != 1 {
		t.Errorf("asked %d times to sign in for a game of one's own", g.asked)
	}
	shows(t, board(t, s, "apply_move", map[string]any{"move": "e4"}), "move=e4", "status=ongoing", "turn=black", "history=[e4]")
	answered := board(t, s, "engine_move", map[string]any{"depth": 2})
	shows(t, answered, "turn=white", "saved=true")
	s.Close()

	lose()
	s = g.connect(t, d, version)
	defer s.Close()
	shows(t, board(t, s, "status", nil), fmt.Sprintf("fen=%v", answered["fen"]), fmt.Sprintf("history=%v", answered["history"]), "version=3")
	shows(t, board(t, s, "reset", nil), "fen="+startFEN, "history=[]")
	shows(t, board(t, s, "apply_move", map[string]any{"move": "1. e4 e5 2. Bc4 Nc6 3. Qh5 Nf6"}), "status=ongoing", "move=Nf6")
	shows(t, board(t, s, "apply_move", map[string]any{"move": "Qxf7"}), "move=Qxf7#", "status=checkmate", "winner=white", "reason=checkmate")
	if g.asked != 1 {
		t.Errorf("after a power cut: asked %d times", g.asked)
	}
}

func TestPeoplePlayChessInTheDoor(t *testing.T) {
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, "resources: [{name: chess, path: /chess/mcp, app: chess}]\n")
			d.MCP = d.URL + "/chess/mcp"
			playChess(t, d, version, func() {
				d.kill()
				d.open()
			})
		})
	}
}

func TestPeoplePlayChessWithAProgramThatTrustsTheDoor(t *testing.T) {
	t.Parallel()
	dir, port := t.TempDir(), freePort(t)
	program, url := filepath.Join(dir, "chess"), fmt.Sprintf("http://127.0.0.1:%d/mcp", port)
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../apps/chess/cmd/chess").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	d := newDoor(t, fmt.Sprintf("resources: [{name: chess, host: '127.0.0.1:%d', path: /mcp, scopes: {chess:play: {title: Play your game of chess, default: true}}}]\n", port))
	d.MCP = url
	run := func() *exec.Cmd {
		cmd := exec.Command(program, "--issuer", d.URL, "--resource", url, "--listen", fmt.Sprintf("127.0.0.1:%d", port), "--data", filepath.Join(dir, "chess.db"))
		start(t, cmd, url)
		return cmd
	}
	first := run()
	playChess(t, d, "2025-11-25", func() {
		if err := first.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = first.Wait() // it was killed, which is an error
		run()
	})
}
