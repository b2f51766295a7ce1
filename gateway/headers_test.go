package gateway_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/gateway"
)

func TestWhatAClientSendsForItselfNeverGoesUpstream(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) { c.Resources[0].Identity = gateway.IdentityHeaders })
	tok := f.token("p_ada", "read")
	forged := []string{
		"Cookie", "Cookie2", "Dpop", "Forwarded", "X-Real-Ip", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-User",
		"Proxy-Authorization", "Proxy-Connection", "X-Sallyport-Admin", "X-Sallyport-Identity",
		"X_sallyport_subject", "X-Sallyport_subject", "X-Http-Method-Override", "X-Original-Url", "X-Rewrite-Url",
		"X-Remote-User", "X-Auth-Request-Email", "Remote-User", "X-Consumer-Username", "X-Anonymous-Consumer", "X-Userinfo",
		"Tailscale-User-Login", "X-Vouch-User", "X-Apigateway-Api-Userinfo", "X-Endpoint-Api-Userinfo", "Origin", "Referer", "Sec-Fetch-Site", "Te", "Expect-Nothing_",
	}
	header := http.Header{"X-Sallyport-Subject": {"p_root"}, "X-Custom": {"kept"}, "Mcp-Param-My_region": {"eu"}, "Traceparent": {"00-1"}}
	for _, name := range forged {
		header[name] = []string{"https://forged.example"}
	}
	// A client names our own headers as hop-by-hop, to have them removed.
	header["Connection"] = []string{"X-Sallyport-Subject, X-Sallyport-Identity, keep-alive"}
	if a := f.send(http.MethodPost, "/mcp?access_token="+tok+"&_method=DELETE", tok, list, header); a.status != http.StatusOK {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	got := f.upstream.last(t)
	for name, values := range got.header {
		if slices.Contains(forged, name) || strings.Contains(strings.Join(values, ","), "forged") {
			t.Errorf("%s: %q reached the upstream", name, values)
		}
		if strings.Contains(strings.Join(values, ","), tok) || name == "Authorization" {
			t.Errorf("the token reached the upstream in %s", name)
		}
	}
	if got.query != "key=k" {
		t.Errorf("the query %q reached the upstream", got.query)
	}
	if got.header.Get("X-Sallyport-Subject") != "p_ada" {
		t.Errorf("the upstream was told %q", got.header.Values("X-Sallyport-Subject"))
	}
	for name, want := range map[string]string{"X-Custom": "kept", "Mcp-Param-My_region": "eu", "Traceparent": "00-1"} {
		if v := got.header[name]; len(v) != 1 || v[0] != want {
			t.Errorf("%s: %q", name, v)
		}
	}
}

func TestAnUpgradeIsNotForwarded(t *testing.T) {
	f := newFixture(t, nil)
	f.send(http.MethodGet, "/mcp", f.token("p_ada"), "", http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}})
	if got := f.upstream.last(t).header; got.Get("Upgrade") != "" || got.Get("Connection") != "" {
		t.Errorf("the upstream got %v", got)
	}
}

func TestWhatAnUpstreamMayNotSay(t *testing.T) {
	f := newFixture(t, nil)
	secret := []string{
		"Set-Cookie", "Clear-Site-Data", "Strict-Transport-Security", "Www-Authenticate", "Proxy-Authenticate",
		"Access-Control-Allow-Credentials", "X-Sallyport-Subject", "Location", "Server", "Link", "Service-Worker-Allowed",
	}
	f.upstream.set(func(w http.ResponseWriter, _ *http.Request) {
		for _, name := range secret {
			w.Header().Set(name, "theirs")
		}
		w.Header().Set("Access-Control-Allow-Origin", "https://theirs.example")
		w.Header().Set("X-Their-Own", "kept")
		w.Header().Set("Trailer", "Set-Cookie")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, "{}")
		w.Header().Set("Set-Cookie", "trailer=1")
		w.Header().Set(http.TrailerPrefix+"X-Sallyport-Subject", "trailer")
	})
	res := f.open(t.Context(), http.MethodPost, "/mcp", f.token("p_ada"), list, nil)
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	for _, name := range secret {
		if v := res.Header.Get(name); v != "" {
			t.Errorf("%s: %q", name, v)
		}
	}
	if len(res.Trailer) != 0 {
		t.Errorf("trailers %v", res.Trailer)
	}
	if got := res.Header.Values("Access-Control-Allow-Origin"); len(got) != 1 || got[0] != "*" {
		t.Errorf("Access-Control-Allow-Origin: %q", got)
	}
	if res.Header.Get("X-Their-Own") != "kept" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("header %v", res.Header)
	}
}

