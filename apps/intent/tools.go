package intent

import (
	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/serving"
	"github.com/sallyport-dev/sallyport/apps/shelf"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// The scopes of this server. What people read about them, settings may say anew.
const (
	ScopeRead  = "read"
	ScopeWrite = "write"
)

const (
	toolExtract  = "extract_intent"
	toolDiscover = "discover_connections"
	toolAct      = "connection_action"
	toolEcho     = "echo"
	toolItems    = "get-items"
	toolItem     = "perform-item-action"
)

// ToolScopes is what each tool needs.
func ToolScopes() map[string]oauth.Scope {
	read, write := oauth.NewScope(ScopeRead), oauth.NewScope(ScopeWrite)
	return map[string]oauth.Scope{
		toolExtract: read, toolDiscover: read, toolEcho: read, toolItems: read, toolItem: write, toolAct: write,
	}
}

// Scopes is what people read of the scopes.
func Scopes() []oauth.ScopeInfo {
	return []oauth.ScopeInfo{
		{Name: ScopeRead, Title: "Find out what you look for, and who else does", Description: "What you say is sent to the discovery network, which keeps it.", Default: true},
		{Name: ScopeWrite, Title: "Ask other people for a connection", Description: "And answer them, in your name."},
	}
}

// Tools is what a guard has to know of the tools.
func Tools() map[string]resource.Tool { return serving.Tools(ToolScopes()) }

func (d *discovery) addTools(s *mcp.Server) {
	mcp.AddTool(s, d.tool(mcp.Tool{
		Name: toolExtract, Title: "Extract intents", Annotations: finds(),
		Description: "Finds what the person is looking for in what they said, and remembers it. Pass their words as they are.",
		InputSchema: serving.Schema[extractIn](limitText),
	}), d.extractIntent)
	mcp.AddTool(s, d.tool(mcp.Tool{
		Name: toolDiscover, Title: "Discover connections", Annotations: finds(),
		Description: "Finds other people who look for what this person is looking for, and says what they have in common.",
		InputSchema: serving.Schema[discoverIn](limitDiscover),
	}), d.discoverConnections)
	mcp.AddTool(s, d.tool(mcp.Tool{
		Name: toolAct, Title: "Act on a connection",
		Description: "Asks another person for a connection, skips them, or answers what they asked. They are told. Do it only when the person said so.",
		InputSchema: serving.Schema[actIn](limitAct),
		Annotations: &mcp.ToolAnnotations{DestructiveHint: jsonschema.Ptr(true), OpenWorldHint: jsonschema.Ptr(true)},
	}), d.connectionAction)
	mcp.AddTool(s, d.tool(mcp.Tool{
		Name: toolEcho, Title: "Echo", Annotations: serving.Reads(),
		Description: "Says the text back. Use it to find out whether the connection works.",
		InputSchema: serving.Schema[echoIn](func(s *jsonschema.Schema) { s.Properties["text"].MaxLength = jsonschema.Ptr(section) }),
	}), d.echo)
	mcp.AddTool(s, d.tool(mcp.Tool{
		Name: toolItems, Title: "Get items", Annotations: serving.Reads(),
		Description: "Lists the intents that were found for the person since this server started, the newest first.",
	}), d.getItems)
	mcp.AddTool(s, d.tool(mcp.Tool{
		Name: toolItem, Title: "Change an item",
		Description: "Completes or reopens one item of the person. Call get-items first: the id has to be one of those it lists.",
		InputSchema: serving.Schema[itemIn](func(s *jsonschema.Schema) {
			s.Properties["action"].Enum = []any{"complete", "reopen"}
			s.Properties["id"].MaxLength = jsonschema.Ptr(200)
		}),
		Annotations: &mcp.ToolAnnotations{DestructiveHint: jsonschema.Ptr(false), IdempotentHint: true, OpenWorldHint: jsonschema.Ptr(false)},
	}), d.changeItem)
}

// finds asks the API, which keeps what it finds.
func finds() *mcp.ToolAnnotations {
	return &mcp.ToolAnnotations{DestructiveHint: jsonschema.Ptr(false), OpenWorldHint: jsonschema.Ptr(true)}
}

// section is how much of each part of what was said goes to the API, in
// characters. What is longer is cut, and not refused.
const section = 5000

// maxSaid bounds what is taken at all.
const maxSaid = 200_000

func limitText(s *jsonschema.Schema) {
	for _, p := range []string{"fullInputText", "rawText", "conversationHistory", "userMemory"} {
		if s.Properties[p] != nil {
			s.Properties[p].MaxLength = jsonschema.Ptr(maxSaid)
		}
	}
}

func limitDiscover(s *jsonschema.Schema) {
	limitText(s)
	most := s.Properties["maxConnections"]
	most.Minimum, most.Maximum, most.Default = jsonschema.Ptr(1.0), jsonschema.Ptr(50.0), []byte("10")
}

func limitAct(s *jsonschema.Schema) {
	s.Properties["action"].Enum = []any{"REQUEST", "SKIP", "ACCEPT", "DECLINE", "CANCEL"}
	s.Properties["userId"].MinLength, s.Properties["userId"].MaxLength = jsonschema.Ptr(1), jsonschema.Ptr(200)
}

type echoIn struct {
	Text string `json:"text" jsonschema:"what to say back"`
}

type nothing struct{}

type itemsOut struct {
	Items []shelf.Item `json:"items"`
}

type itemIn struct {
	ID     string `json:"id" jsonschema:"the id of an item, as get-items lists it"`
	Action string `json:"action"`
}

type itemOut struct {
	Item shelf.Item `json:"item" jsonschema:"as it is now"`
}

// tool says what a tool needs, and which page shows what it answers.
func (d *discovery) tool(t mcp.Tool) *mcp.Tool { return onPages(d.Needs.Tool(t)) }
