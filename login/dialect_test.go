package login

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

// dialectal is an OAuth 2.0 server with people of a dialect, and the way there.
func dialectal(t *testing.T, d standin.Dialect, o OAuth2Options, change func(*standin.OAuth2)) (*standin.OAuth2, *OAuth2) {
	t.Helper()
	s := standin.NewOAuth2(d, standin.Client{ID: "door", Secret: "secret", Redirects: []string{cameBack}},
		standin.OAuth2Person{ID: "U1", Name: "ada", Email: "ada@acme.example"})
	if change != nil {
		change(s)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	o.Issuer, o.ClientID, o.ClientSecret = server.URL, "door", "secret"
	o.AuthorizationURL, o.TokenURL, o.UserURL = server.URL+o.AuthorizationURL, server.URL+o.TokenURL, server.URL+o.UserURL
	return s, NewOAuth2(o)
}

// Slack's person is inside authed_user when a code is redeemed, and at the top when
// their token is refreshed; what is good for nothing any more, says so with 200.
func TestATokenThatIsNotWhereTheStandardHasIt(t *testing.T) {
	slack, way := dialectal(t, standin.Slack, OAuth2Options{AuthorizationURL: "/oauth/v2/authorize", TokenURL: "/api/oauth.v2.access", UserURL: "/api/auth.test",
		Scopes: []string{"users:read", "chat:write"}, Fields: Fields{Subject: "team_id user_id", Username: "user", Groups: "team_id"},
		Parameters: map[string]string{"scope": "commands"}, // a bot comes along
		Dialect:    Dialect{TokenAt: "authed_user", ScopeParameter: "user_scope", Commas: true}}, func(s *standin.OAuth2) { s.Expiring = true })
	tokens, asked := thereAndBack(t, way, Departure{})
	if asked.Get("user_scope") != "users:read,chat:write" || asked.Get("scope") != "commands" {
		t.Errorf("it asks for %v", asked)
	}
	if !strings.HasPrefix(string(tokens.Access), "xoxe.xoxp-") || tokens.Refresh == "" || tokens.Life != 12*time.Hour {
		t.Error("the tokens are not the person's")
	}
	newer, err := way.Refresh(t.Context(), tokens.Refresh)
	if err != nil || !strings.HasPrefix(string(newer.Access), "xoxe.xoxp-") || newer.Life != 12*time.Hour {
		t.Errorf("refreshed: %v", err)
	}
	if _, err := way.Refresh(t.Context(), tokens.Refresh); oauth.AsError(err).Code != oauth.InvalidGrant {
		t.Errorf("a refresh token that was used: %v", err)
	}
	slack.FailTimes(1, standin.Token, standin.Body(http.StatusOK, "application/json", `{"ok":false,"error":"internal_error"}`))
	if _, err := way.Refresh(t.Context(), newer.Refresh); oauth.AsError(err).Code != oauth.TemporarilyUnavailable {
		t.Errorf("an error that says nothing of the token: %v", err)
	}
}

// Notion takes JSON, wants its version, and does not say when a token ends.
func TestATokenRequestThatIsNoForm(t *testing.T) {
	_, way := dialectal(t, standin.Notion, OAuth2Options{AuthorizationURL: "/v1/oauth/authorize", TokenURL: "/v1/oauth/token", UserURL: "/v1/users/me",
		Fields:  Fields{Subject: "bot.owner.user.id", Username: "bot.owner.user.name", Groups: "bot.workspace_id"},
		Dialect: Dialect{JSON: true, Headers: map[string]string{"Notion-Version": "2022-06-28"}, TokenLife: time.Hour}}, nil)
	tokens, _ := thereAndBack(t, way, Departure{})
	if tokens.Access == "" || tokens.Refresh == "" || tokens.Life != time.Hour {
		t.Error("the tokens are not there, or last for ever")
	}
	newer, err := way.Refresh(t.Context(), tokens.Refresh)
	if err != nil || newer.Access == tokens.Access || newer.Life != time.Hour {
		t.Errorf("refreshed: %v", err)
	}
	if _, err := way.Refresh(t.Context(), tokens.Refresh); oauth.AsError(err).Code != oauth.InvalidGrant {
		t.Errorf("a refresh token that was used: %v", err)
	}
}

// Who is only together one person's, is nobody where a part is missing.
func TestASubjectOfSeveral(t *testing.T) {
	user := raw(t, `{"team":{"id":"T1"},"id":7,"roles":["a","b"],"of":{"all":["c"]}}`)
	for paths, want := range map[string]string{"id": "7", "team.id id": "T1 7", "team.id nothing": "", "": "", "team": ""} {
		if got := joint(user, paths); got != want {
			t.Errorf("%q is %q, want %q", paths, got, want)
		}
	}
	for path, want := range map[string]string{"roles": "a b", "of.all": "c", "team.id": "T1", "nothing": "", "nothing.at.all": "", "": ""} {
		if got := strings.Join(list(user, path), " "); got != want {
			t.Errorf("%q are %q, want %q", path, got, want)
		}
	}
}

func raw(t *testing.T, text string) map[string]json.RawMessage {
	t.Helper()
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		t.Fatal(err)
	}
	return object
}
