package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

// A program is a client as people install it, at a newcomer's: with a home of
// its own, a browser that is the person, and no network but this computer.
type program struct {
	t       *testing.T
	start   []string // the program, after what runs it
	home    string   // the directory in which it runs, too
	env     []string
	browser *onlooker
	wrote   transcript
}

// installed is a program of node_modules, and what runs it. Where there is one
// for each kind of machine, %s is x64 or arm64.
func installed(t *testing.T, pattern string) []string {
	t.Helper()
	node.or(t)
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere than on Linux the programs keep what they learn in the keychain of whoever runs the tests")
	}
	machine := strings.Replace(runtime.GOARCH, "amd64", "x64", 1)
	path := filepath.Join(nodeModules(), filepath.FromSlash(strings.ReplaceAll(pattern, "%s", machine)))
	if _, err := os.Stat(path); err != nil {
		if machine == "x64" {
			t.Fatalf("%v: run npm ci in e2e, or ./check", err)
		}
		t.Skipf("e2e/package.json has no such program for this machine: %v", err)
	}
	if strings.HasSuffix(path, ".js") {
		return []string{node.or(t), path}
	}
	return []string{path}
}

// program prepares a client for its first start. settings are what switches
// off whatever it would do beyond its work: NAME=VALUE.
func (d *door) program(t *testing.T, visitor *person.Person, start []string, settings ...string) *program {
	t.Helper()
	p := &program{t: t, start: start, home: t.TempDir(), browser: d.onlooker(t, visitor)}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what the program wrote:\n%s", &p.wrote)
		}
	})
	launcher := p.launchers(t)
	nowhere := outside(t)
	at := func(dir string) string { return filepath.Join(p.home, filepath.FromSlash(dir)) }
	const here = "localhost,127.0.0.1,::1"
	p.env = environment(append([]string{
		"HOME=" + p.home, "PWD=" + p.home, "XDG_CONFIG_HOME=" + at(".config"), "XDG_DATA_HOME=" + at(".local/share"), "XDG_STATE_HOME=" + at(".local/state"),
		"XDG_CACHE_HOME=" + at(".cache"), "XDG_RUNTIME_DIR=" + p.home, "TMPDIR=" + p.home, "DBUS_SESSION_BUS_ADDRESS=",
		"PATH=" + filepath.Dir(launcher) + ":" + os.Getenv("PATH"), "BROWSER=" + launcher,
		"HTTP_PROXY=" + nowhere, "HTTPS_PROXY=" + nowhere, "ALL_PROXY=" + nowhere, "NO_PROXY=" + here,
		"http_proxy=" + nowhere, "https_proxy=" + nowhere, "all_proxy=" + nowhere, "no_proxy=" + here,
		"NODE_USE_ENV_PROXY=1", "NO_COLOR=1", "DO_NOT_TRACK=1", "NO_UPDATE_NOTIFIER=1", "CI=", "SSH_CONNECTION=", "SSH_CLIENT=", "SSH_TTY=",
	}, settings...)...)
	return p
}

// browserOf is the variable that has this test binary be a browser: see
// [TestMain]. Its value is where to report the URL that it is to open.
const browserOf = "SALLYPORT_E2E_BROWSER_OF"

// launchers puts in place all the names by which programs start a browser, and
// returns the path of one of them.
func (p *program) launchers(t *testing.T) string {
	t.Helper()
	asked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		p.browser.sent(string(u))
	}))
	t.Cleanup(asked.Close)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\n%s='%s' exec '%s' \"$1\"\n", browserOf, asked.URL, self)
	dir := t.TempDir()
	for _, name := range []string{"xdg-open", "sensible-browser", "x-www-browser", "www-browser"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "xdg-open")
}

// reportBrowser is the browser: it reports what it is to open, and is done.
func reportBrowser(to string) int {
	res, err := http.Post(to, "text/plain", strings.NewReader(os.Args[len(os.Args)-1]))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	res.Body.Close()
	return 0
}

// outside is a proxy that lets nothing out, and says in the end what wanted to.
func outside(t *testing.T) string {
	t.Helper()
	var mu sync.Mutex
	wanted := map[string]int{}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		wanted[r.Host]++
		http.Error(w, "this test has no network", http.StatusForbidden)
	}))
	t.Cleanup(func() {
		proxy.Close()
		if len(wanted) > 0 {
			t.Logf("the program would have called %v", wanted)
		}
	})
	return proxy.URL
}

