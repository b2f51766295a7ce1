// Package widget describes the pages that a chat shows beside a tool's result:
// MCP Apps 2026-01-26, and the older keys of ChatGPT beside them.
//
//	page := widget.Page{URI: "ui://widget/board.html", Name: "board", HTML: boardHTML}
//	page.AddTo(server, nil)
//	page.ShowResultsOf(tool, "Setting up the board", "The board is set up")
//	mcp.AddTool(server, tool, …)
//
// The pages of this project are made from the sources in apps/widgets.
package widget

import (
	"context"
	"net/url"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Type is the media type of every page. ChatGPT takes it as well as its own
// older one, so that each page has one address.
//
// MCP Apps 2026-01-26: "mimeType MUST be `text/html;profile=mcp-app`".
const Type = "text/html;profile=mcp-app"

// fresh is how long clients are told to keep a page that they read at its address.
const fresh = 24 * time.Hour

// A Page is one widget. It loads nothing and calls nobody but the chat that
// shows it, and says so: every list of its content security policy is empty.
type Page struct {
	// URI begins with ui://, such as ui://widget/board.html. It never changes; what
	// chats are told is [Page.Address].
	URI string
	// Name is for programs and Title for people.
	Name, Title string
	// Description says what the page shows, to the model: it need not say it again.
	Description string
	// HTML is the whole document.
	HTML string
	// Border asks the chat for a border and a background around the page.
	Border bool
}

// AddTo lets a server answer resources/read with the page. origin is called
// with each request and returns where the server is found from outside, such as
// https://mcp.example.com: ChatGPT gives the widget an origin of its own for
// it. It may be nil, and may return "".
//
// The page is listed at [Page.Address]. It is also what its URI and the addresses
// of its earlier contents are answered with: a chat reads what the tools named
// when it last listed them, which may be a week ago, or at a replica that is of
// another version.
func (p Page) AddTo(s *mcp.Server, origin func(context.Context) string) {
	address := p.Address()
	s.AddReceivingMiddleware(p.atEarlierAddresses(address))
	s.AddResource(&mcp.Resource{
		URI: address, Name: p.Name, Title: p.Title, Description: p.Description, MIMEType: Type,
		Size: int64(len(p.HTML)), Meta: p.meta(""),
	}, func(ctx context.Context, _ *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		from := ""
		if origin != nil {
			from = origin(ctx)
		}
		// MCP 2026-07-28, Caching: "If ttlMs is positive, the client SHOULD
		// consider the result fresh for that many milliseconds".
		return &mcp.ReadResourceResult{Cacheable: mcp.Cacheable{TTLMs: int(fresh.Milliseconds())}, Contents: []*mcp.ResourceContents{
			{URI: address, MIMEType: Type, Text: p.HTML, Meta: p.meta(from)},
		}}, nil
	})
}

// meta says the same twice: as MCP Apps has it, and as ChatGPT had it before.
//
// ui.domain is left out: each host has a form of its own for it.
func (p Page) meta(origin string) mcp.Meta {
	none := func(names ...string) map[string]any {
		lists := map[string]any{}
		for _, name := range names {
			lists[name] = []string{}
		}
		return lists
	}
	m := mcp.Meta{
		"ui": map[string]any{
			"csp":           none("connectDomains", "resourceDomains", "frameDomains", "baseUriDomains"),
			"prefersBorder": p.Border,
		},
		"openai/widgetCSP":           none("connect_domains", "resource_domains"),
		"openai/widgetDescription":   p.Description,
		"openai/widgetPrefersBorder": p.Border,
	}
	if u, err := url.Parse(origin); err == nil && u.Scheme == "https" && u.Host != "" {
		m["openai/widgetDomain"] = "https://" + u.Host
	}
	return m
}

// ShowResultsOf makes chats show the results of a tool in the page. doing and
// done are what ChatGPT says meanwhile and after, of at most 64 characters.
func (p Page) ShowResultsOf(t *mcp.Tool, doing, done string) {
	LetWidgetsCall(t)
	address := p.Address()
	t.Meta["ui"] = map[string]any{"resourceUri": address, "visibility": []string{"model", "app"}}
	t.Meta["openai/outputTemplate"] = address
	t.Meta["openai/toolInvocation/invoking"] = doing
	t.Meta["openai/toolInvocation/invoked"] = done
}

// LetWidgetsCall lets widgets call a tool that shows no page of its own. MCP Apps
// allows it where nothing is said; ChatGPT has to be told.
func LetWidgetsCall(t *mcp.Tool) {
	if t.Meta == nil {
		t.Meta = mcp.Meta{}
	}
	t.Meta["ui"] = map[string]any{"visibility": []string{"model", "app"}}
	t.Meta["openai/widgetAccessible"] = true
}
