package standin

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// slackLife is that of "Using token rotation".
const slackLife = 12 * time.Hour

// A slackToken is the bot's, at the top of an answer, or the person's, inside
// authed_user.
type slackToken struct {
	AccessToken  string `json:"access_token,omitempty"`
	TokenType    string `json:"token_type,omitempty"`
	Scope        string `json:"scope,omitempty"`
	ExpiresIn    int    `json:"expires_in,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

type slackAuthed struct {
	ID string `json:"id"`
	slackToken
}

type slackTeam struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type slackTokens struct {
	OK bool `json:"ok"`
	slackToken
	BotUserID  string       `json:"bot_user_id,omitempty"`
	Program    string       `json:"app_id"`
	Team       slackTeam    `json:"team"`
	Enterprise any          `json:"enterprise"`
	Authed     *slackAuthed `json:"authed_user,omitempty"`
	ForOrg     bool         `json:"is_enterprise_install"`
}

func slackTeamOf() slackTeam { return slackTeam{"T9TK3CUKW", "The Keep"} }

// slackRefuse has status 200: "Callers should always check the value of the ok
// params in the response."
func slackRefuse(w http.ResponseWriter, code string) {
	answer(w, http.StatusOK, map[string]any{"ok": false, "error": code})
}

func (o *OAuth2) slack() {
	o.authorizer("/oauth/v2/authorize", "", "")
	o.handle(Token, "POST /api/oauth.v2.access", o.slackToken)
	for _, method := range []string{"GET", "POST"} {
		o.handle(User, method+" /api/users.identity", o.slackUser)
		o.handle(User, method+" /api/auth.test", o.slackTest)
		o.handle(Revoke, method+" /api/auth.revoke", o.slackRevoke)
	}
}

// slackToken answers "oauth.v2.access method" and, for a refresh, "Using token
// rotation": the token that was refreshed is then at the top, whosever it is.
func (o *OAuth2) slackToken(w http.ResponseWriter, r *http.Request, _ Fault) {
	form := params(r)
	id, secret := credentials(r, form)
	if form.Get("grant_type") == "" {
		form.Set("grant_type", "authorization_code")
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	a, old, why := o.redeem(form, id, secret)
	if why != accepted {
		slackRefuse(w, map[refusal]string{
			badClient: "invalid_client_id", badSecret: "bad_client_secret", badGrantType: "invalid_grant_type",
			badCode: "invalid_code", oldCode: "invalid_code", usedCode: "code_already_used", badRedirect: "bad_redirect_uri",
			noVerifier: "invalid_code_verifier", badVerifier: "invalid_code_verifier", badRefresh: "invalid_refresh_token",
		}[why])
		return
	}
	tokens := slackTokens{OK: true, Program: "A0KRD7HC3", Team: slackTeamOf()}
	if old != nil {
		// "The refresh token is then revoked"; the access token lives on.
		delete(o.renew, old.refresh)
		tokens.slackToken = o.slackGrant(old.person, old.scope, old.kind)
	} else {
		tokens.Authed = &slackAuthed{ID: a.person}
		if scope := a.get("scope"); scope != "" {
			tokens.slackToken = o.slackGrant(a.person, scope, "bot")
		}
		if scope := a.get("user_scope"); scope != "" {
			tokens.Authed.slackToken = o.slackGrant(a.person, scope, "user")
		}
	}
	if tokens.TokenType == "bot" {
		tokens.BotUserID = "U0KRQLJ9H"
	}
	answer(w, http.StatusOK, tokens)
}

func (o *OAuth2) slackGrant(person, scope, kind string) slackToken {
	prefix := map[string]string{"bot": "xoxb-", "user": "xoxp-"}[kind]
	g := oauth2Grant{person: person, scope: scope, kind: kind, token: text(prefix, 40)}
	if !o.Expiring {
		return slackToken{o.grant(g, 0).token, kind, scope, 0, ""}
	}
	g.token, g.refresh = text("xoxe."+prefix+"1-", 80), text("xoxe-1-", 80)
	o.grant(g, slackLife)
	return slackToken{g.token, kind, scope, int(slackLife / time.Second), g.refresh}
}

// slackBearer finds who calls, and whether there is one of the scopes.
func (o *OAuth2) slackBearer(w http.ResponseWriter, r *http.Request, scope string) *oauth2Grant {
	g, given, expired := o.bearer(r, "token")
	switch {
	case !given:
		slackRefuse(w, "not_authed")
	case expired:
		slackRefuse(w, "token_expired")
	case g == nil && o.gone[presented(r, "token")]:
		// "Authentication token is for a deleted user or workspace or the app has been
		// removed when using a user token." auth.test method, Errors.
		slackRefuse(w, "token_revoked")
	case g == nil:
		slackRefuse(w, "invalid_auth")
	case scope != "" && !slices.Contains(strings.FieldsFunc(g.scope, func(c rune) bool { return c == ',' || c == ' ' }), scope):
		answer(w, http.StatusOK, map[string]any{"ok": false, "error": "missing_scope", "needed": scope, "provided": g.scope})
		g = nil
	}
	return g
}

// slackUser answers "users.identity method".
func (o *OAuth2) slackUser(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if g := o.slackBearer(w, r, "identity.basic"); g != nil {
		p := o.choose(g.person)
		user := map[string]any{"id": p.ID, "name": p.Name}
		if strings.Contains(g.scope, "identity.email") {
			user["email"] = p.Email
		}
		answer(w, http.StatusOK, map[string]any{"ok": true, "user": user, "team": map[string]any{"id": slackTeamOf().ID}})
	}
}

// slackTest answers "auth.test method".
func (o *OAuth2) slackTest(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if g := o.slackBearer(w, r, ""); g != nil {
		p := o.choose(g.person)
		answer(w, http.StatusOK, map[string]any{
			"ok": true, "url": "https://keep.slack.com/", "team": slackTeamOf().Name, "user": p.Name,
			"team_id": slackTeamOf().ID, "user_id": p.ID, "is_enterprise_install": false,
		})
	}
}

// slackRevoke answers "auth.revoke method".
func (o *OAuth2) slackRevoke(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if g := o.slackBearer(w, r, ""); g != nil {
		o.end(g.token)
		answer(w, http.StatusOK, map[string]any{"ok": true, "revoked": true})
	}
}
