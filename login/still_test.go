package login

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

// Slack's refusal of a token that was good has a status of 200, and so has one that
// says nothing about the person.
func TestSlackSaysThatATokenIsNoMore(t *testing.T) {
	slack, way := dialectal(t, standin.Slack, OAuth2Options{AuthorizationURL: "/oauth/v2/authorize", TokenURL: "/api/oauth.v2.access", UserURL: "/api/auth.test",
		Scopes: []string{"users:read"}, Fields: Fields{Subject: "team_id user_id", Username: "user", Groups: "team_id"},
		Dialect: Dialect{TokenAt: "authed_user", ScopeParameter: "user_scope", Commas: true}}, nil)
	tokens, _ := thereAndBack(t, way, Departure{})
	if !way.Lasting(tokens) {
		t.Fatal("it does not last")
	}
	p, err := way.holder(t.Context(), string(tokens.Access))
	if err != nil {
		t.Fatal(err)
	}
	now, err := way.Still(t.Context(), p.Identity, tokens)
	if err != nil || !slices.Equal(now.Standing.Groups, []string{"T9TK3CUKW"}) {
		t.Errorf("%v, %+v", err, now.Standing)
	}
	for _, said := range []string{"invalid_auth", "ratelimited", "internal_error", "missing_scope"} {
		slack.FailTimes(1, standin.User, standin.Body(http.StatusOK, "application/json", `{"ok":false,"error":"`+said+`"}`))
		if _, err := way.Still(t.Context(), p.Identity, tokens); err == nil || codeOf(err) == oauth.InvalidGrant {
			t.Errorf("%s: %v", said, err)
		}
	}
	slack.Withdraw("U1")
	if _, err := way.Still(t.Context(), p.Identity, tokens); codeOf(err) != oauth.InvalidGrant {
		t.Error(err)
	}
}

// A 401 is the end of a person's token where it speaks of a token, and of nobody's
// where a proxy says it.
func TestWhoRefusesAToken(t *testing.T) {
	for name, c := range map[string]struct {
		header http.Header
		dead   bool
	}{
		"the challenge of RFC 6750":      {http.Header{"Www-Authenticate": {`Bearer realm="x", error="invalid_token"`}, "Content-Type": {"text/plain"}}, true},
		"JSON without a challenge":       {http.Header{"Content-Type": {"application/json; charset=utf-8"}}, true},
		"a proxy that wants a password":  {http.Header{"Www-Authenticate": {`Basic realm="x"`}, "Content-Type": {"application/json"}}, false},
		"no token was seen":              {http.Header{"Www-Authenticate": {`Bearer realm="x"`}, "Content-Type": {"application/json"}}, false},
		"a page":                         {http.Header{"Content-Type": {"text/html"}}, false},
		"something without a type":       {http.Header{"Content-Type": {""}}, false},
		"the token may not do what I do": {http.Header{"Www-Authenticate": {`Bearer error="insufficient_scope"`}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range c.header {
					w.Header()[name] = values
				}
				w.WriteHeader(http.StatusUnauthorized)
				w.Write([]byte(`{"message":"Bad credentials"}`))
			}))
			defer server.Close()
			way := NewOAuth2(OAuth2Options{Issuer: server.URL, UserURL: server.URL, Fields: Fields{Subject: "id"}})
			_, err := way.Still(t.Context(), oauth.Identity{Subject: "1"}, oauth.UpstreamTokens{Access: "t"})
			if dead := codeOf(err) == oauth.InvalidGrant; err == nil || dead != c.dead {
				t.Error(err)
			}
		})
	}
}

