package standin

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Google stands in for Google's OpenID Connect: the discovery document, the
// page, the token, revocation and userinfo endpoints and the key set, with the
// paths that Google has, all on one origin.
//
// Served on a loopback address, the issuer and the endpoints are that origin.
// Served under any other name (behind a transport that leads Google's hosts
// here), they are Google's own. Set the fields before it serves.
//
// What is documented where is in docs/standins.md; the pages are Google's
// "OpenID Connect", "Using OAuth 2.0 for Web Server Applications" and "Using
// OAuth 2.0 to Access Google APIs".
type Google struct {
	Front

	// Issuer replaces the issuer, and is the base of the endpoints; no trailing
	// slash.
	Issuer string
	// Chooser shows a page to choose the person on, and to say no. Otherwise
	// the answer comes at once.
	Chooser bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	people crowd[GooglePerson]
	keys   keys
	access map[string]*googleGrant
	renew  map[string]*googleGrant
	agreed map[string][]string // the scopes that were allowed, by sub
}

// A GooglePerson can sign in at [Google].
type GooglePerson struct {
	Sub                 string // digits, 21 of them as a rule
	Email               string
	Verified            bool
	HD                  string // the Workspace domain; empty for a personal account
	Name, Given, Family string
	Picture             string
}

// googleGrant is one access or refresh token.
type googleGrant struct {
	person  string
	scopes  []string
	expires time.Time // zero for a refresh token
}

// NewGoogle is Google with one client and these people. The first signs in,
// unless another was suggested or [Front.SignIn], which takes a sub or an email
// address, says otherwise. There must be one.
func NewGoogle(c Client, people ...GooglePerson) *Google {
	g := &Google{
		Front: newFront(c), keys: keys{alg: jose.RS256},
		access: map[string]*googleGrant{}, renew: map[string]*googleGrant{}, agreed: map[string][]string{},
	}
	g.People(people...)
	g.handle(Discovery, "GET /.well-known/openid-configuration", g.discovery)
	g.handle(Authorize, "GET /o/oauth2/v2/auth", g.authorize)
	g.handle(Authorize, "POST /o/oauth2/v2/auth", g.authorize)
	g.handle(Token, "POST /token", g.token)
	g.handle(Revoke, "POST /revoke", g.revoke)
	g.handle(Keys, "GET /oauth2/v3/certs", g.certs)
	g.handle(User, "GET /v1/userinfo", g.userinfo)
	g.handle(User, "POST /v1/userinfo", g.userinfo)
	return g
}

// People replaces the people, at any time: somebody has another address now, or
// somebody else has theirs. Tokens stay with the sub.
func (g *Google) People(people ...GooglePerson) { g.people.set(people) }

// RotateKeys signs with a new key from now on. The key set has it and the one
// before.
func (g *Google) RotateKeys() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keys.current()
	g.keys.rotate()
}

// Withdraw is the person who removes the client's access: all tokens end, and
// the next consent is the first again.
func (g *Google) Withdraw(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p, ok := g.person(id); ok {
		g.forget(p.Sub)
	}
}

func (g *Google) forget(sub string) {
	of := func(_ string, grant *googleGrant) bool { return grant.person == sub }
	deleteFunc(g.access, of)
	deleteFunc(g.renew, of)
	delete(g.agreed, sub)
}

func deleteFunc(m map[string]*googleGrant, of func(string, *googleGrant) bool) {
	for token, grant := range m {
		if of(token, grant) {
			delete(m, token)
		}
	}
}

const googleIssuer = "https://accounts.google.com"

// issuer is the name in tokens, and base leads to the endpoints; base is empty
// where they are Google's own.
func (g *Google) issuer(r *http.Request) (name, base string) {
	host := (&url.URL{Host: r.Host}).Hostname()
	switch {
	case g.Issuer != "":
		return g.Issuer, g.Issuer
	case loopback(host):
		return origin(r), origin(r)
	}
	return googleIssuer, ""
}

// discovery is the document of "OpenID Connect", "Discovery document". The
// device endpoint is named, as Google names it, but there is none here.
func (g *Google) discovery(w http.ResponseWriter, r *http.Request, _ Fault) {
	issuer, base := g.issuer(r)
	at := func(host, path string) string {
		if base == "" {
			return host + path
		}
		return base + path
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	answer(w, http.StatusOK, struct {
		Issuer        string   `json:"issuer"`
		Authorization string   `json:"authorization_endpoint"`
		Device        string   `json:"device_authorization_endpoint"`
		Token         string   `json:"token_endpoint"`
		Userinfo      string   `json:"userinfo_endpoint"`
		Revocation    string   `json:"revocation_endpoint"`
		Keys          string   `json:"jwks_uri"`
		ResponseTypes []string `json:"response_types_supported"`
		ResponseModes []string `json:"response_modes_supported"`
		SubjectTypes  []string `json:"subject_types_supported"`
		Algorithms    []string `json:"id_token_signing_alg_values_supported"`
		Scopes        []string `json:"scopes_supported"`
		AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
		Claims        []string `json:"claims_supported"`
		Challenges    []string `json:"code_challenge_methods_supported"`
		GrantTypes    []string `json:"grant_types_supported"`
	}{
		issuer, at(googleIssuer, "/o/oauth2/v2/auth"), at("https://oauth2.googleapis.com", "/device/code"),
		at("https://oauth2.googleapis.com", "/token"), at("https://openidconnect.googleapis.com", "/v1/userinfo"),
		at("https://oauth2.googleapis.com", "/revoke"), at("https://www.googleapis.com", "/oauth2/v3/certs"),
		[]string{"code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token", "none"},
		[]string{"query", "fragment", "form_post"}, []string{"public"}, []string{"RS256"}, []string{"openid", "email", "profile"},
		[]string{"client_secret_post", "client_secret_basic"},
		[]string{"aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "picture", "sub"},
		[]string{"plain", "S256"},
		[]string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
	})
}

// certs is the key set. The header says for how long it may be kept.
func (g *Google) certs(w http.ResponseWriter, _ *http.Request, _ Fault) {
	g.mu.Lock()
	set := g.keys.public()
	g.mu.Unlock()
	w.Header().Set("Cache-Control", "public, max-age=22381, must-revalidate, no-transform")
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	answer(w, http.StatusOK, set)
}

// choose is who answers: the first of the ids or addresses that is known, or
// the first of all.
func (g *Google) choose(ids ...string) GooglePerson {
	return g.people.first(g.person, ids)
}

func (g *Google) person(id string) (GooglePerson, bool) {
	return g.people.find(func(p GooglePerson) bool { return id != "" && (p.Sub == id || strings.EqualFold(p.Email, id)) })
}
