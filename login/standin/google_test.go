package standin

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const googleCallback = "https://door.example/oauth/callback/google"

// A plex is Google, served.
type plex struct {
	*Google
	*hands
	url string
}

func newPlex(t *testing.T, change ...func(*Google)) *plex {
	t.Helper()
	g := NewGoogle(Client{ID: "1.apps.googleusercontent.com", Secret: "hush", Redirects: []string{googleCallback}},
		GooglePerson{Sub: "110169484474386276334", Email: "ada@example.com", Verified: true, HD: "example.com", Name: "Ada L", Given: "Ada", Family: "L"},
		GooglePerson{Sub: "110169484474386276335", Email: "bo@gmail.example", Verified: true})
	h := newHands()
	g.Now = h.now
	for _, c := range change {
		c(g)
	}
	return &plex{g, h, serve(t, g)}
}

func (p *plex) ask(t *testing.T, pairs ...string) reply {
	t.Helper()
	return get(t, p.url+"/o/oauth2/v2/auth?"+with(form("client_id", "1.apps.googleusercontent.com", "redirect_uri", googleCallback,
		"response_type", "code", "scope", "openid email profile", "state", "st", "nonce", "once"), pairs...).Encode())
}

func (p *plex) code(t *testing.T, pairs ...string) string {
	t.Helper()
	_, query := p.ask(t, pairs...).redirect(t)
	return query.Get("code")
}

func (p *plex) redeem(t *testing.T, pairs ...string) reply {
	t.Helper()
	return post(t, p.url+"/token", with(form("grant_type", "authorization_code", "client_id", "1.apps.googleusercontent.com", "client_secret", "hush",
		"redirect_uri", googleCallback), pairs...))
}

// sign is a whole sign-in.
func (p *plex) sign(t *testing.T, pairs ...string) reply {
	t.Helper()
	return p.redeem(t, "code", p.code(t, pairs...))
}

// verify checks an ID token as programs do, by the clock of the test.
func (p *plex) verify(t *testing.T, raw string) (*oidc.IDToken, error) {
	t.Helper()
	issuer, err := oidc.NewProvider(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	return issuer.VerifierContext(t.Context(), &oidc.Config{ClientID: "1.apps.googleusercontent.com", Now: p.now}).Verify(t.Context(), raw)
}

func TestGoogleDiscovery(t *testing.T) {
	p := newPlex(t)
	local := get(t, p.url+"/.well-known/openid-configuration")
	for member, want := range map[string]string{
		"issuer": "", "authorization_endpoint": "/o/oauth2/v2/auth", "device_authorization_endpoint": "/device/code", "token_endpoint": "/token",
		"userinfo_endpoint": "/v1/userinfo", "revocation_endpoint": "/revoke", "jwks_uri": "/oauth2/v3/certs",
	} {
		wants(t, member, local.text(t, member), p.url+want)
	}
	for _, member := range []string{
		"response_types_supported", "response_modes_supported", "subject_types_supported", "id_token_signing_alg_values_supported", "scopes_supported",
		"token_endpoint_auth_methods_supported", "claims_supported", "code_challenge_methods_supported", "grant_types_supported",
	} {
		if list, _ := local.json(t, member).([]any); len(list) == 0 {
			t.Errorf("there is no %s", member)
		}
	}
	elsewhere := away(t, p, "https://accounts.google.com/.well-known/openid-configuration")
	wants(t, "the issuer elsewhere", elsewhere.text(t, "issuer"), "https://accounts.google.com")
	wants(t, "the token endpoint elsewhere", elsewhere.text(t, "token_endpoint"), "https://oauth2.googleapis.com/token")
}

// away asks under a name of Google's own, which leads to the stand-in.
func away(t *testing.T, p *plex, url string) reply {
	t.Helper()
	host, path, _ := strings.Cut(strings.TrimPrefix(url, "https://"), "/")
	r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+host+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(p.url, "http://"))
	}
	transport := &http.Transport{DialContext: dial}
	t.Cleanup(transport.CloseIdleConnections)
	answer, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body := make([]byte, 1<<14)
	n, _ := answer.Body.Read(body)
	return reply{answer.StatusCode, answer.Header, string(body[:n])}
}

