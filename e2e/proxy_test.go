package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestBehindAProxyEveryURLIsThePublicOne asks the server the way a proxy does
// that ends TLS: over plain HTTP, at a port of its own, with headers that say all
// kinds of things. No answer may lead a client there.
func TestBehindAProxyEveryURLIsThePublicOne(t *testing.T) {
	t.Parallel()
	const public = "mcp.acme.example"
	d := unopened(t, "")
	settings, err := os.ReadFile(d.settings)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(settings), "public_url: "+d.URL, "public_url: https://"+public, 1)
	if err := os.WriteFile(d.settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	d.open()
	inside := strings.TrimPrefix(d.at, "http://")
	for _, r := range []inward{
		{"GET", "/.well-known/oauth-authorization-server", ""},
		{"GET", "/.well-known/openid-configuration", ""},
		{"GET", "/.well-known/oauth-protected-resource", ""},
		{"GET", "/.well-known/oauth-protected-resource/mcp", ""},
		{"POST", "/mcp", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`},
		{"POST", "/mcp/", `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`},
		{"POST", "/oauth/register", `{"client_name":"x","redirect_uris":["https://client.example/cb"]}`},
		{"GET", "/oauth/authorize?client_id=nobody", ""},
		{"GET", "/account", ""},
		{"GET", "/", ""},
	} {
		for _, host := range []string{public, inside} {
			t.Run(r.method+" "+r.path+" at "+host, func(t *testing.T) {
				said := r.through(t, d, host)
				// Pages name programs on this computer; what matters is where they lead.
				for _, wrong := range []string{"http://" + public, inside, "evil.example", `"http://`, `="http://`} {
					if strings.Contains(said, wrong) {
						t.Errorf("the answer names %s:\n%s", wrong, said)
					}
				}
			})
		}
	}
}

// An inward request is one that a proxy passes on.
type inward struct{ method, path, body string }

// through is everything that the answer says, its headers included.
func (r inward) through(t *testing.T, d *door, host string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.method, d.at+r.path, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	for name, value := range map[string]string{
		"Content-Type": jsonType, "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example", "X-Forwarded-Port": "8080",
		"X-Forwarded-Prefix": "/evil", "Forwarded": "host=evil.example;proto=http", "X-Original-URL": "http://evil.example/",
	} {
		req.Header.Set(name, value)
	}
	res, err := stubborn.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s\n%v\n%s", res.Status, res.Header, text)
}
