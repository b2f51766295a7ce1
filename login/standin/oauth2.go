package standin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// A Dialect is a way to speak OAuth 2.0.
type Dialect string

// The dialects, with their paths. docs/standins.md says where each was read.
const (
	// Plain is RFC 6749 and nothing else: /authorize, /token, /revoke (RFC 7009),
	// and /user for who it is: id, name, email, email_verified. Access tokens
	// last an hour; refresh tokens are good once.
	Plain Dialect = "plain"
	// Slack has errors with status 200 and ok false, one scope for the bot and
	// one (user_scope) for the person, whose token is inside authed_user:
	// /oauth/v2/authorize, /api/oauth.v2.access, /api/auth.revoke,
	// /api/users.identity and /api/auth.test.
	Slack Dialect = "slack"
	// Notion takes the client's secret in Basic only, and JSON rather than a
	// form: /v1/oauth/authorize, /v1/oauth/token, /v1/oauth/revoke,
	// /v1/users/me.
	Notion Dialect = "notion"
	// Salesforce answers where to go next, instance_url, and who it is, a URL
	// under /id: /services/oauth2/authorize, /services/oauth2/token,
	// /services/oauth2/revoke, /services/oauth2/userinfo. Nothing says when a token expires; they last
	// two hours.
	Salesforce Dialect = "salesforce"
)

// OAuth2 stands in for a service that speaks OAuth 2.0 and is not OpenID. Set
// the fields before it serves.
type OAuth2 struct {
	Front

	// Expiring turns on Slack's token rotation: 12 hours, and a refresh token.
	Expiring bool
	// Chooser shows a page to choose the person on, and to say no. Otherwise
	// the answer comes at once.
	Chooser bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	people crowd[OAuth2Person]
	access map[string]*oauth2Grant
	renew  map[string]*oauth2Grant
	used   map[string]bool // codes
	gone   map[string]bool // tokens of who removed the client
}

// An OAuth2Person can sign in at [OAuth2].
type OAuth2Person struct {
	ID       string // Slack: U…; Notion: a UUID; Salesforce: 005…
	Name     string
	Email    string
	Verified bool
}

// oauth2Grant is an access token, and the refresh token that came with it.
type oauth2Grant struct {
	person, scope, kind string
	token, refresh      string
	expires             time.Time // zero for tokens that last
	serial              int       // older grants have lower ones
}

// NewOAuth2 is a service of a dialect with one client and these people. The
// first signs in, unless login_hint suggested another, or [Front.SignIn], which
// takes an id or an address, says otherwise. There must be one.
func NewOAuth2(d Dialect, c Client, people ...OAuth2Person) *OAuth2 {
	o := &OAuth2{
		Front: newFront(c), access: map[string]*oauth2Grant{}, renew: map[string]*oauth2Grant{}, used: map[string]bool{}, gone: map[string]bool{},
	}
	o.People(people...)
	switch d {
	case Slack:
		o.slack()
	case Notion:
		o.notion()
	case Salesforce:
		o.salesforce()
	default:
		o.plain()
	}
	return o
}

// People replaces the people, at any time. Tokens stay with the ID.
func (o *OAuth2) People(people ...OAuth2Person) { o.people.set(people) }

// Withdraw is the person who removes the client: all their tokens end.
func (o *OAuth2) Withdraw(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, grants := range []map[string]*oauth2Grant{o.access, o.renew} {
		for token, grant := range grants {
			if p, _ := o.person(grant.person); p.ID == id || strings.EqualFold(p.Email, id) {
				delete(grants, token)
				o.gone[token] = true
			}
		}
	}
}

// authorizer serves the page of the person at a path. Codes begin with prefix;
// a refusal says denied, in words, where the service has them.
func (o *OAuth2) authorizer(path, prefix, denied string) {
	h := func(w http.ResponseWriter, r *http.Request, f Fault) {
		query := r.URL.Query()
		o.mu.Lock()
		client, signer := o.client, o.signer
		o.mu.Unlock()
		redirect := query.Get("redirect_uri")
		if redirect == "" && len(client.Redirects) > 0 {
			redirect = client.Redirects[0]
		}
		// RFC 6749 §4.1.2.1: "the authorization server SHOULD inform the resource
		// owner of the error and MUST NOT automatically redirect the user-agent".
		if query.Get("client_id") != client.ID || !slices.Contains(client.Redirects, redirect) {
			dead(w, http.StatusBadRequest, "Something went wrong", "The client or its redirect URI is unknown.")
			return
		}
		person := o.choose(signer, query.Get("login_hint"))
		chosen, yes, done := answered(readForm(r))
		switch {
		case done:
			person = o.choose(chosen)
		case o.Chooser && !f.cancel:
			o.page(w, person)
			return
		}
		if done && !yes || f.cancel {
			http.Redirect(w, r, join(redirect, "error", "access_denied", "error_description", denied, "state", query.Get("state")), http.StatusFound)
			return
		}
		code := o.issue(prefix, ask{query: query, redirect: redirect, person: person.ID, expires: clock(o.Now).Add(10 * time.Minute)})
		http.Redirect(w, r, join(redirect, "code", code, "state", query.Get("state")), http.StatusFound)
	}
	o.handle(Authorize, "GET "+path, h)
	o.handle(Authorize, "POST "+path, h)
}

