package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
)

func TestAResourceIsServedWithAndWithoutASlashAndNeverRedirected(t *testing.T) {
	f := newFixture(t, nil)
	for _, path := range []string{"/mcp", "/mcp/"} {
		if a := f.send(http.MethodPost, path, f.token("p_ada"), list, nil); a.status != http.StatusOK {
			t.Errorf("%s: status %d", path, a.status)
		}
		if a := f.send(http.MethodPost, path, "", list, nil); a.status != http.StatusUnauthorized {
			t.Errorf("%s without a token: status %d", path, a.status)
		}
	}
}

// Whatever a path resembles, it either is the resource, and guarded, or nothing.
func TestNoSpellingOfAPathGetsAroundTheGuard(t *testing.T) {
	f := newFixture(t, nil)
	// The mux stands for the rest of the program: it cleans paths and redirects.
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { http.NotFound(w, nil) })
	front := httptest.NewServer(f.gateway.Wrap(mux))
	defer front.Close()
	f.front = front.URL
	tok := f.token("p_ada", "write")
	for _, path := range []string{
		"//mcp", "///mcp", "/mcp//", "/mcp;x", "/mcp;x=1/", "/;/mcp", "/%6dcp", "/%6Dcp", "/mc%70", "/mcp%2f", "/mcp%2F", "/%2fmcp", "/%2Fmcp",
		"/mcp%00", "/mcp%20", "/x/../mcp", "/./mcp", "/mcp/.", "/mcp/..", "/mcp/../mcp", "/mcp/../x", "/x/%2e%2e/mcp", "/x/%2E%2E/mcp",
		"/%252e%252e/mcp", "/%256dcp", "/x/..%2fmcp", "/x/..%5cmcp", "/\\mcp", "/mcp\\", "/%5cmcp", "/mcp%5c", "/mcp/%2e",
		"/MCP", "/Mcp", "/mcp/x", "/mcpx", "/mcp.json", "/mcp%3b", "/mcp%23", "/mcp%3f",
	} {
		t.Run(path, func(t *testing.T) {
			for _, authorization := range []string{"", "Authorization: Bearer " + tok + "\n"} {
				res := f.raw("POST " + path + " HTTP/1.1\nHost: mcp.example.com\nContent-Type: application/json\n" + authorization +
					"Content-Length: 45\nConnection: close\n\n" + `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`[:45])
				_, _ = io.Copy(io.Discard, res.Body)
				if res.StatusCode != http.StatusNotFound && res.StatusCode != http.StatusBadRequest && !(path == "/mcp/../x" && res.StatusCode < 400) && !(path == "/mcp/.." && res.StatusCode < 400) {
					t.Errorf("status %d, location %q", res.StatusCode, res.Header.Get("Location"))
				}
			}
		})
	}
	if n := f.upstream.count(); n != 0 {
		t.Errorf("%d requests reached the upstream: %+v", n, f.upstream.last(t))
	}
}

func TestTheHostAndForwardingHeadersChangeNothing(t *testing.T) {
	f := newFixture(t, nil)
	a := f.send(http.MethodPost, "/mcp", "", list, http.Header{
		"Host": {"evil.example"}, "X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"http"}, "Forwarded": {"host=evil.example"},
		"X-Original-Url": {"/admin"},
	})
	want := `resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"`
	if got := a.header.Get("WWW-Authenticate"); !strings.Contains(got, want) || strings.Contains(got, "evil") {
		t.Errorf("challenge %q", got)
	}
}

func TestAResourceOnItsOwnHostIsServedThereOnly(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) {
		own := c.Resources[0]
		own.ProtectedResource = oauth.ProtectedResource{Name: "own", ID: "https://own.example.com/mcp"}
		own.Tools, own.Host = nil, "Own.example.com"
		c.Resources = append(c.Resources, own)
	})
	tok := f.tokenFor("https://own.example.com/mcp", "p_ada")
	for host, status := range map[string]int{
		"own.example.com": 200, "OWN.example.com": 200, "own.example.com:443": 200,
		"own.example.com:8443": 401, "x.own.example.com": 401, "mcp.example.com": 401, "own.example.com.": 401,
	} {
		if a := f.send(http.MethodPost, "/mcp", tok, list, http.Header{"Host": {host}}); a.status != status {
			t.Errorf("%s: status %d", host, a.status)
		}
	}
}

