package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/widget"
)

func TestItemsBelongToOnePerson(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		url := serveDemo(t)
		ada := connect(t, url, version, &as{token: "ada.rw"}, nil)
		eve := connect(t, url, version, &as{token: "eve.rw"}, nil)

		text, out, failed := call(t, ada, toolAct, map[string]any{"id": "whoami", "action": "complete"})
		if failed || out["changed"] != true {
			t.Fatalf("complete: %q", text)
		}
		if it := out["item"].(map[string]any); it["done"] != true || it["changed"] != "2026-11-20T12:00:00Z" {
			t.Errorf("the item is %v", it)
		}
		if _, out, _ = call(t, ada, toolAct, map[string]any{"id": "whoami", "action": "complete"}); out["changed"] != false {
			t.Error("completing it twice changed something")
		}
		call(t, ada, toolAct, map[string]any{"id": "whoami", "action": "rename", "title": "  Know thyself "})
		if text, out, _ := call(t, ada, toolItems, nil); out["open"] != 2.0 || !strings.Contains(text, "[x] Know thyself (id: whoami)") {
			t.Errorf("ada sees %v: %s", out["open"], text)
		}
		if text, out, _ := call(t, eve, toolItems, nil); out["open"] != 3.0 || strings.Contains(text, "thyself") {
			t.Errorf("eve sees %v: %s", out["open"], text)
		}
	})
}

func TestRefusalsSayWhatToDo(t *testing.T) {
	cs := connect(t, serveDemo(t), "2026-07-28", &as{token: "ada.rw"}, nil)
	for name, c := range map[string]struct {
		tool string
		args map[string]any
		want string
	}{
		"an unknown id gets the known ones":  {toolAct, map[string]any{"id": "x", "action": "complete"}, "connect, whoami, complete, withdraw"},
		"an unknown action gets the schema":  {toolAct, map[string]any{"id": "whoami", "action": "burn"}, "enum"},
		"a rename needs a title":             {toolAct, map[string]any{"id": "whoami", "action": "rename"}, "call again with title"},
		"a title is one line":                {toolAct, map[string]any{"id": "whoami", "action": "rename", "title": "a\nb"}, "on one line"},
		"a title is bounded":                 {toolAct, map[string]any{"id": "whoami", "action": "rename", "title": strings.Repeat("x", 201)}, "maxLength"},
		"what is said back is bounded":       {toolEcho, map[string]any{"text": strings.Repeat("x", 10_001)}, "maxLength"},
		"a count is bounded":                 {toolCount, map[string]any{"to": 101}, "maximum"},
		"an argument that is not there":      {toolEcho, map[string]any{"txt": "x"}, "txt"},
		"an item of a resource that is gone": {toolAct, map[string]any{"id": "", "action": "reopen"}, "the ids are"},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, failed := call(t, cs, c.tool, c.args)
			if !failed || !strings.Contains(text, c.want) {
				t.Errorf("failed %v: %q, want %q in it", failed, text, c.want)
			}
		})
	}
}

func TestEveryToolIsDescribed(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		cs := connect(t, serveOpen(t), version, &as{}, nil)
		seen := map[string]bool{}
		for tool, err := range cs.Tools(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			seen[tool.Name] = true
			if tool.Title == "" || tool.Description == "" || tool.InputSchema == nil || tool.OutputSchema == nil {
				t.Errorf("%s is not described", tool.Name)
			}
			if ro := tool.Annotations.ReadOnlyHint; ro != (tool.Name != toolAct) {
				t.Errorf("%s: readOnlyHint %v", tool.Name, ro)
			}
			scheme := tool.Meta["securitySchemes"].([]any)[0].(map[string]any)
			want := fmt.Sprint([]string(ToolScopes()[tool.Name]))
			if scheme["type"] != "oauth2" || fmt.Sprint(scheme["scopes"]) != want {
				t.Errorf("%s: %v, want %s", tool.Name, scheme, want)
			}
		}
		if len(seen) != 5 || len(seen) != len(ToolScopes()) {
			t.Errorf("the tools are %v", seen)
		}
	})
}

func TestCountSlowlyReportsProgress(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		steps := make(chan float64, 10)
		cs := connect(t, serveOpen(t), version, &as{}, &mcp.ClientOptions{
			ProgressNotificationHandler: func(_ context.Context, n *mcp.ProgressNotificationClientRequest) {
				steps <- n.Params.Progress
			},
		})
		params := &mcp.CallToolParams{Name: toolCount, Arguments: map[string]any{"to": 3, "every_ms": 1}}
		params.SetProgressToken("p")
		if _, err := cs.CallTool(t.Context(), params); err != nil {
			t.Fatal(err)
		}
		for want := 1.0; want <= 3; want++ {
			if got := <-steps; got != want {
				t.Errorf("step %v, want %v", got, want)
			}
		}
	})
}

