package stdio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxStderr bounds a line of the child's in our log, in bytes.
const maxStderr = 2 << 10

// queued is how many messages wait for a child that does not read. Then
// whoever has another one waits too.
const queued = 64

var errStopped = errors.New("the server has ended")

// A child is a running server, and the pipe to it.
type child struct {
	cmd   *exec.Cmd
	log   *slog.Logger
	lim   limits
	in    *os.File // its standard input
	out   *os.File
	diag  *os.File
	queue chan []byte // for its standard input

	once     sync.Once
	stopping chan struct{} // closed when it was told to end, or began to by itself
	exited   chan struct{} // closed when the process is gone
	gone     chan struct{} // closed when everything it wrote was read as well
}

// startChild starts the server. Nothing is read from it before run.
func startChild(o Options, own []string, lim limits) (*child, error) {
	if len(o.Command) == 0 {
		return nil, errors.New("there is no command")
	}
	cmd := exec.Command(o.Command[0], o.Command[1:]...)
	cmd.Dir, cmd.Env = o.Dir, environment(slices.Concat(o.Env, own))
	ownGroup(cmd)
	c := &child{
		cmd: cmd, log: o.Log, lim: lim, queue: make(chan []byte, queued),
		stopping: make(chan struct{}), exited: make(chan struct{}), gone: make(chan struct{}),
	}
	// Pipes of our own, because those of exec are closed when the process ends
	// although its last words were not read.
	var theirs [3]*os.File
	defer func() {
		for _, f := range theirs {
			f.Close() // nil is fine
		}
	}()
	var errs [3]error
	theirs[0], c.in, errs[0] = os.Pipe()
	c.out, theirs[1], errs[1] = os.Pipe()
	c.diag, theirs[2], errs[2] = os.Pipe()
	err := errors.Join(errs[:]...)
	if err == nil {
		cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs[0], theirs[1], theirs[2]
		err = cmd.Start()
	}
	if err != nil {
		c.closePipes()
		return nil, fmt.Errorf("start %s: %w", o.Command[0], err)
	}
	c.log = o.Log.With("pid", cmd.Process.Pid)
	c.log.Info("stdio server started", "command", o.Command[0])
	return c, nil
}

func (c *child) closePipes() {
	for _, f := range []*os.File{c.in, c.out, c.diag} {
		f.Close() // nil is fine
	}
}

// run hands every line of output to receive, one after the other, until the
// child is gone. receive must not wait for the child.
func (c *child) run(receive func(line []byte)) {
	var reads sync.WaitGroup
	reads.Go(func() { c.readOut(receive) })
	reads.Go(c.readDiag)
	go c.write()
	go func() {
		err := c.cmd.Wait()
		close(c.exited)
		c.stop()
		// What it started and left behind still holds its pipes, and would be
		// nobody's.
		kill(c.cmd)
		deadline := time.Now().Add(time.Second)
		_ = c.out.SetReadDeadline(deadline) // for what has fled its group
		_ = c.diag.SetReadDeadline(deadline)
		reads.Wait()
		c.closePipes()
		c.log.Info("stdio server ended", "how", outcome(err))
		close(c.gone)
	}()
}

func outcome(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}

func (c *child) readOut(receive func([]byte)) {
	r := bufio.NewReaderSize(c.out, 64<<10)
	for {
		line, err := readLine(r, c.lim.message)
		switch {
		case errors.Is(err, errLong):
			c.log.Warn("stdio server wrote a message that is too large; ending it", "limit", c.lim.message)
			c.stop()
			continue
		case err != nil:
			// MCP, stdio: the server may initiate shutdown "by closing its output
			// stream to the client and exiting."
			c.stop()
			return
		}
		if len(line) > 0 {
			receive(line)
		}
	}
}

func (c *child) readDiag() {
	r := bufio.NewReader(c.diag)
	for {
		line, err := readLine(r, maxStderr)
		if text := strings.ToValidUTF8(string(line), "�"); text != "" {
			c.log.Info("stdio server says", "line", text, "cut", errors.Is(err, errLong))
		}
		if err != nil && !errors.Is(err, errLong) {
			return
		}
	}
}

func (c *child) write() {
	for {
		select {
		case line := <-c.queue:
			if _, err := c.in.Write(append(line[:len(line):len(line)], '\n')); err != nil {
				c.stop()
				return
			}
		case <-c.stopping:
			return
		}
	}
}

// send queues a message, and waits while the child is far behind.
func (c *child) send(ctx context.Context, line []byte) error {
	select {
	case <-c.stopping:
		return errStopped
	default:
	}
	select {
	case c.queue <- line:
		return nil
	case <-c.stopping:
		return errStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// sendNow is send for those who must not wait, because the child waits for
// them. A child that is that far behind has stopped reading: it is ended.
func (c *child) sendNow(line []byte) {
	select {
	case <-c.stopping:
	case c.queue <- line:
	default:
		c.log.Warn("stdio server does not read its input; ending it")
		c.stop()
	}
}

func (c *child) stopped() bool {
	select {
	case <-c.stopping:
		return true
	default:
		return false
	}
}

// stop begins to end the child, and returns at once.
//
// MCP, stdio: "First, closing the input stream to the child process (the
// server)", then SIGTERM, and SIGKILL "if the server does not exit within a
// reasonable time after SIGTERM".
func (c *child) stop() {
	c.once.Do(func() {
		close(c.stopping)
		c.in.Close()
		go func() {
			if c.exitsWithin(c.lim.grace / 5) {
				return
			}
			terminate(c.cmd)
			if c.exitsWithin(c.lim.grace) {
				return
			}
			kill(c.cmd)
		}()
	})
}

func (c *child) exitsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-c.exited:
		return true
	case <-timer.C:
		return false
	}
}
