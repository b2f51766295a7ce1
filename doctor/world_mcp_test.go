package doctor

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (w *world) mcp(rw http.ResponseWriter, r *http.Request) {
	switch {
	case w.is("another path"):
		notHere(rw)
	case w.is("a website"):
		page(rw, http.StatusOK, "Welcome")
	case w.is("no POST"):
		rw.WriteHeader(http.StatusMethodNotAllowed)
	case w.is("it crashes"):
		page(rw, http.StatusBadGateway, "Bad gateway")
	case w.is("it redirects to a slash") && r.URL.Path == "/mcp":
		http.Redirect(rw, r, w.base+"/mcp/", http.StatusTemporaryRedirect)
	case w.is("it redirects elsewhere") && r.Host == host:
		http.Redirect(rw, r, "https://elsewhere.example.com/mcp", http.StatusPermanentRedirect)
	case w.is("on this computer") && r.Header.Get("Origin") != "" && r.Header.Get("Origin") != browserOrigin && !w.is("any origin"):
		rw.WriteHeader(http.StatusForbidden)
	case w.is("too many") && strings.Contains(r.UserAgent(), "Claude"):
		rw.WriteHeader(http.StatusTooManyRequests)
	case w.is("bots are filtered") && strings.Contains(strings.ToLower(r.UserAgent()), "claude"):
		page(rw, http.StatusForbidden, "Blocked")
	case w.is("any Accept is refused") && r.Header.Get("Accept") == "*/*":
		rw.WriteHeader(http.StatusNotAcceptable)
	case w.is("the stream crashes") && r.Method == http.MethodGet:
		rw.WriteHeader(http.StatusInternalServerError)
	case w.is("newer calls crash") && r.Header.Get("Mcp-Method") != "":
		rw.WriteHeader(http.StatusInternalServerError)
	case w.open() || w.accepts(r):
		w.converse(rw, r)
	default:
		w.refuse(rw, r)
	}
}

func (w *world) open() bool {
	return w.is("open") || w.is("open, no metadata") || w.is("open, old only") || w.is("open, new only") || w.is("widgets are wrong") || w.is("tools are wrong") || w.is("tools cannot be listed")
}

