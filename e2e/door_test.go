package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

// A door is an installation and, while it is open, the process that serves it.
type door struct {
	URL string // the public URL, http://localhost:PORT
	MCP string // the guarded MCP server
	at  string // where this process listens: URL, but for a second replica

	t        *testing.T
	settings string   // the path of sallyport.yaml
	database string   // PostgreSQL, of two replicas
	args     []string // more of serve's arguments
	cmd      *exec.Cmd
	gone     chan error // the process ended
	log      *transcript
}

const (
	username = "ada"
	password = "correct horse battery staple"
)

// newDoor makes an installation with one account and opens it. more is YAML
// beside what every test needs; args are further arguments of serve.
func newDoor(t *testing.T, more string, args ...string) *door {
	t.Helper()
	d := unopened(t, more, args...)
	d.addPerson(username, password)
	d.open()
	return d
}

func unopened(t *testing.T, more string, args ...string) *door {
	t.Helper()
	dir := t.TempDir()
	port := freePort(t)
	d := &door{
		URL: fmt.Sprintf("http://localhost:%d", port), t: t, args: args,
		settings: filepath.Join(dir, "sallyport.yaml"), log: &transcript{},
	}
	d.MCP, d.at = d.URL+"/mcp", d.URL
	text := fmt.Sprintf("public_url: %s\nlisten: 127.0.0.1:%d\ndata: %s\n%s", d.URL, port, filepath.Join(dir, "data"), more)
	if err := os.WriteFile(d.settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		d.close()
		if t.Failed() {
			t.Logf("what the server wrote last:\n%s", d.log.tail(40))
		}
	})
	return d
}

// freePort is a loopback port that nobody had a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// run runs a command of the binary on this installation and returns what it
// wrote to standard output.
func (d *door) run(stdin string, args ...string) string {
	d.t.Helper()
	cmd := exec.CommandContext(d.t.Context(), binary, append(args, "--config", d.settings)...)
	cmd.Env = environment()
	cmd.Stdin = strings.NewReader(stdin)
	var out, diagnosis bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diagnosis
	if err := cmd.Run(); err != nil {
		d.t.Fatalf("sallyport %s: %v\n%s%s", strings.Join(args, " "), err, &out, &diagnosis)
	}
	return out.String()
}

func (d *door) addPerson(name, secret string) {
	d.t.Helper()
	d.run(secret+"\n", "users", "add", name, "--admin", "--password-stdin")
}

// open starts serve and returns when it is ready.
func (d *door) open() {
	d.t.Helper()
	d.cmd = exec.Command(binary, append([]string{"serve", "--config", d.settings}, d.args...)...)
	d.cmd.Env = environment()
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	if err := d.cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	gone := make(chan error, 1)
	d.gone = gone
	go func(cmd *exec.Cmd) { gone <- cmd.Wait() }(d.cmd)
	d.awaitReady()
}

// awaitReady asks /readyz until it answers, or the process ends.
func (d *door) awaitReady() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if res, err := http.Get(d.at + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-d.gone:
			d.cmd = nil
			d.t.Fatalf("serve ended: %v\n%s", err, d.log)
		case <-ctx.Done():
			d.t.Fatalf("serve is not ready after 30 s\n%s", d.log)
		case <-tick.C:
		}
	}
}

// awaitLink waits for the link that serve prints behind a mark: it is ready a moment
// before it says so.
func (d *door) awaitLink(mark string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	link := regexp.MustCompile(regexp.QuoteMeta(mark) + `\s+(` + regexp.QuoteMeta(d.URL) + `/\S+)\s`)
	for {
		if found := link.FindStringSubmatch(d.log.String()); found != nil {
			return found[1]
		}
		select {
		case <-ctx.Done():
			d.t.Fatalf("serve prints no link behind %q\n%s", mark, d.log)
		case <-tick.C:
		}
	}
}

// patience is how long a server may take to end: its grace for requests in
// flight, and some more.
const patience = 20 * time.Second

// close stops the server as Ctrl-C does, and wants it to end well.
func (d *door) close() {
	d.t.Helper()
	if d.cmd == nil {
		return
	}
	cmd := d.cmd
	d.cmd = nil
	if err := cmd.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		d.t.Error(err)
	}
	select {
	case err := <-d.gone:
		if err != nil {
			d.t.Errorf("serve ended badly: %v", err)
		}
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		d.t.Errorf("serve goes on %s after Ctrl-C", patience)
	}
}

// kill ends the server as a power cut does.
func (d *door) kill() {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		d.t.Error(err)
	}
	<-d.gone
	d.cmd = nil
}

// restart closes the door and opens it again on the same data and port.
func (d *door) restart() {
	d.t.Helper()
	d.close()
	d.open()
}

// db is the door's database, behind its back.
func (d *door) db() *sql.DB {
	d.t.Helper()
	driver, at := "sqlite", filepath.Join(filepath.Dir(d.settings), "data", "sallyport.db")+"?_pragma=busy_timeout(5000)"
	if d.database != "" {
		driver, at = "pgx", d.database
	}
	db, err := sql.Open(driver, at)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { db.Close() })
	return db
}

// visitor is the person with the account, at a browser of their own.
func (d *door) visitor() *person.Person {
	d.t.Helper()
	p, err := person.New(d.URL, username, password)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}
