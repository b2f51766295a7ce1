package serving

import (
	"context"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// Tool adds to a tool what clients need to know about permission before they call:
// that it takes a token with these scopes. Annotations have to be there.
func Tool(t mcp.Tool, needs oauth.Scope) *mcp.Tool {
	return declare(t, map[string]any{"type": "oauth2", "scopes": append([]string{}, needs...)})
}

func declare(t mcp.Tool, scheme map[string]any) *mcp.Tool {
	t.Annotations.Title = t.Title
	t.Meta = mcp.Meta{schemesKey: []any{scheme}}
	return &t
}

// Needs is what a guard asks of whoever calls a tool: these scopes, or nothing where it
// is public.
type Needs func(tool string) (scopes oauth.Scope, public bool)

// Or is n, and what a table says where n is nil. In the table no tool is public.
func (n Needs) Or(table map[string]oauth.Scope) Needs {
	if n != nil {
		return n
	}
	return func(tool string) (oauth.Scope, bool) { return table[tool], false }
}

// Tool is [Tool] for what the guard asks of it.
func (n Needs) Tool(t mcp.Tool) *mcp.Tool {
	scopes, public := n(t.Name)
	if public {
		return declare(t, map[string]any{"type": "noauth"})
	}
	return Tool(t, scopes)
}

// Reads is what clients should know of a tool that looks at what is here, and
// changes nothing.
func Reads() *mcp.ToolAnnotations {
	return &mcp.ToolAnnotations{ReadOnlyHint: true, IdempotentHint: true, OpenWorldHint: jsonschema.Ptr(false)}
}

// Schema describes T, with the limits that its Go type cannot say. It panics where
// T has no schema: a mistake in the caller, found by any of its tests.
func Schema[T any](limits ...func(*jsonschema.Schema)) *jsonschema.Schema {
	s, err := jsonschema.For[T](nil)
	if err != nil {
		panic(err)
	}
	for _, limit := range limits {
		limit(s)
	}
	return s
}

// Says is a result with a text.
func Says(format string, args ...any) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf(format, args...)}}}
}

// Tools is what a guard has to know of tools that each need these scopes, by their names.
func Tools(scopes map[string]oauth.Scope) map[string]resource.Tool {
	all := map[string]resource.Tool{}
	for name, scope := range scopes {
		all[name] = resource.Tool{Scopes: scope}
	}
	return all
}

// FoundAt is where this server is found from outside, as the guard says; empty where
// there is none.
func FoundAt(ctx context.Context) string {
	c, _ := resource.CallerFrom(ctx)
	return c.Resource
}

// Person is who is signed in and calls; false where nobody is.
func Person(ctx context.Context) (resource.Caller, bool) {
	c, known := resource.CallerFrom(ctx)
	return c, known && !c.Anonymous && c.Subject != ""
}
