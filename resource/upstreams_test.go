package resource_test

import (
	"context"
	"encoding/json"
	"errors"
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

// connections stands for who has people's tokens: nobody has one until on is set.
type connections struct {
	on    atomic.Bool
	asked atomic.Int32
	after int32 // that many askings, they are connected; 0: never
	err   error // instead of Unconnected
	saw   atomic.Pointer[resource.Asking]

	renews  bool
	refused atomic.Pointer[oauth.Secret]

	told   chan struct{} // not nil: who waits is told
	looked atomic.Int32
}

const connectPage = "https://auth.example.com/connect/github?for=sealed"

func (c *connections) UpstreamToken(_ context.Context, a resource.Asking) (oauth.Secret, time.Time, error) {
	times := c.asked.Add(1)
	c.saw.Store(&a)
	switch {
	case c.on.Load(), c.after > 0 && times > c.after:
		return "ghu_" + oauth.Secret(a.Caller.Subject), time.Time{}, nil
	case c.err != nil:
		return "", time.Time{}, c.err
	}
	missing := &resource.Unconnected{Title: "GitHub", Page: connectPage,
		Refusal: oauth.Refuse(oauth.InvalidToken, "GitHub is not connected").Because(errors.New("a cause that nobody sees"))}
	if c.told != nil {
		missing.Connected = c.connected
	}
	return "", time.Time{}, missing
}

// UpstreamRefused takes the token back, and has another one if renews is set.
func (c *connections) UpstreamRefused(ctx context.Context, a resource.Asking, token oauth.Secret) error {
	c.refused.Store(&token)
	if c.renews {
		return nil
	}
	c.on.Store(false)
	_, _, err := c.UpstreamToken(ctx, a)
	return err
}

// callers stands for a verifier: a token is the client's id.
type callers struct{}

func (callers) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	if raw == "nobody" {
		return token.Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is not valid")
	}
	client := string(raw)
	switch client {
	case "chatgpt":
		client = "https://chatgpt.com/oauth/client.json"
	case "chatgpt-connection":
		client = "https://chatgpt.com/oauth/x7KQ2mT4cbid/client.json"
	case "codex":
		client = "https://chatgpt.com/oauth/codex/client.json"
	case "codex-server":
		client = "https://chatgpt.com/oauth/codex/zHu_pcZxCCTJ/client.json"
	}
	return token.Access{Issuer: "https://auth.example.com", Subject: "p_ada", Audience: "https://mcp.example.com/mcp",
		ClientID: client, GrantID: "g_1", Expires: time.Now().Add(time.Hour)}, nil
}

// repos is a server of the official SDK with a tool that acts at GitHub, one that
// can do without, and one that tells how far it is first.
func repos(o *mcp.StreamableHTTPOptions) http.Handler {
	type nothing struct{}
	says := func(text string) (*mcp.CallToolResult, any, error) {
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "repos", Version: "1"}, nil)
	act := func(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, any, error) {
		bearer, err := resource.UpstreamToken(ctx, "github")
		if err != nil {
			return nil, nil, err
		}
		return says("acts with " + string(bearer))
	}
	mcp.AddTool(server, &mcp.Tool{Name: "act"}, act)
	mcp.AddTool(server, &mcp.Tool{Name: "slow"}, func(ctx context.Context, r *mcp.CallToolRequest, in nothing) (*mcp.CallToolResult, any, error) {
		_ = r.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: r.Params.GetProgressToken(), Progress: 1})
		return act(ctx, r, in)
	})
	mcp.AddTool(server, &mcp.Tool{Name: "try"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, any, error) {
		_, err := resource.UpstreamToken(ctx, "github")
		return says(fmt.Sprint("does without: ", err != nil))
	})
	mcp.AddTool(server, &mcp.Tool{Name: "refused"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, any, error) {
		bearer, err := resource.UpstreamToken(ctx, "github")
		if err != nil {
			return nil, nil, err
		}
		if err := resource.UpstreamRefused(ctx, "github", bearer); err != nil {
			return nil, nil, err
		}
		return says("tries once more")
	})
	mcp.AddTool(server, &mcp.Tool{Name: "idle"}, func(context.Context, *mcp.CallToolRequest, nothing) (*mcp.CallToolResult, any, error) {
		return says("nothing was asked")
	})
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, o)
}

