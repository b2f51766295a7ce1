package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

// A guide is a page of docs/guides that is followed as it is read, from its first
// block to its last, in an empty directory. It has no marks but what people read:
//
//   - a block of sh is typed; where the sentence before it says "terminal of its own",
//     it goes on running, until a sentence says Ctrl-C: of all, or of the server;
//   - a diff is made by hand;
//   - of a text, the sentence before it says which tool is called, and the text is
//     what the client gets to read;
//   - every other block is the file that the sentence before it names last.
//
// `claude mcp add` is the client that connects; here it is another.
type guide struct {
	t       *testing.T
	dir     string // in which the terminal is
	env     []string
	says    []string // what is another here than on the page, in pairs
	running []terminal
	log     transcript
	site    string // of the door, while one is open
	made    bool   // the first account
	client  *goTraveller
	session *mcp.ClientSession
}

// A terminal is what goes on in one of its own.
type terminal struct {
	cmd  *exec.Cmd
	said *transcript
	gone chan error
	door bool
}

// A step is a block and the sentence before it.
type step struct{ before, language, text string }

var fenced = regexp.MustCompile("(?m)^```([a-z]*)\n((?s:.*?))^```$")

// stepsOf reads a page from one heading on, to before another; empty: from its
// beginning, to its end.
func stepsOf(t *testing.T, page, from, before string) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "docs", "guides", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, heading := range []string{from, before} {
		if heading != "" && !bytes.Contains(text, []byte("\n"+heading+"\n")) {
			t.Fatalf("%s has no %q", page, heading)
		}
	}
	if from != "" {
		_, text, _ = bytes.Cut(text, []byte("\n"+from+"\n"))
	}
	if before != "" {
		text, _, _ = bytes.Cut(text, []byte("\n"+before+"\n"))
	}
	var all []step
	end := 0
	for _, at := range fenced.FindAllSubmatchIndex(text, -1) {
		before := strings.Split(strings.TrimSpace(string(text[end:at[0]])), "\n\n")
		all = append(all, step{before[len(before)-1], string(text[at[2]:at[3]]), string(text[at[4]:at[5]])})
		end = at[1]
	}
	if len(all) == 0 {
		t.Fatalf("%s has no blocks", page)
	}
	return all
}

