package standin

import (
	"net/http"
	"strings"
)

const (
	notionWorkspace = "1e8c2c3c-0d44-4b50-8888-8dd25736052a"
	notionBot       = "3c90c3cc-0d44-4b50-8888-8dd25736052a"
)

type notionTokens struct {
	AccessToken   string `json:"access_token"`
	TokenType     string `json:"token_type"`
	RefreshToken  string `json:"refresh_token"`
	BotID         string `json:"bot_id"`
	WorkspaceIcon any    `json:"workspace_icon"`
	WorkspaceName string `json:"workspace_name"`
	WorkspaceID   string `json:"workspace_id"`
	Owner         any    `json:"owner"`
	Template      any    `json:"duplicated_template_id"`
	RequestID     string `json:"request_id"`
}

func (o *OAuth2) notion() {
	o.authorizer("/v1/oauth/authorize", "", "")
	o.handle(Token, "POST /v1/oauth/token", o.notionToken)
	o.handle(Revoke, "POST /v1/oauth/revoke", o.notionRevoke)
	o.handle(User, "GET /v1/users/me", o.notionUser)
}

// notionOwner is the person as an answer nests them.
func notionOwner(p OAuth2Person) any {
	return map[string]any{"type": "user", "user": map[string]any{
		"object": "user", "id": p.ID, "name": p.Name, "avatar_url": nil, "type": "person", "person": map[string]any{"email": p.Email},
	}}
}

// notionRefuse is an error of the API: "Status codes".
func notionRefuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"object": "error", "status": status, "code": code, "message": message, "request_id": text("", 36)})
}

func notionOAuth(w http.ResponseWriter, status int, code, description string) {
	body := map[string]any{"error": code, "request_id": text("", 36)}
	if description != "" {
		body["error_description"] = description
	}
	answer(w, status, body)
}

// notionBody lets through what has the secret in Basic and a body of JSON.
func (o *OAuth2) notionBody(w http.ResponseWriter, r *http.Request) bool {
	id, secret, _ := r.BasicAuth()
	switch {
	case id != o.client.ID || !o.client.secret(secret):
		notionOAuth(w, http.StatusUnauthorized, "invalid_client", "")
	case !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		notionRefuse(w, http.StatusBadRequest, "invalid_json", "Error parsing JSON body.")
	default:
		return true
	}
	return false
}

// notionToken answers "Create a token" and "Refresh a token". Nothing says when
// a token expires; a refresh replaces both.
func (o *OAuth2) notionToken(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.notionBody(w, r) {
		return
	}
	id, secret, _ := r.BasicAuth()
	a, old, why := o.redeem(readForm(r), id, secret)
	switch why {
	case accepted:
	case badGrantType:
		notionOAuth(w, http.StatusBadRequest, "unsupported_grant_type", "")
		return
	default:
		notionOAuth(w, http.StatusBadRequest, "invalid_grant", map[refusal]string{usedCode: "Invalid code: this code has been revoked."}[why])
		return
	}
	person := a.person
	if old != nil {
		o.end(old.refresh)
		person = old.person
	}
	g := o.grant(oauth2Grant{person: person, token: text("ntn_", 46), refresh: text("nrt_", 46)}, 0)
	answer(w, http.StatusOK, notionTokens{
		AccessToken: g.token, TokenType: "bearer", RefreshToken: g.refresh, BotID: notionBot,
		WorkspaceName: "The Keep", WorkspaceID: notionWorkspace, Owner: notionOwner(o.choose(person)), RequestID: text("", 36),
	})
}

// notionRevoke answers "Revoke token".
func (o *OAuth2) notionRevoke(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.notionBody(w, r) {
		o.end(readForm(r).Get("token"))
		answer(w, http.StatusOK, map[string]any{"request_id": text("", 36)})
	}
}

// notionUser answers "Retrieve your token's bot user": the person is inside
// bot.owner. The header Notion-Version is needed: "Versioning".
func (o *OAuth2) notionUser(w http.ResponseWriter, r *http.Request, _ Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	g, _, _ := o.bearer(r, "")
	switch {
	case g == nil:
		notionRefuse(w, http.StatusUnauthorized, "unauthorized", "API token is invalid.")
	case r.Header.Get("Notion-Version") == "":
		notionRefuse(w, http.StatusBadRequest, "missing_version", "Notion-Version header failed validation: Notion-Version header should be defined, instead was `undefined`.")
	default:
		answer(w, http.StatusOK, map[string]any{
			"object": "user", "id": notionBot, "name": "The Door", "avatar_url": nil, "type": "bot",
			"bot":        map[string]any{"owner": notionOwner(o.choose(g.person)), "workspace_id": notionWorkspace, "workspace_name": "The Keep"},
			"request_id": text("", 36),
		})
	}
}
