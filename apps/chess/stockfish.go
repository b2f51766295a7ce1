package chess

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	rules "github.com/corentings/chess/v2"
)

// idleEngine is how long an engine waits for the next position. It holds a hundred
// megabytes meanwhile.
const idleEngine = time.Minute

// A stockfish is the processes of that engine, at most as many as there are turns.
// They speak UCI, the Universal Chess Interface.
type stockfish struct {
	path string

	mu     sync.Mutex // guards what follows
	closed bool
	idle   []*process
	alive  map[*process]struct{}
}

type process struct {
	name  string // as it calls itself
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Scanner
	bored *time.Timer // ends it where it is idle for long
}

func (s *stockfish) think(ctx context.Context, pos *rules.Position, depth int) (thought, error) {
	// By the engine's own clock it answers in time; one that hangs is killed.
	ctx, cancel := context.WithTimeout(ctx, thinking+3*time.Second)
	defer cancel()
	p, err := s.take(ctx)
	if err != nil {
		return thought{}, err
	}
	stop := context.AfterFunc(ctx, p.kill)
	t, err := p.ask(pos, depth)
	if !stop() || err != nil {
		s.drop(p)
		return t, errors.Join(err, context.Cause(ctx))
	}
	s.give(p)
	return t, nil
}

// take is an engine that is ready.
func (s *stockfish) take(ctx context.Context) (*process, error) {
	s.mu.Lock()
	if n := len(s.idle); n > 0 {
		p := s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.mu.Unlock()
		p.bored.Stop()
		return p, nil
	}
	p, err := s.start()
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, p.kill)
	err = p.greet()
	if !stop() || err != nil {
		s.drop(p)
		return nil, errors.Join(err, context.Cause(ctx))
	}
	return p, nil
}

// start needs mu. The process has nothing of our environment, and no shell.
func (s *stockfish) start() (*process, error) {
	if s.closed {
		return nil, errEnded
	}
	p := &process{cmd: exec.Command(s.path)}
	p.cmd.Env = []string{}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewScanner(out)
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if s.alive == nil {
		s.alive = map[*process]struct{}{}
	}
	s.alive[p] = struct{}{}
	return p, nil
}

// give puts an engine back.
func (s *stockfish) give(p *process) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		s.drop(p)
		return
	}
	defer s.mu.Unlock()
	p.bored = time.AfterFunc(idleEngine, func() { s.retire(p) })
	s.idle = append(s.idle, p)
}

// retire ends an engine that is idle still.
func (s *stockfish) retire(p *process) {
	s.mu.Lock()
	for i, waiting := range s.idle {
		if waiting == p {
			s.idle = append(s.idle[:i], s.idle[i+1:]...)
			s.mu.Unlock()
			s.drop(p)
			return
		}
	}
	s.mu.Unlock()
}

// drop ends an engine, and waits until it has ended.
func (s *stockfish) drop(p *process) {
	p.kill()
	_ = p.cmd.Wait() // it was killed, which is an error
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.alive, p)
}

// close ends every engine. Those that think are dropped by whoever asked them.
func (s *stockfish) close() error {
	s.mu.Lock()
	s.closed = true
	idle := s.idle
	s.idle = nil
	for p := range s.alive {
		p.kill()
	}
	s.mu.Unlock()
	for _, p := range idle {
		p.bored.Stop()
		s.drop(p)
	}
	return nil
}

func (p *process) kill() { _ = p.cmd.Process.Kill() } // it may have ended by itself

func (p *process) tell(format string, args ...any) error {
	_, err := fmt.Fprintf(p.in, format+"\n", args...)
	return err
}

// until reads lines, and returns the first that begins with a word.
func (p *process) until(word string, each func(fields []string)) ([]string, error) {
	for p.out.Scan() {
		fields := strings.Fields(p.out.Text())
		if len(fields) == 0 {
			continue
		}
		if fields[0] == word {
			return fields, nil
		}
		each(fields)
	}
	return nil, errors.Join(fmt.Errorf("chess: the engine ended without %s", word), p.out.Err())
}

func (p *process) greet() error {
	p.name = "Stockfish"
	if err := p.tell("uci"); err != nil {
		return err
	}
	_, err := p.until("uciok", func(fields []string) {
		if len(fields) > 2 && fields[0] == "id" && fields[1] == "name" {
			p.name = strings.Join(fields[2:min(len(fields), 6)], " ")
		}
	})
	if err != nil {
		return err
	}
	if err := p.tell("setoption name Threads value 1\nsetoption name Hash value 16\nisready"); err != nil {
		return err
	}
	_, err = p.until("readyok", func([]string) {})
	return err
}

// ask puts one position to the engine. What goes there was parsed and written
// anew, so that no line of a stranger's is among it.
func (p *process) ask(pos *rules.Position, depth int) (thought, error) {
	if err := p.tell("ucinewgame\nposition fen %s\ngo depth %d movetime %d", pos, depth, thinking.Milliseconds()); err != nil {
		return thought{}, err
	}
	t := thought{by: p.name}
	last, err := p.until("bestmove", t.note)
	if err != nil {
		return t, err
	}
	if len(last) < 2 || len(last[1]) < 4 || last[1] == "(none)" {
		return t, errors.New("chess: the engine knows no move")
	}
	t.best = last[1]
	if len(t.line) == 0 {
		t.line = last[1:2]
	}
	return t, nil
}

// note takes what is needed from a line such as: info depth 10 seldepth 12
// multipv 1 score cp 31 nodes 9000 nps 500000 time 18 pv e2e4 e7e5
func (t *thought) note(fields []string) {
	if fields[0] != "info" {
		return
	}
	for i := 1; i+1 < len(fields); i++ {
		switch fields[i] {
		case "string":
			return
		case "depth":
			t.depth, _ = strconv.Atoi(fields[i+1])
		case "cp":
			t.score, _ = strconv.Atoi(fields[i+1])
			t.mate = 0
		case "mate":
			t.mate, _ = strconv.Atoi(fields[i+1])
		case "pv":
			t.line = fields[i+1:]
			return
		}
	}
}