func TestCountSlowlyCanBeCancelled(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		ctx, cancel := context.WithCancel(t.Context())
		cs := connect(t, serveOpen(t), version, &as{}, &mcp.ClientOptions{
			ProgressNotificationHandler: func(context.Context, *mcp.ProgressNotificationClientRequest) { cancel() },
		})
		params := &mcp.CallToolParams{Name: toolCount, Arguments: map[string]any{"to": 100, "every_ms": 20}}
		params.SetProgressToken("p")
		began := time.Now()
		_, err := cs.CallTool(ctx, params)
		if !errors.Is(err, context.Canceled) || time.Since(began) > time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
	})
}

func TestAClientThatCanAskItsUserNeedsNoTitle(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		if version < "2025-06-18" {
			t.Skip("elicitation came with 2025-06-18")
		}
		answer := &mcp.ElicitResult{Action: "accept", Content: map[string]any{"title": "From the person"}}
		var mu sync.Mutex
		cs := connect(t, serveDemo(t), version, &as{token: "ada.rw"}, &mcp.ClientOptions{
			ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
				mu.Lock()
				defer mu.Unlock()
				return answer, nil
			},
		})
		args := map[string]any{"id": "whoami", "action": "rename"}
		if text, _, failed := call(t, cs, toolAct, args); failed || !strings.Contains(text, "From the person") {
			t.Errorf("accepted: %q", text)
		}
		mu.Lock()
		answer = &mcp.ElicitResult{Action: "decline"}
		mu.Unlock()
		if text, _, failed := call(t, cs, toolAct, args); !failed || !strings.Contains(text, "leave the item as it is") {
			t.Errorf("declined: %q", text)
		}
	})
}

func TestResourcesPromptAndCompletion(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		ctx := t.Context()
		cs := connect(t, serveDemo(t), version, &as{token: "ada.rw"}, nil)
		for uri, want := range map[string]string{
			uriAbout: "never saw your password", uriItems: `"open": 3`, uriItems + "/whoami": `"id": "whoami"`,
		} {
			res, err := cs.ReadResource(ctx, &mcp.ReadResourceParams{URI: uri})
			if err != nil || !strings.Contains(res.Contents[0].Text, want) {
				t.Errorf("%s: %v, %v", uri, res, err)
			}
		}
		if _, err := cs.ReadResource(ctx, &mcp.ReadResourceParams{URI: uriItems + "/nope"}); err == nil {
			t.Error("read an item that is not there")
		}
		p, err := cs.GetPrompt(ctx, &mcp.GetPromptParams{Name: promptPln, Arguments: map[string]string{"style": "detailed"}})
		if err != nil || !strings.Contains(p.Messages[0].Content.(*mcp.TextContent).Text, "detailed") {
			t.Errorf("prompt: %v, %v", p, err)
		}
		for _, c := range []struct {
			ref  *mcp.CompleteReference
			arg  mcp.CompleteParamsArgument
			want string
		}{
			{&mcp.CompleteReference{Type: "ref/prompt", Name: promptPln}, mcp.CompleteParamsArgument{Name: "style", Value: "d"}, "[detailed]"},
			{&mcp.CompleteReference{Type: "ref/resource", URI: uriItem}, mcp.CompleteParamsArgument{Name: "id", Value: "w"}, "[whoami withdraw]"},
		} {
			res, err := cs.Complete(ctx, &mcp.CompleteParams{Ref: c.ref, Argument: c.arg})
			if err != nil || fmt.Sprint(res.Completion.Values) != c.want {
				t.Errorf("%v: %v, %v", c.arg, res, err)
			}
		}
	})
}

func TestGetWithoutASessionIsNotAllowedInTheNewGeneration(t *testing.T) {
	req, _ := http.NewRequestWithContext(t.Context(), "GET", serveOpen(t), nil)
	req.Header.Set("Mcp-Protocol-Version", "2026-07-28")
	res, err := (&as{}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Error(res.Status)
	}
}

func TestWhoAmIHasAPage(t *testing.T) {
	inEveryGeneration(t, func(t *testing.T, version string) {
		cs := connect(t, serveDemo(t), version, &as{token: "ada.r"}, nil)
		meta := map[string]mcp.Meta{}
		for tool, err := range cs.Tools(t.Context(), nil) {
			if err != nil {
				t.Fatal(err)
			}
			meta[tool.Name] = tool.Meta
		}
		ui, _ := meta[toolWhoAmI]["ui"].(map[string]any)
		uri, _ := ui["resourceUri"].(string)
		if uri != whoPage().Address() || meta[toolWhoAmI]["openai/outputTemplate"] != uri {
			t.Errorf("whoami says %v", meta[toolWhoAmI])
		}
		if meta[toolAct]["openai/widgetAccessible"] != true {
			t.Error("the page may not ask for the missing permission")
		}
		res, err := cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if err != nil {
			t.Fatal(err)
		}
		page := res.Contents[0]
		if page.MIMEType != widget.Type || !strings.HasPrefix(page.Text, "<!doctype html>") {
			t.Errorf("the page is %s: %.100s", page.MIMEType, page.Text)
		}
		if page.Meta["openai/widgetDomain"] != "https://mcp.example.com" || page.Meta["ui"] == nil {
			t.Errorf("of the page it says %v", page.Meta)
		}
	})
}
