package doctor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A SignIn completes the flow with a person.
type SignIn struct {
	// Open shows a person an address in their browser.
	Open func(address string) error
	// ClientID is used where the server lets nobody register; its redirect URI
	// has to be http://127.0.0.1/sallyport-doctor, on any port.
	ClientID string
	// Wait is how long the person may take each time; 0: five minutes.
	Wait time.Duration
}

// A visit is what was seen of a completed flow. What was not tried is nil.
type visit struct {
	problem  string // why it did not come to tokens, where the server is not to blame
	answer   *exchange
	sent     string // state
	asked    string // scope
	token    *exchange
	granted  map[string]any // the members of the token response
	claims   map[string]any // of the access token; nil: it is opaque
	call     *exchange      // with the token
	refresh  *exchange
	rotated  map[string]any
	after    *exchange // a call with the refreshed token
	again    *exchange // the first refresh token once more
	survived *exchange // a call after that
	short    *exchange // a call that the scope does not allow
	wider    map[string]any
	widened  *exchange // that call with the wider scope
	stepUp   *exchange // the token request of the step-up
	revoke   *exchange
	revoked  *exchange // a call after revocation
	dead     *exchange // a refresh after revocation
	replay   *exchange // the code once more
}

// listen opens the address at which the answer arrives. It is opened before the
// registration, which names its port.
func (p *probe) listen() {
	if p.config.SignIn == nil {
		return
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return
	}
	answers := make(chan *url.URL, 4)
	p.redirect = fmt.Sprintf("http://127.0.0.1:%d/sallyport-doctor", l.Addr().(*net.TCPAddr).Port)
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/sallyport-doctor" || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		select {
		case answers <- r.URL:
		default: // more than anyone asked for
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("The doctor has what it needs. You can close this page.\n"))
	})}
	go func() { _ = server.Serve(l) }() // until it is closed
	p.answers, p.closeListener = answers, func() { _ = server.Close() }
}

// authorizeOnce sends the person to the server and waits for the answer.
func (p *probe) authorizeOnce(ctx context.Context, scope string) (answer *exchange, verifier, state string) {
	verifier, state = p.keep(randomWord()+randomWord()), "doctor+"+randomWord()+"/=="
	q := url.Values{
		"response_type": {"code"}, "client_id": {p.clientID()}, "redirect_uri": {p.redirect}, "state": {state},
		"code_challenge": {challengeOf(verifier)}, "code_challenge_method": {"S256"}, "resource": {p.o.resourceID()},
	}
	if scope != "" {
		q.Set("scope", scope)
	}
	if slices.Contains(strings.Fields(scope), "offline_access") {
		// OpenID Connect Core 1.0 §11: "the prompt parameter value 'consent' [...] MUST be used".
		q.Set("prompt", "consent")
	}
	at := withQuery(p.authorizationEndpoint(), q)
	if err := p.config.SignIn.Open(at); err != nil {
		return nil, "", ""
	}
	wait := p.config.SignIn.Wait
	if wait == 0 {
		wait = 5 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	select {
	case got := <-p.answers:
		x := &exchange{ask: ask{purpose: "the answer to the client, in the person's browser", method: http.MethodGet, url: at}, status: http.StatusFound, answer: http.Header{}}
		p.keep(got.Query().Get("code"))
		x.answer.Set("Location", p.redirect+"?"+got.RawQuery)
		p.wire.trace = append(p.wire.trace, x)
		return x, verifier, state
	case <-ctx.Done():
		return nil, "", ""
	}
}

func (p *probe) clientID() string {
	if own := p.o.ownRegistration(); own.good() {
		return own.id()
	}
	return p.config.SignIn.ClientID
}

// signIn completes the flow, and then tries what happens to tokens in a life.
func (p *probe) signIn(ctx context.Context) {
	v := &visit{}
	p.o.visit = v
	switch {
	case p.answers == nil:
		v.problem = "no port of this computer could be opened for the answer"
	case p.clientID() == "":
		v.problem = "the doctor could not register; register a client by hand and name it with --client-id"
	case p.authorizationEndpoint() == "" || p.tokenEndpoint() == "":
		v.problem = "there are no endpoints to go to"
	}
	if right := p.o.authorize.right; right != nil && errors.Is(right.err, errInward) {
		v.problem = errInward.Error()
	}
	if v.problem != "" {
		return
	}
	scope := p.o.scope()
	if listed, _ := p.o.as.list("scopes_supported"); slices.Contains(listed, "offline_access") && scope != "" {
		scope += " offline_access"
	}
	v.asked = scope
	var verifier string
	if v.answer, verifier, v.sent = p.authorizeOnce(ctx, scope); v.answer == nil {
		v.problem = "nobody finished signing in"
		return
	}
	got := outcomeOf(v.answer)
	if !got.back.Has("code") {
		v.problem = "the answer was " + quote(got.refusal())
		return
	}
	v.token, v.granted = p.redeem(ctx, got.back.Get("code"), verifier)
	access := str(v.granted, "access_token")
	if access == "" {
		return
	}
	v.claims = claimsOf(access)
	p.o.catalogue = p.list(ctx, access)
	v.call = p.callWith(ctx, "call the MCP server with the token", access)
	latest := p.tryRefresh(ctx, v, access)
	p.tryStepUp(ctx, v, latest)
	p.tryRevoke(ctx, v, latest)
	v.replay, _ = p.redeem(ctx, got.back.Get("code"), verifier)
}

func (p *probe) redeem(ctx context.Context, code, verifier string) (*exchange, map[string]any) {
	return p.tokens(ctx, "redeem the code", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {p.clientID()}, "code": {code}, "redirect_uri": {p.redirect},
		"code_verifier": {verifier}, "resource": {p.o.resourceID()},
	})
}

