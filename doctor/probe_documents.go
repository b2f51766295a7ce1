package doctor

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// discoveryHeader is sent with every request for a document, as clients do.
var discoveryHeader = map[string]string{"Accept": "application/json", "MCP-Protocol-Version": older}

// findResource looks for the resource's metadata at every place at which a
// client looks. RFC 9728 §3 and §5.1.
func (p *probe) findResource(ctx context.Context) {
	o := p.o
	if at := o.challengeMetadata(); at != "" {
		o.resource = append(o.resource, newPlace(clientbook.Challenge, p.document(ctx, "resource metadata that the challenge names", at)))
	}
	wanted := []string{"/.well-known/oauth-protected-resource{path}", "/.well-known/oauth-protected-resource"}
	for _, c := range o.clients {
		for _, n := range c.Connections {
			wanted = append(wanted, n.Discovery.Resource...)
		}
	}
	seen := map[string]bool{}
	for _, where := range wanted {
		at := o.origin() + expand(where, o.target)
		if !strings.HasPrefix(where, "/") || seen[at] {
			continue
		}
		seen[at] = true
		o.resource = append(o.resource, newPlace(where, p.document(ctx, "resource metadata at "+strings.TrimPrefix(at, o.origin()), at)))
	}
	o.prm = firstFound(o.resource)
	servers, _ := o.prm.list("authorization_servers")
	if len(servers) > 0 {
		o.issuer = servers[0]
	}
}

// challengeMetadata is the resource_metadata of the challenge.
func (o *observations) challengeMetadata() string {
	for _, x := range []*exchange{o.calls.initialize, o.calls.discover} {
		if c, ok := bearer(x); ok && c.parameters["resource_metadata"] != "" {
			return c.parameters["resource_metadata"]
		}
	}
	return ""
}

func firstFound(places []place) *place {
	for i := range places {
		if places[i].found() {
			return &places[i]
		}
	}
	return nil
}

func (p *probe) document(ctx context.Context, purpose, at string) *exchange {
	return p.wire.send(ctx, ask{purpose: purpose, url: at, header: discoveryHeader, follow: true})
}

// The places of the authorization server's metadata. RFC 8414 §3.1 puts the
// well-known part before the issuer's path; OpenID Connect Discovery §4.1 after
// it, and clients try both, for both documents.
func serverPlaces(issuer *url.URL) []string {
	path := strings.TrimSuffix(issuer.EscapedPath(), "/")
	if path == "" {
		return []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"}
	}
	return []string{
		"/.well-known/oauth-authorization-server" + path, "/.well-known/openid-configuration" + path,
		path + "/.well-known/openid-configuration", path + "/.well-known/oauth-authorization-server",
	}
}

// findServer looks for the authorization server's metadata, and, where the
// resource has no metadata, for what MCP 2025-03-26 asks for.
func (p *probe) findServer(ctx context.Context) {
	o := p.o
	if u, err := url.Parse(o.issuer); err == nil && u.Host != "" {
		origin := u.Scheme + "://" + u.Host
		for _, where := range serverPlaces(u) {
			o.server = append(o.server, newPlace(where, p.document(ctx, "authorization server metadata at "+where, origin+where)))
		}
		o.as = firstFound(o.server)
	}
	if o.issuer == "" && !o.calls.open() {
		at := place{}
		for _, where := range slices.Compact([]string{"/.well-known/oauth-authorization-server" + expand("{path}", o.target), "/.well-known/oauth-authorization-server"}) {
			at = newPlace(where, p.document(ctx, "authorization server metadata at the MCP server's origin (MCP 2025-03-26)", o.origin()+where))
			if at.found() {
				break
			}
		}
		o.fallback.metadata = &at
		o.fallback.authorize = p.wire.send(ctx, ask{purpose: "the default authorization endpoint (MCP 2025-03-26)", url: o.origin() + "/authorize"})
		if at.found() {
			o.as = &at
		}
	}
	if at := o.as.str("jwks_uri"); at != "" {
		o.keys = p.wire.send(ctx, ask{purpose: "the key set", url: at, header: map[string]string{"Accept": "application/json"}, follow: true})
	}
}

// askPreflights asks what a browser asks before a page may send each request.
func (p *probe) askPreflights(ctx context.Context) {
	o := p.o
	discovery := []string{"mcp-protocol-version"}
	asked := []struct {
		of, url, method string
		headers         []string
	}{
		{"the MCP server (MCP " + older + ")", o.resourceURL(), "POST", []string{"authorization", "content-type", "mcp-protocol-version", "mcp-session-id"}},
		{"the MCP server (MCP " + newer + ")", o.resourceURL(), "POST", []string{"authorization", "content-type", "mcp-method", "mcp-name", "mcp-protocol-version"}},
	}
	if o.prm != nil {
		asked = append(asked, preflightOf{"the resource's metadata", o.prm.end(), "GET", discovery})
	}
	if o.as != nil {
		asked = append(asked, preflightOf{"the authorization server's metadata", o.as.end(), "GET", discovery},
			preflightOf{"the registration endpoint", o.as.str("registration_endpoint"), "POST", []string{"content-type"}},
			preflightOf{"the token endpoint", o.as.str("token_endpoint"), "POST", []string{"authorization", "content-type"}},
			preflightOf{"the revocation endpoint", o.as.str("revocation_endpoint"), "POST", []string{"content-type"}})
	}
	for _, a := range asked {
		if a.url == "" {
			continue
		}
		x := p.wire.send(ctx, ask{purpose: "a browser's preflight for " + a.of, method: "OPTIONS", url: a.url, header: map[string]string{
			"Origin": browserOrigin, "Access-Control-Request-Method": a.method, "Access-Control-Request-Headers": strings.Join(a.headers, ","),
		}})
		o.preflights = append(o.preflights, preflight{a.of, a.method, a.headers, x})
	}
}

type preflightOf = struct {
	of, url, method string
	headers         []string
}
