package doctor

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"
)

// written is a report in every form in which anybody reads it.
func written(t *testing.T, r Report) (text, page, program string) {
	t.Helper()
	var a, b bytes.Buffer
	if err := errors.Join(r.Text(&a, Paper{}), r.HTML(&b)); err != nil {
		t.Fatal(err)
	}
	c, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return a.String(), b.String(), string(c)
}

// nasty is what a server says that wants to be obeyed: by a terminal, by a
// browser, by a reader's eye.
const nasty = "\x1b[2J\x1b]0;owned\x07\u202egnp\u202c\u0085\x9b31m<script>alert(1)</script>\"'><img src=x onerror=alert(1)>\r\nWho: nobody"

func TestNothingThatAServerSaysIsObeyed(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(nastily))
	t.Cleanup(srv.Close)
	r, err := Examine(t.Context(), Config{URL: srv.URL + "/mcp", Register: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) < 5 || !strings.Contains(r.Server+fmt.Sprint(r.Findings), "owned") {
		t.Fatalf("the server is not heard: %d findings", len(r.Findings))
	}
	text, page, program := written(t, r)
	for what, s := range map[string]string{"the text": text, "the page": page, "the JSON": program} {
		for _, c := range s {
			if c != '\n' && !unicode.IsPrint(c) {
				t.Errorf("%s has %U in it", what, c)
			}
		}
	}
	for _, tag := range []string{"<script", "<img", "onerror=alert(1)>", "javascript:"} {
		if strings.Contains(page, tag) {
			t.Errorf("the page has %s in it", tag)
		}
	}
	if strings.Contains(text, "\nWho: nobody") {
		t.Error("the text has a line of the server's own in it")
	}
}

// nastily answers everything with as much of it as fits the form.
func nastily(w http.ResponseWriter, r *http.Request) {
	at := "http://" + r.Host
	quoted, _ := json.Marshal(nasty)
	header := strings.NewReplacer("\r\n", "", "\x1b", "\xc2\x9b", "\x07", "").Replace(nasty)
	h := w.Header()
	h.Set("Server", header)
	switch path := r.URL.Path; {
	case strings.HasPrefix(path, "/mcp") && r.Header.Get("Authorization") == "":
		h.Set("WWW-Authenticate", `Bearer scope="`+strings.ReplaceAll(header, `"`, `\"`)+`", resource_metadata="`+at+`/.well-known/oauth-protected-resource/mcp"`)
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":1,"result":{"serverInfo":{"name":%s,"version":%[1]s}}}`, quoted)
	case strings.HasPrefix(path, "/mcp"):
		h.Set("Content-Type", header)
		fmt.Fprintf(w, `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":%s}}`, quoted)
	case strings.HasPrefix(path, "/.well-known/oauth-protected-resource"):
		h.Set("Content-Type", header)
		fmt.Fprintf(w, `{"resource":%s,"authorization_servers":[%q,%[1]s],"scopes_supported":[%[1]s]}`, quoted, at)
	case strings.HasPrefix(path, "/.well-known/oauth-authorization-server"):
		fmt.Fprintf(w, `{"issuer":%s,"authorization_endpoint":%q,"token_endpoint":%q,"registration_endpoint":%q,"jwks_uri":%q,"response_types_supported":[%[1]s],
			"code_challenge_methods_supported":[%[1]s],"grant_types_supported":[%[1]s],"scopes_supported":[%[1]s],"token_endpoint_auth_methods_supported":[%[1]s]}`,
			quoted, at+"/authorize", at+"/token", at+"/register", at+"/keys")
	case path == "/register":
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"client_id":%s,%[1]s:null,"redirect_uris":["http://127.0.0.1/owned"]}`, quoted)
	case path == "/authorize":
		h.Set("Location", r.URL.Query().Get("redirect_uri")+"?"+url.Values{"error": {nasty}, "iss": {nasty}, "state": {nasty}}.Encode())
		w.WriteHeader(http.StatusFound)
	default:
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, `{"error":%s,"keys":[{"kid":%[1]s,"kty":"RSA","n":"AQ"},{"kid":%[1]s,"kty":"RSA","n":"AQ"}]}`, quoted)
	}
}

func TestNoReportGivesASecretAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.config()
	c.SignIn = w.visitor()
	c.URL += "?key=the-key-in-the-address&user=somebody-in-the-address"
	r, err := Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !r.SignedIn {
		t.Fatal("nobody signed in")
	}
	secrets := []string{"the-key-in-the-address", "somebody-in-the-address", "code-number-", "refresh-number-", "a-secret-of-a-client", "secret-registration-token"}
	w.mu.Lock()
	for token := range w.scopes {
		secrets = append(secrets, token, token[len(token)-20:])
	}
	w.mu.Unlock()
	text, page, program := written(t, r)
	for what, s := range map[string]string{"the text": text, "the page": page, "the JSON": program} {
		for _, secret := range secrets {
			if strings.Contains(s, secret) {
				t.Errorf("%s gives %s away", what, secret)
			}
		}
	}
}

func TestWhatLooksLikeASecretIsRemoved(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"access_token":"tiger"}`, `{"client_secret" : "tig\"er"}`, "grant_type=x&code=tiger&b=c", "https://ada:tiger@mcp.example.com/mcp", "https://mcp.example.com/mcp?api_key=tiger",
		`<input type="hidden" name="handle" value="tiger">`, "Bearer tiger-tiger-tiger", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0aWdlciJ9.tiger", "sp_rt_tigertiger", "ghp_tigertigertiger",
	} {
		if got := redact(text, nil); strings.Contains(got, "tiger") || strings.Contains(got, "dGlnZXI") || strings.Contains(got, "0aWdlc") {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
	if got := redact(strings.Repeat("x ", maxRedacted/2-2)+"tiger-tiger", []string{"tiger-tiger-tiger"}); strings.Contains(got, "tiger") {
		t.Error("half a secret is shown")
	}
	for _, text := range []string{`{"error":"invalid_grant","code":"E42"}`, "the code was used before", "token_endpoint is https://a.example/token", "Bearer error=\"invalid_token\"",
		`Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource"`} {
		if got := redact(text, nil); got != text {
			t.Errorf("%s is shown as %s", text, got)
		}
	}
}

func TestAServerOutsideDoesNotLeadInside(t *testing.T) {
	t.Parallel()
	var knocks atomic.Int32
	here := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { knocks.Add(1) }))
	t.Cleanup(here.Close)
	port := here.URL[strings.LastIndex(here.URL, ":")+1:]
	outside, inside := netip.MustParseAddr("93.184.215.14"), netip.MustParseAddr("127.0.0.1")
	for _, c := range []struct {
		name string
		n    network
		at   string
		gets bool
	}{
		{"by address", network{host: "mcp.example.com", addresses: []netip.Addr{outside}}, "http://127.0.0.1:" + port, false},
		{"by name", network{host: "mcp.example.com", addresses: []netip.Addr{outside}}, "http://localhost:" + port, false},
		{"by an address in another form", network{host: "mcp.example.com", addresses: []netip.Addr{outside}}, "http://[::ffff:127.0.0.1]:" + port, false},
		{"with an address inside beside its own", network{host: "mcp.example.com", addresses: []netip.Addr{inside, outside}}, "http://127.0.0.1:" + port, false},
		{"and one inside does", network{host: "localhost", addresses: []netip.Addr{inside}}, "http://127.0.0.1:" + port, true},
		{"and a name leads where it did at the beginning", network{host: "mcp.example.com", addresses: []netip.Addr{inside}}, "http://mcp.example.com:" + port, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := knocks.Load()
			transport := c.n.transport(nil)
			defer transport.CloseIdleConnections()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.at, nil)
			if err != nil {
				t.Fatal(err)
			}
			res, err := transport.RoundTrip(req)
			if err == nil {
				res.Body.Close()
			}
			if got := knocks.Load() > before; got != c.gets || !c.gets && !errors.Is(err, errInward) {
				t.Errorf("it gets there: %t (%v)", got, err)
			}
		})
	}
}

func TestABrowserIsNotSentInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "authorize is inside")
	guarded := network{addresses: w.net.addresses}.transport(nil).DialContext
	dial := w.net.dial
	w.net.dial = func(ctx context.Context, network, at string) (net.Conn, error) {
		if strings.HasPrefix(at, "127.0.0.1:") {
			return guarded(ctx, network, at)
		}
		return dial(ctx, network, at)
	}
	c := w.config()
	c.Clients = looked
	c.SignIn = &SignIn{Open: func(address string) error {
		t.Errorf("the browser is sent to %s", address)
		return nil
	}}
	r, err := Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	check(t, r, fault{findings: "behind-proxy authorize-fails sign-in-stopped", willNot: "all"})
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.CopyN(z, zeros{}, 64<<20)
		_ = z.Close()
	})
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for {
			if _, err := io.WriteString(w, ": still here\n"); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	for _, path := range []string{"/endless", "/bomb", "/drip", "/events", "/round"} {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			wait := 20 * time.Second
			if path == "/drip" {
				wait = 200 * time.Millisecond
			}
			w := &wire{client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, now: time.Now, spent: &spent{}, patience: wait, rest: sleep}
			x := w.send(t.Context(), ask{purpose: "look", url: srv.URL + path, follow: true})
			if len(x.text) > maxBody || len(x.hops) > maxHops {
				t.Errorf("%d bytes and %d redirects were taken", len(x.text), len(x.hops))
			}
			if x.err == nil && !x.cut || x.took > wait+time.Minute {
				t.Errorf("it ends after %s with %v", x.took, x.err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestAServerWithTooMuchOfEverythingGetsAReportOfReadableSize(t *testing.T) {
	t.Parallel()
	tools := make([]string, 0, 2000)
	for i := range 2000 {
		tools = append(tools, fmt.Sprintf(`{"name":"a b %d","_meta":{"ui":{"resourceUri":"x:%d"}},"securitySchemes":[]}`, i, i))
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		for range 40 {
			w.Header().Add("Set-Cookie", "a="+strings.Repeat("x", 500))
		}
		body, _ := io.ReadAll(r.Body)
		switch {
		case bytes.Contains(body, []byte("tools/list")):
			fmt.Fprintf(w, `{"jsonrpc":"2.0","id":1,"result":{"nextCursor":"more","tools":[%s]}}`, strings.Join(tools, ","))
		default:
			fmt.Fprint(w, `{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}`)
		}
	}))
	t.Cleanup(srv.Close)
	r, err := Examine(t.Context(), Config{URL: srv.URL + "/mcp", Register: true})
	if err != nil {
		t.Fatal(err)
	}
	text, page, program := written(t, r)
	if len(text) > 100<<10 || len(page) > 1<<20 || len(program) > 1<<20 || r.Requests > maxRequests {
		t.Errorf("%d bytes of text, %d of page, %d of JSON after %d requests", len(text), len(page), len(program), r.Requests)
	}
}