func newRepos(t *testing.T, c *connections, h http.Handler) string {
	t.Helper()
	guard, err := resource.New(resource.Config{
		Resource:  oauth.ProtectedResource{Name: "repos", Title: "Repositories", ID: "https://mcp.example.com/mcp"},
		Issuer:    "https://auth.example.com",
		Verifier:  callers{},
		Tools:     map[string]resource.Tool{"try": {Public: true}, "act": {}},
		Upstreams: c,
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(guard.Wrap(h))
	t.Cleanup(front.Close)
	return front.URL
}

type answered struct {
	status int
	header http.Header
	body   string
	// what it says, of the last event where it is a stream
	Error *struct {
		Code int
		Data struct {
			Elicitations []struct{ Mode, URL, Message, ElicitationID string }
		}
	}
	Result struct {
		IsError       bool
		ResultType    string
		Content       []struct{ Text string }
		Meta          map[string][]string `json:"_meta"`
		InputRequests map[string]struct {
			Method string
			Params struct{ Mode, URL, Message string }
		}
	}
}

func send(t *testing.T, url, bearer, body string, more ...string) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"}}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(more); i += 2 {
		r.Header.Set(more[i], more[i+1])
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answered{status: res.StatusCode, header: res.Header, body: string(raw)}
	last := a.body
	if i := strings.LastIndex(last, "data: "); i >= 0 {
		last = last[i+len("data: "):]
	}
	_ = json.Unmarshal([]byte(last), &a) // not everything is JSON
	return a
}

func callOf(tool string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + tool + `","arguments":{},"_meta":{"progressToken":1}}}`
}

func modern(tool, action string) string {
	answer := ""
	if action != "" {
		answer = `"inputResponses":{"connect":{"action":"` + action + `"}},`
	}
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + tool + `","arguments":{},` + answer +
		`"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"},` +
		`"io.modelcontextprotocol/clientCapabilities":{"elicitation":{"url":{}}}}}}`
}

func sendModern(t *testing.T, url, tool, action string) answered {
	t.Helper()
	return send(t, url, "client", modern(tool, action), "MCP-Protocol-Version", "2026-07-28", "Mcp-Method", "tools/call", "Mcp-Name", tool)
}

func TestAToolHasTheCallersTokenWhenItAsks(t *testing.T) {
	c := &connections{}
	c.on.Store(true)
	url := newRepos(t, c, repos(&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true}))
	if a := send(t, url, "client", callOf("idle")); a.status != http.StatusOK || c.asked.Load() != 0 {
		t.Errorf("a tool that needs none: %s, asked %d times", a.body, c.asked.Load())
	}
	if a := send(t, url, "client", callOf("act")); !strings.Contains(a.body, "acts with ghu_p_ada") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if saw := c.saw.Load(); saw.Caller.Subject != "p_ada" || saw.Presented != "client" || saw.Login != "github" {
		t.Errorf("it is asked for %s %s", saw.Caller.Subject, saw.Login)
	}
}

