package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// build builds the binary as a release is built.
func build(ctx context.Context, dir string) (string, error) {
	binary := filepath.Join(dir, "sallyport")
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "github.com/sallyport-dev/sallyport/cmd/sallyport")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return binary, cmd.Run()
}

// startBare starts this program as something bare.
func startBare(what string) (s side, stop func(), err error) {
	cmd := exec.Command(self(), "bare", what)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return s, nil, err
	}
	if err := cmd.Start(); err != nil {
		return s, nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	stop = func() { _, _ = cmd.Process.Kill(), cmd.Wait() }
	if err != nil {
		stop()
	}
	return side{address: strings.TrimSpace(line), pid: cmd.Process.Pid}, stop, err
}

// as names a side and says what it is asked.
func (s side) as(name string, workers func() ([]worker, error)) side {
	s.name, s.workers = name, workers
	return s
}

func (s *server) side(workers func() ([]worker, error)) side {
	return side{"sallyport", s.address, s.cmd.Process.Pid, workers}
}

// processorTime is what a process has used of the processors so far. Shared
// machines drift; this drifts less than the time by the clock. It is added up
// from the threads, of which Go ends none, since it is there in nanoseconds.
func processorTime(pid int) (time.Duration, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	if err != nil || len(threads) == 0 {
		return 0, errors.Join(err, errors.New("the kernel does not say how much processor time it used"))
	}
	var total time.Duration
	for _, file := range threads {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		first, _, _ := strings.Cut(string(text), " ")
		used, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(used)
	}
	return total, nil
}

// A server is the real binary while it runs.
type server struct {
	cmd     *exec.Cmd
	address string
	ready   time.Duration // from its start to its first 200
}

// startServer starts the binary and waits until it is ready.
func startServer(ctx context.Context, binary string, args ...string) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &server{address: address}
	s.cmd = exec.Command(binary, append([]string{"serve", "--listen", address}, args...)...)
	errors := &lastLines{}
	s.cmd.Stderr = errors
	began := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := began.Add(20 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; {
		res, err := http.Get("http://" + address + "/readyz")
		if err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode == http.StatusOK {
			s.ready = time.Since(began)
			return s, nil
		}
	}
	s.stop()
	return nil, fmt.Errorf("it did not become ready: %s", errors)
}

// stop ends the server as Ctrl-C does.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGINT) // it may be gone already
	_ = s.cmd.Wait()
}

// resident is how much memory the process has, in megabytes.
func (s *server) resident() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kilobytes / 1024, err
		}
	}
	return 0, errors.New("the kernel does not say how much memory it has")
}

// lastLines keeps the end of what was written.
type lastLines struct{ text string }

func (l *lastLines) Write(p []byte) (int, error) {
	l.text += string(p)
	l.text = l.text[max(0, len(l.text)-2000):]
	return len(p), nil
}

func (l *lastLines) String() string { return l.text }
