package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// register makes a registration as a native client does, and those of the
// clients that will register here. RFC 7591 §3.1.
//
// Nobody's server is to be filled: one client of each kind says what becomes of
// the rest, and only where it is refused the others of its kind are tried too.
func (p *probe) register(ctx context.Context) {
	at := p.registrationEndpoint()
	if at == "" || !p.config.Register {
		return
	}
	own := map[string]any{
		"client_name": "Sallyport doctor", "redirect_uris": []string{p.redirect}, "application_type": "native",
		"token_endpoint_auth_method": "none", "grant_types": []string{"authorization_code", "refresh_token"}, "response_types": []string{"code"},
	}
	p.o.registrations = append(p.o.registrations, p.registerAs(ctx, at, own, nil))
	if !p.o.ownRegistration().good() {
		return
	}
	first := map[string]int{} // where the first of a kind is among the registrations
	for _, c := range p.o.clients {
		n := follow(p.o, c).connection
		body := p.requestOf(n)
		kind := kindOf(n, body)
		if n.Registration.Kind != clientbook.Dynamic || kind == "" {
			continue
		}
		if at, ok := first[kind]; ok && !p.o.registrations[at].refused() {
			p.o.registrations[at].clients = append(p.o.registrations[at].clients, c.ID)
			continue
		}
		first[kind] = len(p.o.registrations)
		r := p.registerAs(ctx, at, body, []string{c.ID})
		r.secret = slices.Contains(n.Needs, clientbook.NeedSecret)
		p.o.registrations = append(p.o.registrations, r)
	}
}

// requestOf is what a client sends to register here.
func (p *probe) requestOf(n clientbook.Connection) map[string]any {
	var body map[string]any
	text := strings.NewReplacer("{port}", "33421", "{id}", "sallyport-doctor").Replace(n.Registration.Request)
	if json.Unmarshal([]byte(text), &body) != nil {
		return nil
	}
	if offered, listed := p.o.as.list("grant_types_supported"); listed && n.Registration.OfferedGrants {
		body["grant_types"] = slices.DeleteFunc(texts(body["grant_types"]), func(g string) bool { return !slices.Contains(offered, g) })
	}
	if scope, has := body["scope"].(string); has && scope == "" {
		// It is empty only where the server names no scopes.
		listed, _ := p.o.as.list("scopes_supported")
		body["scope"] = cmp.Or(p.o.scope(), strings.Join(listed, " "))
	}
	return body
}

// kindOf says which registrations are alike in what servers refuse: a secret, a
// list of redirect URIs of all sorts, or the sort of the one there is. Empty
// where the doctor's own is like it.
func kindOf(n clientbook.Connection, body map[string]any) string {
	method, _ := body["token_endpoint_auth_method"].(string)
	uris := texts(body["redirect_uris"])
	switch {
	case len(uris) == 0:
		return ""
	case slices.Contains(n.Needs, clientbook.NeedSecret):
		return "a secret, by " + method
	case slices.Contains(n.Needs, clientbook.NeedEveryRedirect):
		return "all of " + strings.Join(uris, " ")
	}
	sort := sortOf(uris[0])
	if scope, has := body["scope"].(string); has && scope == "" {
		return strings.TrimSpace(sort + " with an empty scope")
	}
	return sort
}

// sortOf is the sort of a redirect URI.
func sortOf(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return uri
	case u.Scheme == "http" && u.Hostname() == "127.0.0.1":
		return ""
	case u.Scheme == "https":
		return "https"
	}
	return u.Scheme + "://" + u.Hostname()
}

// registrationEndpoint is the one of the metadata or, where there is none at
// all, that of MCP 2025-03-26.
func (p *probe) registrationEndpoint() string {
	if p.o.as != nil {
		return p.o.as.str("registration_endpoint")
	}
	if p.o.fallback.authorize != nil && p.o.issuer == "" && p.o.fallback.usable() {
		return p.o.origin() + "/register"
	}
	return ""
}

func (p *probe) registerAs(ctx context.Context, at string, asked map[string]any, clients []string) registration {
	body, _ := json.Marshal(asked) // of JSON
	purpose := "register a client"
	header := map[string]string{"Content-Type": "application/json", "Accept": "application/json"}
	if clients != nil {
		purpose += " as " + strings.Join(clients, " and ") + " does"
	} else {
		header["Origin"] = browserOrigin
	}
	r := registration{clients: clients, asked: asked, exchange: p.wire.send(ctx, ask{purpose: purpose, method: http.MethodPost, url: at, header: header, body: string(body)})}
	if r.err == nil {
		_ = json.Unmarshal(r.text, &r.got) // nil says that it is none
	}
	for _, name := range []string{"client_secret", "registration_access_token"} {
		s, _ := r.got[name].(string)
		p.keep(s)
	}
	return r
}

// tidyUp removes the registrations where the server says how. RFC 7592 §2.3.
func (p *probe) tidyUp(ctx context.Context) {
	for i := range p.o.registrations {
		r := &p.o.registrations[i]
		at, _ := r.got["registration_client_uri"].(string)
		proof, _ := r.got["registration_access_token"].(string)
		if !r.good() || proof == "" || !sameOrigin(at, r.url) {
			continue
		}
		r.removed = p.wire.send(ctx, ask{purpose: "remove the registration", method: http.MethodDelete, url: at, header: map[string]string{"Authorization": "Bearer " + proof}})
	}
}