func TestGoogleIDToken(t *testing.T) {
	p := newPlex(t)
	got := p.sign(t)
	token, err := p.verify(t, got.text(t, "id_token"))
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{
		"iss": p.url, "azp": "1.apps.googleusercontent.com", "sub": "110169484474386276334", "email": "ada@example.com", "email_verified": true,
		"hd": "example.com", "nonce": "once", "name": "Ada L", "given_name": "Ada", "family_name": "L",
	} {
		wants(t, name, claims[name], want)
	}
	wants(t, "at_hash", token.VerifyAccessToken(got.text(t, "access_token")), error(nil))
	wants(t, "the lifetime", token.Expiry.Sub(token.IssuedAt), time.Hour)
	for member, want := range map[string]any{
		"expires_in": 3599.0, "token_type": "Bearer", "refresh_token": nil,
		"scope": "openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile",
	} {
		wants(t, member, got.json(t, member), want)
	}
	less := p.sign(t, "scope", "openid", "nonce", "", "login_hint", "bo@gmail.example")
	if token, err = p.verify(t, less.text(t, "id_token")); err != nil {
		t.Fatal(err)
	}
	clear(claims)
	if err := token.Claims(&claims); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"email", "email_verified", "hd", "nonce", "name"} {
		wants(t, name+" that nobody asked for", claims[name], nil)
	}
	wants(t, "without openid", p.sign(t, "scope", "email").json(t, "id_token"), nil)
}

func TestGoogleAuthorize(t *testing.T) {
	for _, test := range []struct {
		name string
		ask  []string
		want string // status, or a parameter of the redirect
	}{
		{"the state comes back", nil, "state=st"},
		{"and the issuer", nil, "iss="},
		{"and the scope", []string{"scope", "openid email"}, "scope=openid https://www.googleapis.com/auth/userinfo.email"},
		{"and the domain", nil, "hd=example.com"},
		{"and how the person was asked", nil, "prompt=consent"},
		{"nobody was asked before", []string{"prompt", "none"}, "error=interaction_required"},
		{"another client", []string{"client_id", "2"}, "401"},
		{"another redirect", []string{"redirect_uri", googleCallback + "/"}, "400"},
		{"no redirect", []string{"redirect_uri", ""}, "400"},
		{"no scope", []string{"scope", ""}, "400"},
		{"no response type", []string{"response_type", ""}, "400"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlex(t)
			got := p.ask(t, test.ask...)
			name, value, redirects := strings.Cut(test.want, "=")
			if !redirects {
				wants(t, "status", fmt.Sprint(got.status), test.want)
				return
			}
			if name == "iss" {
				value = p.url
			}
			to, query := got.redirect(t)
			wants(t, "the redirect", to, googleCallback)
			wants(t, name, query.Get(name), value)
		})
	}
	p := newPlex(t)
	p.Fail(Authorize, Cancel())
	_, query := p.ask(t).redirect(t)
	wants(t, "a person who says no", query.Get("error"), "access_denied")
}

func TestGoogleWhoSignsIn(t *testing.T) {
	p := newPlex(t)
	who := func(pairs ...string) string {
		token := p.sign(t, pairs...).text(t, "access_token")
		return get(t, p.url+"/v1/userinfo", "Authorization", "Bearer "+token).text(t, "email")
	}
	wants(t, "nobody was named", who(), "ada@example.com")
	wants(t, "an address was suggested", who("login_hint", "bo@gmail.example"), "bo@gmail.example")
	wants(t, "a sub was suggested", who("login_hint", "110169484474386276335"), "bo@gmail.example")
	wants(t, "a domain was suggested", who("hd", "example.com"), "ada@example.com")
	p.SignIn("bo@gmail.example")
	wants(t, "hd keeps nobody out", who("hd", "example.com"), "bo@gmail.example")
}

func TestGoogleAddressesMoveOn(t *testing.T) {
	p := newPlex(t)
	p.People(GooglePerson{Sub: "1", Email: "new@example.com"}, GooglePerson{Sub: "2", Email: "ada@example.com"})
	token := p.sign(t, "login_hint", "ada@example.com").text(t, "access_token")
	renew := p.sign(t, "access_type", "offline", "prompt", "consent").text(t, "refresh_token")
	wants(t, "whose address it is now", get(t, p.url+"/v1/userinfo", "Authorization", "Bearer "+token).text(t, "sub"), "2")
	p.People(GooglePerson{Sub: "3", Email: "cy@example.com"})
	wants(t, "a person who is gone", get(t, p.url+"/v1/userinfo", "Authorization", "Bearer "+token).status, 401)
	wants(t, "their refresh token", p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew).text(t, "error"), "invalid_grant")
}

