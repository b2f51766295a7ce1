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
	t.Annotations.Title = t.Title
	t.Meta = mcp.Meta{schemesKey: []any{
		map[string]any{"type": "oauth2", "scopes": []string(needs)},
	}}
	return &t
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
