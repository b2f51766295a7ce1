package config

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// reservedPaths are the server's own; a resource there, or below, would hide
// them or be hidden.
var reservedPaths = []string{
	"/.well-known", "/oauth", "/authorize", "/token", "/register",
	"/login", "/logout", "/connect", "/disconnect", "/setup", "/consent", "/device", "/account", "/admin", "/api",
	"/healthz", "/readyz", "/metrics", "/assets", "/static",
}

// reservedScopes belong to the authorization server. OpenID Connect Core §5.4
// and §11.
var reservedScopes = []string{oauth.OfflineAccess, "openid", "profile", "email", "address", "phone"}

var (
	resourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	resourcePath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)
	hostAndPort  = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]+\])(?::([0-9]+))?$`)
)

func (k *check) resources() {
	if len(k.Resources) == 0 {
		k.say("resources", "is empty, so there is nothing to guard", "add a resource, or remove the line to have the built-in demo")
	}
	names, ids := map[string]int{}, map[string]int{}
	for i, r := range k.Resources {
		key := fmt.Sprintf("resources[%d]", i)
		switch first, twice := names[r.Name]; {
		case r.Name != "" && twice:
			k.say(key+".name", fmt.Sprintf("is the name of resources[%d] too", first), "give each resource its own")
		case !resourceName.MatchString(r.Name):
			k.say(key+".name", "is "+k.quote(key+".name", r.Name)+", which is not a name", "use lower-case letters, digits, -, _ and ., at most 63")
		}
		names[r.Name] = i
		k.location(key, r)
		k.behind(key, r)
		k.environment(key, r)
		k.scopes(key, r)
		k.tools(key, r)
		k.signature(key, r)
		k.connection(key+".connection", r)
		k.app(key, r)
		id := k.ID(r)
		if first, twice := ids[id]; id != "" && twice {
			k.say(key+k.locator(key), fmt.Sprintf("is where resources[%d] is", first), "give each resource its own path or host")
		}
		ids[id] = i
	}
}

// locator is the key that says where a resource is.
func (k *check) locator(key string) string {
	if !k.given(key+".path") && k.given(key+".host") {
		return ".host"
	}
	return ".path"
}

// location checks where clients find the resource.
func (k *check) location(key string, r Resource) {
	if r.Host != "" && !plainHost(r.Host) {
		k.say(key+".host", "is "+k.quote(key+".host", r.Host)+", which is not a host", "write a name in lower case, such as tickets.example.com, without https://")
	}
	path := key + ".path"
	switch {
	case r.Path == "" && !k.broken[key+".host"]:
		k.say(path, "is missing, and so is host", "add a path such as /"+slug(r.Name)+"/mcp, or a host of its own")
		return
	case r.Path == "":
		return
	case strings.HasSuffix(r.Path, "/"):
		k.say(path, "ends with a slash", "remove it")
	case !resourcePath.MatchString(r.Path) || strings.Contains(r.Path+"/", "/./") || strings.Contains(r.Path+"/", "/../"):
		k.say(path, "is "+k.quote(path, r.Path)+", which is not a plain path", "begin with / and use letters, digits, -, ., _ and ~")
	case strings.Contains(r.Path+"/", "/.well-known/"):
		k.say(path, "is under /.well-known, which belongs to discovery", "choose another path, such as /"+slug(r.Name)+"/mcp")
	}
	// A host of its own, guarded elsewhere, has none of our endpoints.
	if r.Host != "" && !r.Guarded() {
		return
	}
	for _, reserved := range reservedPaths {
		if r.Path == reserved || strings.HasPrefix(r.Path, reserved+"/") {
			k.say(path, "is under "+reserved+", which is the server's own", "choose another path, such as /"+slug(r.Name)+"/mcp")
			return
		}
	}
}

// plainHost reports whether a host, with or without a port, is written as
// every client will compare it.
func plainHost(host string) bool {
	m := hostAndPort.FindStringSubmatch(host)
	if m == nil {
		return false
	}
	port, err := strconv.ParseUint(m[1], 10, 16)
	return m[1] == "" || err == nil && port > 0
}

// slug is a resource's name where it can be part of a path.
func slug(name string) string {
	if resourceName.MatchString(name) {
		return name
	}
	return "name"
}

// behind checks what stands behind the door: one thing, or nothing.
func (k *check) behind(key string, r Resource) {
	kinds := r.kinds()
	if len(kinds) > 1 {
		k.say(key+"."+kinds[1], "contradicts "+kinds[0]+": a resource is one or the other", "keep one of "+strings.Join(kinds, ", "))
	}
	if r.Upstream != "" {
		k.upstream(key+".upstream", r)
	}
	if k.given(key+".command") && (len(r.Command) == 0 || r.Command[0] == "") {
		k.say(key+".command", "names no program", "write the program and its arguments, such as [npx, -y, server]")
	}
	if r.Guarded() || k.brokenBehind(key) {
		return
	}
	for _, name := range []string{"tools", "default_tool_scopes", "identity"} {
		if k.given(key + "." + name) {
			k.say(key+"."+name, "has no effect on a resource that is guarded elsewhere", "add upstream, command or app, or remove it")
		}
	}
}

// environment checks the variables of a command.
func (k *check) environment(key string, r Resource) {
	if len(r.Env) > 0 && len(r.Command) == 0 && !k.broken[key+".command"] {
		k.say(key+".env", "has no effect without a command", "add command, or remove it")
		return
	}
	for _, v := range r.Env {
		if !environmentName.MatchString(v.Name) {
			k.say(key+".env."+v.Name, "is not the name of an environment variable", "use letters, digits and _, and begin with a letter")
		}
	}
}

// kinds names the keys that say what is behind the door.
func (r Resource) kinds() []string {
	var kinds []string
	if r.BuiltIn != "" {
		kinds = append(kinds, "app")
	}
	if len(r.Command) > 0 {
		kinds = append(kinds, "command")
	}
	if r.Upstream != "" {
		kinds = append(kinds, "upstream")
	}
	return kinds
}

// brokenBehind reports whether something is behind the door that could not be
// read.
func (k *check) brokenBehind(key string) bool {
	return k.broken[key+".upstream"] || k.broken[key+".command"] || k.broken[key+".app"]
}

func (k *check) upstream(key string, r Resource) { k.at(key, r, r.Upstream) }

// at checks the URL of what a resource is in front of.
func (k *check) at(key string, r Resource, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		k.say(key, "is not an absolute http or https URL", "write it like http://localhost:3001/mcp")
	case u.User != nil:
		k.say(key, "has a user name in it", "remove what stands before the @")
	case strings.Contains(address, "#"):
		k.say(key, "has a fragment", "end it before the #")
	case k.ID(r) != "" && k.canonical(address) == k.ID(r):
		k.say(key, "is the resource's own public address, so calls would go in circles", "write the address of the MCP server itself")
	}
}

func (r Resource) scopeNames() []string {
	var names []string
	for _, s := range r.Scopes {
		names = append(names, s.Name)
	}
	return names
}

func (k *check) scopes(key string, r Resource) {
	if k.given(key+".scopes") && !k.given(key+".scopes."+r.firstScope()) {
		k.say(key+".scopes", "is empty", "add a scope, or remove the line to have one with the resource's name")
	}
	if !k.given(key + ".scopes") {
		return // what is derived from the name is as good as the name
	}
	for _, s := range r.Scopes {
		at := key + ".scopes." + s.Name
		parsed, err := oauth.ParseScope(s.Name)
		switch {
		case err != nil || len(parsed) != 1 || parsed[0] != s.Name:
			k.say(at, "is not the name of a scope", `use printable ASCII without spaces, " and \`)
		case slices.Contains(reservedScopes, s.Name):
			k.say(at, "is a scope of the server itself", "choose another name, such as "+slug(r.Name)+":"+s.Name)
		case oauth.ReservedScope(s.Name):
			k.say(at, "is a scope that only the server itself has: with it a client gets a token for elsewhere", "choose another name; for a person's own token of a login there is hand_out, under login")
		}
		k.known(at+".implies", s.Implies, r)
		if slices.Contains(s.Implies, s.Name) {
			k.say(at+".implies", "names the scope itself", "remove it")
		}
	}
}