func TestGoogleChooser(t *testing.T) {
	p := newPlex(t, func(g *Google) { g.Chooser = true })
	url := p.url + "/o/oauth2/v2/auth?" + form("client_id", "1.apps.googleusercontent.com", "redirect_uri", googleCallback,
		"response_type", "code", "scope", "openid email", "login_hint", "bo@gmail.example").Encode()
	page := get(t, url).body
	for _, want := range []string{`value="110169484474386276335" checked> bo@gmail.example</label>`, `>Continue</button>`, `>Cancel</button>`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on the page:\n%s", want, page)
		}
	}
	_, query := post(t, url, form("standin_person", "110169484474386276334", "standin_answer", "yes")).redirect(t)
	wants(t, "who signed in", query.Get("hd"), "example.com")
	_, query = post(t, url, form("standin_answer", "no")).redirect(t)
	wants(t, "who said no", query.Get("error"), "access_denied")
	wants(t, "prompt=none shows no page", get(t, url+"&prompt=none").status, 302)
}

func TestGoogleIssuer(t *testing.T) {
	p := newPlex(t, func(g *Google) { g.Issuer = "https://google.test" })
	got := get(t, p.url+"/.well-known/openid-configuration")
	wants(t, "the issuer", got.text(t, "issuer"), "https://google.test")
	wants(t, "an endpoint", got.text(t, "token_endpoint"), "https://google.test/token")
}

func TestGoogleRefreshTokens(t *testing.T) {
	p := newPlex(t)
	has := func(pairs ...string) bool { return p.sign(t, pairs...).json(t, "refresh_token") != nil }
	wants(t, "online", has(), false)
	p.Withdraw("ada@example.com")
	wants(t, "offline, for the first time", has("access_type", "offline"), true)
	wants(t, "offline, for the second time", has("access_type", "offline"), false)
	wants(t, "offline, asking again", has("access_type", "offline", "prompt", "consent"), true)
	wants(t, "offline, with a new scope", has("access_type", "offline", "scope", "openid https://www.googleapis.com/auth/calendar"), true)
	wants(t, "a new scope, and what was granted", p.sign(t, "scope", "openid", "include_granted_scopes", "true").text(t, "scope"),
		"openid https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile https://www.googleapis.com/auth/calendar")

	renew := p.sign(t, "access_type", "offline", "prompt", "consent").text(t, "refresh_token")
	refresh := func() reply { return p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew) }
	again := refresh()
	wants(t, "a refresh answers none", again.json(t, "refresh_token"), nil)
	if _, err := p.verify(t, again.text(t, "id_token")); err != nil {
		t.Error("the ID token of a refresh:", err)
	}
	wants(t, "it is good again", refresh().status, 200)
	p.Withdraw("110169484474386276334")
	dead := refresh()
	wants(t, "after the person withdrew", fmt.Sprint(dead.status, dead.body), `400{"error":"invalid_grant","error_description":"Token has been expired or revoked."}`)
}

func TestGoogleTokenErrors(t *testing.T) {
	challenge := []string{"code_challenge", oauth2.S256ChallengeFromVerifier("v"), "code_challenge_method", "S256"}
	for _, test := range []struct {
		name, want string
		ask, form  []string
		after      time.Duration
	}{
		{"a code with its verifier", "200 ", challenge, []string{"code_verifier", "v"}, 0},
		{"another client", "401 invalid_client: The OAuth client was not found.", nil, []string{"client_id", "2"}, 0},
		{"a wrong secret", "401 invalid_client: Unauthorized", nil, []string{"client_secret", "loud"}, 0},
		{"a code that is none", "400 invalid_grant: Malformed auth code.", nil, []string{"code", "x"}, 0},
		{"an unknown code", "400 invalid_grant: Bad Request", nil, []string{"code", "4/0Ax"}, 0},
		{"a code that is too old", "400 invalid_grant: Bad Request", nil, nil, 10 * time.Minute},
		{"another redirect", "400 redirect_uri_mismatch: Bad Request", nil, []string{"redirect_uri", "https://door.example/"}, 0},
		{"no verifier", "400 invalid_grant: Missing code verifier.", challenge, nil, 0},
		{"a wrong verifier", "400 invalid_grant: Invalid code verifier.", challenge, []string{"code_verifier", "w"}, 0},
		{"no grant type", "400 invalid_request: Missing required parameter: grant_type", nil, []string{"grant_type", ""}, 0},
		{"another grant type", "400 unsupported_grant_type: Invalid grant_type: password", nil, []string{"grant_type", "password"}, 0},
		{"no refresh token", "400 invalid_request: Missing required parameter: refresh_token", nil, []string{"grant_type", "refresh_token"}, 0},
		{"an unknown refresh token", "400 invalid_grant: Token has been expired or revoked.", nil, []string{"grant_type", "refresh_token", "refresh_token", "1//x"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlex(t)
			code := p.code(t, test.ask...)
			p.advance(test.after)
			got := p.redeem(t, append([]string{"code", code}, test.form...)...)
			said := fmt.Sprintf("%d %s", got.status, got.text(t, "error"))
			if got.status != 200 {
				said += ": " + got.text(t, "error_description")
			}
			wants(t, "the answer", said, test.want)
		})
	}
	p := newPlex(t)
	code := p.code(t)
	wants(t, "the first use of a code", p.redeem(t, "code", code).status, 200)
	wants(t, "the second", p.redeem(t, "code", code).status, 400)
	basic := post(t, p.url+"/token", form("grant_type", "authorization_code", "code", p.code(t), "redirect_uri", googleCallback),
		"Authorization", "Basic MS5hcHBzLmdvb2dsZXVzZXJjb250ZW50LmNvbTpodXNo")
	wants(t, "with Basic", basic.status, 200)
}

