package serving

import (
	"context"
	"encoding/json"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const schemesKey = "securitySchemes"

// declaring has the list of tools say what each needs beside its name, where ChatGPT
// looks first. The SDK has no such field: tools say it in _meta, as [Tool] does, and
// that stays, for clients that look there.
func declaring(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		res, err := next(ctx, method, req)
		if all, ok := res.(*mcp.ListToolsResult); ok && all != nil && err == nil {
			return declared{all}, nil
		}
		return res, err
	}
}

// declared is a list of tools as it is sent.
type declared struct{ *mcp.ListToolsResult }

// MarshalJSON copies what each tool needs out of its _meta.
func (d declared) MarshalJSON() ([]byte, error) {
	type tool struct {
		*mcp.Tool
		Schemes any `json:"securitySchemes,omitempty"`
	}
	type rest mcp.ListToolsResult // which has no methods
	tools := []tool{}
	for _, t := range d.Tools {
		tools = append(tools, tool{t, t.Meta[schemesKey]})
	}
	return json.Marshal(struct {
		*rest
		Tools []tool `json:"tools"`
	}{(*rest)(d.ListToolsResult), tools})
}
