package standin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	salesforceOrg  = "00Dx0000000BV7zEAG"
	salesforceLife = 2 * time.Hour // of a session, as a new org has it
)

type salesforceTokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Signature    string `json:"signature"`
	Scope        string `json:"scope"`
	InstanceURL  string `json:"instance_url"`
	ID           string `json:"id"`
	TokenType    string `json:"token_type"`
	IssuedAt     string `json:"issued_at"`
}

func (o *OAuth2) salesforce() {
	o.authorizer("/services/oauth2/authorize", "aPrx", "end-user denied authorization")
	o.handle(Token, "POST /services/oauth2/token", o.salesforceToken)
	o.handle(Revoke, "POST /services/oauth2/revoke", o.salesforceRevoke)
	o.handle(User, "GET /id/{org}/{user}", o.salesforceUser)
	o.handle(User, "GET /services/oauth2/userinfo", o.salesforceUserInfo)
}

// salesforceWords are the error and its description: "OAuth authorization flow
// errors". Where a challenge was sent and no verifier comes it is
// invalid_grant, and invalid_request where they do not match: "OAuth 2.0 web
// server flow".
func salesforceWords(why refusal) (code, description string) {
	switch why {
	case badClient:
		return "invalid_client_id", "client identifier invalid"
	case badSecret:
		return "invalid_client", "invalid client credentials"
	case badGrantType:
		return "unsupported_grant_type", "grant type not supported"
	case badRedirect:
		return "redirect_uri_mismatch", "redirect_uri must match configuration"
	case oldCode, usedCode:
		return "invalid_grant", "expired authorization code"
	case noVerifier:
		return "invalid_grant", "code verifier required"
	case badVerifier:
		return "invalid_request", "invalid code verifier"
	case badRefresh:
		return "invalid_grant", "expired access/refresh token"
	}
	return "invalid_grant", "invalid authorization code"
}

// salesforceToken answers "OAuth 2.0 web server flow" and "OAuth 2.0 refresh
// token flow": a refresh token comes for the scope refresh_token or
// offline_access, and not with a refresh.
func (o *OAuth2) salesforceToken(w http.ResponseWriter, r *http.Request, _ Fault) {
	form := readForm(r)
	id, secret := credentials(r, form)
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	a, old, why := o.redeem(form, id, secret)
	if why != accepted {
		code, description := salesforceWords(why)
		answer(w, http.StatusBadRequest, map[string]string{"error": code, "error_description": description})
		return
	}
	g := oauth2Grant{person: a.person, scope: a.get("scope"), token: text(salesforceOrg[:15]+"!AQ", 90)}
	fresh := ""
	if old != nil {
		g.person, g.scope, g.refresh, g.serial = old.person, old.scope, old.refresh, old.serial
	} else if asked := strings.Fields(g.scope); slices.Contains(asked, "refresh_token") || slices.Contains(asked, "offline_access") {
		fresh = text("5Aep861", 80)
		g.refresh = fresh
	}
	o.grant(g, salesforceLife)
	o.salesforceLimit(g.person)
	name, issued := origin(r)+"/id/"+salesforceOrg+"/"+g.person, strconv.FormatInt(clock(o.Now).UnixMilli(), 10)
	// The signature is made with the client's secret over the identity URL and
	// issued_at, one behind the other.
	mac := hmac.New(sha256.New, []byte(o.client.Secret))
	mac.Write([]byte(name + issued))
	answer(w, http.StatusOK, salesforceTokens{
		AccessToken: g.token, RefreshToken: fresh, Signature: base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		Scope: g.scope, InstanceURL: origin(r), ID: name, TokenType: "Bearer", IssuedAt: issued,
	})
}

// salesforceLimit keeps five refresh tokens of a person: a sixth ends the
// oldest.
func (o *OAuth2) salesforceLimit(person string) {
	var all []*oauth2Grant
	for _, g := range o.renew {
		if g.person == person {
			all = append(all, g)
		}
	}
	if len(all) > 5 {
		o.end(slices.MinFunc(all, func(a, b *oauth2Grant) int { return a.serial - b.serial }).refresh)
	}
}

// salesforceUser answers "Identity URLs". The errors are words and no JSON.
func (o *OAuth2) salesforceUser(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, _, _ := o.bearer(r, "oauth_token")
	p, known := o.person(r.PathValue("user"))
	switch {
	case g == nil:
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
	case r.PathValue("org") != salesforceOrg:
		http.Error(w, "Wrong_Org", http.StatusForbidden)
	case !known:
		http.Error(w, "Bad_Id", http.StatusNotFound)
	default:
		answer(w, http.StatusOK, map[string]any{
			"id": origin(r) + r.URL.Path, "asserted_user": p.ID == g.person, "user_id": p.ID, "organization_id": salesforceOrg,
			"username": p.Email, "nick_name": p.Name, "display_name": p.Name, "email": p.Email, "email_verified": p.Verified,
			"user_type": "STANDARD", "active": true, "urls": map[string]string{"rest": origin(r) + "/services/data/v{version}/"},
		})
	}
}

// salesforceUserInfo answers "Query for User Information": who the token is of.
func (o *OAuth2) salesforceUserInfo(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, _, _ := o.bearer(r, "oauth_token")
	if g == nil {
		http.Error(w, "Bad_OAuth_Token", http.StatusForbidden)
		return
	}
	p := o.choose(g.person)
	answer(w, http.StatusOK, map[string]any{
		"sub": origin(r) + "/id/" + salesforceOrg + "/" + p.ID, "user_id": p.ID, "organization_id": salesforceOrg,
		"preferred_username": p.Email, "nickname": p.Name, "name": p.Name, "email": p.Email, "email_verified": p.Verified,
		"user_type": "STANDARD", "active": true, "urls": map[string]string{"rest": origin(r) + "/services/data/v{version}/"},
	})
}

// salesforceRevoke answers "Revoke OAuth tokens": a refresh token ends its
// access tokens too; an access token ends alone.
func (o *OAuth2) salesforceRevoke(w http.ResponseWriter, r *http.Request, _ Fault) {
	token := params(r).Get("token")
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.access[token] != nil {
		delete(o.access, token)
	} else if !o.end(token) {
		answer(w, http.StatusBadRequest, map[string]string{"error": "unsupported_token_type", "error_description": "this token type is not supported"})
		return
	}
	w.WriteHeader(http.StatusOK)
}