// In every way in which a server of the official SDK answers.
func TestAToolThatLacksAConnectionIsAnsweredFor(t *testing.T) {
	for name, o := range map[string]*mcp.StreamableHTTPOptions{
		"one JSON answer":    {Stateless: true, JSONResponse: true},
		"a stream of events": {Stateless: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := &connections{}
			url := newRepos(t, c, repos(o))
			for _, tool := range []string{"act", "slow"} {
				a := send(t, url, "client", callOf(tool))
				if a.status != http.StatusOK || !a.Result.IsError || !strings.Contains(a.Result.Content[0].Text, connectPage) || !strings.Contains(a.body, `"id":7`) {
					t.Errorf("%s, a link: %d %s", tool, a.status, a.body)
				}
				for _, its := range []string{"chatgpt", "chatgpt-connection"} {
					a = send(t, url, its, callOf(tool))
					if got := a.Result.Meta["mcp/www_authenticate"]; !a.Result.IsError || len(got) != 1 || !strings.HasPrefix(got[0], `Bearer error="invalid_token"`) {
						t.Errorf("%s, %s: %d %s", tool, its, a.status, a.body)
					}
				}
				for _, its := range []string{"codex", "codex-server"} {
					a = send(t, url, its, callOf(tool))
					if got := a.Result.Meta; len(got) != 1 || len(got[resource.MetaConnect]) != 1 || got[resource.MetaConnect][0] != connectPage || !a.Result.IsError || !strings.Contains(a.Result.Content[0].Text, connectPage) {
						t.Errorf("%s, %s, a link: %d %s", tool, its, a.status, a.body)
					}
				}
				a = sendModern(t, url, tool, "")
				if got := a.Result.InputRequests["connect"]; a.Result.ResultType != "input_required" || got.Method != "elicitation/create" ||
					got.Params.Mode != "url" || got.Params.URL != connectPage || !strings.Contains(got.Params.Message, "GitHub") {
					t.Errorf("%s, elicitation: %d %s", tool, a.status, a.body)
				}
				for _, action := range []string{"decline", "cancel"} {
					a = sendModern(t, url, tool, action)
					if a.Result.ResultType != "complete" || !a.Result.IsError || strings.Contains(a.body, connectPage) {
						t.Errorf("%s, %s: %d %s", tool, action, a.status, a.body)
					}
				}
				if strings.Contains(a.body, "nobody sees") {
					t.Error("the cause is told")
				}
			}
			if a := send(t, url, "client", callOf("try")); a.Result.IsError || !strings.Contains(a.body, "does without: true") {
				t.Errorf("a tool that does not fail: %s", a.body)
			}
		})
	}
}

// A service may end what it gave at any time: the tool learns it first.
func TestATokenThatTheServiceRefusesIsReplacedOrThePersonIsAsked(t *testing.T) {
	c := &connections{renews: true}
	c.on.Store(true)
	url := newRepos(t, c, repos(&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true}))
	if a := send(t, url, "client", callOf("refused")); a.Result.IsError || !strings.Contains(a.body, "tries once more") {
		t.Errorf("%d %s", a.status, a.body)
	}
	if saw := c.refused.Load(); saw == nil || *saw != "ghu_p_ada" || c.saw.Load().Caller.Subject != "p_ada" {
		t.Error("another token is told of, or another person")
	}
	c.renews = false
	if a := send(t, url, "client", callOf("refused")); !a.Result.IsError || !strings.Contains(a.body, connectPage) || strings.Contains(a.body, "nobody sees") {
		t.Errorf("a link: %d %s", a.status, a.body)
	}
	c.on.Store(true)
	if a := send(t, url, "chatgpt", callOf("refused")); len(a.Result.Meta["mcp/www_authenticate"]) != 1 {
		t.Errorf("ChatGPT: %d %s", a.status, a.body)
	}
	c.on.Store(true)
	if a := sendModern(t, url, "refused", ""); a.Result.InputRequests["connect"].Params.URL != connectPage {
		t.Errorf("elicitation: %d %s", a.status, a.body)
	}
	if err := resource.UpstreamRefused(t.Context(), "github", "ghu_p_ada"); err == nil {
		t.Error("outside of any request it can be said")
	}
}

