package main

import (
	"net/http/httptest"
	"testing"
	"time"
)

func TestBrowsersAreToldToComeByHTTPS(t *testing.T) {
	for _, c := range []struct{ says, publicURL, want string }{
		{"over https", "https://mcp.example.com", "max-age=31536000"},
		{"not over http", "http://localhost:8080", ""},
		{"not for this computer", "https://localhost", ""},
		{"not where other ports of the host are others'", "https://mcp.example.com:8443", ""},
	} {
		t.Run(c.says, func(t *testing.T) {
			settings := settingsIn(t.TempDir(), time.Hour)
			settings.Override("public_url", "--public-url", c.publicURL)
			d := openDoor(t, settings)
			defer d.shut(t)
			handler := d.handler()
			for _, path := range []string{"/", "/login", "/mcp", "/oauth/token", "/.well-known/oauth-authorization-server", "/healthz", "/nothing"} {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest("GET", c.publicURL+path, nil))
				if got := w.Header()["Strict-Transport-Security"]; (c.want == "") != (len(got) == 0) || len(got) > 1 || (len(got) == 1 && got[0] != c.want) {
					t.Errorf("%s: %q", path, got)
				}
			}
		})
	}
}
