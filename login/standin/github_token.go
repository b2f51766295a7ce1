package standin

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The lifetimes of "Expiring access tokens", in seconds.
const (
	githubLife  = 28800    // eight hours
	githubRenew = 15897600 // six months
)

// githubTokens are the members of an answer, in the order of the JSON. Every
// error has status 200: "Troubleshooting OAuth app access token request
// errors" shows bodies only, and no client can tell them by the status.
type githubTokens struct {
	AccessToken  string  `json:"access_token,omitempty"`
	ExpiresIn    int     `json:"expires_in,omitempty"`
	RefreshToken string  `json:"refresh_token,omitempty"`
	RenewIn      int     `json:"refresh_token_expires_in,omitempty"`
	TokenType    string  `json:"token_type,omitempty"`
	Scope        *string `json:"scope,omitempty"` // there when empty
	Error        string  `json:"error,omitempty"`
	Description  string  `json:"error_description,omitempty"`
	URI          string  `json:"error_uri,omitempty"`
}

func githubError(code, description, anchor string) githubTokens {
	return githubTokens{Error: code, Description: description, URI: githubDocs + "troubleshooting-oauth-app-access-token-request-errors/#" + anchor}
}

// token answers "2. Users are redirected back to your site by GitHub": a form,
// or JSON for whoever says Accept: application/json. The parameters may be in
// the query or in the body.
func (g *GitHub) token(w http.ResponseWriter, r *http.Request, _ Fault) {
	form := params(r)
	g.mu.Lock()
	tokens := g.redeem(form)
	g.mu.Unlock()
	w.Header().Set("Cache-Control", "max-age=0, private, must-revalidate")
	if strings.Contains(r.Header.Get("Accept"), "json") {
		answer(w, http.StatusOK, tokens)
		return
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	_, _ = w.Write([]byte(tokens.encode()))
}

// encode is the same as a form.
func (t githubTokens) encode() string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	members, form := map[string]any{}, url.Values{}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&members); err != nil {
		panic(err)
	}
	for name, value := range members {
		switch value := value.(type) {
		case string:
			form.Set(name, value)
		case json.Number:
			form.Set(name, value.String())
		}
	}
	return form.Encode()
}

// redeem turns a code or a refresh token into tokens. It has the lock.
func (g *GitHub) redeem(form url.Values) githubTokens {
	if form.Get("client_id") != g.client.ID || !g.client.secret(form.Get("client_secret")) {
		return githubError("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.", "incorrect-client-credentials")
	}
	now := clock(g.Now)
	if form.Get("grant_type") == "refresh_token" {
		old, ok := g.refresh[form.Get("refresh_token")]
		if !ok || !now.Before(old.renewal) {
			return githubError("bad_refresh_token", "The refresh token passed is incorrect or expired.", "bad-verification-code")
		}
		// "Once you use a refresh token, that refresh token and the old user
		// access token will no longer work."
		g.end(old)
		return g.grant(old.person, old.scopes, true)
	}
	a, ok := g.codes[form.Get("code")]
	id, _ := strconv.ParseInt(a.person, 10, 64)
	person, known := g.byID(id)
	switch {
	case !ok || !known || !now.Before(a.expires) || !a.proves(form.Get("code_verifier")):
		return githubError("bad_verification_code", "The code passed is incorrect or expired.", "bad-verification-code")
	case form.Get("redirect_uri") != "" && form.Get("redirect_uri") != a.redirect:
		return githubError("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.", "redirect-uri-mismatch2")
	case !person.Verified:
		return githubError("unverified_user_email", "The user must have a verified primary email.", "unverified_user_email")
	}
	delete(g.codes, form.Get("code"))
	if g.FineGrained {
		return g.grant(id, nil, g.Expiring)
	}
	asked := strings.FieldsFunc(a.get("scope"), func(c rune) bool { return c == ' ' || c == ',' })
	// offline_access "is not tracked as a typical scope".
	wanted := slices.DeleteFunc(slices.Clone(asked), func(s string) bool { return s == "offline_access" })
	if len(wanted) == 0 {
		// Who asks for no scope gets all that the person ever allowed.
		wanted = g.scopes[id]
	}
	g.scopes[id] = normal(append(slices.Clone(g.scopes[id]), wanted...))
	return g.grant(id, normal(wanted), g.Expiring || len(wanted) < len(asked))
}