func (w *world) accepts(r *http.Request) bool {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if scheme != "Bearer" {
		return false
	}
	if w.is("any token is taken") {
		return true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.live[token]
}

func (w *world) refuse(rw http.ResponseWriter, r *http.Request) {
	bad := r.Header.Get("Authorization") != ""
	status, field := http.StatusUnauthorized, `Bearer scope="read", resource_metadata="`+w.metadataAddress()+`"`
	if bad {
		field = `Bearer error="invalid_token", scope="read", resource_metadata="` + w.metadataAddress() + `"`
	}
	switch {
	case w.is("403 for 401"):
		status = http.StatusForbidden
	case w.is("200 for 401"):
		reply(rw, http.StatusOK, object{"jsonrpc": "2.0", "id": 1, "error": object{"code": -32001, "message": "Authentication required"}})
		return
	case bad && w.is("a dead token is a server error"):
		status = http.StatusInternalServerError
	case bad && w.is("a dead token gets a bare challenge"):
		field = "Bearer"
	case w.is("no challenge"), w.is("no challenge, no well-known"), w.is("2025-03-26 only"):
		field = ""
	case w.is("the challenge names no metadata"):
		field = `Bearer realm="mcp"`
	case w.is("the challenge names no scope"):
		field = `Bearer resource_metadata="` + w.metadataAddress() + `"`
		if bad {
			field = `Bearer error="invalid_token", resource_metadata="` + w.metadataAddress() + `"`
		}
	}
	if field != "" {
		rw.Header().Set("WWW-Authenticate", field)
	}
	reply(rw, status, object{"error": "invalid_token"})
}

func (w *world) metadataAddress() string {
	switch {
	case w.is("the challenge leads nowhere"):
		return w.base + "/.well-known/nothing"
	case w.is("the challenge is relative"):
		return "/.well-known/oauth-protected-resource/mcp"
	case w.is("behind a proxy"):
		return "http://" + host + "/.well-known/oauth-protected-resource/mcp"
	}
	return w.base + "/.well-known/oauth-protected-resource/mcp"
}

// converse is MCP itself, in both generations.
func (w *world) converse(rw http.ResponseWriter, r *http.Request) {
	var m struct {
		ID     json.RawMessage `json:"id"`
		Method string          `json:"method"`
		Params object          `json:"params"`
	}
	if r.Method != http.MethodPost {
		rw.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if json.NewDecoder(r.Body).Decode(&m) != nil || m.ID == nil {
		rw.WriteHeader(http.StatusAccepted)
		return
	}
	result := object(nil)
	switch m.Method {
	case "initialize":
		if !w.is("open, new only") {
			result = object{"protocolVersion": older, "capabilities": object{"tools": object{}}, "serverInfo": object{"name": "world", "version": "1"}}
		}
	case "server/discover":
		if !w.is("open, old only") {
			result = object{"supportedVersions": []string{newer}, "capabilities": object{"tools": object{}}, "serverInfo": object{"name": "world", "version": "1"}}
		}
	case "tools/call":
		if !w.allows(r, "write") {
			w.refuseScope(rw)
			return
		}
		result = object{"isError": true, "content": []object{}}
	case "tools/list":
		if w.is("tools cannot be listed") {
			rw.WriteHeader(http.StatusInternalServerError)
			return
		}
		result = object{"tools": w.tools()}
	case "resources/read":
		result = w.widget(fmt.Sprint(m.Params["uri"]))
	}
	if result == nil {
		reply(rw, http.StatusBadRequest, object{"jsonrpc": "2.0", "id": m.ID, "error": object{"code": -32601, "message": "unknown method"}})
		return
	}
	reply(rw, http.StatusOK, object{"jsonrpc": "2.0", "id": m.ID, "result": result})
}

// allows reports whether the token of a request has a scope.
func (w *world) allows(r *http.Request, scope string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	scopes := w.scopes[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	return slices.Contains(strings.Fields(scopes), scope) && !w.is("more scope does not help")
}

func (w *world) refuseScope(rw http.ResponseWriter) {
	field := `Bearer error="insufficient_scope", scope="write", resource_metadata="` + w.metadataAddress() + `"`
	if w.is("the scope challenge is bare") {
		field = "Bearer"
	}
	rw.Header().Set("WWW-Authenticate", field)
	reply(rw, http.StatusForbidden, object{"error": "insufficient_scope"})
}

func (w *world) tools() []object {
	schema := object{"type": "object"}
	all := []object{{"name": "change", "inputSchema": object{"type": "object", "required": []string{"what"}}}, {"name": "look", "inputSchema": schema, "securitySchemes": []object{{"type": "noauth"}},
		"_meta": object{"ui": object{"resourceUri": "ui://world/look"}}}}
	if w.is("tools are wrong") {
		all = append(all, object{"name": "has spaces in it", "inputSchema": schema}, object{"name": "formless"},
			object{"name": "guarded", "inputSchema": schema, "securitySchemes": []object{{"type": "oauth2", "scopes": []string{"nobody:knows"}}}})
	}
	if w.is("widgets are wrong") {
		for _, uri := range []string{"ui://world/type", "ui://world/policy", "https://mcp.example.com/page", "ui://world/missing"} {
			all = append(all, object{"name": "w" + fmt.Sprint(len(all)), "inputSchema": schema, "_meta": object{"ui": object{"resourceUri": uri}}})
		}
	}
	return all
}

func (w *world) widget(uri string) object {
	content := object{"uri": uri, "mimeType": "text/html;profile=mcp-app", "text": `<p><img src="https://images.example.com/a.png">`,
		"_meta": object{"ui": object{"csp": object{"resourceDomains": []string{"https://images.example.com"}}}}}
	switch uri {
	case "ui://world/type":
		content["mimeType"] = "text/html"
	case "ui://world/policy":
		content["_meta"] = object{"ui": object{"csp": object{"connectDomains": []string{"images.example.com/path"}}}}
	case "ui://world/missing":
		return object{"contents": []object{}}
	}
	return object{"contents": []object{content}}
}

func (w *world) wellKnown(rw http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	before, name, _ := strings.Cut(path, "/.well-known/")
	name, after, _ := strings.Cut(name, "/")
	_ = before
	switch {
	case w.is("bots are kept from documents") && strings.Contains(strings.ToLower(r.UserAgent()), "claude"):
		page(rw, http.StatusForbidden, "Blocked")
		return
	case w.is("discovery takes long"):
		w.dawdle(11 * time.Second)
	case w.is("everything takes very long"):
		w.dawdle(30 * time.Second)
	case w.is("discovery takes a while"):
		w.dawdle(6 * time.Second)
	}
	switch name {
	case "oauth-protected-resource":
		w.resourceMetadata(rw, r, after)
	case "oauth-authorization-server", "openid-configuration":
		w.serverMetadata(rw, r, name)
	default:
		w.missing(rw)
	}
}

func (w *world) missing(rw http.ResponseWriter) {
	switch {
	case w.is("too many at some places"):
		rw.WriteHeader(http.StatusTooManyRequests)
	case w.is("what is missing is forbidden"):
		reply(rw, http.StatusForbidden, object{"error": "forbidden"})
	case w.is("a page for everything"):
		page(rw, http.StatusOK, "App")
	case w.is("plain 404s"):
		http.Error(rw, "404 page not found", http.StatusNotFound)
	default:
		notHere(rw)
	}
}

func (w *world) resourceMetadata(rw http.ResponseWriter, r *http.Request, after string) {
	rooted := after == ""
	switch {
	case w.is("open, no metadata"), w.is("no challenge, no well-known"), w.is("2025-03-26 only"), w.is("metadata only at the root") && !rooted, w.is("metadata only at the path") && rooted:
		w.missing(rw)
		return
	case w.is("a page for everything") && rooted:
		w.missing(rw)
		return
	case w.is("documents are behind a redirect") && r.URL.Query().Get("moved") == "":
		http.Redirect(rw, r, r.URL.Path+"?moved=1", http.StatusFound)
		return
	}
	d := object{"resource": w.base + "/mcp", "authorization_servers": []string{w.base}, "scopes_supported": []string{"read"}, "bearer_methods_supported": []string{"header"}}
	switch {
	case w.is("only with a slash"):
		d["resource"] = w.url
	case w.is("the resource has a slash"):
		d["resource"] = w.base + "/mcp/"
	case w.is("the resource is the origin"):
		d["resource"] = w.base
	case w.is("the resource is another"):
		d["resource"] = "https://other.example.com/mcp"
	case w.is("behind a proxy"):
		d["resource"] = "http://" + host + "/mcp"
	case w.is("the documents of the resource differ") && rooted:
		d["authorization_servers"] = []string{"https://old.example.com"}
	case w.is("no authorization server"):
		delete(d, "authorization_servers")
	case w.is("several authorization servers"):
		d["authorization_servers"] = []string{w.base, "https://other.example.com"}
	case w.is("the resource lists offline_access"):
		d["scopes_supported"] = []string{"read", "offline_access"}
	case w.is("an authorization server that is not there"):
		d["authorization_servers"] = []string{"https://mcp.example.com:9"}
	case w.is("the issuer in the resource's metadata has a slash"):
		d["authorization_servers"] = []string{w.base + "/"}
	}
	if w.is("documents are text") {
		rw.Header().Set("Content-Type", "text/plain")
	}
	reply(rw, http.StatusOK, d)
}
