package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"golang.org/x/oauth2"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

const loopbackRedirect = "http://127.0.0.1:33418/callback"

// A goTraveller is a client built with the official Go SDK.
type goTraveller struct {
	visitor *person.Person
	asked   int
	source  oauth2.TokenSource // of the latest grant
}

// handler is the SDK's own OAuth client, with the person for a browser. Every
// new token counts as expired, so that its first use is a refresh.
func (g *goTraveller) handler(t *testing.T) auth.OAuthHandler {
	t.Helper()
	h, err := auth.NewAuthorizationCodeHandler(&auth.AuthorizationCodeHandlerConfig{
		DynamicClientRegistrationConfig: &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			ClientName: "Go journey", RedirectURIs: []string{loopbackRedirect},
			GrantTypes: []string{"authorization_code", "refresh_token"}, TokenEndpointAuthMethod: "none",
		}},
		RequestRefreshToken: true,
		AuthorizationCodeFetcher: func(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
			g.asked++
			back, err := g.visitor.Allow(ctx, args.URL)
			if err != nil {
				return nil, err
			}
			q := back.Query()
			return &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}, nil
		},
		NewTokenSource: func(ctx context.Context, c *oauth2.Config, first *oauth2.Token) (oauth2.TokenSource, error) {
			first.Expiry = time.Now().Add(-time.Minute)
			g.source = c.TokenSource(ctx, first)
			return g.source, nil
		},
		InitialTokenSource: g.source,
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (g *goTraveller) connect(t *testing.T, d *door, version string) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "journey", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
		Endpoint: d.MCP, OAuthHandler: g.handler(t),
	}, &mcp.ClientSessionOptions{ProtocolVersion: version})
	if err != nil {
		t.Fatal(err)
	}
	return session
}

// callTool calls a tool that is to succeed, and returns its text.
func callTool(t *testing.T, s *mcp.ClientSession, name string, args map[string]any) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	res, err := s.CallTool(ctx, &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	var text strings.Builder
	for _, c := range res.Content {
		if c, ok := c.(*mcp.TextContent); ok {
			text.WriteString(c.Text)
		}
	}
	if res.IsError {
		t.Fatalf("%s: %s", name, &text)
	}
	return text.String()
}

func TestTheOfficialGoSDKTravels(t *testing.T) {
	for _, version := range []string{"2025-06-18", "2025-11-25", "2026-07-28"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, "")
			g := &goTraveller{visitor: d.visitor()}
			g.visitor.Leaves = []string{"demo:write"}
			s := g.connect(t, d, version)
			if got := s.InitializeResult().ProtocolVersion; got != version {
				t.Errorf("speaks %s", got)
			}
			tools, err := s.ListTools(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(tools.Tools) != len(demoTools) {
				t.Errorf("sees %d tools, want %d", len(tools.Tools), len(demoTools))
			}
			if got := callTool(t, s, "echo", map[string]any{"text": "grüß dich"}); got != "grüß dich" {
				t.Errorf("echo says %q", got)
			}
			who := callTool(t, s, "whoami", nil)
			if !strings.Contains(who, username) || strings.Contains(who, "demo:write") || g.asked != 1 {
				t.Errorf("asked %d times, whoami says %q", g.asked, who)
			}
			callTool(t, s, "perform-item-action", map[string]any{"id": "whoami", "action": "complete"})
			if who = callTool(t, s, "whoami", nil); !strings.Contains(who, "demo:write") || g.asked != 2 {
				t.Errorf("stepped up: asked %d times, whoami says %q", g.asked, who)
			}
			s.Close()

			d.restart()
			s = g.connect(t, d, version)
			defer s.Close()
			if who = callTool(t, s, "whoami", nil); !strings.Contains(who, username) || g.asked != 2 {
				t.Errorf("after a restart: asked %d times, whoami says %q", g.asked, who)
			}
			if got := fmt.Sprint(g.visitor.Seen); got != "[/login /consent /consent]" {
				t.Errorf("the person saw %s", got)
			}
		})
	}
}