func (o *OAuth2) page(w http.ResponseWriter, chosen OAuth2Person) {
	page := chooser{Title: "Allow access", Yes: "Allow", Chosen: chosen.ID}
	for _, p := range o.people.all() {
		page.People = append(page.People, choice{p.ID, p.Name})
	}
	page.show(w)
}

func (o *OAuth2) choose(ids ...string) OAuth2Person {
	return o.people.first(o.person, ids)
}

func (o *OAuth2) person(id string) (OAuth2Person, bool) {
	return o.people.find(func(p OAuth2Person) bool { return id != "" && (p.ID == id || strings.EqualFold(p.Email, id)) })
}

func (o *OAuth2) knows(id string) bool {
	_, ok := o.person(id)
	return ok
}

// A refusal is why a token request was refused; each dialect words it.
type refusal int

const (
	accepted refusal = iota
	badClient
	badSecret
	badGrantType
	badCode
	usedCode
	oldCode
	badRedirect
	noVerifier
	badVerifier
	badRefresh
)

// redeem spends a code, and returns what was asked; or it finds the grant of a
// refresh token, for the dialect to end or keep. It has the lock.
func (o *OAuth2) redeem(form url.Values, id, secret string) (ask, *oauth2Grant, refusal) {
	kind := form.Get("grant_type")
	switch {
	case id != o.client.ID:
		return ask{}, nil, badClient
	case !o.client.secret(secret):
		return ask{}, nil, badSecret
	case kind == "refresh_token":
		grant := o.renew[form.Get("refresh_token")]
		if grant == nil || !o.knows(grant.person) {
			return ask{}, nil, badRefresh
		}
		return ask{}, grant, accepted
	case kind != "authorization_code":
		return ask{}, nil, badGrantType
	}
	code := form.Get("code")
	a, ok := o.codes[code]
	switch {
	case o.used[code]:
		return a, nil, usedCode
	case !ok || !o.knows(a.person):
		return a, nil, badCode
	case !clock(o.Now).Before(a.expires):
		return a, nil, oldCode
	// RFC 6749 §4.1.3: redirect_uri is required if it was in the authorization
	// request, "and their values MUST be identical".
	case form.Get("redirect_uri") != a.get("redirect_uri"):
		return a, nil, badRedirect
	case a.get("code_challenge") != "" && form.Get("code_verifier") == "":
		return a, nil, noVerifier
	case !a.proves(form.Get("code_verifier")):
		return a, nil, badVerifier
	}
	delete(o.codes, code)
	o.used[code] = true
	return a, nil, accepted
}

// grant remembers new tokens. life 0 is for tokens that last; an empty refresh
// is for none.
func (o *OAuth2) grant(g oauth2Grant, life time.Duration) *oauth2Grant {
	if life > 0 {
		g.expires = clock(o.Now).Add(life)
	}
	if g.serial == 0 {
		g.serial = len(o.used)
	}
	o.access[g.token] = &g
	if g.refresh != "" {
		o.renew[g.refresh] = &g
	}
	return &g
}

// presented is a token in Authorization, or in a parameter.
func presented(r *http.Request, parameter string) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return params(r).Get(parameter)
	}
	return token
}

// bearer finds who a token is of: the one in Authorization, or in a parameter.
// It has the lock.
func (o *OAuth2) bearer(r *http.Request, parameter string) (g *oauth2Grant, given, expired bool) {
	token := presented(r, parameter)
	g = o.access[token]
	if g != nil && !g.expires.IsZero() && !clock(o.Now).Before(g.expires) {
		return nil, true, true
	}
	if g != nil && !o.knows(g.person) {
		g = nil
	}
	return g, token != "", false
}

// end forgets an access token and the refresh token that came with it, or a
// refresh token and the access tokens that it made.
func (o *OAuth2) end(token string) bool {
	g := o.access[token]
	if g == nil {
		g = o.renew[token]
	}
	if g == nil {
		return false
	}
	delete(o.access, g.token)
	delete(o.renew, g.refresh)
	for other, of := range o.access {
		if g.refresh != "" && of.refresh == g.refresh {
			delete(o.access, other)
		}
	}
	return true
}

// credentials are the client's id and secret, from Basic or from the form.
func credentials(r *http.Request, form url.Values) (id, secret string) {
	if id, secret, ok := r.BasicAuth(); ok {
		return id, secret
	}
	return form.Get("client_id"), form.Get("client_secret")
}