func TestAServerOnThisComputerIsNotCalledFromWebPages(t *testing.T) {
	const local = "http://localhost:8080"
	f := newFixture(t, func(c *gateway.Config) {
		c.Resources[0].ID = local + "/mcp"
		c.Resources[0].Tools = nil
	})
	tok := f.tokenFor(local+"/mcp", "p_ada")
	for _, c := range []struct {
		name, host, origin string
		status             int
	}{
		{"a program", "localhost:8080", "", 200},
		{"a program, by address", "127.0.0.1:8080", "", 200},
		{"a program, by the other address", "[::1]:8080", "", 200},
		{"Inspector", "localhost:8080", "http://localhost:6274", 200},
		{"Inspector, by address", "localhost:8080", "http://127.0.0.1:6274", 200},
		{"a web page", "localhost:8080", "https://evil.example", 403},
		{"a web page whose name was rebound to this computer", "evil.example:8080", "http://evil.example:8080", 403},
		{"a rebound name without an origin", "evil.example:8080", "", 403},
		{"a frame without an origin of its own", "localhost:8080", "null", 403},
		{"an origin that only begins like this computer", "localhost:8080", "http://localhost.evil.example", 403},
		{"an origin with a user", "localhost:8080", "http://localhost@evil.example", 403},
		{"an origin with a path", "localhost:8080", "http://localhost:8080/", 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{"Host": {c.host}}
			if c.origin != "" {
				header.Set("Origin", c.origin)
			}
			if a := f.send(http.MethodPost, "/mcp", tok, list, header); a.status != c.status {
				t.Errorf("status %d: %s", a.status, a.body)
			}
		})
	}
}

func TestAPublicServerIsCalledFromAnyWebOrigin(t *testing.T) {
	f := newFixture(t, nil)
	tok := f.token("p_ada")
	for origin, status := range map[string]int{
		"https://inspector.example": 200, "http://localhost:6274": 200, "null": 403, "file://": 403, "https://a.example/x": 403, "javascript:alert(1)": 403,
	} {
		if a := f.send(http.MethodPost, "/mcp", tok, list, http.Header{"Origin": {origin}}); a.status != status {
			t.Errorf("%s: status %d", origin, a.status)
		}
	}
}

func TestAPersonWithABrowserGetsAPageAndAProgramGetsAChallenge(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) {
		c.Page = func(w http.ResponseWriter, _ *http.Request, at oauth.ProtectedResource) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "page of "+at.Name)
		}
	})
	browser := "text/html,application/xhtml+xml,*/*;q=0.8"
	for _, c := range []struct{ name, method, accept, tok, body string }{
		{"a browser", http.MethodGet, browser, "", "page of tickets"},
		{"another browser", http.MethodGet, "Text/HTML;q=0.9, application/json;q=0.8", "", "page of tickets"},
		{"a program that also reads pages", http.MethodGet, "application/json, text/html;q=0.5", "", ""},
		{"a program that reads no pages", http.MethodGet, "application/json, text/html;q=0", "", ""},
		{"a program that reads text", http.MethodGet, "application/json, text/plain, */*", "", ""},
		{"a program with a strange weight", http.MethodGet, "text/html;q=NaN", "", ""},
		{"a program", http.MethodGet, "*/*", "", ""},
		{"a program that listens", http.MethodGet, "text/event-stream, text/html", "", ""},
		{"a browser that posts", http.MethodPost, browser, "", ""},
		{"a program with a token", http.MethodGet, browser, "rubbish", ""},
	} {
		a := f.send(c.method, "/mcp", c.tok, list, http.Header{"Accept": {c.accept}})
		if c.body != "" && a.body != c.body || c.body == "" && strings.HasPrefix(a.body, "page") || a.status != http.StatusUnauthorized {
			t.Errorf("%s: status %d, %s", c.name, a.status, a.body)
		}
		if !strings.Contains(a.header.Get("WWW-Authenticate"), "resource_metadata=") {
			t.Errorf("%s gets no challenge: %v", c.name, a.header)
		}
	}
}
