package doctor

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// loopbackRedirect is the doctor's own redirect URI. Nothing listens there but
// with --sign-in, on a port of its own.
const loopbackRedirect = "http://127.0.0.1:33421/sallyport-doctor"

func randomWord() string {
	b := make([]byte, 24)
	rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// scope is what a client asks for: that of the challenge, else of the
// resource's metadata.
func (o *observations) scope() string {
	for _, x := range []*exchange{o.calls.initialize, o.calls.discover} {
		if c, ok := bearer(x); ok && c.parameters["scope"] != "" {
			return c.parameters["scope"]
		}
	}
	listed, _ := o.prm.list("scopes_supported")
	return strings.Join(listed, " ")
}

// resourceID is what clients send as resource.
func (o *observations) resourceID() string {
	if id := o.prm.str("resource"); id != "" {
		return id
	}
	return o.resourceURL()
}

func (p *probe) authorizationEndpoint() string {
	if p.o.as != nil {
		return p.o.as.str("authorization_endpoint")
	}
	if p.o.fallback.usable() {
		return p.o.origin() + "/authorize"
	}
	return ""
}

// goToSignIn sends a person with a browser as far as the sign-in page, and then
// tries what has to be refused, or must not be. draft-ietf-oauth-v2-1 §4.1.1.
func (p *probe) goToSignIn(ctx context.Context) {
	at := p.authorizationEndpoint()
	if at == "" || len(p.o.registrations) == 0 || !p.o.registrations[0].good() {
		p.visitWithDocuments(ctx, at)
		return
	}
	a := &p.o.authorize
	a.clientID, a.redirect = p.o.registrations[0].id(), p.redirect
	// As VS Code sends it: base64 with + and / and =.
	a.state = "doctor+" + randomWord() + "/=="
	right := url.Values{
		"response_type": {"code"}, "client_id": {a.clientID}, "redirect_uri": {a.redirect}, "state": {a.state},
		"code_challenge": {challengeOf(randomWord() + randomWord())}, "code_challenge_method": {"S256"}, "resource": {p.o.resourceID()},
	}
	if s := p.o.scope(); s != "" {
		right.Set("scope", s)
	}
	try := func(purpose string, change url.Values) *exchange {
		q := maps.Clone(right)
		for name, values := range change {
			if q.Del(name); values[0] != "" {
				q[name] = values
			}
		}
		return p.browse(ctx, purpose, withQuery(at, q), q.Get("redirect_uri"))
	}
	a.right = try("send the person to sign in", nil)
	a.noPKCE = try("the same without PKCE, which has to be refused", url.Values{"code_challenge": {""}, "code_challenge_method": {""}})
	a.stranger = try("the same to a redirect URI that was not registered", url.Values{"redirect_uri": {"https://sallyport-doctor.invalid/stolen"}})
	a.otherPort = try("the same to another port of this computer", url.Values{"redirect_uri": {"http://127.0.0.1:45107/sallyport-doctor"}})
	a.slash = try("the same for the resource with a slash after it", url.Values{"resource": {otherSlash(p.o.resourceID())}})
	a.unknown = try("the same as a client that nobody knows", url.Values{"client_id": {"sallyport-doctor-nobody"}})
	p.visitWithDocuments(ctx, at)
}

// visitWithDocuments sends a person to sign in with the published client_id of
// each client, where the server says that it takes those.
func (p *probe) visitWithDocuments(ctx context.Context, at string) {
	if at == "" || !p.o.as.yes("client_id_metadata_document_supported") || p.o.private() {
		return
	}
	for _, c := range p.o.clients {
		for _, n := range c.Connections {
			if n.Registration.Kind != clientbook.Document || !n.Registration.Published {
				continue
			}
			redirect := strings.NewReplacer("{port}", "33421", "{id}", "sallyport-doctor").Replace(n.Redirect)
			q := url.Values{
				"response_type": {"code"}, "client_id": {n.Registration.URL}, "redirect_uri": {redirect}, "state": {randomWord()},
				"code_challenge": {challengeOf(randomWord() + randomWord())}, "code_challenge_method": {"S256"}, "resource": {p.o.resourceID()},
			}
			x := p.browse(ctx, "send the person to sign in, as "+c.ID+" with its document", withQuery(at, q), redirect)
			p.o.authorize.documents = append(p.o.authorize.documents, documentVisit{[]string{c.ID}, n.Registration.URL, x})
			break
		}
	}
}

// browserAgent is what a person's browser says it is.
const browserAgent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

// browse opens a page as a browser does, with cookies of this visit only, and
// follows redirects until a page is shown or the way leads back to the client,
// whose address is never opened: a code is not for its vendor.
func (p *probe) browse(ctx context.Context, purpose, at, redirect string) *exchange {
	w := *p.wire
	w.jar = newJar()
	x := w.send(ctx, ask{purpose: purpose, url: at, follow: true, stop: func(to string) bool { return isDoctors(to) || sameButQuery(to, redirect) }, header: map[string]string{
		"User-Agent": browserAgent, "Accept": "text/html,application/xhtml+xml",
	}})
	p.wire.trace = w.trace
	return x
}

// isDoctors reports whether an address is one that only the client opens.
func isDoctors(at string) bool {
	u, err := url.Parse(at)
	return err == nil && (strings.HasPrefix(u.Path, "/sallyport-doctor") || u.Hostname() == "sallyport-doctor.invalid")
}

// sameButQuery reports whether a URL is another one with an answer in its query
// or fragment.
func sameButQuery(at, redirect string) bool {
	path := func(s string) string {
		if end := strings.IndexAny(s, "?#"); end >= 0 {
			return s[:end]
		}
		return s
	}
	return path(at) == path(redirect)
}

func withQuery(at string, q url.Values) string {
	u, err := url.Parse(at)
	if err != nil {
		return at
	}
	have := u.Query()
	maps.Copy(have, q)
	u.RawQuery = have.Encode()
	return u.String()
}

// askToken asks the token endpoint for what it has to refuse.
func (p *probe) askToken(ctx context.Context) {
	at := p.tokenEndpoint()
	if at == "" {
		return
	}
	client := "sallyport-doctor-nobody"
	known := p.o.authorize.clientID != ""
	if known {
		client = p.o.authorize.clientID
		p.o.token.code = p.form(ctx, "redeem a code that nobody issued", at, url.Values{
			"grant_type": {"authorization_code"}, "client_id": {client}, "code": {"sallyport-doctor-never-issued"}, "redirect_uri": {p.redirect},
			"code_verifier": {randomWord() + randomWord()}, "resource": {p.o.resourceID()}})
		p.o.token.refresh = p.form(ctx, "refresh with a token that nobody issued", at, url.Values{
			"grant_type": {"refresh_token"}, "client_id": {client}, "refresh_token": {"sallyport-doctor-never-issued"}})
	}
	p.o.token.unknown = p.form(ctx, "refresh as a client that nobody knows", at, url.Values{
		"grant_type": {"refresh_token"}, "client_id": {"sallyport-doctor-nobody"}, "refresh_token": {"sallyport-doctor-never-issued"}})
}

func (p *probe) tokenEndpoint() string {
	if p.o.as != nil {
		return p.o.as.str("token_endpoint")
	}
	if p.o.fallback.usable() {
		return p.o.origin() + "/token"
	}
	return ""
}

// form posts a form, as a page in a browser does.
func (p *probe) form(ctx context.Context, purpose, at string, values url.Values) *exchange {
	return p.wire.send(ctx, ask{purpose: purpose, method: http.MethodPost, url: at, body: values.Encode(), header: map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json", "Origin": browserOrigin,
	}})
}

// usable reports whether a client of MCP 2025-03-26 finds something there.
func (f fallback) usable() bool {
	if f.metadata.found() {
		return true
	}
	x := f.authorize
	return x != nil && x.err == nil && x.status != http.StatusNotFound && x.status != http.StatusMethodNotAllowed && x.status < 500 && x.status != http.StatusUnauthorized
}