func TestGoogleUserinfoAndRevocation(t *testing.T) {
	p := newPlex(t)
	access := p.sign(t).text(t, "access_token")
	info := func() reply { return get(t, p.url+"/v1/userinfo", "Authorization", "Bearer "+access) }
	wants(t, "who it is", info().text(t, "sub"), "110169484474386276334")
	wants(t, "the address is verified", info().json(t, "email_verified"), any(true))
	p.advance(time.Hour)
	wants(t, "an hour later", fmt.Sprint(info().status, info().body), `401{"error":"invalid_request","error_description":"Invalid Credentials"}`)
	got := p.sign(t, "access_type", "offline", "prompt", "consent")
	access = got.text(t, "access_token")
	wants(t, "revocation", post(t, p.url+"/revoke", form("token", got.text(t, "refresh_token"))).status, 200)
	wants(t, "the access token", info().status, 401)
	again := post(t, p.url+"/revoke", form("token", access))
	wants(t, "once more", fmt.Sprint(again.status, again.text(t, "error")), "400invalid_token")
	wants(t, "a revoked person is asked", p.sign(t, "access_type", "offline").json(t, "refresh_token") != nil, true)
}

func TestGoogleKeysRotate(t *testing.T) {
	p := newPlex(t)
	old := p.sign(t).text(t, "id_token")
	count := func() int {
		keys, _ := get(t, p.url+"/oauth2/v3/certs").json(t, "keys").([]any)
		return len(keys)
	}
	wants(t, "keys at first", count(), 1)
	p.RotateKeys()
	wants(t, "keys then", count(), 2)
	fresh := p.sign(t).text(t, "id_token")
	for name, raw := range map[string]string{"old": old, "new": fresh} {
		if _, err := p.verify(t, raw); err != nil {
			t.Errorf("by the %s key: %v", name, err)
		}
	}
	p.RotateKeys()
	if _, err := p.verify(t, old); err == nil {
		t.Error("a key that is gone still verifies")
	}
}

// TestGoogleWithOAuth2 uses the libraries that programs use, by the real clock.
func TestGoogleWithOAuth2(t *testing.T) {
	p := newPlex(t, func(g *Google) { g.Now = nil })
	issuer, err := oidc.NewProvider(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	config := oauth2.Config{ClientID: "1.apps.googleusercontent.com", ClientSecret: "hush", RedirectURL: googleCallback, Endpoint: issuer.Endpoint(), Scopes: []string{"openid", "email"}}
	verifier := oauth2.GenerateVerifier()
	_, query := get(t, config.AuthCodeURL("st", oauth2.AccessTypeOffline, oidc.Nonce("n"), oauth2.S256ChallengeOption(verifier))).redirect(t)
	token, err := config.Exchange(t.Context(), query.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := token.Extra("id_token").(string)
	if _, err := issuer.Verifier(&oidc.Config{ClientID: config.ClientID}).Verify(t.Context(), raw); err != nil {
		t.Error(err)
	}
	info, err := issuer.UserInfo(t.Context(), oauth2.StaticTokenSource(token))
	if err != nil || info.Email != "ada@example.com" || !info.EmailVerified {
		t.Errorf("%v, %v", info, err)
	}
	token.Expiry = time.Now().Add(-time.Minute)
	if again, err := config.TokenSource(t.Context(), token).Token(); err != nil || again.RefreshToken != token.RefreshToken {
		t.Errorf("the refresh: %v", err)
	}
}