// People sign in and allow at the same origin. What an MCP server answers is data,
// however a browser comes to look at it.
func TestNothingOfAnUpstreamRunsAtOurOrigin(t *testing.T) {
	f := newFixture(t, nil)
	f.upstream.set(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "script-src *")
		w.Header().Set("Content-Security-Policy-Report-Only", "script-src *; report-uri https://theirs.example")
		_, _ = io.WriteString(w, "<script>parent.location</script>")
	})
	res := f.open(t.Context(), http.MethodPost, "/mcp", f.token("p_ada"), list, nil)
	defer res.Body.Close()
	if got := res.Header.Values("Content-Security-Policy"); len(got) != 1 || got[0] != "default-src 'none'; frame-ancestors 'none'; sandbox" {
		t.Errorf("Content-Security-Policy: %q", got)
	}
	if got := res.Header.Get("Content-Security-Policy-Report-Only"); got != "" {
		t.Errorf("Content-Security-Policy-Report-Only: %q", got)
	}
}

func TestAnUpstreamThatRefusesOrRedirectsUsIsOurTroubleAndNotTheClients(t *testing.T) {
	f := newFixture(t, nil)
	for status, word := range map[int]string{401: "refuses", 403: "refuses", 407: "refuses", 301: "redirects", 307: "redirects"} {
		f.upstream.set(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="https://evil.example"`)
			w.Header().Set("Location", "http://10.0.0.1/")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "theirs")
		})
		a := f.post(f.token("p_ada"), list)
		if a.status != http.StatusBadGateway || a.header.Get("WWW-Authenticate") != "" || a.header.Get("Location") != "" {
			t.Errorf("%d: status %d, header %v", status, a.status, a.header)
		}
		if !strings.Contains(a.body, word) || strings.Contains(a.body, "theirs") || !strings.Contains(a.body, `"jsonrpc":"2.0"`) {
			t.Errorf("%d: body %s", status, a.body)
		}
		if a.header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%d: no CORS", status)
		}
	}
	// Even if it never stops talking.
	f.upstream.set(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, strings.Repeat("theirs", 1000))
		}
	})
	if a := f.post(f.token("p_ada"), list); a.status != http.StatusBadGateway || strings.Contains(a.body, "theirs") {
		t.Errorf("status %d: %.100s", a.status, a.body)
	}
	for _, status := range []int{200, 202, 400, 404, 405, 429, 500, 503} {
		f.upstream.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if a := f.post(f.token("p_ada"), list); a.status != status {
			t.Errorf("%d became %d", status, a.status)
		}
	}
}

func TestProgramsInBrowsersMayCallAndReadEveryAnswer(t *testing.T) {
	f := newFixture(t, nil)
	tok := f.token("p_ada", "read")
	answers := map[string]answer{
		"the preflight": f.send(http.MethodOptions, "/mcp", "", "", http.Header{
			"Origin": {"https://inspector.example"}, "Access-Control-Request-Method": {"POST"},
			"Access-Control-Request-Headers": {"authorization,mcp-param-region"},
		}),
		"a permitted call":   f.post(tok, list),
		"without a token":    f.post("", list),
		"too little scope":   f.post(tok, call("create")),
		"not JSON":           f.post(tok, "x"),
		"a strange method":   f.send(http.MethodPut, "/mcp", tok, "", nil),
		"a foreign session":  f.send(http.MethodPost, "/mcp", tok, list, http.Header{"Mcp-Session-Id": {"x.y"}}),
		"nothing there":      f.send(http.MethodGet, "/nowhere", "", "", nil),
		"a path that is off": f.send(http.MethodGet, "/mcp;x", "", "", nil),
	}
	for name, a := range answers {
		t.Run(name, func(t *testing.T) {
			if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("header %v", a.header)
			}
			for _, want := range []string{"WWW-Authenticate", "Mcp-Session-Id", "MCP-Protocol-Version", "DPoP-Nonce"} {
				if !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), want) {
					t.Errorf("%s is not exposed", want)
				}
			}
			for _, want := range []string{"Authorization", "Content-Type", "Accept", "MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Mcp-Session-Id", "Last-Event-ID", "DPoP", "*"} {
				if !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), want) {
					t.Errorf("%s is not allowed", want)
				}
			}
		})
	}
	if p := answers["the preflight"]; p.status != http.StatusNoContent || p.header.Get("Access-Control-Max-Age") == "" || !strings.Contains(p.header.Get("Access-Control-Allow-Methods"), "DELETE") {
		t.Errorf("preflight: status %d, header %v", p.status, p.header)
	}
}
