package e2e

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// buildReference builds the Go SDK's own conformance server.
func buildReference(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "reference")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "github.com/modelcontextprotocol/go-sdk/conformance/everything-server")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return path
}

func serveReference(t *testing.T, path string, flags ...string) string {
	t.Helper()
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	start(t, exec.Command(path, append(flags, "-http", address)...), "http://"+address)
	return "http://" + address + "/mcp"
}

// start runs a server for the test, and returns when it answers anything.
func start(t *testing.T, cmd *exec.Cmd, at string) {
	t.Helper()
	var log transcript
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 {
		if res, err := http.Get(at); err == nil {
			res.Body.Close()
			return
		}
		<-tick.C
	}
	t.Fatalf("%s does not answer after 30 s\n%s", cmd, &log)
}

// withToken serves a guarded server to clients that cannot authorize: each
// request goes on as it came, with the access token.
func withToken(t *testing.T, guarded, accessToken string) string {
	t.Helper()
	target, err := url.Parse(guarded)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(&httputil.ReverseProxy{
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0), // of clients that go away
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host
			r.Out.Host = r.In.Host
			r.Out.Header.Set("Authorization", "Bearer "+accessToken)
			// A body that is still being read when the answer begins now and then
			// ends the answer's stream after its first event.
			if r.Out.Body != nil {
				body, _ := io.ReadAll(r.Out.Body)
				r.Out.Body = io.NopCloser(bytes.NewReader(body))
			}
		},
	})
	t.Cleanup(srv.Close)
	return srv.URL + target.Path
}