// Who has not signed in at all does that first.
func TestAPublicToolThatAsksForATokenHasPeopleSignIn(t *testing.T) {
	c := &connections{}
	failing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := resource.UpstreamToken(r.Context(), "github")
		http.Error(w, err.Error(), http.StatusInternalServerError)
	})
	url := newRepos(t, c, failing)
	if a := send(t, url, "", callOf("try")); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" || c.asked.Load() != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := send(t, url, "client", callOf("try")); a.status != http.StatusOK || !a.Result.IsError {
		t.Errorf("any handler: %d %s", a.status, a.body)
	}
}

func TestACallThatIsMadeAgainWaitsForItsPerson(t *testing.T) {
	c := &connections{after: 2}
	url := newRepos(t, c, repos(&mcp.StreamableHTTPOptions{Stateless: true}))
	if a := sendModern(t, url, "act", "accept"); a.Result.IsError || !strings.Contains(a.body, "acts with") || c.asked.Load() != 3 {
		t.Errorf("asked %d times: %d %s", c.asked.Load(), a.status, a.body)
	}
}

func TestWhatAToolIsToldQuotesNoCause(t *testing.T) {
	for name, err := range map[string]error{
		"an outage": oauth.Refuse(oauth.TemporarilyUnavailable, "try again").Because(errors.New("postgres is down")),
		"a fault":   errors.New("postgres is down"),
	} {
		t.Run(name, func(t *testing.T) {
			c := &connections{err: err}
			url := newRepos(t, c, repos(&mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true}))
			if a := send(t, url, "client", callOf("act")); !a.Result.IsError || strings.Contains(a.body, "postgres") || !strings.Contains(a.body, "try again") {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

func TestAContextOfNoRequestHasNoToken(t *testing.T) {
	if _, err := resource.UpstreamToken(t.Context(), "github"); err == nil {
		t.Error("outside of any request there is a token")
	}
	c := &connections{}
	c.on.Store(true)
	var kept context.Context
	url := newRepos(t, c, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { kept = context.WithoutCancel(r.Context()) }))
	send(t, url, "client", callOf("act"))
	if _, err := resource.UpstreamToken(kept, "github"); err == nil || c.asked.Load() != 0 {
		t.Error("a request that is over has a token")
	}
}

// A tool asks for its caller's own token of another service, and returns the error
// as it is. Where the caller has to connect the service first, the guard says so in
// the form that the caller's client understands.
func ExampleUpstreamToken() {
	type nothing struct{}
	server := mcp.NewServer(&mcp.Implementation{Name: "repos", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "repos"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, any, error) {
		bearer, err := resource.UpstreamToken(ctx, "github")
		if err != nil {
			return nil, nil, err
		}
		text := fmt.Sprintf("would ask GitHub with a token of %d characters", len(bearer))
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
	})
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true, JSONResponse: true})

	github := &connections{}
	guard, err := resource.New(resource.Config{
		Resource:  oauth.ProtectedResource{Name: "repos", Title: "Repositories", ID: "https://mcp.example.com/mcp"},
		Issuer:    "https://auth.example.com",
		Verifier:  allowed{},
		Upstreams: github,
	})
	if err != nil {
		panic(err)
	}
	front := httptest.NewServer(guard.Wrap(handler))
	defer front.Close()

	ask := func() {
		req, _ := http.NewRequest(http.MethodPost, front.URL, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"repos","arguments":{}}}`))
		req.Header.Set("Authorization", "Bearer ada")
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json, text/event-stream")
		res, err := front.Client().Do(req)
		if err != nil {
			panic(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		fmt.Println(string(body))
	}
	ask()
	github.on.Store(true) // the person connects it
	ask()
	// Output:
	// {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"Repositories acts at GitHub as the person who calls, and GitHub is not connected. Open this page, connect GitHub there, and then try again: https://auth.example.com/connect/github?for=sealed"}],"isError":true,"_meta":{"sallyport/connect":["https://auth.example.com/connect/github?for=sealed"]}}}
	// {"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"would ask GitHub with a token of 9 characters"}]}}
}