// tokens asks the token endpoint, and remembers what nobody may read.
func (p *probe) tokens(ctx context.Context, purpose string, form url.Values) (*exchange, map[string]any) {
	x := p.form(ctx, purpose, p.tokenEndpoint(), form)
	got := newMembers(x)
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		p.keep(str(got, name))
	}
	return x, got
}

func (p *probe) callWith(ctx context.Context, purpose, access string) *exchange {
	return p.wire.send(ctx, p.call(purpose, initializeBody, map[string]string{"Authorization": "Bearer " + access}))
}

// A pair is an access token and the refresh token that came with it.
type pair struct{ access, refresh string }

// tryRefresh refreshes, without scope and resource as clients do, and once more
// with the same token, as two windows of one client do.
func (p *probe) tryRefresh(ctx context.Context, v *visit, access string) pair {
	first := pair{access, str(v.granted, "refresh_token")}
	if first.refresh == "" {
		return first
	}
	form := url.Values{"grant_type": {"refresh_token"}, "client_id": {p.clientID()}, "refresh_token": {first.refresh}}
	v.refresh, v.rotated = p.tokens(ctx, "refresh", form)
	next := pair{str(v.rotated, "access_token"), str(v.rotated, "refresh_token")}
	if next.access == "" {
		return first
	}
	v.after = p.callWith(ctx, "call the MCP server with the refreshed token", next.access)
	if next.refresh == "" {
		next.refresh = first.refresh
		return next
	}
	var again map[string]any
	v.again, again = p.tokens(ctx, "refresh with the same token a moment later, as a second window does", form)
	v.survived = p.callWith(ctx, "call the MCP server after that", next.access)
	if s := str(again, "refresh_token"); s != "" {
		return pair{str(again, "access_token"), s}
	}
	return next
}

// tryStepUp looks for a call that the token's scope does not allow, and asks
// for more. Only tools that need arguments are called, without any: such a call
// cannot do anything.
func (p *probe) tryStepUp(ctx context.Context, v *visit, now pair) {
	s, _ := p.openSession(ctx, now.access)
	if s == nil {
		return
	}
	defer s.close(ctx)
	tried := 0
	for _, tool := range p.o.catalogue.tools {
		schema, _ := tool["inputSchema"].(map[string]any)
		if len(texts(schema["required"])) == 0 || tried == 8 {
			continue
		}
		tried++
		x, _ := s.ask(ctx, "tools/call", map[string]any{"name": str(tool, "name"), "arguments": map[string]any{}})
		if x.err != nil || x.status != http.StatusForbidden {
			continue
		}
		v.short = x
		c, ok := bearer(x)
		if !ok || c.parameters["scope"] == "" {
			return
		}
		wider := union(str(v.granted, "scope"), c.parameters["scope"])
		answer, verifier, _ := p.authorizeOnce(ctx, wider)
		if answer == nil || !outcomeOf(answer).back.Has("code") {
			return
		}
		v.stepUp, v.wider = p.redeem(ctx, outcomeOf(answer).back.Get("code"), verifier)
		again := &session{p: p, header: maps.Clone(s.header), modern: s.modern, id: 50}
		again.header["Authorization"] = "Bearer " + str(v.wider, "access_token")
		v.widened, _ = again.ask(ctx, "tools/call", map[string]any{"name": str(tool, "name"), "arguments": map[string]any{}})
		return
	}
}

// tryRevoke ends what was granted. RFC 7009 §2.1.
func (p *probe) tryRevoke(ctx context.Context, v *visit, now pair) {
	at := p.o.as.str("revocation_endpoint")
	if at == "" {
		return
	}
	token, kind := now.refresh, "refresh_token"
	if token == "" {
		token, kind = now.access, "access_token"
	}
	v.revoke = p.form(ctx, "revoke the tokens", at, url.Values{"token": {token}, "token_type_hint": {kind}, "client_id": {p.clientID()}})
	if s := str(v.wider, "refresh_token"); s != "" {
		p.form(ctx, "revoke the wider tokens", at, url.Values{"token": {s}, "token_type_hint": {"refresh_token"}, "client_id": {p.clientID()}})
	}
	if now.refresh != "" {
		v.dead, _ = p.tokens(ctx, "refresh with the revoked token", url.Values{"grant_type": {"refresh_token"}, "client_id": {p.clientID()}, "refresh_token": {now.refresh}})
	}
	v.revoked = p.callWith(ctx, "call the MCP server with a revoked token", now.access)
}

func str(members map[string]any, name string) string {
	s, _ := members[name].(string)
	return s
}

func union(a, b string) string {
	var all []string
	for _, s := range strings.Fields(a + " " + b) {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return strings.Join(all, " ")
}

// claimsOf reads the claims of a JWT, unverified; nil where it is none.
func claimsOf(token string) map[string]any {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims map[string]any
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return nil
	}
	return claims
}
