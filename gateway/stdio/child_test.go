package stdio

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTheChildSeesNothingOfOurEnvironmentButTheList(t *testing.T) {
	for name, value := range map[string]string{
		"SALLYPORT_ENCRYPTION_KEY": "k", "GITHUB_CLIENT_SECRET": "s", "AWS_ACCESS_KEY_ID": "a",
		"LD_PRELOAD_X": "x", "DATABASE_URL": "postgres://", "LANG": "C.UTF-8",
	} {
		t.Setenv(name, value)
	}
	d := bridgeTo(t, "sdk", func(b *Bridge) { b.o.Env = append(b.o.Env, "FOR_THE_CHILD=yes=it is") })
	cs := d.connect(t, "ada", "2025-11-25", nil)
	var names []string
	for line := range strings.SplitSeq(callTool(t, cs, "env", nil), "\n") {
		name, value, _ := strings.Cut(line, "=")
		names = append(names, name)
		if name == "FOR_THE_CHILD" && value != "yes=it is" {
			t.Errorf("FOR_THE_CHILD is %q", value)
		}
	}
	allowed := []string{"PATH", "HOME", "LANG", "TMPDIR", "FOR_THE_CHILD", serverKind}
	for _, name := range names {
		if !slices.Contains(allowed, name) {
			t.Errorf("the child sees %s", name)
		}
	}
	if !slices.Contains(names, "LANG") || !slices.Contains(names, "FOR_THE_CHILD") {
		t.Errorf("the child sees only %v", names)
	}
}

func TestAStubbornChildAndItsOwnAreKilled(t *testing.T) {
	parent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer parent.Close()
	d := bridgeTo(t, "stubborn", func(b *Bridge) {
		b.limits.grace = 50 * time.Millisecond
		b.o.Env = append(b.o.Env, parentAddr+"="+parent.Addr().String())
	})
	d.session(t)
	var alive []net.Conn
	for range 2 { // the child and its own
		conn, err := parent.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		alive = append(alive, conn)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for _, conn := range alive {
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		if pid, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("process %s still lives", strings.TrimSpace(string(pid)))
		}
	}
}

func TestOutputThatIsNoMessageDoesNoHarm(t *testing.T) {
	d := bridgeTo(t, "chatty")
	header := d.session(t)
	_, body, _ := d.do(t, exchange{body: `{"jsonrpc":"2.0","id":5,"method":"tools/call"}`, header: header})
	if !strings.Contains(body, `{"jsonrpc":"2.0","id":5,"result":{"content":[]}}`) || !strings.Contains(body, "notifications/message") {
		t.Errorf("the answer is %s", body)
	}
	log := d.log.waitFor(t, "{broken")
	if !strings.Contains(log, "Welcome to the chatty server!") {
		t.Error("the greeting is not in the log")
	}
	for line := range strings.Lines(d.log.waitFor(t, "cut=true")) {
		if len(line) > maxStderr+200 {
			t.Errorf("a log line has %d bytes", len(line))
		}
	}
}

func TestAMessageThatIsTooLargeEndsTheChild(t *testing.T) {
	d := bridgeTo(t, "chatty", func(b *Bridge) { b.limits.message = 64 << 10 })
	header := d.session(t)
	_, body, _ := d.do(t, exchange{body: `{"jsonrpc":"2.0","id":5,"method":"huge"}`, header: header})
	if !strings.Contains(body, "ended before it answered") {
		t.Errorf("the answer is %.200s", body)
	}
	d.log.waitFor(t, "too large")
	status, body, _ := d.do(t, exchange{body: fmt.Sprintf(`{"jsonrpc":"2.0","id":5,"method":%q}`, strings.Repeat("x", 64<<10)), header: header})
	if status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body that is too large: %d %s", status, body)
	}
}

func TestAnIdleChildEnds(t *testing.T) {
	d := bridgeTo(t, "sdk", func(b *Bridge) { b.o.IdleTimeout = 200 * time.Millisecond })
	listening := d.session(t)
	res := d.start(t, t.Context(), exchange{method: "GET", header: listening})
	quiet := d.session(t)
	d.connect(t, "ada", "", nil)
	d.log.waitTimes(t, "stdio server ended", 2)
	ping := `{"jsonrpc":"2.0","id":1,"method":"ping"}`
	if status, _, _ := d.do(t, exchange{body: ping, header: quiet}); status != http.StatusNotFound {
		t.Errorf("the quiet session: %d", status)
	}
	if status, body, _ := d.do(t, exchange{body: ping, header: listening}); status != http.StatusOK {
		t.Errorf("the session that is listened to: %d %s", status, body)
	}
	res.Body.Close()
	d.log.waitTimes(t, "stdio server ended", 3)
}

