package config

import (
	"net"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Default returns the settings of an installation without a file: the built-in
// demo, guarded at http://localhost:8080/mcp, and local sign-in.
func Default() *Config {
	c := blank()
	c.complete()
	return c
}

// blank has the defaults of the tags and derives nothing.
func blank() *Config {
	c := &Config{places: map[string]place{}}
	setDefaults(reflect.ValueOf(c).Elem())
	return c
}

// Override sets public_url, listen or data to what a flag says, for example
// Override("listen", "--listen", ":9000"). Mistakes in it name the flag. Any
// other key is a mistake of the caller, which it reports.
//
// Call [Config.Validate] when every flag is in.
func (c *Config) Override(key, flag, value string) {
	switch key {
	case "public_url":
		c.PublicURL = value
	case "listen":
		c.Listen = value
	case "data":
		c.Data = value
	default:
		panic("config: no flag overrides " + key)
	}
	c.places[key] = place{file: flag}
	c.complete()
}

// Protect makes the settings guard one running MCP server at /mcp, and nothing
// else. upstreamURL is what --protect says.
func (c *Config) Protect(upstreamURL string) {
	c.only(Resource{Upstream: upstreamURL}, "upstream", "--protect")
}

// Command makes the settings guard one stdio MCP server at /mcp, and nothing
// else. argv is what stands after -- on the command line.
func (c *Config) Command(argv []string) {
	c.only(Resource{Command: slices.Clone(argv)}, "command", "--")
}

func (c *Config) only(r Resource, key, flag string) {
	r.Name, r.Title, r.Path = "mcp", "MCP server", "/mcp"
	r.Scopes = []Scope{{Name: "mcp", Title: "Use this server", Default: true}}
	setDefaults(reflect.ValueOf(&r).Elem())
	for k := range c.places {
		if k == "resources" || strings.HasPrefix(k, "resources[") {
			delete(c.places, k)
		}
	}
	c.places["resources"] = place{file: flag}
	c.places["resources[0]."+key] = place{file: flag}
	c.Resources = []Resource{r}
	c.complete()
}

// ListeningAt tells the settings at which address the server really listens,
// host:port, for when listen asks for port 0. A public_url that nobody wrote
// follows it.
func (c *Config) ListeningAt(address string) {
	if c.given("public_url") {
		return
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil || port == "" || port == "0" {
		port = "8080" // validate reports a bad address by its own key
	}
	scheme, implied := "http", "80"
	if c.TLS.Mode == "files" {
		scheme, implied = "https", "443"
	}
	c.PublicURL = scheme + "://localhost"
	if port != implied {
		c.PublicURL += ":" + port
	}
}

// complete derives what was not written. Calling it again changes nothing.
func (c *Config) complete() {
	c.ListeningAt(c.Listen)
	if !c.given("login") && len(c.Login) == 0 {
		c.Login = []Login{{Type: "local"}}
	}
	for i := range c.Login {
		c.Login[i].complete()
	}
	if !c.given("resources") && len(c.Resources) == 0 {
		c.Resources = []Resource{{Name: "demo", Path: "/mcp", BuiltIn: "demo"}}
		setDefaults(reflect.ValueOf(&c.Resources[0]).Elem())
	}
	for i := range c.Resources {
		c.ofGitHub(&c.Resources[i])
		c.Resources[i].complete()
	}
	for i := range c.Clients {
		c.Clients[i].complete()
	}
}

func (r *Resource) complete() {
	if len(r.Scopes) == 0 && len(r.Tools) == 0 {
		r.builtIn()
	}
	if r.Title == "" {
		r.Title = r.Name
	}
	if r.Path == "" && r.Host != "" {
		r.Path = "/mcp"
	}
	if len(r.Scopes) == 0 && r.Name != "" {
		r.Scopes = []Scope{{Name: r.Name, Title: "Use this server", Default: true}}
	}
	for i := range r.Scopes {
		if r.Scopes[i].Title == "" {
			r.Scopes[i].Title = r.Scopes[i].Name
		}
	}
	if r.Connection.Login != "" && r.Connection.As == "" {
		switch {
		case r.Upstream != "":
			r.Connection.As = "bearer"
		case len(r.Command) > 0:
			r.Connection.As = "env"
		}
	}
	if r.Identity == "" && r.Guarded() {
		r.Identity = "jwt"
	}
	// A tool that nobody judged needs everything: what is forgotten stays shut.
	if len(r.DefaultToolScopes) == 0 && r.Guarded() {
		for _, s := range r.Scopes {
			r.DefaultToolScopes = append(r.DefaultToolScopes, s.Name)
		}
	}
}

func (cl *Client) complete() {
	if cl.Name == "" {
		cl.Name = cl.ID
	}
	switch {
	case cl.AuthMethod != "":
	case cl.Secret == "" && (cl.Keys != "" || cl.KeysURI != ""):
		cl.AuthMethod = oauth.AuthPrivateKey
	case cl.Secret == "":
		cl.AuthMethod = oauth.AuthNone
	default:
		cl.AuthMethod = oauth.AuthBasic
	}
}

// Guarded reports whether Sallyport itself stands before the resource and
// checks its tokens; otherwise a library does so elsewhere.
func (r Resource) Guarded() bool {
	return r.Upstream != "" || len(r.Command) > 0 || r.BuiltIn != ""
}

// ID is the resource's identifier and the audience of its tokens: its public
// URL in canonical form. RFC 8707 §2. It is empty where the settings do not
// make a URL, which Validate reports.
func (c *Config) ID(r Resource) string {
	base := c.PublicURL
	if r.Host != "" {
		base = "https://" + r.Host
		if u, err := url.Parse(base); err == nil && oauth.IsLoopbackHost(u.Hostname()) {
			base = "http://" + r.Host
		}
	}
	id, err := oauth.CanonicalResource(base + r.Path)
	if err != nil {
		return ""
	}
	return id
}