// GitHub suspends people, and does so with a status that it has for much else.
func TestWhomGitHubSuspendsIsGone(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		gone bool
	}{
		"the person is suspended":   {`{"message":"Sorry. Your account was suspended. Please contact GitHub Support."}`, true},
		"the installation is":       {`{"message":"This installation has been suspended"}`, false},
		"there were too many calls": {`{"message":"You have exceeded a secondary rate limit. Sorry. Your account was suspended"}`, false},
		"a page says so":            {`<p>Sorry. Your account was suspended`, false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			w.Write([]byte(c.body))
		}))
		defer server.Close()
		way := NewGitHub(GitHubOptions{URL: server.URL, ClientID: "door", ClientSecret: "secret"})
		_, err := way.Still(t.Context(), oauth.Identity{Subject: "1"}, oauth.UpstreamTokens{Access: "t"})
		if gone := errors.Is(err, ErrGone); err == nil || gone != c.gone || codeOf(err) == oauth.InvalidGrant {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func google(t *testing.T) (*standin.Google, *OIDC) {
	t.Helper()
	g := standin.NewGoogle(standin.Client{ID: "door", Secret: "secret", Redirects: []string{cameBack}},
		standin.GooglePerson{Sub: "110169484474386276334", Email: "ada@acme.example", Verified: true, HD: "acme.example"},
		standin.GooglePerson{Sub: "220169484474386276334", Email: "mallory@gmail.example", Verified: true})
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, NewGoogle(GoogleOptions{Issuer: server.URL, ClientID: "door", ClientSecret: "secret", Now: time.Now})
}

func TestTheIDTokenOfARefreshSaysWhoSomebodyIsNow(t *testing.T) {
	g, way := google(t)
	tokens, _ := thereAndBack(t, way, Departure{Consent: true})
	was := oauth.Identity{Issuer: way.Issuer, Subject: "110169484474386276334", Standing: &oauth.Standing{Email: "ada@acme.example", Hosted: "acme.example"}}
	g.People(standin.GooglePerson{Sub: was.Subject, Email: "ada@elsewhere.example", Verified: true})
	newer, err := way.Refresh(t.Context(), tokens.Refresh)
	if err != nil || newer.ID == "" {
		t.Fatalf("%v; an ID token came: %v", err, newer.ID != "")
	}
	now, err := way.Still(t.Context(), was, newer)
	if err != nil || now.Standing.Email != "ada@elsewhere.example" || now.Standing.Hosted != "" {
		t.Errorf("%v, %+v", err, now.Standing)
	}
	// §12.2: it is of the one who signed in, or nobody's.
	was.Subject = "220169484474386276334"
	if now, err := way.Still(t.Context(), was, newer); err == nil || codeOf(err) == oauth.InvalidGrant {
		t.Errorf("%v, %+v", err, now)
	}
	was.Subject = "110169484474386276334"
	newer.ID = newer.ID[:len(newer.ID)-4] + "AAAA"
	if now, err := way.Still(t.Context(), was, newer); err == nil || codeOf(err) == oauth.InvalidGrant {
		t.Errorf("%v, %+v", err, now)
	}
}

// UserInfo without a word about an address or groups takes none away.
func TestWhatUserInfoDoesNotSpeakOfStaysAsItWas(t *testing.T) {
	_, way := google(t)
	tokens, _ := thereAndBack(t, way, Departure{Consent: true})
	was := oauth.Identity{Issuer: way.Issuer, Subject: "110169484474386276334", Standing: &oauth.Standing{Email: "old@acme.example", Groups: []string{"a"}, Hosted: "acme.example"}}
	tokens.ID = ""
	now, err := way.Still(t.Context(), was, tokens)
	if err != nil || now.Standing.Email != "ada@acme.example" || !slices.Equal(now.Standing.Groups, []string{"a"}) || now.Standing.Hosted != "acme.example" {
		t.Errorf("%v, %+v", err, now.Standing)
	}
	said := map[string]json.RawMessage{"groups": json.RawMessage(`[]`)}
	if s := way.silent(said, oauth.Standing{}, *was.Standing); s.Email != "old@acme.example" || len(s.Groups) > 0 {
		t.Errorf("%+v", s)
	}
}

// OpenID Connect Core §11: without offline_access a refresh token may be the session's.
func TestARefreshTokenThatNobodyAskedForEndsWithTheSession(t *testing.T) {
	g, _ := google(t)
	server := httptest.NewServer(g)
	defer server.Close()
	for name, c := range map[string]struct {
		scopes, more []string
		session      bool
	}{
		"it was not asked for":                   {nil, nil, true},
		"the settings of the login ask for it":   {[]string{"offline_access"}, nil, false},
		"those of the tool's connection ask so":  {nil, []string{"offline_access"}, false},
		"they ask for other scopes, and it came": {[]string{"calendar"}, []string{"mail"}, true},
	} {
		way := NewOIDC(OIDCOptions{Issuer: server.URL, ClientID: "door", ClientSecret: "secret", Scopes: c.scopes, Now: time.Now,
			Parameters: map[string]string{"access_type": "offline"}})
		tokens, _ := thereAndBack(t, way, Departure{Consent: true, Scopes: c.more})
		if tokens.Refresh == "" || tokens.Session != c.session || way.Lasting(tokens) == c.session {
			t.Errorf("%s: session %v, lasting %v, a refresh token %v", name, tokens.Session, way.Lasting(tokens), tokens.Refresh != "")
		}
	}
}
