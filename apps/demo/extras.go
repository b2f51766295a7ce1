package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
)

const (
	uriAbout  = "demo://about"
	uriItems  = "demo://items"
	uriItem   = "demo://items/{id}"
	promptPln = "plan-my-day"
)

const about = `# The Sallyport demo

This MCP server stands behind Sallyport. It never saw your password and does
not know OAuth; Sallyport checked the access token and told it who you are.

- **whoami** says what it was told.
- **get-items** and **perform-item-action** work on a list that is yours alone.
  The first needs the permission ` + "`demo:read`" + `, the second ` + "`demo:write`" + `.
- **count-slowly** reports progress and can be cancelled.

The list is kept in memory and is gone when the server stops.
`

func (d *demo) addResources(s *mcp.Server) {
	whoPage().AddTo(s, resourceOf)
	s.AddResource(&mcp.Resource{
		URI: uriAbout, Name: "about", Title: "About this server", MIMEType: "text/markdown",
		Description: "What this server is and what can be tried with it.",
	}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		return contents(uriAbout, "text/markdown", about), nil
	})
	s.AddResource(&mcp.Resource{
		URI: uriItems, Name: "items", Title: "My items", MIMEType: "application/json",
		Description: "The items of the person who is signed in.",
	}, d.readItems)
	s.AddResourceTemplate(&mcp.ResourceTemplate{
		URITemplate: uriItem, Name: "item", Title: "One of my items", MIMEType: "application/json",
		Description: "One item of the person who is signed in.",
	}, d.readItem)
}

func contents(uri, mime, text string) *mcp.ReadResourceResult {
	return &mcp.ReadResourceResult{
		Contents: []*mcp.ResourceContents{{URI: uri, MIMEType: mime, Text: text}},
		// What one person sees is not for a cache that serves another.
		Cacheable: mcp.Cacheable{CacheScope: "private"},
	}
}

func (d *demo) readItems(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	c, ok := serving.Person(ctx)
	if !ok {
		return nil, errNobody
	}
	return asJSON(uriItems, itemsOut{Items: d.shelf.Items(c.Subject)}.counted())
}

func (d *demo) readItem(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	c, ok := serving.Person(ctx)
	if !ok {
		return nil, errNobody
	}
	for _, it := range d.shelf.Items(c.Subject) {
		if uriItems+"/"+it.ID == req.Params.URI {
			return asJSON(req.Params.URI, it)
		}
	}
	return nil, mcp.ResourceNotFoundError(req.Params.URI)
}

func asJSON(uri string, v any) (*mcp.ReadResourceResult, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil, err
	}
	return contents(uri, "application/json", string(text)), nil
}

func (d *demo) addPrompts(s *mcp.Server) {
	s.AddPrompt(&mcp.Prompt{
		Name: promptPln, Title: "Plan my day",
		Description: "Asks the model to plan a day around the open items.",
		Arguments: []*mcp.PromptArgument{{
			Name: "style", Title: "Style", Description: "How the plan should read: " + strings.Join(styles, ", ") + ".",
		}},
	}, d.plan)
}

var styles = []string{"brief", "detailed", "encouraging"}

func (d *demo) plan(ctx context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	style := req.Params.Arguments["style"]
	if style == "" {
		style = styles[0]
	}
	var open strings.Builder
	if c, ok := serving.Person(ctx); ok {
		for _, it := range d.shelf.Items(c.Subject) {
			if !it.Done {
				fmt.Fprintln(&open, it)
			}
		}
	}
	if open.Len() == 0 {
		open.WriteString("nothing is open\n")
	}
	text := fmt.Sprintf("Plan my day around these items. Keep the plan %s.\n\n%s\n"+
		"When I say that one is done, complete it with %s.", style, open.String(), toolAct)
	return &mcp.GetPromptResult{
		Description: "A plan for the open items",
		Messages:    []*mcp.PromptMessage{{Role: "user", Content: &mcp.TextContent{Text: text}}},
	}, nil
}

// complete suggests values for the prompt's style and the template's id.
func (d *demo) complete(ctx context.Context, req *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
	var values []string
	switch ref := req.Params.Ref; {
	case ref.Type == "ref/prompt" && ref.Name == promptPln && req.Params.Argument.Name == "style":
		values = styles
	case ref.Type == "ref/resource" && ref.URI == uriItem && req.Params.Argument.Name == "id":
		if c, ok := serving.Person(ctx); ok {
			values = d.ids(c.Subject)
		}
	}
	matching := []string{}
	for _, v := range values {
		if strings.HasPrefix(v, req.Params.Argument.Value) {
			matching = append(matching, v)
		}
	}
	return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: matching, Total: len(matching)}}, nil
}