// grant makes tokens. The member scope of a GitHub App is there and empty.
func (g *GitHub) grant(person int64, scopes []string, expiring bool) githubTokens {
	prefix, now := "gho_", clock(g.Now)
	if g.FineGrained {
		prefix = "ghu_"
	}
	grant := &githubGrant{person: person, scopes: scopes, token: text(prefix, 36), made: now}
	scope := strings.Join(scopes, ",")
	tokens := githubTokens{AccessToken: grant.token, TokenType: "bearer", Scope: &scope}
	if expiring {
		grant.refresh = text("ghr_", 76)
		grant.expires, grant.renewal = now.Add(githubLife*time.Second), now.Add(githubRenew*time.Second)
		g.refresh[grant.refresh] = grant
		tokens.ExpiresIn, tokens.RefreshToken, tokens.RenewIn = githubLife, grant.refresh, githubRenew
	}
	g.grants[grant.token] = grant
	g.limit(grant)
	return tokens
}

// limit keeps ten tokens of one person and the same scopes: "Creating multiple
// tokens for OAuth apps". The one to go is the oldest that was never used and
// is more than a minute old; or the one used longest ago; or the oldest.
func (g *GitHub) limit(newest *githubGrant) {
	var same []*githubGrant
	for _, grant := range g.grants {
		if grant.person == newest.person && slices.Equal(grant.scopes, newest.scopes) {
			same = append(same, grant)
		}
	}
	if len(same) <= 10 || g.FineGrained {
		return
	}
	rank := func(grant *githubGrant) (int, time.Time) {
		switch {
		case grant.used.IsZero() && newest.made.Sub(grant.made) > time.Minute:
			return 0, grant.made
		case !grant.used.IsZero():
			return 1, grant.used
		}
		return 2, grant.made
	}
	g.end(slices.MinFunc(same, func(a, b *githubGrant) int {
		rankA, atA := rank(a)
		rankB, atB := rank(b)
		return cmp.Or(cmp.Compare(rankA, rankB), atA.Compare(atB))
	}))
}

// normal leaves out scopes that another one includes, and says the rest once:
// "Scopes for OAuth apps", "Normalized scopes".
func normal(scopes []string) []string {
	var kept []string
	for _, s := range scopes {
		if !slices.Contains(kept, s) && !slices.ContainsFunc(scopes, func(other string) bool { return other != s && includes(other, s) }) {
			kept = append(kept, s)
		}
	}
	slices.Sort(kept)
	return kept
}

// includes tells whether one scope is another or has it in it: "Scopes for
// OAuth apps", "Available scopes".
func includes(scope, other string) bool {
	if scope == other {
		return true
	}
	switch scope {
	case "user":
		return other == "read:user" || other == "user:email" || other == "user:follow"
	case "repo":
		return other == "public_repo" || other == "security_events" || other == "repo_deployment" || strings.HasPrefix(other, "repo:")
	case "admin:org":
		return other == "write:org" || other == "read:org"
	case "write:org":
		return other == "read:org"
	}
	return false
}

// revoke answers "Delete an app token" and "Delete an app authorization" of the
// REST reference: 204, and 404 for a token that is none of this client's.
func (g *GitHub) revoke(w http.ResponseWriter, r *http.Request, _ Fault) {
	id, secret, _ := r.BasicAuth()
	g.mu.Lock()
	defer g.mu.Unlock()
	grant := g.grants[readForm(r).Get("access_token")]
	switch {
	case id != g.client.ID || !g.client.secret(secret):
		githubRefuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	case r.PathValue("id") != g.client.ID || grant == nil:
		githubRefuse(w, http.StatusNotFound, "Not Found")
		return
	case strings.HasSuffix(r.URL.Path, "/grant"):
		g.forget(grant.person)
	default:
		g.end(grant)
	}
	w.WriteHeader(http.StatusNoContent)
}
