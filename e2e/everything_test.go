//lint:file-ignore SA1019 servers of today ask for sampling and roots, and will for a year after their deprecation

package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// everythingArguments are of the tools and prompts of server-everything that
// have any; the rest is called without.
var everythingArguments = map[string]map[string]any{
	"echo":                           {"message": "grüß dich"},
	"get-sum":                        {"a": 2, "b": 40},
	"get-annotated-message":          {"messageType": "error", "includeImage": true},
	"get-resource-links":             {"count": 3},
	"get-resource-reference":         {"resourceType": "Text", "resourceId": 1},
	"get-structured-content":         {"location": "New York"},
	"gzip-file-as-resource":          {"name": "a.gz", "data": "data:text/plain;base64,aGVsbG8=", "outputType": "resource"},
	"trigger-long-running-operation": {"duration": 0.2, "steps": 2},
	"trigger-sampling-request":       {"prompt": "Say something", "maxTokens": 10},
	"trigger-url-elicitation":        {"url": "https://example.com/", "elicitationId": "e-1"},
	"simulate-research-query":        {"topic": "doors", "ambiguous": false},
	"args-prompt":                    {"city": "Paris", "state": "Texas"},
	"completable-prompt":             {"department": "Engineering", "name": "Alice"},
	"resource-prompt":                {"resourceType": "Text", "resourceId": "1"},
}

func TestServerEverythingIsTheSameBehindTheDoor(t *testing.T) {
	program := nodeModule(t, "@modelcontextprotocol", "server-everything", "dist", "index.js")
	t.Run("over HTTP", func(t *testing.T) {
		t.Parallel()
		port := freePort(t)
		cmd := exec.Command(node.or(t), program, "streamableHttp")
		cmd.Env = environment(fmt.Sprintf("PORT=%d", port))
		alone := fmt.Sprintf("http://127.0.0.1:%d/mcp", port)
		start(t, cmd, alone)
		d := newDoor(t, "", "--protect", alone)
		same(t, survey(t, &mcp.StreamableClientTransport{Endpoint: alone}), survey(t, d.asAda(t)))
	})
	t.Run("as a command", func(t *testing.T) {
		t.Parallel()
		cmd := exec.Command(node.or(t), program, "stdio")
		cmd.Env = environment()
		d := newDoor(t, "", "--", node.or(t), program, "stdio")
		same(t, survey(t, &mcp.CommandTransport{Command: cmd}), survey(t, d.asAda(t)))
	})
}

// asAda is a transport of a client that ada allowed everything it asked for.
func (d *door) asAda(t *testing.T) mcp.Transport {
	t.Helper()
	c := d.register(t, loopbackRedirect, "none")
	tokens := c.tokens(t, d.visitor(), "")
	return &mcp.StreamableClientTransport{Endpoint: d.MCP, HTTPClient: &http.Client{Transport: bearer(tokens.AccessToken)}}
}

// bearer adds an access token to every request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// survey connects a client that can do everything, uses everything the server
// has, and returns each answer as text.
func survey(t *testing.T, transport mcp.Transport) map[string]string {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "survey", Version: "1"}, &mcp.ClientOptions{
		CreateMessageHandler: func(context.Context, *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
			return &mcp.CreateMessageResult{Role: "assistant", Model: "none", Content: &mcp.TextContent{Text: "sampled"}}, nil
		},
		ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "decline"}, nil
		},
	})
	client.AddRoots(&mcp.Root{URI: "file:///work", Name: "work"})
	s, err := client.Connect(t.Context(), transport, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen := map[string]string{"server": render(s.InitializeResult(), nil)}
	surveyTools(t, s, seen)
	surveyResources(t, s, seen)
	for prompt, err := range s.Prompts(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		seen["prompt "+prompt.Name] = render(prompt, nil)
		args := map[string]string{}
		for k, v := range everythingArguments[prompt.Name] {
			args[k] = fmt.Sprint(v)
		}
		res, err := s.GetPrompt(t.Context(), &mcp.GetPromptParams{Name: prompt.Name, Arguments: args})
		seen["get "+prompt.Name] = render(res, err)
	}
	return seen
}

func surveyTools(t *testing.T, s *mcp.ClientSession, seen map[string]string) {
	t.Helper()
	for _, tool := range settledTools(t, s) {
		seen["tool "+tool.Name] = render(tool, nil)
		args := everythingArguments[tool.Name]
		if args == nil {
			args = map[string]any{}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		res, err := s.CallTool(ctx, &mcp.CallToolParams{Name: tool.Name, Arguments: args})
		cancel()
		if tool.Name == "get-env" && err == nil && !res.IsError {
			continue // each process has its own
		}
		seen["call "+tool.Name] = render(res, err)
	}
}

// settledTools lists the tools when those that depend on the client's
// capabilities are among them: the server adds them after the handshake.
func settledTools(t *testing.T, s *mcp.ClientSession) []*mcp.Tool {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 600 {
		res, err := s.ListTools(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, tool := range res.Tools {
			// It is added last.
			if tool.Name == "simulate-research-query" {
				return res.Tools
			}
		}
		<-tick.C
	}
	t.Fatal("the server never offers simulate-research-query")
	return nil
}

func surveyResources(t *testing.T, s *mcp.ClientSession, seen map[string]string) {
	t.Helper()
	uris := []string{"demo://resource/dynamic/text/1", "demo://resource/dynamic/blob/2", "demo://nowhere"}
	for resource, err := range s.Resources(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		seen["resource "+resource.URI] = render(resource, nil)
		uris = append(uris, resource.URI)
	}
	for template, err := range s.ResourceTemplates(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		seen["template "+template.Name] = render(template, nil)
	}
	for _, uri := range uris {
		res, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		seen["read "+uri] = render(res, err)
	}
}

var (
	encoded = regexp.MustCompile(`[A-Za-z0-9+/]{40,}={0,2}`)
	clock   = regexp.MustCompile(`\d{1,2}:\d\d:\d\d(\.\d+)?( [AP]M)?`)
	random  = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
)

// render is an answer as text, without what is different every time.
func render(v any, err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "error: " + err.Error()
	}
	s := encoded.ReplaceAllStringFunc(string(text), func(b string) string {
		if plain, err := base64.StdEncoding.DecodeString(b); err == nil && printable(string(plain)) {
			return string(plain)
		}
		return b
	})
	return random.ReplaceAllString(clock.ReplaceAllString(s, "TIME"), "RANDOM")
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// same compares two surveys, in both directions.
func same(t *testing.T, alone, guarded map[string]string) {
	t.Helper()
	for what, want := range alone {
		if got := guarded[what]; got != want {
			t.Errorf("%s\n  alone:   %.600s\n  guarded: %.600s", what, want, got)
		}
	}
	for what := range guarded {
		if _, ok := alone[what]; !ok {
			t.Errorf("%s is only there behind the door", what)
		}
	}
	if len(alone) < 50 {
		t.Errorf("only %d answers were compared: the server is not what it was", len(alone))
	}
	t.Logf("%d answers are the same", len(alone))
}
