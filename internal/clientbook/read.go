package clientbook

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed clients/*.yaml
var files embed.FS

// Clients returns every client, in the order of their ranks, everything that
// the files leave out filled in. Each call reads the files anew.
//
// The files are part of the program and tested with it; one that cannot be read
// is a panic.
func Clients() []Client {
	entries, err := files.ReadDir("clients")
	if err != nil {
		panic(err)
	}
	var all []Client
	for _, e := range entries {
		text, err := files.ReadFile("clients/" + e.Name())
		if err != nil {
			panic(err)
		}
		c, err := parse(e.Name(), text)
		if err != nil {
			panic(err)
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b Client) int {
		return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// parse reads one file, strictly.
func parse(name string, text []byte) (Client, error) {
	var c Client
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&c); err != nil {
		return c, fmt.Errorf("clientbook: %s: %w", name, err)
	}
	c.ID = strings.TrimSuffix(path.Base(name), ".yaml")
	for i := range c.Connections {
		c.Connections[i].complete()
	}
	if err := c.check(); err != nil {
		return c, fmt.Errorf("clientbook: %s: %w", name, err)
	}
	return c, nil
}

// complete fills in what is left out.
func (c *Connection) complete() {
	d := &c.Discovery
	switch {
	case len(d.Resource) == 0:
		d.Resource = []string{Challenge, "/.well-known/oauth-protected-resource{path}", "/.well-known/oauth-protected-resource"}
	case d.Resource[0] == "none":
		d.Resource = nil
	}
	switch {
	case len(d.Server) == 0:
		d.Server = []string{"/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"}
	case d.Server[0] == "none":
		d.Server = nil
	}
	d.Match = cmp.Or(d.Match, "url")
	c.Authorize.Resource = cmp.Or(c.Authorize.Resource, "metadata")
	c.Authorize.Scope = cmp.Or(c.Authorize.Scope, "challenge")
	c.Authorize.State.Bytes = cmp.Or(c.Authorize.State.Bytes, 32)
	c.Authorize.State.Encoding = cmp.Or(c.Authorize.State.Encoding, "base64url")
	t := &c.Token
	t.Authentication = cmp.Or(t.Authentication, "none")
	t.ClientID = cmp.Or(t.ClientID, "body")
	t.Form = cmp.Or(t.Form, "form")
	t.Resource = cmp.Or(t.Resource, c.Authorize.Resource)
	t.Audience = cmp.Or(t.Audience, "issuer")
	c.Refresh.Resource = cmp.Or(c.Refresh.Resource, t.Resource)
	c.Refresh.Scope = cmp.Or(c.Refresh.Scope, "none")
	c.Refresh.AtOnce = cmp.Or(c.Refresh.AtOnce, 1)
	c.Calls.Protocol = cmp.Or(c.Calls.Protocol, "2025-06-18")
	c.Calls.Accept = cmp.Or(c.Calls.Accept, "application/json, text/event-stream")
}

// Challenge stands in [Discovery] for the URL in WWW-Authenticate.
const Challenge = "challenge"

// Documents returns the metadata documents that vendors publish, by their exact
// URL, as JSON: what is known of them, for where they cannot be reached.
//
// They are keyed by the URL and never by its origin: at some of these origins
// anyone may publish.
func Documents() map[string][]byte {
	all := map[string][]byte{}
	for _, c := range Clients() {
		for _, n := range c.Connections {
			if n.Registration.Published {
				all[n.Registration.URL] = []byte(n.Registration.Document)
			}
		}
	}
	return all
}
