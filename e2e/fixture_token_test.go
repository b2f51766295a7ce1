package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

type tokenDocument struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Type    string `json:"token_type"`
	Expires int    `json:"expires_in"`
	Scope   string `json:"scope"`
}

// authorize sends the person to the browser and looks at how they come back.
func (p *play) authorize() {
	p.t.Helper()
	p.asked = p.authorization()
	back, err := p.visitor.Allow(p.t.Context(), p.asked.url)
	if err != nil {
		p.t.Fatal(err)
	}
	p.back = back
	if err := p.cameBack(back); err != nil {
		p.t.Fatalf("%v: %s", err, back)
	}
	if back.Query().Get("code") == "" {
		p.t.Fatalf("the person came back without a code: %s", back)
	}
}

// authorization makes an authorization request.
func (p *play) authorization() pending {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	q := url.Values{
		"response_type": {"code"}, "client_id": {p.id}, "redirect_uri": {p.fill(p.Redirect)},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
	state := newState(p.t, p.Authorize.State)
	if p.Authorize.State.Encoding != "none" {
		q.Set("state", state)
	}
	if r := p.resourceAs(p.Authorize.Resource); r != "" {
		q.Set("resource", r)
	}
	if scope, sent := p.scope(); sent {
		q.Set("scope", scope)
	}
	for name, value := range p.Authorize.Parameters {
		q.Set(name, value)
	}
	return pending{url: p.server.Authorization + "?" + q.Encode(), verifier: verifier, state: state}
}

// scope is what the client asks for, and whether it names the parameter at all.
func (p *play) scope() (string, bool) {
	var asked []string
	switch p.Authorize.Scope {
	case "none":
		return "", false
	case "empty":
		return "", true
	case "all":
		asked = slices.Clone(p.server.Scopes)
	case "challenge":
		// MCP 2025-11-25, scope selection: the challenge, else what the metadata
		// of the resource lists, else nothing.
		if asked = strings.Fields(p.challenge["scope"]); len(asked) == 0 {
			asked = slices.Clone(p.resource.Scopes)
		}
	default:
		asked = strings.Fields(p.Authorize.Scope)
	}
	for _, more := range p.Authorize.Also {
		if slices.Contains(p.server.Scopes, more) && !slices.Contains(asked, more) {
			asked = append(asked, more)
		}
	}
	return strings.Join(asked, " "), len(asked) > 0
}

// newState makes one in which base64 has all of its difficult characters.
func newState(t *testing.T, s clientbook.State) string {
	t.Helper()
	for range 10_000 {
		b := make([]byte, s.Bytes)
		_, _ = rand.Read(b) // never fails
		switch s.Encoding {
		case "hex":
			return hex.EncodeToString(b)
		case "base64url":
			return base64.RawURLEncoding.EncodeToString(b)
		case "none":
			return ""
		case "base64":
			if text := base64.StdEncoding.EncodeToString(b); strings.Contains(text, "+") && strings.Contains(text, "/") {
				return text
			}
		}
	}
	t.Fatal("no state has + and /")
	return ""
}

// cameBack checks the answer of the authorization endpoint as clients do.
func (p *play) cameBack(back *url.URL) error {
	want, err := url.Parse(p.fill(p.Redirect))
	if err != nil {
		return err
	}
	if back.Scheme != want.Scheme || back.Host != want.Host || back.Path != want.Path {
		return fmt.Errorf("it goes to %s", want)
	}
	q := back.Query()
	if q.Get("state") != p.asked.state {
		return fmt.Errorf("the state was %q", p.asked.state)
	}
	// Some compare after decoding percent escapes only, so that a plus sign that
	// stands for itself, and one that stands for a space, are both wrong.
	for _, part := range strings.Split(back.RawQuery, "&") {
		if name, value, _ := strings.Cut(part, "="); name == "state" {
			if plain, err := url.PathUnescape(value); err != nil || plain != p.asked.state {
				return fmt.Errorf("the state is encoded as %q", value)
			}
		}
	}
	// RFC 9207 §2.4: clients "MUST reject authorization responses [...] if the
	// value does not match".
	if iss := q.Get("iss"); p.server.Iss && iss != p.server.Issuer {
		return fmt.Errorf("iss is %q", iss)
	}
	return nil
}

// redeem exchanges the code.
func (p *play) redeem() {
	p.t.Helper()
	a := p.ask(url.Values{
		"grant_type": {"authorization_code"}, "code": {p.back.Query().Get("code")},
		"redirect_uri": {p.fill(p.Redirect)}, "code_verifier": {p.asked.verifier},
	}, p.Token.Resource, request{limit: p.Limits.Token})
	p.granted = p.tokens(a)
}

// tokens reads an answer of the token endpoint, which is to be a good one.
func (p *play) tokens(a answer) tokenDocument {
	p.t.Helper()
	var got tokenDocument
	p.into("the token endpoint", a, &got)
	switch {
	case a.status != http.StatusOK:
		p.t.Fatalf("the token endpoint: %d %s", a.status, a.body)
	case got.Access == "", !strings.EqualFold(got.Type, "Bearer"), got.Expires <= 0, got.Scope == "":
		p.t.Fatalf("the token endpoint leaves something out: type %q, expires in %d, scope %q", got.Type, got.Expires, got.Scope)
	case a.header.Get("Cache-Control") != "no-store":
		p.t.Error("the tokens may be cached")
	}
	return got
}

// ask asks the token endpoint, authenticated and encoded as the client does.
func (p *play) ask(form url.Values, resource string, r request) answer {
	p.t.Helper()
	r, err := p.tokenRequest(form, resource, r)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.send(r)
}

func (p *play) tokenRequest(form url.Values, resource string, r request) (request, error) {
	if value := p.resourceAs(resource); value != "" {
		form.Set("resource", value)
	}
	if p.Token.ClientID == "body" {
		form.Set("client_id", p.id)
	}
	r.method, r.url = http.MethodPost, p.server.Token
	r.header = map[string]string{"Accept": jsonType, "Content-Type": formType}
	switch p.Token.Authentication {
	case "client_secret_basic":
		// RFC 6749 §2.3.1: both are form-encoded first.
		pair := url.QueryEscape(p.id) + ":" + url.QueryEscape(p.secret)
		r.header["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
	case "client_secret_post":
		form.Set("client_secret", p.secret)
	case "private_key_jwt":
		audience := map[string]string{"issuer": p.server.Issuer, "token_endpoint": p.server.Token}[p.Token.Audience]
		assertion, err := p.signer.assertion(p.id, audience)
		if err != nil {
			return r, err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	}
	r.body = form.Encode()
	if p.Token.Form == "json" {
		flat := map[string]string{}
		for name := range form {
			flat[name] = form.Get(name)
		}
		text, err := json.Marshal(flat)
		if err != nil {
			return r, err
		}
		r.body, r.header["Content-Type"] = string(text), jsonType
	}
	if p.Token.ContentType != "" {
		r.header["Content-Type"] = p.Token.ContentType
	}
	return r, nil
}

// refresh refreshes, as many of the client's processes at a time as it has. The
// tokens of any of them are as good as the others'.
func (p *play) refresh() {
	p.t.Helper()
	if p.granted.Refresh == "" {
		p.t.Fatal("there is no refresh token")
	}
	before := p.granted
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {before.Refresh}}
	switch p.Refresh.Scope {
	case "granted":
		form.Set("scope", before.Scope)
	case "asked":
		scope, _ := p.scope()
		form.Set("scope", scope)
	}
	answers := make([]answer, p.Refresh.AtOnce)
	var all sync.WaitGroup
	for i := range answers {
		r, err := p.tokenRequest(cloned(form), p.Refresh.Resource, request{limit: p.Limits.Refresh})
		if err != nil {
			p.t.Fatal(err)
		}
		all.Go(func() {
			a, err := p.exchange(r)
			if err != nil {
				p.t.Errorf("refresh: %v", err)
			}
			answers[i] = a
		})
	}
	all.Wait()
	for _, a := range answers {
		p.granted = p.tokens(a)
		if p.granted.Access == before.Access {
			p.t.Error("the refreshed access token is the old one")
		}
	}
}

func cloned(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		out[name] = slices.Clone(values)
	}
	return out
}
