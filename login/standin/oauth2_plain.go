package standin

import (
	"net/http"
	"time"
)

type plainTokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	Scope        string `json:"scope,omitempty"`
}

func (o *OAuth2) plain() {
	o.authorizer("/authorize", "", "The person said no.")
	o.handle(Token, "POST /token", o.plainToken)
	o.handle(User, "GET /user", o.plainUser)
	o.handle(Revoke, "POST /revoke", o.plainRevoke)
}

// plainToken answers as RFC 6749 §5.1 and §5.2 say.
func (o *OAuth2) plainToken(w http.ResponseWriter, r *http.Request, _ Fault) {
	form := readForm(r)
	id, secret := credentials(r, form)
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	a, old, why := o.redeem(form, id, secret)
	switch why {
	case accepted:
	case badClient, badSecret:
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	case badGrantType:
		answer(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	default:
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	person, scope := a.person, a.get("scope")
	if old != nil {
		o.end(old.refresh)
		person, scope = old.person, old.scope
	}
	g := o.grant(oauth2Grant{person: person, scope: scope, token: text("at_", 40), refresh: text("rt_", 40)}, time.Hour)
	answer(w, http.StatusOK, plainTokens{g.token, "Bearer", 3600, g.refresh, g.scope})
}

// plainUser refuses as RFC 6750 §3 says.
func (o *OAuth2) plainUser(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, given, _ := o.bearer(r, "access_token")
	switch {
	case !given:
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	case g == nil:
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	p := o.choose(g.person)
	answer(w, http.StatusOK, map[string]any{"id": p.ID, "name": p.Name, "email": p.Email, "email_verified": p.Verified})
}

// plainRevoke: RFC 7009 §2.2 answers 200 for a token that is unknown, too.
func (o *OAuth2) plainRevoke(w http.ResponseWriter, r *http.Request, _ Fault) {
	form := readForm(r)
	id, secret := credentials(r, form)
	o.mu.Lock()
	defer o.mu.Unlock()
	if id != o.client.ID || !o.client.secret(secret) {
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	o.end(form.Get("token"))
	w.WriteHeader(http.StatusOK)
}
