package doctor

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
)

const (
	maxPages   = 5  // of a list that are asked for
	maxWidgets = 20 // that are read
)

// A catalogue is what the server offers to whoever asked.
type catalogue struct {
	tools   []map[string]any
	listed  *exchange // the first page of tools; nil: nobody asked
	widgets []widget
}

// A widget is a page that a tool names, and the resource that it is.
type widget struct {
	tool, uri string
	*exchange
	content map[string]any // the first of contents; nil: there is none
}

// A session is a conversation with the MCP server.
type session struct {
	p      *probe
	header map[string]string
	modern bool
	id     int
}

// openSession begins a conversation: initialize, or, where the server does not know
// that, the newer generation, which needs no beginning.
func (p *probe) openSession(ctx context.Context, token string) (*session, *exchange) {
	s := &session{p: p, header: map[string]string{}, id: 10}
	if token != "" {
		s.header["Authorization"] = "Bearer " + token
	}
	x := p.wire.send(ctx, p.call("initialize", initializeBody, s.header))
	a, ok := rpc(x)
	if !x.ok() || !ok || a.Result == nil {
		modern := maps.Clone(s.header)
		modern["MCP-Protocol-Version"], modern["Mcp-Method"] = newer, "server/discover"
		d := p.wire.send(ctx, p.call("server/discover", discoverBody, modern))
		if !answers(d) {
			return nil, x
		}
		s.modern, s.header["MCP-Protocol-Version"] = true, newer
		return s, d
	}
	if id := x.answer.Get("Mcp-Session-Id"); id != "" {
		s.header["Mcp-Session-Id"] = p.keep(id)
	}
	version, _ := a.Result["protocolVersion"].(string)
	if len(version) == len(older) {
		s.header["MCP-Protocol-Version"] = version
	}
	p.wire.send(ctx, p.call("say that the session is open", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, s.header))
	return s, x
}

// ask makes one request of the conversation.
func (s *session) ask(ctx context.Context, method string, params map[string]any) (*exchange, rpcAnswer) {
	s.id++
	header := maps.Clone(s.header)
	if params == nil {
		params = map[string]any{}
	}
	if s.modern {
		header["Mcp-Method"] = method
		if uri, _ := params["uri"].(string); uri != "" {
			header["Mcp-Name"] = uri
		}
		params["_meta"] = json.RawMessage(newerMeta)
	}
	body, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": s.id, "method": method, "params": params}) // of JSON
	x := s.p.wire.send(ctx, s.p.call(method, string(body), header))
	a, _ := rpc(x)
	return x, a
}

// close ends the conversation, where it is one that ends.
func (s *session) close(ctx context.Context) {
	if s.header["Mcp-Session-Id"] == "" {
		return
	}
	s.p.wire.send(ctx, ask{purpose: "end the session", method: "DELETE", url: s.p.o.resourceURL(), header: s.header, glance: true})
}

// list asks for the tools, and reads the pages that they name.
func (p *probe) list(ctx context.Context, token string) catalogue {
	var c catalogue
	s, _ := p.openSession(ctx, token)
	if s == nil {
		return c
	}
	defer s.close(ctx)
	cursor := ""
	for range maxPages {
		params := map[string]any{}
		if cursor != "" {
			params["cursor"] = cursor
		}
		x, a := s.ask(ctx, "tools/list", params)
		if c.listed == nil {
			c.listed = x
		}
		found, _ := a.Result["tools"].([]any)
		for _, t := range found {
			if tool, ok := t.(map[string]any); ok {
				c.tools = append(c.tools, tool)
			}
		}
		if cursor, _ = a.Result["nextCursor"].(string); cursor == "" {
			break
		}
	}
	c.widgets = s.widgets(ctx, c.tools)
	return c
}

// widgets reads each page that a tool names, once.
func (s *session) widgets(ctx context.Context, tools []map[string]any) []widget {
	var all []widget
	seen := map[string]bool{}
	for _, tool := range tools {
		uri := widgetOf(tool)
		if uri == "" || seen[uri] || len(all) == maxWidgets || !strings.Contains(uri, ":") {
			continue
		}
		seen[uri] = true
		name, _ := tool["name"].(string)
		x, a := s.ask(ctx, "resources/read", map[string]any{"uri": uri})
		w := widget{tool: name, uri: uri, exchange: x}
		if contents, _ := a.Result["contents"].([]any); len(contents) > 0 {
			w.content, _ = contents[0].(map[string]any)
		}
		all = append(all, w)
	}
	return all
}

// widgetOf is the page that a tool names, in the standard's way or in one of the
// older ones.
func widgetOf(tool map[string]any) string {
	meta, _ := tool["_meta"].(map[string]any)
	ui, _ := meta["ui"].(map[string]any)
	for _, v := range []any{ui["resourceUri"], meta["ui/resourceUri"], meta["openai/outputTemplate"]} {
		if s, ok := v.(string); ok && s != "" {
			return s
		}
	}
	return ""
}
