package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// An errand is a person who is signed in with a password, whose tool acts at GitHub,
// and who has taken back there what it had.
type errand struct {
	*door
	github *standin.GitHub
	at     string // where GitHub is
	ada    *tab
}

// profile is the tool that needs the connection.
const profile = "get_profile"

// TestAToolAsksForAConnectionInTheMiddleOfACall: each client in its way, by a tool
// behind the gateway and by one that asks for itself. The person connects, the call
// is made again, and works.
func TestAToolAsksForAConnectionInTheMiddleOfACall(t *testing.T) {
	browser := newBrowser(t)
	for _, tool := range []string{"upstream", "app"} {
		t.Run(tool, func(t *testing.T) {
			e := newErrand(t, browser, tool)
			t.Run("a session whose client opens pages", e.byError)
			t.Run("a client without sessions waits", e.byInput)
			if tool == "app" {
				t.Run("somebody else has the link", e.isNobodyElses)
				return
			}
			t.Run("a client that cannot ask gives a link", e.byLink)
			t.Run("ChatGPT shows its button", e.byChallenge)
		})
	}
}

func newErrand(t *testing.T, browser context.Context, tool string) *errand {
	t.Helper()
	e := &errand{github: standin.NewGitHub(standin.Client{ID: "door", Secret: elsewhereSecret}, standin.GitHubPerson{ID: 9, Login: "grace", Email: "grace@navy.example", Verified: true})}
	there := httptest.NewServer(e.github)
	t.Cleanup(there.Close)
	e.at = there.URL
	what := "app: github"
	if tool == "upstream" {
		what = "upstream: " + e.upstream(t)
	}
	e.door = newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: %s }
resources:
  - { name: repos, title: Repositories, path: /mcp, %s, connection: { provider: github } }
`, e.at, elsewhereSecret, what))
	e.github.Redirects(e.URL + "/oauth/callback/github")
	e.ada = newTab(t, browser)
	e.ada.open(e.URL + "/account")
	signIn(e.ada, username, password)
	return e
}

func signIn(b *tab, name, secret string) {
	b.t.Helper()
	b.fill("Username", name)
	b.fill("Password", secret)
	b.press("Sign in")
}

// upstream is an MCP server that asks GitHub who it acts for, with what the call
// brought.
func (e *errand) upstream(t *testing.T) string {
	t.Helper()
	server := mcp.NewServer(&mcp.Implementation{Name: "repos", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: profile}, func(ctx context.Context, r *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		ask, err := http.NewRequestWithContext(ctx, http.MethodGet, e.at+"/user", nil)
		if err != nil {
			return nil, nil, err
		}
		ask.Header.Set("Authorization", r.Extra.Header.Get("Authorization"))
		res, err := http.DefaultClient.Do(ask)
		if err != nil {
			return nil, nil, err
		}
		defer res.Body.Close()
		said, err := io.ReadAll(res.Body)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(said)}}}, nil, err
	})
	the := func(*http.Request) *mcp.Server { return server }
	sessions, none := mcp.NewStreamableHTTPHandler(the, nil), mcp.NewStreamableHTTPHandler(the, &mcp.StreamableHTTPOptions{Stateless: true})
	at := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Mcp-Protocol-Version") >= stateless {
			none.ServeHTTP(w, r)
			return
		}
		sessions.ServeHTTP(w, r)
	}))
	t.Cleanup(at.Close)
	return at.URL
}

// client opens a session of one who was allowed everything; then the person ends the
// connection that it took.
func (e *errand) client(t *testing.T, c client, version string, o *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	s := e.session(t, c, version, o)
	b := e.ada.another(t)
	b.open(e.URL + "/account")
	b.press("Disconnect GitHub")
	b.says("Not connected.")
	return s
}

func (e *errand) session(t *testing.T, c client, version string, o *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	ada := e.visitor()
	ada.Elsewhere = e.at
	s, err := mcp.NewClient(&mcp.Implementation{Name: "e2e", Version: "1"}, o).Connect(t.Context(),
		&mcp.StreamableClientTransport{Endpoint: withToken(t, e.MCP, c.tokens(t, ada, "").AccessToken)},
		&mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if got := s.InitializeResult().ProtocolVersion; got != version {
		t.Fatalf("speaks %s", got)
	}
	return s
}

// works fails unless the tool acts at GitHub as the person.
func works(t *testing.T, s *mcp.ClientSession) {
	t.Helper()
	if said := callTool(t, s, profile, nil); !strings.Contains(said, "grace") {
		t.Errorf("the tool says %s", said)
	}
}

// connects is what the person does with the URL that they are given.
func (e *errand) connects(t *testing.T, page string) {
	t.Helper()
	if !strings.HasPrefix(page, e.URL+"/connect/github?for=") {
		t.Fatalf("the page is %q", page)
	}
	b := e.ada.another(t)
	b.open(page)
	b.says("“e2e” asked of Repositories for you")
	b.press("Connect GitHub")
	b.says("GitHub is connected")
}

var linkInText = regexp.MustCompile(`http://localhost:\S+`)