// command is one run of the program, for four minutes at most.
func (p *program) command(args ...string) *exec.Cmd {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 4*time.Minute)
	p.t.Cleanup(cancel)
	args = append(slices.Clone(p.start), args...)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env, cmd.Dir, cmd.Stderr = p.env, p.home, &p.wrote
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run runs the program to its good end and returns what it wrote to standard
// output.
func (p *program) run(args ...string) string {
	p.t.Helper()
	var out strings.Builder
	p.finish(p.command(args...), 0, &out)
	return out.String()
}

// finish runs a command to its end, with this status. What it writes to
// standard output goes to more, too.
func (p *program) finish(cmd *exec.Cmd, status int, more io.Writer) {
	p.t.Helper()
	cmd.Stdout = io.MultiWriter(&p.wrote, more)
	fmt.Fprintf(&p.wrote, "$ %s\n", strings.Join(cmd.Args, " "))
	began := time.Now()
	err := cmd.Run()
	fmt.Fprintf(&p.wrote, "(%s)\n", time.Since(began).Round(time.Millisecond))
	if cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != status {
		p.t.Fatalf("%s: %v", strings.Join(cmd.Args, " "), err)
	}
}

// A typist answers what a program asks, each question once it is asked.
type typist struct {
	answers [][2]string // question, or a part of it, and what is typed
	status  int         // that the program ends with, if all goes well
	keys    io.Writer
	read    strings.Builder // since the last answer
}

func (y *typist) Write(b []byte) (int, error) {
	y.read.Write(b)
	if len(y.answers) == 0 || !strings.Contains(y.read.String(), y.answers[0][0]) {
		return len(b), nil
	}
	answer := y.answers[0][1]
	y.answers = y.answers[1:]
	y.read.Reset()
	if _, err := io.WriteString(y.keys, answer); err != nil {
		return 0, err
	}
	return len(b), nil
}

// atTerminal runs the program where it finds a terminal, as at a person's desk,
// with someone who answers its questions.
func (p *program) atTerminal(y typist, args ...string) {
	p.t.Helper()
	cmd := p.command(args...)
	words := slices.Clone(cmd.Args)
	for i, w := range words {
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	script, err := exec.LookPath("script")
	if err != nil {
		p.t.Skipf("a terminal for the program: %v", err)
	}
	cmd.Path, cmd.Args = script, []string{"script", "-qec", "stty cols 160 rows 50 && exec " + strings.Join(words, " "), "/dev/null"}
	cmd.Env = append(cmd.Env, "TERM=xterm-256color")
	keys, err := cmd.StdinPipe() // an end of it would end the program
	if err != nil {
		p.t.Fatal(err)
	}
	defer keys.Close()
	y.keys = keys
	p.finish(cmd, y.status, &y)
}

// keep puts a file into the program's home.
func (p *program) keep(path, text string) {
	p.t.Helper()
	path = filepath.Join(p.home, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.t.Fatal(err)
	}
	write(p.t, path, text)
}

// expire has the program believe that its access token is of yesterday: in a
// file of its home, digits after the first group of the pattern become 1.
func (p *program) expire(path, pattern string) {
	p.t.Helper()
	path = filepath.Join(p.home, path)
	text, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	changed := regexp.MustCompile(pattern).ReplaceAll(text, []byte("${1}1"))
	if bytes.Equal(changed, text) {
		p.t.Fatalf("%s does not say when the access token expires: %s", path, pattern)
	}
	write(p.t, path, string(changed))
}

// comesBack has the client call whoami, and once more when its access token is
// lost and the server was started anew: it refreshes, and nobody is asked.
func (p *program) comesBack(d *door, whoami func() string, lose func()) {
	p.t.Helper()
	check := func(when string) {
		p.t.Helper()
		said := whoami()
		for _, want := range []string{username, "demo:read"} {
			if !strings.Contains(said, want) {
				p.t.Errorf("%s: whoami does not say %q: %s", when, want, said)
			}
		}
	}
	check("after the sign-in")
	lose()
	d.restart()
	check("after a refresh and a restart")
	if got := p.browser.asked(); got != 1 {
		p.t.Errorf("the person was sent to the browser %d times, want once", got)
	}
}
