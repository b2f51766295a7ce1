package login

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

const cameBack = "https://door.example/callback"

// A goer leaves, and comes back.
type goer interface {
	Leave(ctx context.Context, d Departure) (string, error)
	Return(ctx context.Context, d Departure, answer url.Values) (Profile, error)
}

// thereAndBack is what a person brings, and what the upstream was asked.
func thereAndBack(t *testing.T, way goer, d Departure) (oauth.UpstreamTokens, url.Values) {
	t.Helper()
	p, asked := travels(t, way, d)
	return p.Tokens, asked
}

// travels is who comes back, and what the upstream was asked.
func travels(t *testing.T, way goer, d Departure) (Profile, url.Values) {
	t.Helper()
	d.State, d.Nonce, d.Verifier, d.RedirectURI = "s", "n", strings.Repeat("v", 43), cameBack
	there, err := way.Leave(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	browser := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(there)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := way.Return(t.Context(), d, back.Query())
	if err != nil {
		t.Fatal(err)
	}
	asked, err := url.Parse(there)
	if err != nil {
		t.Fatal(err)
	}
	return p, asked.Query()
}

// Google's refresh token comes with its page of consent, and with access_type.
func TestGoogleIsAskedForARefreshToken(t *testing.T) {
	g := standin.NewGoogle(standin.Client{ID: "door", Secret: "secret", Redirects: []string{cameBack}},
		standin.GooglePerson{Sub: "110169484474386276334", Email: "ada@acme.example", Verified: true})
	server := httptest.NewServer(g)
	defer server.Close()
	o := GoogleOptions{Issuer: server.URL, ClientID: "door", ClientSecret: "secret", Now: time.Now}
	way := NewGoogle(o)
	tokens, asked := thereAndBack(t, way, Departure{})
	if asked.Get("access_type") != "offline" || asked.Has("prompt") || !way.Lasting(tokens) {
		t.Errorf("who signs in cannot be asked about later; it was asked %v", asked)
	}
	tokens, asked = thereAndBack(t, way, Departure{Consent: true, Scopes: []string{"https://www.googleapis.com/auth/calendar.readonly"}})
	if asked.Get("access_type") != "offline" || asked.Get("prompt") != "consent" || !strings.HasSuffix(asked.Get("scope"), "/calendar.readonly") {
		t.Errorf("it was asked %v", asked)
	}
	if tokens.Refresh == "" || tokens.Life <= 0 || tokens.Life > time.Hour {
		t.Fatalf("a refresh token: %v, for %v", tokens.Refresh != "", tokens.Life)
	}
	newer, err := way.Refresh(t.Context(), tokens.Refresh)
	if err != nil || newer.Access == "" || newer.Access == tokens.Access || newer.Life <= 0 {
		t.Errorf("%v, %v", newer.Life, err)
	}
	g.Withdraw("ada@acme.example")
	if _, err := way.Refresh(t.Context(), tokens.Refresh); codeOf(err) != oauth.InvalidGrant {
		t.Error(err)
	}
}

// Only what is said of the refresh token ends a connection.
func TestARefreshThatFailsSaysWhetherTheTokenIsDead(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
		want         oauth.ErrorCode
	}{
		{"it is dead", `{"error":"invalid_grant"}`, 400, oauth.InvalidGrant},
		{"it is dead, with the status of GitHub", `{"error":"bad_refresh_token"}`, 200, oauth.InvalidGrant},
		{"it is dead, with another status", `{"error":"invalid_grant","error_description":"x"}`, 401, oauth.InvalidGrant},
		{"the client is not believed", `{"error":"invalid_client"}`, 401, oauth.TemporarilyUnavailable},
		{"the client may not", `{"error":"unauthorized_client"}`, 400, oauth.TemporarilyUnavailable},
		{"it fails, whatever it says", `{"error":"invalid_grant"}`, 500, oauth.TemporarilyUnavailable},
		{"something else", `{"error":"invalid_request"}`, 400, oauth.TemporarilyUnavailable},
		{"a page", `<html>`, 200, oauth.TemporarilyUnavailable},
		{"no token", `{}`, 200, oauth.TemporarilyUnavailable},
		{"nothing", ``, 403, oauth.TemporarilyUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.answer))
			}))
			defer server.Close()
			way := NewOAuth2(OAuth2Options{TokenURL: server.URL, ClientID: "door", ClientSecret: "secret"})
			_, err := way.Refresh(t.Context(), "a-refresh-token")
			if codeOf(err) != c.want {
				t.Errorf("%v", err)
			}
			if err != nil && (strings.Contains(err.Error(), "a-refresh-token") || strings.Contains(err.Error(), server.URL)) {
				t.Errorf("it says %v", err)
			}
		})
	}
}

// A life that nobody can mean is bounded, and one that was not said is none.
func TestHowLongATokenLives(t *testing.T) {
	for answer, want := range map[string]time.Duration{
		`{"access_token":"x","expires_in":3600}`:        time.Hour,
		`{"access_token":"x","expires_in":"3600"}`:      time.Hour,
		`{"access_token":"x"}`:                          0,
		`{"access_token":"x","expires_in":-5}`:          0,
		`{"access_token":"x","expires_in":99999999999}`: longestLife * time.Second,
		`access_token=x&expires_in=28800`:               8 * time.Hour,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if !strings.HasPrefix(answer, "{") {
				w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
			}
			_, _ = w.Write([]byte(answer))
		}))
		tokens, err := NewOAuth2(OAuth2Options{TokenURL: server.URL, ClientID: "door", ClientSecret: "secret"}).Refresh(t.Context(), "r")
		server.Close()
		if err != nil || tokens.Life != want && !(strings.Contains(answer, "99999999999") && tokens.Life > 0 && tokens.Life <= longestLife*time.Second) {
			t.Errorf("%s: %v, %v", answer, tokens.Life, err)
		}
	}
}
