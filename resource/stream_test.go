package resource_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// A teller is an MCP server with sessions, whose streams say what a test has it say,
// and whose clients can all open pages.
type teller struct{ says chan string }

func (s *teller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		resource.KnowURLElicitation(r.Context())
		if _, err := resource.UpstreamToken(r.Context(), "github"); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	says := s.says
	if r.Header.Get("Mcp-Session-Id")+r.Header.Get("Authorization") != "oneBearer client" {
		says = nil // these have nothing to say
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case part := <-says:
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// connected is asked whether the person has connected; told is closed when it says so.
func (c *connections) connected(context.Context) bool {
	c.looked.Add(1)
	if c.on.Load() {
		close(c.told)
		return true
	}
	return false
}

// listen opens the stream of a session, and returns what comes on it, line by line.
func listen(t *testing.T, url, bearer, session string) (lines chan string, closeIt func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Accept": {"text/event-stream"}, "Authorization": {"Bearer " + bearer}, "Mcp-Session-Id": {session}}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	lines = make(chan string, 100)
	go func() {
		defer close(lines)
		defer res.Body.Close()
		for s := bufio.NewScanner(res.Body); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines, cancel
}

func soon(t *testing.T, lines chan string) string {
	t.Helper()
	select {
	case line := <-lines:
		return line
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is said")
		return ""
	}
}

// MCP 2025-11-25, elicitation: the client that was given a page is told when its person
// is done there, and no other one.
func TestAClientIsToldThatItsPersonHasConnected(t *testing.T) {
	c := &connections{told: make(chan struct{})}
	s := &teller{says: make(chan string)}
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "repos", ID: "https://mcp.example.com/mcp"}, Issuer: "https://auth.example.com", Verifier: callers{}, Upstreams: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(guard.Wrap(s))
	t.Cleanup(front.Close)
	its, stop := listen(t, front.URL, "client", "one")
	defer stop()
	var others []chan string
	for _, other := range [][2]string{{"client", "two"}, {"another", "one"}} {
		lines, stop := listen(t, front.URL, other[0], other[1])
		defer stop()
		others = append(others, lines)
	}
	a := send(t, front.URL, "client", callOf("act"), "Mcp-Session-Id", "one", "MCP-Protocol-Version", "2025-11-25")
	if a.Error == nil || a.Error.Code != -32042 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	// A call of a session that nobody listens in is answered alike, and asks for nothing.
	send(t, front.URL, "client", callOf("act"), "Mcp-Session-Id", "three", "MCP-Protocol-Version", "2025-11-25")
	// The server is in the middle of an event when the person connects.
	s.says <- "id: 7\n"
	if line := soon(t, its); line != "id: 7" {
		t.Fatalf("%q", line)
	}
	c.on.Store(true)
	<-c.told
	s.says <- "data: {}\n\n"
	got := []string{soon(t, its), soon(t, its), soon(t, its), soon(t, its)}
	want := []string{"data: {}", "", "event: message",
		`data: {"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"` + a.Error.Data.Elicitations[0].ElicitationID + `"}}`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("it is told %q", got)
	}
	for i, lines := range others {
		select {
		case line, more := <-lines:
			if more {
				t.Errorf("client %d is told %q", i, line)
			}
		default:
		}
	}
	if n := c.looked.Load(); n > 5 {
		t.Errorf("it was looked %d times", n)
	}
}
