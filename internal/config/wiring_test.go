package config

import (
	"errors"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
)

func TestTheDefaultGuardsTheDemo(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	all := c.ProtectedResources()
	if len(all) != 1 {
		t.Fatal(all)
	}
	r := all[0]
	if r.ID != "http://localhost:8080/mcp" || r.Algorithm != "ES256" || r.TokenFormat != "jwt" {
		t.Errorf("got %+v", r)
	}
	if got := r.Defaults().String(); got != "demo:read" {
		t.Error("defaults:", got)
	}
	for tool, want := range map[string]string{
		"whoami":              "demo:read",
		"perform-item-action": "demo:write",
		"never-heard-of":      "demo:read demo:write",
	} {
		if needs, public := c.Resources[0].ToolScopes(tool); needs.String() != want || public {
			t.Errorf("%s needs %q, want %q", tool, needs, want)
		}
	}
}

func TestResourcesAreWhatTheirSettingsSay(t *testing.T) {
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	all := c.ProtectedResources()
	for i, want := range []struct{ why, id, algorithm, format, defaults string }{
		{"a path is below public_url", "https://mcp.example.com/tickets/mcp", "ES256", "jwt", "tickets:read"},
		{"a host of its own is at /mcp", "https://files.example.com/mcp", "ES256", "opaque", "files"},
		{"what is guarded elsewhere is signed for everyone", "https://api.example.com/v2/mcp", "RS256", "jwt", "read"},
		{"this computer needs no https", "http://localhost:9000/mcp", "PS256", "jwt", "pinned"},
	} {
		r := all[i]
		if r.ID != want.id || r.Algorithm != want.algorithm || r.TokenFormat != want.format || r.Defaults().String() != want.defaults {
			t.Errorf("%s: got %+v", want.why, r)
		}
	}
	if got := all[0].Scopes[0].Name; got != "tickets:write" {
		t.Error("scopes are not in the order of the file: the first is", got)
	}
	if _, public := c.Resources[0].ToolScopes("about"); !public {
		t.Error("about is not public")
	}
}

func TestPreRegisteredClientsKeepOnlyTheDigestOfTheirSecret(t *testing.T) {
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	known := c.PreRegistered()
	if !known[0].Public() || known[0].Metadata.ClientName != "ChatGPT" || known[0].Source != oauth.FromSettings {
		t.Errorf("got %+v", known[0])
	}
	if known[1].Public() || !known[1].CheckSecret("hunter2-robot-secret") || known[1].Metadata.TokenEndpointAuthMethod != oauth.AuthPost {
		t.Errorf("got %+v", known[1])
	}
	if !known[1].May(oauth.GrantTypeRefresh) {
		t.Error("a client of the settings may not refresh")
	}
}

func TestAClientMayAskAboutTheResourcesThatItNames(t *testing.T) {
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	known := c.PreRegistered()
	if got := strings.Join(known[1].Serves, " "); got != "https://mcp.example.com/tickets/mcp https://api.example.com/v2/mcp" {
		t.Error("got", got)
	}
	if known[0].Serves != nil {
		t.Error("a client that names none may ask about", known[0].Serves)
	}
}

func TestACommandIsGivenItsVariables(t *testing.T) {
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Resources[1].Environment(), " "); got != "API_TOKEN=hunter2-files GREETING=costs ${5}" {
		t.Error("got", got)
	}
	if c.Resources[0].Environment() != nil {
		t.Error("a resource without variables has some")
	}
}

func TestProtectAndCommandReplaceTheResources(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"protect": func(c *Config) { c.Protect("http://localhost:3001/mcp") },
		"command": func(c *Config) { c.Command([]string{"npx", "-y", "server"}) },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Load("testdata/good/product.yaml", environment)
			if err != nil {
				t.Fatal(err)
			}
			c.Clients = nil // one of them asks for a scope of the resources that go
			change(c)
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			r := c.ProtectedResources()[0]
			if r.Name != "mcp" || r.ID != "https://mcp.example.com/mcp" || r.Known().String() != "mcp" || r.Scopes[0].Title != "Use this server" {
				t.Errorf("got %+v", r)
			}
		})
	}
}

func TestAMistakeInAFlagNamesTheFlag(t *testing.T) {
	for _, test := range []struct {
		want   string
		change func(*Config)
	}{
		{"--public-url: public_url ", func(c *Config) { c.Override("public_url", "--public-url", "http://example.com") }},
		{"--listen: listen ", func(c *Config) { c.Override("listen", "--listen", "9000") }},
		{"--data: data ", func(c *Config) { c.Override("data", "--data", "") }},
		{"--protect: resources[0].upstream ", func(c *Config) { c.Protect("localhost:3001") }},
		{"--: resources[0].command ", func(c *Config) { c.Command(nil) }},
	} {
		c := Default()
		test.change(c)
		err := c.Validate()
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || !strings.HasPrefix(err.Error(), test.want) || len(mistakes) != 1 {
			t.Errorf("got %v, want one that begins %q", err, test.want)
		}
	}
}

func TestAPublicURLThatNobodyWroteFollowsTheListener(t *testing.T) {
	c := Default()
	c.Override("listen", "--listen", ":9000")
	if c.PublicURL != "http://localhost:9000" {
		t.Error("got", c.PublicURL)
	}
	c.ListeningAt("[::]:40123")
	if c.PublicURL != "http://localhost:40123" || c.ProtectedResources()[0].ID != "http://localhost:40123/mcp" {
		t.Error("got", c.PublicURL)
	}
	c.ListeningAt("127.0.0.1:80")
	if c.PublicURL != "http://localhost" {
		t.Error("got", c.PublicURL)
	}
	c.Override("public_url", "--public-url", "https://mcp.example.com")
	c.ListeningAt("[::]:40123")
	if c.PublicURL != "https://mcp.example.com" {
		t.Error("a public_url that was written changed to", c.PublicURL)
	}
}
