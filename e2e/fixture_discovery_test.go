package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

type resourceDocument struct {
	Resource string   `json:"resource"`
	Servers  []string `json:"authorization_servers"`
	Scopes   []string `json:"scopes_supported"`
}

type serverDocument struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	Registration  string   `json:"registration_endpoint"`
	Scopes        []string `json:"scopes_supported"`
	Challenges    []string `json:"code_challenge_methods_supported"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Documents     bool     `json:"client_id_metadata_document_supported"`
	Iss           bool     `json:"authorization_response_iss_parameter_supported"`
}

// knock is the first request, without a token.
func (p *play) knock() {
	p.t.Helper()
	a := p.speak("", initializeMessage(p.Calls.Protocol), nil)
	if a.status != http.StatusUnauthorized {
		p.t.Fatalf("without a token: %d, %s", a.status, a.body)
	}
	p.challenge = challengeOf(a.header.Get("WWW-Authenticate"))
	if p.Calls.Origin != "" && !strings.Contains(a.header.Get("Access-Control-Expose-Headers"), "WWW-Authenticate") {
		p.t.Error("the page in the browser cannot read the challenge")
	}
}

var challengeParameter = regexp.MustCompile(`([a-z_]+)="([^"]*)"`)

// challengeOf reads the parameters of a Bearer challenge.
func challengeOf(header string) map[string]string {
	all := map[string]string{}
	rest, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return all
	}
	for _, m := range challengeParameter.FindAllStringSubmatch(rest, -1) {
		all[m[1]] = m[2]
	}
	return all
}

// findResource takes the first metadata that is there, in the client's order.
func (p *play) findResource() {
	p.t.Helper()
	if len(p.Discovery.Resource) == 0 {
		// MCP 2025-03-26: the authorization server is at the origin of the server.
		p.resource.Servers = []string{p.d.URL}
		return
	}
	for _, at := range p.Discovery.Resource {
		address := p.d.URL + p.fill(at)
		if at == clientbook.Challenge {
			address = p.challenge["resource_metadata"]
		}
		if p.look(address, &p.resource) {
			break
		}
	}
	r := p.resource
	if len(r.Servers) == 0 || r.Resource == "" {
		p.t.Fatalf("no metadata of the resource at %s", p.Discovery.Resource)
	}
	switch p.Discovery.Match {
	case "url":
		// RFC 9728 §3.3: the resource "MUST be identical to the protected
		// resource's resource identifier value".
		if r.Resource != p.d.MCP {
			p.t.Fatalf("the metadata is of %s, not of %s", r.Resource, p.d.MCP)
		}
	case "origin":
		if !strings.HasPrefix(p.d.MCP, r.Resource) {
			p.t.Fatalf("the metadata is of %s", r.Resource)
		}
	}
}

// findServer takes the first metadata of the issuer, and compares the issuer
// byte for byte.
func (p *play) findServer() {
	p.t.Helper()
	issuer := p.resource.Servers[0] // most clients take the first, and no other
	if len(p.Discovery.Server) == 0 {
		// MCP 2025-03-26, fallbacks without metadata.
		p.server = serverDocument{Issuer: issuer, Authorization: issuer + "/authorize", Token: issuer + "/token", Registration: issuer + "/register"}
		return
	}
	for _, at := range p.Discovery.Server {
		if p.look(issuer+p.fill(at), &p.server) {
			break
		}
	}
	// RFC 8414 §3.3: "If these values are not identical, the data contained in
	// the response MUST NOT be used."
	if p.server.Issuer != issuer {
		p.t.Fatalf("the issuer is %q in one document and %q in the other", issuer, p.server.Issuer)
	}
	for _, endpoint := range []string{p.server.Authorization, p.server.Token} {
		if u, err := url.Parse(endpoint); err != nil || !u.IsAbs() {
			p.t.Fatalf("%q is no endpoint", endpoint)
		}
	}
}

// look fetches a document, and reports whether it is there. What is not there
// is a JSON 404.
func (p *play) look(address string, v any) bool {
	p.t.Helper()
	if address == "" {
		return false
	}
	header := map[string]string{"Accept": "application/json"}
	for name, value := range p.Discovery.Headers {
		header[name] = value
	}
	a := p.send(request{method: http.MethodGet, url: address, header: header, limit: p.Limits.Discovery})
	switch a.status {
	case http.StatusOK:
		p.into(address, a, v)
		return true
	case http.StatusNotFound:
		if err := p.isJSON(a); err != nil {
			p.t.Errorf("%s: %v", address, err)
		}
		return false
	}
	p.t.Fatalf("%s: %d", address, a.status)
	return false
}

// resourceAs is the resource parameter in one of the book's words.
func (p *play) resourceAs(word string) string {
	switch word {
	case "metadata":
		return p.resource.Resource
	case "url":
		return p.d.MCP
	case "slash":
		return p.d.MCP + "/"
	case "origin":
		return p.d.URL + "/"
	case "none":
		return ""
	}
	panic(fmt.Sprintf("the book has the word %q, which cannot be played", word))
}