func (r Resource) firstScope() string {
	if len(r.Scopes) == 0 {
		return ""
	}
	return r.Scopes[0].Name
}

// known checks that each of a list of scopes is one of the resource's.
func (k *check) known(key string, scopes []string, r Resource) {
	if !k.broken[strings.SplitN(key, ".", 2)[0]+".scopes"] {
		k.knownScopes(key, scopes, r)
	}
}

func (k *check) knownScopes(key string, scopes []string, r Resource) {
	for i, s := range scopes {
		if slices.Contains(r.scopeNames(), s) {
			continue
		}
		fix := "define it under scopes, or use " + orList(r.scopeNames())
		if near := nearest(s, r.scopeNames()); near != "" {
			fix = "did you mean " + near + "?"
		}
		at := fmt.Sprintf("%s[%d]", key, i)
		k.say(at, "is "+k.quote(at, s)+", which is not a scope of this resource", fix)
	}
}

func (k *check) tools(key string, r Resource) {
	for _, t := range r.Tools {
		at := key + ".tools." + t.Name
		k.known(at+".scopes", t.Scopes, r)
		switch {
		case t.Public && len(t.Scopes) > 0:
			k.say(at+".scopes", "contradicts public: a public tool needs no sign-in", "remove one of the two")
		case !t.Public && len(t.Scopes) == 0:
			k.say(at, "says neither which scopes it needs nor that it is public", "add scopes: [...] or public: true, or remove it to have default_tool_scopes")
		case strings.ContainsFunc(t.Name, control):
			k.say(at, "holds a control character", "write the tool's name as the server lists it")
		}
	}
	if k.given(key + ".default_tool_scopes") {
		k.known(key+".default_tool_scopes", r.DefaultToolScopes, r)
	}
}

func (k *check) signature(key string, r Resource) {
	format := r.TokenFormat
	if format == "" {
		format = k.Tokens.Format
	}
	if format == "opaque" && r.SigningAlgorithm != "" {
		k.say(key+".signing_algorithm", "has no effect: this resource's tokens are opaque", "remove it, or set token_format: jwt")
	}
}