func TestHowManyChildrenThereMayBe(t *testing.T) {
	d := bridgeTo(t, "sdk", func(b *Bridge) { b.o.MaxSessions, b.o.MaxPerPerson = 3, 2 })
	ping := func(header map[string]string) int {
		status, _, _ := d.do(t, exchange{body: `{"jsonrpc":"2.0","id":1,"method":"ping"}`, header: header})
		return status
	}
	first, second := d.session(t), d.session(t)
	ping(first) // so that the second is the quieter one
	third := d.session(t)
	if a, b, c := ping(first), ping(second), ping(third); a != 200 || b != 404 || c != 200 {
		t.Errorf("of ada's sessions the quietest makes room: %d %d %d", a, b, c)
	}
	status, body, _ := d.do(t, exchange{body: hello, header: map[string]string{"X-Person": "bob"}})
	if status != http.StatusOK {
		t.Fatalf("bob: %d %s", status, body)
	}
	status, body, header := d.do(t, exchange{body: hello, header: map[string]string{"X-Person": "eve"}})
	if status != http.StatusServiceUnavailable || header.Get("Retry-After") == "" {
		t.Errorf("eve, who is one too many: %d %s", status, body)
	}

	// Sessions in use do not make room, not even for their owner.
	for i, h := range []map[string]string{first, third} {
		res := d.start(t, t.Context(), exchange{body: strings.Replace(waiting, `"id":7`, fmt.Sprintf(`"id":7%d`, i), 1), header: h})
		defer res.Body.Close()
		readEvents(t, bufio.NewReader(res.Body), "notifications/progress")
	}
	if status, body, _ = d.do(t, exchange{body: hello}); status != http.StatusTooManyRequests {
		t.Errorf("ada, whose sessions are busy: %d %s", status, body)
	}
}

func TestShutdownLetsCallsFinish(t *testing.T) {
	d := bridgeTo(t, "sdk")
	header := d.session(t)
	own := d.start(t, t.Context(), exchange{method: "GET", header: header})
	res := d.start(t, t.Context(), exchange{body: waiting, header: header})
	r := bufio.NewReader(res.Body)
	readEvents(t, r, "notifications/progress")
	down := make(chan error)
	go func() { down <- d.Shutdown(t.Context()) }()
	if _, err := io.ReadAll(own.Body); err != nil {
		t.Errorf("the listener's stream does not end well: %v", err)
	}
	own.Body.Close()
	if status, _, _ := d.do(t, exchange{body: `{"jsonrpc":"2.0","id":8,"method":"ping"}`, header: header}); status != http.StatusServiceUnavailable {
		t.Errorf("a new call: %d", status)
	}
	if status, _, _ := d.do(t, exchange{body: hello}); status != http.StatusServiceUnavailable {
		t.Errorf("a new session: %d", status)
	}
	select {
	case <-down:
		t.Fatal("it is down although a call is in flight")
	default:
	}
	d.do(t, exchange{body: `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`, header: header})
	readEvents(t, r, `"id":7`)
	res.Body.Close()
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestShutdownDoesNotWaitForEver(t *testing.T) {
	d := bridgeTo(t, "sdk")
	header := d.session(t)
	res := d.start(t, t.Context(), exchange{body: waiting, header: header})
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	readEvents(t, r, "notifications/progress")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := d.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	readEvents(t, r, "ended before it answered")
}

func TestReadLine(t *testing.T) {
	r := bufio.NewReaderSize(strings.NewReader("one\r\n\n"+strings.Repeat("a", 40)+"\n12345678\nlast"), 16)
	for i, want := range []struct {
		line string
		err  error
	}{
		{"one", nil}, {"", nil}, {"aaaaaaaa", errLong}, {"12345678", nil}, {"last", nil}, {"", io.EOF},
	} {
		line, err := readLine(r, 8)
		if string(line) != want.line || err != want.err {
			t.Errorf("line %d: %q, %v; want %q, %v", i, line, err, want.line, want.err)
		}
	}
	if line, err := readLine(bufio.NewReader(strings.NewReader("123456789")), 8); err != errLong {
		t.Errorf("a cut last line passes as whole: %q, %v", line, err)
	}
}
