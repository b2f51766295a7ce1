package gateway_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
)

func TestEachResourceIsItsOwnAudienceAndPointsAtItsOwnMetadata(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) {
		other := c.Resources[0]
		other.ProtectedResource = oauth.ProtectedResource{Name: "other", ID: otherURL}
		other.Path, other.Tools = "", nil
		c.Resources = append(c.Resources, other)
	})
	for path, id := range map[string]string{"/mcp": mcpURL, "/other": otherURL} {
		own := strings.Replace(id, publicURL, publicURL+"/.well-known/oauth-protected-resource", 1)
		for audience, status := range map[string]int{mcpURL: 401, otherURL: 401, id: 200} {
			a := f.send(http.MethodPost, path, f.tokenFor(audience, "p_ada"), list, nil)
			if a.status != status || status == 401 && !strings.Contains(a.header.Get("WWW-Authenticate"), `resource_metadata="`+own+`"`) {
				t.Errorf("%s with a token for %s: status %d, challenge %q", path, audience, a.status, a.header.Get("WWW-Authenticate"))
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	f := newFixture(t, nil)
	at, _ := url.Parse("http://127.0.0.1:1/")
	file, _ := url.Parse("file:///etc/passwd")
	for name, change := range map[string]func(*gateway.Config, *gateway.Resource){
		"no public URL":                func(c *gateway.Config, _ *gateway.Resource) { c.PublicURL = "" },
		"no keyring":                   func(c *gateway.Config, _ *gateway.Resource) { c.Keyring = nil },
		"no grants":                    func(c *gateway.Config, _ *gateway.Resource) { c.Grants = nil },
		"neither upstream nor handler": func(_ *gateway.Config, r *gateway.Resource) { r.Upstream = nil },
		"upstream and handler":         func(_ *gateway.Config, r *gateway.Resource) { r.Handler = http.NotFoundHandler() },
		"an upstream that is a file":   func(_ *gateway.Config, r *gateway.Resource) { r.Upstream = file },
		"an unknown identity":          func(_ *gateway.Config, r *gateway.Resource) { r.Identity = "cookie" },
		"an unknown algorithm": func(_ *gateway.Config, r *gateway.Resource) {
			r.Identity, r.IdentityAlgorithm = gateway.IdentityJWT, "none"
		},
		"a path that is not plain":      func(_ *gateway.Config, r *gateway.Resource) { r.Path = "/a//b" },
		"a path that is not absolute":   func(_ *gateway.Config, r *gateway.Resource) { r.Path = "mcp" },
		"two resources at one path":     func(c *gateway.Config, r *gateway.Resource) { c.Resources = append(c.Resources, *r) },
		"a scope nobody can be granted": func(_ *gateway.Config, r *gateway.Resource) { r.DefaultToolScopes = oauth.Scope{"nobody"} },
	} {
		r := gateway.Resource{ProtectedResource: oauth.ProtectedResource{Name: "a", ID: mcpURL}, Upstream: at}
		c := gateway.Config{PublicURL: publicURL, Keyring: f.keyring, Grants: f.store}
		change(&c, &r)
		c.Resources = append(c.Resources, r)
		if _, err := gateway.New(c); err == nil {
			t.Error(name)
		}
	}
}