// failure calls the tool in vain, and returns the result of it and its text.
func failure(t *testing.T, s *mcp.ClientSession) (*mcp.CallToolResult, string) {
	t.Helper()
	a, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: profile})
	if err != nil || !a.IsError || len(a.Content) != 1 {
		t.Fatalf("the tool answers %+v, %v", a, err)
	}
	return a, a.Content[0].(*mcp.TextContent).Text
}

func (e *errand) byLink(t *testing.T) {
	s := e.client(t, e.register(t, loopbackRedirect, "none"), "2025-11-25", nil)
	_, said := failure(t, s)
	e.connects(t, linkInText.FindString(said))
	works(t, s)
}

// isNobodyElses has somebody else open the link, and sign in there as who they are.
func (e *errand) isNobodyElses(t *testing.T) {
	s := e.client(t, e.register(t, loopbackRedirect, "none"), "2025-11-25", nil)
	_, said := failure(t, s)
	went := e.github.Count(standin.Authorize)
	e.addPerson("mallory", password)
	b := newTab(t, e.ada.ctx)
	b.open(linkInText.FindString(said))
	signIn(b, "mallory", password)
	b.says("somebody else")
	b.expects("403")
	b.open(e.URL + "/account")
	b.says("Not connected.")
	if n := e.github.Count(standin.Authorize) - went; n != 0 {
		t.Errorf("they were at GitHub %d times", n)
	}
	if _, said := failure(t, s); !strings.Contains(said, "GitHub is not connected") {
		t.Errorf("afterwards the tool says %s", said)
	}
}

// opensPages are the capabilities of a client that can show a person a page.
var opensPages = &mcp.ClientCapabilities{Elicitation: &mcp.ElicitationCapabilities{URL: &mcp.URLElicitationCapabilities{}}}

func (e *errand) byError(t *testing.T) {
	s := e.client(t, e.register(t, loopbackRedirect, "none"), "2025-11-25", &mcp.ClientOptions{Capabilities: opensPages})
	_, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: profile})
	var refused *jsonrpc.Error
	if !errors.As(err, &refused) || refused.Code != mcp.CodeURLElicitationRequired {
		t.Fatalf("the tool answers %v", err)
	}
	var asks struct{ Elicitations []mcp.ElicitParams }
	if err := json.Unmarshal(refused.Data, &asks); err != nil || len(asks.Elicitations) != 1 {
		t.Fatalf("it asks for %s", refused.Data)
	}
	e.connects(t, asks.Elicitations[0].URL)
	works(t, s)
}

// byInput is a client that says yes for its person, and calls again at once. They
// are at GitHub meanwhile.
func (e *errand) byInput(t *testing.T) {
	page := make(chan string, 1)
	s := e.client(t, e.register(t, loopbackRedirect, "none"), stateless, &mcp.ClientOptions{
		Capabilities: opensPages,
		ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			page <- r.Params.URL
			return &mcp.ElicitResult{Action: "accept"}, nil
		},
	})
	answered := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		a, err := s.CallTool(ctx, &mcp.CallToolParams{Name: profile})
		if err == nil && a.IsError {
			err = fmt.Errorf("the tool failed: %+v", a.Content[0])
		}
		answered <- err
	}()
	select {
	case at := <-page:
		e.connects(t, at)
	case err := <-answered:
		t.Fatalf("nobody was asked: %v", err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	works(t, s)
}

// byChallenge is what ChatGPT does for the person who presses its button: it sends
// them to authorize again, and calls with what it gets.
func (e *errand) byChallenge(t *testing.T) {
	chat := client{ID: "https://chatgpt.com/oauth/client.json", site: e.URL, resource: e.MCP, redirect: "https://chatgpt.com/connector_platform_oauth_redirect"}
	a, said := failure(t, e.client(t, chat, "2025-11-25", nil))
	challenges, _ := a.Meta["mcp/www_authenticate"].([]any)
	if len(challenges) != 1 || !strings.Contains(fmt.Sprint(challenges...), "resource_metadata=") {
		t.Fatalf("the tool says %s, with %v", said, a.Meta)
	}
	works(t, e.session(t, chat, "2025-11-25", nil))
}
