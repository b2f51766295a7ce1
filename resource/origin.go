package resource

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

const allowedMethods = "GET, POST, DELETE, OPTIONS"

// What clients in a browser may send and read. "*" stands for the Mcp-Param-*
// headers, which no list can name; it never covers Authorization.
var (
	anyOrigin      = []string{"*"}
	methodsHeader  = []string{allowedMethods}
	requestHeaders = []string{"Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID, DPoP, *"}
	exposedHeaders = []string{"WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, DPoP-Nonce, Retry-After"}
	preflightAge   = []string{"7200"}
)

// AllowCrossOrigin lets programs in browsers call and read the answer, errors
// included: a challenge that cannot be read is no challenge. Credentials of the
// browser's own (cookies) are not allowed, so that any origin may be.
func AllowCrossOrigin(h http.Header) {
	h["Access-Control-Allow-Origin"] = anyOrigin
	h["Access-Control-Allow-Headers"] = requestHeaders
	h["Access-Control-Expose-Headers"] = exposedHeaders
}

// preflight answers OPTIONS. A preflight carries no token, so it comes before
// any question about one.
func preflight(w http.ResponseWriter) {
	h := w.Header()
	h["Access-Control-Allow-Methods"] = methodsHeader
	h["Access-Control-Max-Age"] = preflightAge
	h["Allow"] = methodsHeader
	w.WriteHeader(http.StatusNoContent)
}

// An originRule says from where a resource may be called.
type originRule struct {
	loopback bool   // the public URL is on this computer
	host     string // of the public URL, without port
}

func originRuleFor(id *url.URL) originRule {
	return originRule{loopback: oauth.IsLoopbackHost(id.Hostname()), host: strings.ToLower(id.Hostname())}
}

// check keeps web pages from a server on the computer that shows them.
//
// MCP 2026-07-28, Streamable HTTP, security: "Servers MUST validate the Origin
// header on all incoming connections to prevent DNS rebinding attacks. If the
// Origin header is present and invalid, servers MUST respond with HTTP 403
// Forbidden." A resource with a public name is open to every web origin: it is
// the token that protects it, and no browser adds one by itself. On this
// computer, where a rebound name reaches, both Host and Origin must be local.
func (o originRule) check(r *http.Request) error {
	origins := r.Header["Origin"]
	if len(origins) > 1 {
		return forbidden("the request has more than one Origin header")
	}
	if len(origins) == 1 && !o.allows(origins[0]) {
		return forbidden("the Origin of the request may not call this server")
	}
	if o.loopback && !o.isLocal(hostname(r.Host)) {
		return forbidden("the Host of the request is not a name of this server")
	}
	return nil
}

func (o originRule) allows(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Scheme+"://"+u.Host != origin {
		return false
	}
	return !o.loopback || o.isLocal(u.Hostname())
}

func (o originRule) isLocal(host string) bool {
	return oauth.IsLoopbackHost(host) || strings.EqualFold(host, o.host)
}

func hostname(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

func forbidden(message string) error {
	return &rpcError{status: http.StatusForbidden, code: codeInvalidRequest, message: message}
}