// newGuide prepares an empty directory, beside what the README has people do first.
// Ports are others, and so is what is in says, in pairs.
func newGuide(t *testing.T, says ...string) *guide {
	t.Helper()
	for _, needs := range []string{"bash", "git"} {
		if _, err := exec.LookPath(needs); err != nil {
			t.Skipf("who follows the guide types: %v", err)
		}
	}
	dir := t.TempDir()
	for _, port := range []string{"8080", "8081", "3001"} {
		says = append(says, port, fmt.Sprint(freePort(t)))
	}
	g := &guide{t: t, dir: dir, says: says}
	g.env = environment("PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "PWD="+dir)
	t.Cleanup(func() {
		g.stop()
		if t.Failed() {
			t.Logf("what was written:\n%s", &g.log)
		}
	})
	return g
}

// withGo lets go commands find modules where those of the tree are.
func (g *guide) withGo() {
	g.t.Helper()
	out, err := exec.CommandContext(g.t.Context(), "go", "env", "GOMODCACHE", "GOPROXY").Output()
	if err != nil {
		g.t.Fatal(err)
	}
	have := strings.Split(strings.TrimSpace(string(out)), "\n")
	g.env = append(g.env, "GOPROXY=file://"+have[0]+"/cache/download,"+have[1], "GOSUMDB=off", "GOWORK=off")
}

// here is what a block says on this machine.
func (g *guide) here(text string) string { return strings.NewReplacer(g.says...).Replace(text) }

// follow goes through a page, or a part of it.
func (g *guide) follow(page, from, before string) {
	g.t.Helper()
	for _, s := range stepsOf(g.t, page, from, before) {
		switch {
		case strings.Contains(s.before, "Stop the server with Ctrl-C"):
			g.interrupt(func(on terminal) bool { return !on.door })
		case strings.Contains(s.before, "Ctrl-C"):
			g.stop()
		}
		text := g.here(s.text)
		switch {
		case s.language == "sh" && strings.Contains(s.before, "terminal of its own"):
			g.keep(text)
		case s.language == "sh" && strings.HasPrefix(text, "claude mcp add "):
			words := strings.Fields(text)
			g.connect(words[len(words)-1])
		case s.language == "sh":
			g.types(text)
		case s.language == "diff":
			g.edits(text)
		case s.language == "text":
			g.asks(s.before, text)
		default:
			write(g.t, filepath.Join(g.dir, named(g.t, s.before)), text)
		}
	}
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// named is what stands last in backquotes.
func named(t *testing.T, sentence string) string {
	t.Helper()
	all := codeSpan.FindAllStringSubmatch(sentence, -1)
	if len(all) == 0 {
		t.Fatalf("%q names nothing", sentence)
	}
	return all[len(all)-1][1]
}

// types runs commands, and stays where they went.
func (g *guide) types(commands string) {
	g.t.Helper()
	where := filepath.Join(g.t.TempDir(), "where")
	cmd := g.shell(commands + "\npwd > '" + where + "'\n")
	if err := cmd.Run(); err != nil {
		g.t.Fatalf("%s: %v\n%s", commands, err, g.log.tail(30))
	}
	at, err := os.ReadFile(where)
	if err != nil {
		g.t.Fatal(err)
	}
	g.dir = strings.TrimSpace(string(at))
}

func (g *guide) shell(commands string) *exec.Cmd {
	fmt.Fprintf(&g.log, "$ %s\n", strings.TrimSpace(commands))
	cmd := exec.CommandContext(g.t.Context(), "bash", "-euo", "pipefail", "-c", commands)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.dir, g.env, &g.log, &g.log
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// keep starts what goes on, and returns when it has said where it is. Whoever opens a
// door for the first time makes their account by the link that it prints.
func (g *guide) keep(command string) {
	g.t.Helper()
	on := terminal{g.shell(command), &transcript{}, make(chan error, 1), strings.HasPrefix(command, "sallyport serve")}
	on.cmd.Stdout, on.cmd.Stderr = on.said, on.said
	on.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	on.cmd.Cancel = func() error { return syscall.Kill(-on.cmd.Process.Pid, syscall.SIGKILL) }
	if err := on.cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	go func() { on.gone <- on.cmd.Wait() }()
	g.running = append(g.running, on)
	where := g.awaits(on, `http://(localhost:[0-9]+)/\S`)
	if !on.door {
		g.awaitsListener(where) // some say it a moment before they are
		return
	}
	g.site = g.here("http://localhost:8080")
	if g.made {
		return
	}
	visitor := g.visitor()
	_, err := visitor.Allow(g.t.Context(), g.awaits(on, `First person in:\s+(\S+)\s`))
	if !errors.Is(err, person.ErrStopped) || !slices.Contains(visitor.Seen, "/account") {
		g.t.Fatalf("the first account: %v, after %v", err, visitor.Seen)
	}
	g.made = true
}

// awaits waits until something is said in a terminal, and returns its group.
func (g *guide) awaits(on terminal, pattern string) string {
	g.t.Helper()
	form := regexp.MustCompile(pattern)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 6000 {
		if found := form.FindStringSubmatch(on.said.String()); found != nil {
			return found[1]
		}
		select {
		case err := <-on.gone:
			on.gone <- err
			g.t.Fatalf("it ended: %v\n%s", err, on.said)
		case <-tick.C:
		}
	}
	g.t.Fatalf("nothing like %s is said after two minutes:\n%s", pattern, on.said)
	return ""
}

func (g *guide) awaitsListener(at string) {
	g.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		if c, err := net.Dial("tcp", at); err == nil {
			c.Close()
			return
		}
		<-tick.C
	}
	g.t.Fatalf("nobody listens at %s after half a minute", at)
}

// stop is Ctrl-C in every terminal.
func (g *guide) stop() {
	if g.session != nil {
		_ = g.session.Close()
		g.session = nil
	}
	g.interrupt(func(terminal) bool { return true })
}

func (g *guide) interrupt(which func(terminal) bool) {
	for _, on := range g.running {
		if which(on) {
			_ = syscall.Kill(-on.cmd.Process.Pid, syscall.SIGINT)
			dead := time.AfterFunc(patience, func() { _ = on.cmd.Cancel() })
			<-on.gone // with an error: it was interrupted
			dead.Stop()
			fmt.Fprintf(&g.log, "%s\n", on.said)
		}
	}
	g.running = slices.DeleteFunc(g.running, which)
}

// edits makes the changes of a diff: each run of lines is found once, and replaced.
func (g *guide) edits(diff string) {
	g.t.Helper()
	var path string
	var old, changed strings.Builder
	apply := func() {
		if old.Len() == 0 {
			return
		}
		text, err := os.ReadFile(path)
		if err != nil {
			g.t.Fatal(err)
		}
		if n := bytes.Count(text, []byte(old.String())); n != 1 {
			g.t.Fatalf("%s has %d times:\n%s", path, n, &old)
		}
		write(g.t, path, strings.Replace(string(text), old.String(), changed.String(), 1))
		old.Reset()
		changed.Reset()
	}
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "@@"):
			apply()
		case strings.HasPrefix(line, "+++ "):
			path = filepath.Join(g.dir, strings.TrimSpace(line[4:]))
		case line[0] == '-':
			old.WriteString(line[1:])
		case line[0] == '+':
			changed.WriteString(line[1:])
		default:
			old.WriteString(line[1:])
			changed.WriteString(line[1:])
		}
	}
	apply()
}

func (g *guide) visitor() *person.Person {
	g.t.Helper()
	p, err := person.New(g.site, username, password)
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

// connect is a client that is told the URL, and a person who allows what it asks. Who
// may come in without is asked later.
func (g *guide) connect(url string) {
	g.t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"any"}}`))
	if err != nil {
		g.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		g.t.Errorf("who has no token is answered %s", res.Status)
	}
	g.client = &goTraveller{visitor: g.visitor()}
	g.session = g.client.connect(g.t, &door{MCP: url}, "")
}

// asks has the client call the tool that the sentence names last, and compares what
// it says with the page.
func (g *guide) asks(sentence, want string) {
	g.t.Helper()
	tool := named(g.t, sentence)
	got := callTool(g.t, g.session, tool, map[string]any{})
	pattern := regexp.QuoteMeta(strings.TrimSpace(want))
	if !regexp.MustCompile(`^` + strings.ReplaceAll(pattern, "…", `\S+`) + `$`).MatchString(strings.TrimSpace(got)) {
		g.t.Errorf("%s says %q, and the page %q", tool, got, want)
	}
	if g.client.asked != 1 {
		g.t.Errorf("the person was asked %d times", g.client.asked)
	}
}
