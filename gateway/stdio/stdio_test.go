package stdio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if run, ok := servers[os.Getenv(serverKind)]; ok {
		run()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// diary is a log that a test can wait on.
type diary struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{}
}

func (d *diary) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.wrote)
	d.wrote = make(chan struct{})
	return d.text.Write(p)
}

// waitFor returns the log once it holds some text.
func (d *diary) waitFor(t *testing.T, what string) string {
	t.Helper()
	return d.waitTimes(t, what, 1)
}

// waitTimes returns the log once it holds some text n times.
func (d *diary) waitTimes(t *testing.T, what string, n int) string {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		d.mu.Lock()
		text, wrote := d.text.String(), d.wrote
		d.mu.Unlock()
		if strings.Count(text, what) >= n {
			return text
		}
		select {
		case <-wrote:
		case <-late:
			t.Fatalf("the log did not say %q %d times:\n%s", what, n, text)
		}
	}
}

// door is a bridge behind HTTP. The X-Person header says who asks.
type door struct {
	*Bridge
	url string
	log *diary
}

func bridgeTo(t *testing.T, kind string, change ...func(*Bridge)) *door {
	t.Helper()
	d := &door{log: &diary{wrote: make(chan struct{})}}
	d.Bridge = New(Options{
		Command: []string{os.Args[0]}, Env: []string{serverKind + "=" + kind},
		Key:         func(r *http.Request) string { return r.Header.Get("X-Person") },
		Log:         slog.New(slog.NewTextHandler(d.log, nil)),
		MaxSessions: 100, MaxPerPerson: 100,
	})
	d.limits.grace = 500 * time.Millisecond
	for _, f := range change {
		f(d.Bridge)
	}
	srv := httptest.NewServer(d)
	d.url = srv.URL
	t.Cleanup(func() {
		d.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		srv.Close()
		if t.Failed() {
			t.Log(d.log.text.String())
		}
	})
	return d
}

type person string

func (p person) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("X-Person", string(p))
	return http.DefaultTransport.RoundTrip(r)
}

// connect connects the SDK's client; version "" is the client's own choice.
func (d *door) connect(t *testing.T, who person, version string, o *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, o).Connect(t.Context(),
		&mcp.StreamableClientTransport{Endpoint: d.url, HTTPClient: &http.Client{Transport: who}},
		&mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cs.Close() })
	return cs
}

func callTool(t *testing.T, cs *mcp.ClientSession, tool string, args map[string]any) string {
	t.Helper()
	if args == nil {
		args = map[string]any{}
	}
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	return res.Content[0].(*mcp.TextContent).Text
}

// An exchange is one request by hand.
type exchange struct {
	method, body string
	header       map[string]string
}

const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`

func (d *door) start(t *testing.T, ctx context.Context, x exchange) *http.Response {
	t.Helper()
	if x.method == "" {
		x.method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(ctx, x.method, d.url, strings.NewReader(x.body))
	if err != nil {
		t.Fatal(err)
	}
	if x.body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Person", "ada")
	req.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range x.header {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func (d *door) do(t *testing.T, x exchange) (int, string, http.Header) {
	t.Helper()
	res := d.start(t, t.Context(), x)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

// session opens one by hand and returns the header that names it.
func (d *door) session(t *testing.T) map[string]string {
	t.Helper()
	status, body, header := d.do(t, exchange{body: hello})
	if status != http.StatusOK || header.Get(headerSession) == "" {
		t.Fatalf("initialize: %d %s", status, body)
	}
	return map[string]string{headerSession: header.Get(headerSession), headerVersion: "2025-11-25"}
}

func modernCall(id, method, params string) exchange {
	meta := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}`
	if rest, ok := strings.CutPrefix(params, `"_meta":{`); ok {
		params = meta + "," + rest
	} else {
		params = meta + "}" + params
	}
	header := map[string]string{headerVersion: "2026-07-28", "Mcp-Method": method}
	return exchange{
		body:   fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":%q,"params":{%s}}`, id, method, params),
		header: header,
	}
}
