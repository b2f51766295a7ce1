package serving

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// named takes every token for its person's name.
type named struct{}

func (named) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	return token.Access{Subject: string(raw), Audience: "https://mcp.example.com/mcp", Issuer: "https://mcp.example.com", GrantID: "g", Expires: time.Now().Add(time.Hour)}, nil
}

// hat is a client's transport that says who it is, until told otherwise.
type hat struct{ name string }

func (h *hat) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if h.name != "" {
		r.Header.Set("Authorization", "Bearer "+h.name)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// guarded serves one tool that everybody may call, and that says who did.
func guarded(t *testing.T) string {
	t.Helper()
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	mcp.AddTool(s, &mcp.Tool{Name: "who"}, func(ctx context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		c, known := resource.CallerFrom(ctx)
		said := c.Subject
		switch {
		case !known:
			said = "no guard"
		case c.Anonymous:
			said = "nobody"
		case strings.Contains(req.Extra.Header.Get("Authorization"), c.Subject):
			said = "the token"
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: said}}}, nil, nil
	})
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "test", ID: "https://mcp.example.com/mcp"},
		Issuer:   "https://mcp.example.com", Verifier: named{}, Tools: map[string]resource.Tool{"who": {Public: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guard.Wrap(Handler(s)))
	t.Cleanup(server.Close)
	return server.URL
}

func who(t *testing.T, s *mcp.ClientSession) string {
	t.Helper()
	result, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "who"})
	if err != nil {
		return "an error"
	}
	return result.Content[0].(*mcp.TextContent).Text
}

func TestAToolSeesWhoCallsAndNotWhoOpenedTheSession(t *testing.T) {
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		t.Run(version, func(t *testing.T) {
			me := &hat{}
			s, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
				Endpoint: guarded(t), HTTPClient: &http.Client{Transport: me}, DisableStandaloneSSE: true,
			}, &mcp.ClientSessionOptions{ProtocolVersion: version})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for _, name := range []string{"", "ada", "bo", ""} {
				me.name = name
				want := name
				if name == "" {
					want = "nobody"
				}
				if got := who(t, s); got != want {
					t.Errorf("called as %q, the tool sees %q", name, got)
				}
			}
		})
	}
}

func TestASessionIsOfThePersonWhoOpenedIt(t *testing.T) {
	me := &hat{name: "ada"}
	s, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: guarded(t), HTTPClient: &http.Client{Transport: me}, DisableStandaloneSSE: true,
	}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := who(t, s); got != "ada" {
		t.Errorf("the tool sees %q", got)
	}
	for _, name := range []string{"bo", ""} {
		me.name = name
		if got := who(t, s); got != "an error" {
			t.Errorf("%q went on with somebody else's session, as %q", name, got)
		}
	}
}

func TestOneCallCannotEndTheProgram(t *testing.T) {
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	schema := map[string]any{"type": "object", "properties": map[string]any{"n": map[string]any{"type": "integer", "default": 7}}}
	mcp.AddTool(s, &mcp.Tool{Name: "n", InputSchema: schema}, func(_ context.Context, _ *mcp.CallToolRequest, in struct {
		N int `json:"n"`
	}) (*mcp.CallToolResult, any, error) {
		if in.N == 0 {
			panic("nought")
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprint(in.N)}}}, nil, nil
	})
	server := httptest.NewServer(Handler(s))
	t.Cleanup(server.Close)
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: server.URL, DisableStandaloneSSE: true,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer cs.Close()
	if _, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: "n", Arguments: map[string]any{"n": 0}}); err == nil || !strings.Contains(err.Error(), "internal error") {
		t.Errorf("a tool that panics: %v", err)
	}
	res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: "n", Arguments: map[string]any(nil)}) // "arguments": null
	if err != nil || res.Content[0].(*mcp.TextContent).Text != "7" {
		t.Errorf("arguments that are null: %v, %v", res, err)
	}
}

// upstreams has a token for everybody, and keeps who asked last, and with which token
// of ours.
type upstreams struct{ presented atomic.Value }

func (u *upstreams) UpstreamToken(_ context.Context, a resource.Asking) (oauth.Secret, time.Time, error) {
	u.presented.Store(a.Presented)
	if a.Caller.Subject == "bo" {
		return "", time.Time{}, &resource.Unconnected{Title: "GitHub", Page: "https://auth.example.com/connect", Refusal: oauth.Refuse(oauth.InvalidToken, "GitHub is not connected")}
	}
	return "gho_of_" + oauth.Secret(a.Caller.Subject), time.Time{}, nil
}

func (u *upstreams) UpstreamRefused(context.Context, resource.Asking, oauth.Secret) error { return nil }

// The tools of a server with sessions would get the context in which their session
// began, whose request is over.
func TestAToolHasTheTokenOfWhoCallsNow(t *testing.T) {
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	mcp.AddTool(s, &mcp.Tool{Name: "who"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		token, err := OwnOf("github").Token(ctx)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(token)}}}, nil, err
	})
	all := &upstreams{}
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "test", ID: "https://mcp.example.com/mcp"}, Issuer: "https://mcp.example.com", Verifier: named{}, Upstreams: all,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guard.Wrap(Handler(s)))
	t.Cleanup(server.Close)
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		me := &hat{name: "ada"}
		cs, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
			Endpoint: server.URL, HTTPClient: &http.Client{Transport: me}, DisableStandaloneSSE: true,
		}, &mcp.ClientSessionOptions{ProtocolVersion: version})
		if err != nil {
			t.Fatal(err)
		}
		defer cs.Close()
		for range 2 {
			if got := who(t, cs); got != "gho_of_ada" || all.presented.Load() != oauth.Secret("ada") {
				t.Errorf("%s: the tool has %q", version, got)
			}
		}
	}
}

// listed asks for tools/list as both generations do, and returns the answer's bytes:
// a client of the SDK would drop what the SDK does not know.
func listed(t *testing.T, url, version string) string {
	t.Helper()
	c := &keeper{}
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil).Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: url, HTTPClient: &http.Client{Transport: c}, DisableStandaloneSSE: true,
	}, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	defer cs.Close()
	if all, err := cs.ListTools(t.Context(), nil); err != nil || len(all.Tools) != 2 || all.NextCursor == "" {
		t.Fatalf("the client has %+v, %v", all, err)
	}
	return c.last.Load().(string)
}

// keeper keeps the last answer.
type keeper struct{ last atomic.Value }

func (k *keeper) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || r.Method != http.MethodPost {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	k.last.Store(string(body))
	return res, err
}

// ChatGPT looks for what a tool needs beside its name, and older ones look in _meta.
func TestToolsSayInTwoPlacesWhatTheyNeed(t *testing.T) {
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ServerOptions{PageSize: 2})
	none := func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
		return nil, nil, nil
	}
	mcp.AddTool(s, Tool(mcp.Tool{Name: "a", Title: "A", Annotations: Reads()}, oauth.NewScope("read", "more")), none)
	mcp.AddTool(s, &mcp.Tool{Name: "b"}, none)
	mcp.AddTool(s, &mcp.Tool{Name: "c"}, none)
	server := httptest.NewServer(Handler(s))
	t.Cleanup(server.Close)
	for _, version := range []string{"2025-11-25", "2026-07-28"} {
		said := listed(t, server.URL, version)
		const scheme = `"securitySchemes":[{"scopes":["more","read"],"type":"oauth2"}]`
		if strings.Count(said, scheme) != 2 || strings.Count(said, "securitySchemes") != 2 || !strings.Contains(said, `"_meta":{`+scheme) {
			t.Errorf("%s: %s", version, said)
		}
	}
}
