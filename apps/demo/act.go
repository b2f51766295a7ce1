package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/shelf"
)

type actIn struct {
	ID     string `json:"id" jsonschema:"the id of an item, as get-items lists it"`
	Action string `json:"action" jsonschema:"what to do with it"`
	Title  string `json:"title,omitempty" jsonschema:"the new title; for rename. A client that can ask its user may leave it out"`
}

type actOut struct {
	Item    shelf.Item `json:"item" jsonschema:"as it is now"`
	Changed bool       `json:"changed" jsonschema:"false where it was so already"`
	Action  string     `json:"action"`
}

func limitAct(in *jsonschema.Schema) {
	in.Properties["id"].MaxLength = jsonschema.Ptr(64)
	in.Properties["action"].Enum = []any{"complete", "reopen", "rename"}
	in.Properties["title"].MaxLength = jsonschema.Ptr(shelf.MaxTitle)
}

func (d *demo) act(ctx context.Context, req *mcp.CallToolRequest, in actIn) (*mcp.CallToolResult, actOut, error) {
	c, ok := serving.Person(ctx)
	if !ok {
		return nil, actOut{}, errNobody
	}
	if in.Action == "rename" && in.Title == "" {
		question, title, err := askTitle(req)
		if question != nil || err != nil {
			return question, actOut{}, err
		}
		in.Title = title
	}
	title, ok := shelf.CleanTitle(in.Title)
	if in.Action == "rename" && !ok {
		return nil, actOut{}, fmt.Errorf("rename needs a title of 1 to %d characters on one line; call again with title", shelf.MaxTitle)
	}
	changed := false
	now, found := d.shelf.Change(c.Subject, in.ID, func(it *shelf.Item) {
		before := *it
		switch in.Action {
		case "complete":
			it.Done = true
		case "reopen":
			it.Done = false
		case "rename":
			it.Title = title
		}
		changed = *it != before
	})
	if !found {
		return nil, actOut{}, fmt.Errorf("there is no item with this id; the ids are: %s", strings.Join(d.ids(c.Subject), ", "))
	}
	text := "Done: %s"
	if !changed {
		text = "Nothing to do, it is so already: %s"
	}
	return serving.Says(text, now), actOut{Item: now, Changed: changed, Action: in.Action}, nil
}

func (d *demo) ids(subject string) []string {
	var ids []string
	for _, it := range d.shelf.Items(subject) {
		ids = append(ids, it.ID)
	}
	return ids
}

const titleQuestion = "title"

// askTitle asks the person themselves, where their client can. It returns the
// question, or the answer, or why there is neither.
func askTitle(req *mcp.CallToolRequest) (question *mcp.CallToolResult, title string, err error) {
	if answer, ok := req.Params.InputResponses[titleQuestion].(*mcp.ElicitResult); ok {
		if answer.Action != "accept" {
			return nil, "", fmt.Errorf("the person was asked for a new title and did not give one; leave the item as it is")
		}
		title, _ := answer.Content["title"].(string)
		return nil, title, nil
	}
	if can := req.ClientCapabilities(); can == nil || can.Elicitation == nil {
		return nil, "", nil
	}
	return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{
		titleQuestion: &mcp.ElicitParams{
			Message: "What should the item be called?",
			RequestedSchema: &jsonschema.Schema{
				Type:     "object",
				Required: []string{"title"},
				Properties: map[string]*jsonschema.Schema{
					"title": {Type: "string", Title: "New title", MaxLength: jsonschema.Ptr(shelf.MaxTitle)},
				},
			},
		},
	}}, "", nil
}
