package demo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/shelf"
	"github.com/sallyport-dev/sallyport/apps/widget"
)

const (
	toolEcho   = "echo"
	toolWhoAmI = "whoami"
	toolItems  = "get-items"
	toolAct    = "perform-item-action"
	toolCount  = "count-slowly"
)

// maxEcho bounds what echo repeats, in characters.
const maxEcho = 10_000

// Refusals are written for a model: what is wrong, and what to do next.
var errNobody = errors.New("nobody is signed in, so there is no list to show or change; " +
	"connect to this server with an access token and call again")

type (
	echoIn struct {
		Text string `json:"text" jsonschema:"what to say back"`
	}
	echoOut struct {
		Text   string `json:"text"`
		Length int    `json:"length" jsonschema:"in characters"`
	}
	nothing  struct{}
	itemsOut struct {
		Items []shelf.Item `json:"items"`
		Open  int          `json:"open" jsonschema:"how many are not done"`
	}
)

func (d *demo) addTools(s *mcp.Server) {
	mcp.AddTool(s, d.needs.Tool(mcp.Tool{
		Name: toolEcho, Title: "Echo",
		Description: "Says the text back. Use it to find out whether the connection works.",
		InputSchema: serving.Schema[echoIn](func(in *jsonschema.Schema) {
			in.Properties["text"].MaxLength = jsonschema.Ptr(maxEcho)
		}),
		Annotations: serving.Reads(),
	}), d.echo)
	whoAmI := d.needs.Tool(mcp.Tool{
		Name: toolWhoAmI, Title: "Who am I",
		Description: "Says who is signed in, through which client, with which permissions and until when.",
		Annotations: serving.Reads(),
	})
	whoPage().ShowResultsOf(whoAmI, "Asking who is signed in", "Asked who is signed in")
	mcp.AddTool(s, whoAmI, d.whoAmI)
	mcp.AddTool(s, d.needs.Tool(mcp.Tool{
		Name: toolItems, Title: "Get items",
		Description: "Lists the items of the person who is signed in. Nobody else sees or changes them.",
		Annotations: serving.Reads(),
	}), d.getItems)
	act := d.needs.Tool(mcp.Tool{
		Name: toolAct, Title: "Change an item",
		Description: "Completes, reopens or renames one item of the person who is signed in. " +
			"Call get-items first: the id has to be one of those it lists.",
		InputSchema: serving.Schema[actIn](limitAct),
		Annotations: &mcp.ToolAnnotations{
			// A former title is lost; doing the same twice changes nothing.
			DestructiveHint: jsonschema.Ptr(true), IdempotentHint: true, OpenWorldHint: jsonschema.Ptr(false),
		},
	})
	widget.LetWidgetsCall(act)
	mcp.AddTool(s, act, d.act)
	mcp.AddTool(s, d.needs.Tool(mcp.Tool{
		Name: toolCount, Title: "Count slowly",
		Description: "Counts from 1 and reports progress at every step, so that progress and cancelling can be seen.",
		InputSchema: serving.Schema[countIn](limitCount),
		Annotations: serving.Reads(),
	}), d.count)
}

func (d *demo) echo(_ context.Context, _ *mcp.CallToolRequest, in echoIn) (*mcp.CallToolResult, echoOut, error) {
	return serving.Says("%s", in.Text), echoOut{Text: in.Text, Length: len([]rune(in.Text))}, nil
}

func (d *demo) getItems(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, itemsOut, error) {
	c, ok := serving.Person(ctx)
	if !ok {
		return nil, itemsOut{}, errNobody
	}
	out := itemsOut{Items: d.shelf.Items(c.Subject)}.counted()
	var text strings.Builder
	for _, it := range out.Items {
		fmt.Fprintln(&text, it)
	}
	return serving.Says("%d items, %d of them open:\n%s", len(out.Items), out.Open, text.String()), out, nil
}

func (l itemsOut) counted() itemsOut {
	for _, it := range l.Items {
		if !it.Done {
			l.Open++
		}
	}
	return l
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
