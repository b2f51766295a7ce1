package chess

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// An answer is what a tool says when it has done what it was asked.
type answer struct {
	result
	text  string // in front of what the result says by itself
	legal []legalMove
	hints []string
}

// about is the answer that shows a position.
func about(p *play, r result) answer { return answer{result: r, legal: p.legal(), hints: p.hints()} }

// A refusal is an error that a sign-in, or a permission, would heal.
type refusal struct {
	code oauth.ErrorCode
	says string // to the client
	text string // to the model
}

func (r *refusal) Error() string { return r.text }

// add makes a tool of a function. What the function refuses becomes a result that
// is an error; the model reads it and can do better.
func add[In any](c *chess, s *mcp.Server, t mcp.Tool, do func(context.Context, In) (answer, error)) {
	t.OutputSchema = serving.Schema[result](func(out *jsonschema.Schema) {
		out.Properties["status"].Enum = []any{"ongoing", "check", "checkmate", "stalemate", "draw", "puzzle"}
		for _, name := range []string{"turn", "winner", "side"} {
			out.Properties[name].Enum = []any{"white", "black"}
		}
		out.Properties["history"].Types, out.Properties["history"].Type = nil, "array"
	})
	t.Annotations.Title, t.Meta = t.Title, c.schemes(t.Name)
	onBoard(&t)
	mcp.AddTool(s, &t, func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		a, err := do(ctx, in)
		if err != nil {
			return c.refuse(ctx, t.Name, err), nil, nil
		}
		return &mcp.CallToolResult{
			Content: []mcp.Content{&mcp.TextContent{Text: a.text + a.say()}},
			Meta:    mcp.Meta{"legal_moves": a.legal, "hints": a.hints},
		}, a.result, nil
	})
}

// told marks what a model may read of an error; anything else is for the log.
type told struct{ error }

func tell(err error) error {
	if err == nil {
		return nil
	}
	return told{err}
}

func (c *chess) refuse(ctx context.Context, tool string, err error) *mcp.CallToolResult {
	res := &mcp.CallToolResult{IsError: true}
	var sign *refusal
	var wrong told
	text := err.Error()
	switch {
	case errors.As(err, &sign):
		res.Meta = mcp.Meta{"mcp/www_authenticate": []string{c.challenge(ctx, sign)}}
	case errors.As(err, &wrong), errors.Is(err, errMovedOn), errors.Is(err, errBusy), errors.Is(err, errCrowded):
	case ctx.Err() != nil:
		text = "the call was cancelled"
	default:
		c.log.Error("a tool failed", "tool", tool, "cause", err.Error())
		text = "the server could not do this just now; nothing was changed. Try again in a moment"
	}
	res.Content = []mcp.Content{&mcp.TextContent{Text: text}}
	return res
}

// challenge tells a client which reads it where to sign in. RFC 9728 §5.1.
func (c *chess) challenge(ctx context.Context, r *refusal) string {
	who, _ := resource.CallerFrom(ctx)
	metadata, _ := resource.MetadataURL(who.Resource) // without a guard there is none, and nobody who would ask
	return fmt.Sprintf(`Bearer resource_metadata=%q, scope=%q, error=%q, error_description=%q`, metadata, c.ownGame.String(), string(r.code), r.says)
}
