package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// newServer is a server of the official SDK that knows nothing of OAuth.
func newServer() *mcp.Server {
	s := mcp.NewServer(&mcp.Implementation{Name: "tickets", Version: "1"}, nil)
	type nothing struct{}
	type who struct {
		Subject string `json:"subject"`
	}
	mcp.AddTool(s, &mcp.Tool{Name: "whoami", Meta: mcp.Meta{"ui": map[string]any{"resourceUri": "ui://who"}}},
		func(_ context.Context, r *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, who, error) {
			if h := r.Extra.Header; h.Get("Authorization") != "" || h.Get("Cookie") != "" {
				return nil, who{}, http.ErrNotSupported
			}
			return nil, who{r.Extra.Header.Get("X-Sallyport-Subject")}, nil
		})
	mcp.AddTool(s, &mcp.Tool{Name: "create"}, func(context.Context, *mcp.CallToolRequest, nothing) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "created"}}}, nil, nil
	})
	mcp.AddTool(s, &mcp.Tool{Name: "count"}, func(ctx context.Context, r *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, any, error) {
		for i := range 3 {
			err := r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: r.Params.GetProgressToken(), Progress: float64(i + 1)})
			if err != nil {
				return nil, nil, err
			}
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "counted"}}}, nil, nil
	})
	return s
}

// bearer adds a token to every request.
type bearer struct {
	token string
	base  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.base.RoundTrip(r)
}

// generations are how the SDK serves: with sessions, up to 2025-11-25, and
// without, from 2026-07-28.
var generations = map[string]*mcp.StreamableHTTPOptions{
	"2025-11-25": {DisableLocalhostProtection: false},
	"2026-07-28": {Stateless: true},
}

func connect(t *testing.T, f *fixture, tok string, progress func(*mcp.ProgressNotificationParams)) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) { progress(r.Params) },
	})
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: f.front + "/mcp", HTTPClient: &http.Client{Transport: bearer{tok, f.client.Transport}}, MaxRetries: -1,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func TestTheOfficialClientAndServerWorkThroughTheGatewayInBothGenerations(t *testing.T) {
	for version, options := range generations {
		for place, inProcess := range map[string]bool{"elsewhere": false, "in this process": true} {
			t.Run(version+" "+place, func(t *testing.T) {
				handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return newServer() }, options)
				behind := httptest.NewServer(handler)
				defer behind.Close()
				f := newFixture(t, func(c *gateway.Config) {
					r := &c.Resources[0]
					r.Identity = gateway.IdentityHeaders
					if r.Upstream, _ = url.Parse(behind.URL); inProcess {
						r.Upstream, r.Handler = nil, handler
					}
				})
				useTheServer(t, f, version)
			})
		}
	}
}

func useTheServer(t *testing.T, f *fixture, version string) {
	progress := make(chan float64, 3)
	session := connect(t, f, f.token("p_ada", "read"), func(p *mcp.ProgressNotificationParams) { progress <- p.Progress })
	if got := session.InitializeResult().ProtocolVersion; got != version {
		t.Errorf("version %s", got)
	}
	listed, err := session.ListTools(t.Context(), nil)
	if err != nil || len(listed.Tools) != 3 {
		t.Fatalf("%v, %v", listed, err)
	}
	for _, tool := range listed.Tools {
		if tool.Name == "whoami" && tool.Meta["ui"] == nil {
			t.Errorf("_meta was lost: %v", tool.Meta)
		}
	}
	res, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "whoami"})
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := json.Marshal(res.StructuredContent); string(b) != `{"subject":"p_ada"}` {
		t.Errorf("structured content %s", b)
	}
	_, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: "count", Meta: mcp.Meta{"progressToken": "p1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []float64{1, 2, 3} {
		if got := wait(t, "progress", progress); got != want {
			t.Errorf("progress %v", got)
		}
	}
	if _, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: "create"}); err == nil || !strings.Contains(err.Error(), "Forbidden") {
		t.Errorf("a call without its scope: %v", err)
	}
}

func TestTheOfficialClientSeesAPublicToolBeforeSigningIn(t *testing.T) {
	for version, options := range generations {
		t.Run(version, func(t *testing.T) {
			f := newFixture(t, func(c *gateway.Config) {
				r := &c.Resources[0]
				r.Upstream, r.Handler = nil, mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return newServer() }, options)
				r.Tools = map[string]resource.Tool{"whoami": {Public: true}}
				r.DefaultToolScopes = oauth.Scope{"read"}
				r.Identity = gateway.IdentityHeaders
			})
			client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
			session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: f.front + "/mcp", HTTPClient: f.client, MaxRetries: -1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			res, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "whoami"})
			if err != nil {
				t.Fatal(err)
			}
			if b, _ := json.Marshal(res.StructuredContent); string(b) != `{"subject":""}` {
				t.Errorf("structured content %s", b)
			}
			if _, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: "create"}); err == nil || !strings.Contains(err.Error(), "Unauthorized") {
				t.Errorf("a call that needs a token: %v", err)
			}
		})
	}
}
