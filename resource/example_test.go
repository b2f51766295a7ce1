package resource_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// A plain handler is protected with one call. What is not permitted is answered
// before it gets there, with the challenge that makes an MCP client sign in.
func Example() {
	keys, err := resource.NewRemote(resource.RemoteConfig{
		Issuer:   "https://auth.example.com",
		Audience: "https://tickets.example.com/mcp",
	})
	if err != nil {
		panic(err)
	}
	verifier := resource.NewCache(keys, 10_000, nil)
	defer verifier.Close()
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{
			Name: "tickets", Title: "Acme Tickets", ID: "https://tickets.example.com/mcp",
			Scopes: []oauth.ScopeInfo{
				{Name: "tickets:read", Title: "Read your tickets", Default: true},
				{Name: "tickets:write", Title: "Change your tickets", Implies: []string{"tickets:read"}},
			},
		},
		Issuer:   "https://auth.example.com",
		Verifier: verifier,
		Tools: map[string]resource.Tool{
			"search_tickets": {Scopes: oauth.Scope{"tickets:read"}},
			"create_ticket":  {Scopes: oauth.Scope{"tickets:write"}},
		},
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/.well-known/oauth-protected-resource/mcp", guard.Metadata())
	mux.Handle("/mcp", guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := resource.CallerFrom(r.Context())
		fmt.Fprintf(w, "hello, %s", caller.Subject)
	})))

	server := httptest.NewServer(mux)
	defer server.Close()
	res, err := http.Post(server.URL+"/mcp", "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	fmt.Println(res.Status)
	fmt.Println(res.Header.Get("WWW-Authenticate"))
	// Output:
	// 401 Unauthorized
	// Bearer scope="tickets:read", resource_metadata="https://tickets.example.com/.well-known/oauth-protected-resource/mcp"
}

// allowed stands for a real verifier, so that the example needs no server.
type allowed struct{}

func (allowed) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	if raw != "ada" {
		return token.Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is not valid")
	}
	return token.Access{
		Issuer: "https://auth.example.com", Subject: "p_ada", Audience: "https://mcp.example.com/mcp",
		ClientID: "claude", GrantID: "g_1", Expires: time.Now().Add(time.Hour),
	}, nil
}

// A server of the official SDK is a handler like any other. Its tools find the
// person in their context.
func ExampleGuard_Wrap() {
	type nothing struct{}
	server := mcp.NewServer(&mcp.Implementation{Name: "demo", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, any, error) {
		caller, _ := resource.CallerFrom(ctx)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: caller.Subject}}}, nil, nil
	})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})

	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "demo", ID: "https://mcp.example.com/mcp"},
		Issuer:   "https://auth.example.com",
		Verifier: allowed{},
	})
	if err != nil {
		panic(err)
	}
	front := httptest.NewServer(guard.Wrap(handler))
	defer front.Close()

	req, _ := http.NewRequest(http.MethodPost, front.URL, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","arguments":{}}}`))
	req.Header.Set("Authorization", "Bearer ada")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	res, err := front.Client().Do(req)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	fmt.Println(res.StatusCode, string(body))
	// Output:
	// 200 {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"p_ada"}]}}
}
