package doctor

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	older = "2025-11-25" // the generation with initialize and sessions
	newer = "2026-07-28" // the one without

	initializeBody = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"` + older +
		`","capabilities":{},"clientInfo":{"name":"sallyport-doctor","version":"1"}}}`
	discoverBody = `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":` + newerMeta + `}}`
	newerMeta    = `{"io.modelcontextprotocol/protocolVersion":"` + newer +
		`","io.modelcontextprotocol/clientInfo":{"name":"sallyport-doctor","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`

	// browserOrigin is where MCP Inspector's page comes from.
	browserOrigin = "http://localhost:6274"
	bothTypes     = "application/json, text/event-stream"

	// neverIssued stands where a token is due that has to be refused.
	neverIssued = "sallyport-doctor.this-token-was-never-issued"
)

// call is a request to the MCP server.
func (p *probe) call(purpose, body string, more map[string]string) ask {
	header := map[string]string{"Content-Type": "application/json", "Accept": bothTypes}
	maps.Copy(header, more)
	return ask{purpose: purpose, method: http.MethodPost, url: p.o.resourceURL(), header: header, body: body, follow: true}
}

// askServer calls the MCP server as strangers do.
func (p *probe) askServer(ctx context.Context) {
	c := &p.o.calls
	c.initialize = p.wire.send(ctx, p.call("initialize without a token (MCP "+older+")", initializeBody, nil))
	if !p.o.reached() {
		return
	}
	c.discover = p.wire.send(ctx, p.call("server/discover without a token (MCP "+newer+")", discoverBody,
		map[string]string{"MCP-Protocol-Version": newer, "Mcp-Method": "server/discover"}))
	c.stream = p.wire.send(ctx, ask{purpose: "open the stream without a token", url: p.o.resourceURL(),
		header: map[string]string{"Accept": "text/event-stream"}, glance: true, follow: true})
	c.badToken = p.wire.send(ctx, p.call("initialize with a token that nobody issued", initializeBody,
		map[string]string{"Authorization": "Bearer " + neverIssued}))
	slash := p.call("initialize at the same address with a slash more, or less", initializeBody, nil)
	slash.url, slash.follow = otherSlash(p.o.resourceURL()), false
	c.slash = p.wire.send(ctx, slash)
	c.anyAccept = p.wire.send(ctx, p.call("initialize with Accept: */*, as Claude at times", initializeBody, map[string]string{"Accept": "*/*"}))
	c.browser = p.wire.send(ctx, p.call("initialize from a page in a browser", initializeBody, map[string]string{"Origin": browserOrigin}))
	if p.o.loopback() {
		c.rebound = p.wire.send(ctx, p.call("initialize from a page of somebody else's", initializeBody, map[string]string{"Origin": "https://sallyport-doctor.invalid"}))
	}
	p.askAsEach(ctx)
	if p.o.target.Scheme == "https" && p.o.target.Port() == "" {
		plain := p.call("initialize at the same address with http", initializeBody, nil)
		plain.url, plain.follow = "http://"+strings.TrimPrefix(p.o.resourceURL(), "https://"), false
		c.plain = p.wire.send(ctx, plain)
	}
	c.missing = p.wire.send(ctx, ask{purpose: "a well-known path with nothing at it",
		url: p.o.origin() + "/.well-known/sallyport-doctor-nothing-is-here", header: map[string]string{"Accept": "application/json"}})
}

// askAsEach makes one request with the user agent of each client, once for
// those that share one.
func (p *probe) askAsEach(ctx context.Context) {
	by := map[string][]string{}
	for _, c := range p.o.clients {
		for _, n := range c.Connections {
			if n.UserAgent != "" && !slices.Contains(by[n.UserAgent], c.ID) {
				by[n.UserAgent] = append(by[n.UserAgent], c.ID)
			}
		}
	}
	for _, agent := range slices.Sorted(maps.Keys(by)) {
		x := p.wire.send(ctx, p.call("initialize, as "+strings.Join(by[agent], " and ")+" sends it", initializeBody, map[string]string{"User-Agent": agent}))
		p.o.calls.agents = append(p.o.calls.agents, agentCall{agent, by[agent], x, p.o.calls.initialize})
	}
}

// askForDocumentsAsEach asks for the metadata with the user agent of each client
// that got through to the MCP server: bot filters have rules by path.
func (p *probe) askForDocumentsAsEach(ctx context.Context) {
	for _, a := range p.o.calls.agents {
		if a.err != nil || a.status != p.o.calls.initialize.status {
			continue
		}
		for _, like := range []*place{p.o.prm, p.o.as} {
			if like == nil {
				continue
			}
			x := p.wire.send(ctx, ask{purpose: "the metadata, as " + strings.Join(a.clients, " and ") + " asks for it", url: like.url, follow: true,
				header: map[string]string{"Accept": "application/json", "MCP-Protocol-Version": older, "User-Agent": a.agent}})
			p.o.documentAgents = append(p.o.documentAgents, agentCall{a.agent, a.clients, x, like.exchange})
		}
	}
}

// otherSlash is a URL with a slash after its path, or without the one there is.
func otherSlash(raw string) string {
	before, query, has := strings.Cut(raw, "?")
	if trimmed, ok := strings.CutSuffix(before, "/"); ok {
		before = trimmed
	} else {
		before += "/"
	}
	if has {
		before += "?" + query
	}
	return before
}
