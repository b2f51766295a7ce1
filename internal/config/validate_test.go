package config

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
)

// judge is what is wrong with the default settings after one change.
func judge(change func(*Config)) string {
	c := Default()
	change(c)
	if err := c.Validate(); err != nil {
		return err.Error()
	}
	return ""
}

// expect fails the test unless got is empty where want is, and has want in it.
func expect(t *testing.T, what, got, want string) {
	t.Helper()
	if want == "" && got != "" || !strings.Contains(got, want) || strings.Contains(got, "\n") {
		t.Errorf("%q: got %q, want %q", what, got, want)
	}
}

func TestTheIssuerIsWrittenInOneWay(t *testing.T) {
	for url, want := range map[string]string{
		"https://mcp.example.com":       "",
		"https://mcp.example.com:8443":  "",
		"https://xn--exmple-cua.com":    "",
		"http://localhost:8080":         "",
		"http://127.0.0.1":              "",
		"http://[::1]:8080":             "",
		"":                              "not an absolute https URL",
		"mcp.example.com":               "not an absolute https URL",
		"https://:8443":                 "not an absolute https URL",
		"ftp://mcp.example.com":         "not an absolute https URL",
		"https://mcp.example.com/":      "ends with a slash",
		"https://mcp.example.com/auth":  "has a path",
		"https://mcp.example.com?x":     "query",
		"https://mcp.example.com#x":     "fragment",
		"https://me@mcp.example.com":    "user name",
		"http://mcp.example.com":        "this computer only",
		"http://localhost.example.com":  "this computer only",
		"https://MCP.example.com":       "write https://mcp.example.com",
		"https://mcp.example.com:443":   "write https://mcp.example.com",
		"https://exämple.com":           "host",
		"https://mcp.example.com:":      "public_url ",
		"https://mcp_example.com:99999": "host",
	} {
		expect(t, url, judge(func(c *Config) { c.PublicURL = url }), want)
	}
}

func TestLocalhostHasToLeadToTheListener(t *testing.T) {
	for address, want := range map[string]string{
		":8080": "", "0.0.0.0:8080": "", "[::]:8080": "", "127.0.0.1:8080": "", "[::1]:8080": "", "localhost:8080": "",
		"192.0.2.7:8080": "does not say how people reach it", "mcp.example.com:443": "does not say how people reach it",
	} {
		expect(t, address, judge(func(c *Config) { c.Override("listen", "--listen", address) }), want)
	}
	got := judge(func(c *Config) {
		c.Override("listen", "--listen", "192.0.2.7:8080")
		c.Override("public_url", "--public-url", "https://mcp.example.com")
	})
	expect(t, "with a public_url", got, "")
}

func TestAResourceIsWhereNothingElseIs(t *testing.T) {
	for path, want := range map[string]string{
		"/mcp":                "",
		"/a/b-c/v2.1/~me_too": "",
		"/oauthentic":         "",
		"":                    "is missing",
		"mcp":                 "not a plain path",
		"/":                   "ends with a slash",
		"/mcp/":               "ends with a slash",
		"//mcp":               "not a plain path",
		"/mcp/../admin":       "not a plain path",
		"/mcp?x":              "not a plain path",
		"/m%63p":              "not a plain path",
		"/{path}":             "not a plain path",
		"/oauth":              "the server's own",
		"/api/mcp":            "the server's own",
		"/setup":              "the server's own",
		"/x/.well-known/mcp":  "/.well-known",
	} {
		expect(t, path, judge(func(c *Config) { c.Resources[0].Path = path }), want)
	}
	for host, want := range map[string]string{
		"tickets.example.com":         "",
		"tickets.example.com:8443":    "",
		"[2001:db8::1]:8443":          "",
		"Tickets.example.com":         "not a host",
		"tickets.example.com/mcp":     "not a host",
		"*.example.com":               "not a host",
		"tickets.example.com:0":       "not a host",
		"-tickets.example.com":        "not a host",
		"https://tickets.example.com": "not a host",
	} {
		expect(t, host, judge(func(c *Config) { c.Resources[0].Host = host }), want)
	}
}

func TestAKeyIsThirtyTwoBytes(t *testing.T) {
	raw := []byte("\xff\xfe 32 bytes, no more and no less.")[:32]
	for _, right := range []string{
		base64.StdEncoding.EncodeToString(raw), base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
	} {
		c := Default()
		c.EncryptionKey = oauth.Secret(right)
		if err := c.Validate(); err != nil || string(c.Key()) != string(raw) {
			t.Errorf("%s: %v", right, err)
		}
	}
	for _, wrong := range []string{"=", "short", base64.StdEncoding.EncodeToString(raw[:31]), base64.StdEncoding.EncodeToString(append(raw, 0)), "????"} {
		expect(t, wrong, judge(func(c *Config) { c.EncryptionKey = oauth.Secret(wrong) }), "not base64 of 32 bytes")
	}
	if Default().Key() != nil {
		t.Error("there is a key where none was set")
	}
}

func TestOtherContradictions(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"database is not a URL":              func(c *Config) { c.Database = "postgres://u:hunter2%zz@db/x"; c.EncryptionKey = oauth.Secret(key) },
		"public_url is http, but":            func(c *Config) { c.TLS = TLS{Mode: "files", Cert: "c.pem", Key: "k.pem"} },
		"tls.cert has no effect":             func(c *Config) { c.TLS.Cert = "c.pem" },
		"is not host:port":                   func(c *Config) { c.Listen = "localhost:http" },
		"which is not host:port":             func(c *Config) { c.MetricsListen = "localhost:70000" },
		"resources is empty":                 func(c *Config) { c.Resources = nil },
		"flows.keep is 1m":                   func(c *Config) { c.Flows.Keep = 60e9 },
		`log_level is "loud"`:                func(c *Config) { c.LogLevel = "loud" },
		`is "round", which it cannot be`:     func(c *Config) { c.Resources[0].TokenFormat = "round" },
		"registration.token is missing":      func(c *Config) { c.Registration.Dynamic = "token" },
		"registration.token is shorter":      func(c *Config) { c.Registration.Dynamic, c.Registration.Token = "token", "hunter2" },
		"contradicts app":                    func(c *Config) { c.Resources[0].Upstream = "http://localhost:3001/mcp" },
		"tools.a\u0007b holds a control":     func(c *Config) { c.Resources[0].Tools[0].Name = "a\u0007b" },
		"clients[0].scope holds a character": func(c *Config) { c.Clients = []Client{known(`"`)} },
		"names the scope nobody:has":         func(c *Config) { c.Clients = []Client{known("nobody:has")} },
	} {
		got := judge(change)
		expect(t, want, got, want)
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s gives a secret away", got)
		}
	}
}

func known(scope string) Client {
	return Client{ID: "one", AuthMethod: oauth.AuthNone, RedirectURIs: []string{"https://one.example.com/cb"}, Scope: scope}
}
