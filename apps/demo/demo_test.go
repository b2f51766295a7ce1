package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// A guard keeps its people for as long as the program runs.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/maypok86/otter/v2.periodicCleanUp[...]"))
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// tokens are readable: a name, a dot, and "r" or "rw".
type tokens struct{}

func (tokens) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	name, scope, _ := strings.Cut(string(raw), ".")
	a := token.Access{
		ID: "t", Subject: "sp_u_" + name, ClientID: "https://client.example/meta.json", GrantID: "sp_g_1",
		Issuer: "https://mcp.example.com", Audience: "https://mcp.example.com/mcp",
		Scope: oauth.NewScope(ScopeRead), Expires: noon.Add(59 * time.Minute),
	}
	if scope == "rw" {
		a.Scope = oauth.NewScope(ScopeRead, ScopeWrite)
	}
	return a, nil
}

func clock() time.Time { return noon }

// serveDemo serves the demo behind the guard that stands there in production.
func serveDemo(t *testing.T) string {
	t.Helper()
	tools := map[string]resource.Tool{}
	for name, scope := range ToolScopes() {
		tools[name] = resource.Tool{Scopes: scope}
	}
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "demo", ID: "https://mcp.example.com/mcp", Scopes: []oauth.ScopeInfo{
			{Name: ScopeRead, Default: true}, {Name: ScopeWrite, Default: true, Implies: []string{ScopeRead}},
		}},
		Issuer: "https://mcp.example.com", Verifier: tokens{}, Tools: tools, Now: clock,
		Person: func(_ context.Context, subject string) (oauth.Person, error) {
			name := strings.TrimPrefix(subject, "sp_u_")
			return oauth.Person{ID: subject, Username: name, Name: strings.ToUpper(name), Email: name + "@example.com"}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, guard.Wrap(New(Options{Version: "1.2.3", Now: clock})))
}

// serveOpen serves the demo to everyone.
func serveOpen(t *testing.T) string {
	t.Helper()
	return serve(t, New(Options{Now: clock}))
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return srv.URL
}

// as sends every request with a token that can change; "" is none.
type as struct{ token string }

func (a *as) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func connect(t *testing.T, url, version string, who *as, o *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, o)
	cs, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Transport: who},
	}, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cs.Close() })
	if got := cs.InitializeResult().ProtocolVersion; got != version {
		t.Fatalf("speaks %s, want %s", got, version)
	}
	return cs
}

// call returns the text of the result, and its structured content.
func call(t *testing.T, cs *mcp.ClientSession, tool string, args map[string]any) (string, map[string]any, bool) {
	t.Helper()
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	structured, _ := res.StructuredContent.(map[string]any)
	return res.Content[0].(*mcp.TextContent).Text, structured, res.IsError
}

func inEveryGeneration(t *testing.T, test func(t *testing.T, version string)) {
	for _, version := range mcp.SupportedProtocolVersions() {
		t.Run(version, func(t *testing.T) { test(t, version) })
	}
}

func TestWhoAmISaysWhoIsSignedIn(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		who := &as{token: "ada.r"}
		cs := connect(t, serveDemo(t), version, who, nil)
		text, got, _ := call(t, cs, toolWhoAmI, nil)
		for field, want := range map[string]string{
			"signed_in": "true", "subject": "sp_u_ada", "username": "ada", "name": "ADA", "email": "ada@example.com",
			"client_id": "https://client.example/meta.json", "grant": "sp_g_1", "scopes": "[demo:read]",
			"expires": "2026-11-20T12:59:00Z", "issuer": "https://mcp.example.com", "protocol": version, "program": "test 1",
		} {
			if fmt.Sprint(got[field]) != want {
				t.Errorf("%s is %v, want %s", field, got[field], want)
			}
		}
		if !strings.Contains(text, "You are ADA (ada)") || !strings.Contains(text, "59 minutes left") {
			t.Errorf("the text says %q", text)
		}

		// A token with more permissions replaces the one that opened the session.
		who.token = "ada.rw"
		if _, got, _ = call(t, cs, toolWhoAmI, nil); fmt.Sprint(got["scopes"]) != "[demo:read demo:write]" {
			t.Errorf("after step-up the scopes are %v", got["scopes"])
		}
	})
}

func TestTheGuardAsksForThePermissionThatAToolNeeds(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		cs := connect(t, serveDemo(t), version, &as{token: "ada.r"}, nil)
		_, err := cs.CallTool(t.Context(), &mcp.CallToolParams{
			Name: toolAct, Arguments: map[string]any{"id": "whoami", "action": "complete"},
		})
		if err == nil || !strings.Contains(err.Error(), "Forbidden") {
			t.Errorf("changed an item without the permission: %v", err)
		}
	})
}

func TestAStrangerMayEchoButHasNoList(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		cs := connect(t, serveOpen(t), version, &as{}, nil)
		if _, got, _ := call(t, cs, toolWhoAmI, nil); got["signed_in"] != false {
			t.Errorf("signed_in is %v", got["signed_in"])
		}
		if text, _, _ := call(t, cs, toolEcho, map[string]any{"text": "héllo"}); text != "héllo" {
			t.Errorf("echo says %q", text)
		}
		for tool, args := range map[string]map[string]any{
			toolItems: nil, toolAct: {"id": "whoami", "action": "complete"},
		} {
			text, _, failed := call(t, cs, tool, args)
			if !failed || !strings.Contains(text, "nobody is signed in") {
				t.Errorf("%s says %q", tool, text)
			}
		}
	})
}

func TestNoSessionIsSharedByTwoPeople(t *testing.T) {
	url := serveDemo(t)
	cs := connect(t, url, "2025-11-25", &as{token: "ada.r"}, nil)
	if cs.ID() == "" {
		t.Fatal("there is no session")
	}
	req, _ := http.NewRequestWithContext(t.Context(), "POST", url,
		strings.NewReader(`{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"get-items","arguments":{}}}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	req.Header.Set("Mcp-Session-Id", cs.ID())
	res, err := (&as{token: "eve.r"}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("eve in ada's session: %s", res.Status)
	}
}

func TestATunnelMayReachTheServerUnderItsPublicName(t *testing.T) {
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", serveOpen(t), strings.NewReader("{}"))
		req.Host = "demo.example.com"
		req.Header.Set("Mcp-Protocol-Version", version)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "*/*")
		res, err := (&as{}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusBadRequest { // the body is no message
			t.Errorf("%s: %s", version, res.Status)
		}
	}
}
