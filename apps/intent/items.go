package intent

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/shelf"
)

func (d *discovery) echo(_ context.Context, _ *mcp.CallToolRequest, in echoIn) (*mcp.CallToolResult, echoIn, error) {
	return serving.Says("%s", in.Text), in, nil
}

// person is whose items are meant.
func person(ctx context.Context) (string, error) {
	c, signedIn := serving.Person(ctx)
	if !signedIn {
		return "", errSignIn
	}
	return c.Subject, nil
}

// remember puts what was found on the person's list, in its order. Of more than the
// list holds the first stay.
func (d *discovery) remember(ctx context.Context, intents []Intent) {
	who, err := person(ctx)
	if err != nil {
		return // nobody's list
	}
	for _, i := range slices.Backward(intents) {
		title, ok := shelf.CleanTitle(strings.Join(strings.Fields(first(i.words(), shelf.MaxTitle-2)), " "))
		if ok && i.ID != "" {
			d.items.Add(who, shelf.Item{ID: i.ID, Title: title})
		}
	}
}

func (d *discovery) getItems(ctx context.Context, _ *mcp.CallToolRequest, _ nothing) (*mcp.CallToolResult, itemsOut, error) {
	who, err := person(ctx)
	if err != nil {
		return nil, itemsOut{}, err
	}
	out := itemsOut{Items: append([]shelf.Item{}, d.items.Items(who)...)}
	var text strings.Builder
	for _, it := range out.Items {
		fmt.Fprintln(&text, it)
	}
	return serving.Says("%d items:\n%s", len(out.Items), text.String()), out, nil
}

func (d *discovery) changeItem(ctx context.Context, _ *mcp.CallToolRequest, in itemIn) (*mcp.CallToolResult, itemOut, error) {
	who, err := person(ctx)
	if err != nil {
		return nil, itemOut{}, err
	}
	now, ok := d.items.Change(who, in.ID, func(it *shelf.Item) { it.Done = in.Action == "complete" })
	if !ok {
		return nil, itemOut{}, toModel("There is no item with this id. Call get-items for those that there are.")
	}
	return serving.Says("Done: %s", now), itemOut{now}, nil
}
