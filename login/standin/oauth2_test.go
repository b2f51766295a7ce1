package standin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

const serviceCallback = "https://door.example/oauth/callback/service"

// basic is the client's id and secret.
var basic = "Basic " + base64.StdEncoding.EncodeToString([]byte("client:hush"))

// A place is a service of a dialect, served.
type place struct {
	*OAuth2
	*hands
	url, authorize, token string
}

func newPlace(t *testing.T, d Dialect, change ...func(*OAuth2)) *place {
	t.Helper()
	o := NewOAuth2(d, Client{ID: "client", Secret: "hush", Redirects: []string{serviceCallback}},
		OAuth2Person{ID: "U1", Name: "Ada", Email: "ada@example.com", Verified: true}, OAuth2Person{ID: "U2", Name: "Bo", Email: "bo@example.com"})
	h := newHands()
	o.Now = h.now
	for _, c := range change {
		c(o)
	}
	paths := map[Dialect][2]string{
		Plain: {"/authorize", "/token"}, Slack: {"/oauth/v2/authorize", "/api/oauth.v2.access"},
		Notion: {"/v1/oauth/authorize", "/v1/oauth/token"}, Salesforce: {"/services/oauth2/authorize", "/services/oauth2/token"},
	}[d]
	u := serve(t, o)
	return &place{o, h, u, u + paths[0], u + paths[1]}
}

func rotating(o *OAuth2) { o.Expiring = true }

func (p *place) ask(t *testing.T, pairs ...string) reply {
	t.Helper()
	return get(t, p.authorize+"?"+with(form("response_type", "code", "client_id", "client", "redirect_uri", serviceCallback, "state", "st"), pairs...).Encode())
}

func (p *place) code(t *testing.T, pairs ...string) string {
	t.Helper()
	_, query := p.ask(t, pairs...).redirect(t)
	return query.Get("code")
}

func (p *place) redeem(t *testing.T, pairs ...string) reply {
	t.Helper()
	return post(t, p.token, with(form("grant_type", "authorization_code", "client_id", "client", "client_secret", "hush", "redirect_uri", serviceCallback), pairs...))
}

// json sends JSON, with Basic.
func (p *place) json(t *testing.T, url string, body any, headers ...string) reply {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return send(t, "POST", url, strings.NewReader(string(text)), append([]string{"Content-Type", "application/json", "Authorization", basic}, headers...)...)
}

func TestOAuth2Authorize(t *testing.T) {
	for _, d := range []Dialect{Plain, Slack, Notion, Salesforce} {
		t.Run(string(d), func(t *testing.T) {
			p := newPlace(t, d)
			to, query := p.ask(t).redirect(t)
			wants(t, "the redirect", to, serviceCallback)
			wants(t, "the state", query.Get("state"), "st")
			wants(t, "another client", p.ask(t, "client_id", "other").status, 400)
			wants(t, "another redirect", p.ask(t, "redirect_uri", "https://evil.example/").status, 400)
			p.FailTimes(1, Authorize, Cancel())
			_, query = p.ask(t).redirect(t)
			wants(t, "who says no", query.Get("error"), "access_denied")
		})
	}
	p := newPlace(t, Plain, func(o *OAuth2) { o.Chooser = true })
	if body := p.ask(t).body; !strings.Contains(body, ">Allow</button>") || !strings.Contains(body, "> Bo</label>") {
		t.Error("the page is", body)
	}
}

// TestOAuth2Errors: what is wrong, and how each dialect says so.
func TestOAuth2Errors(t *testing.T) {
	challenge := []string{"code_challenge", oauth2.S256ChallengeFromVerifier("v"), "code_challenge_method", "S256"}
	for _, test := range []struct {
		name                             string
		ask, form                        []string
		after                            time.Duration
		plain, slack, notion, salesforce string
	}{
		{"another client", nil, []string{"client_id", "x"}, 0, "401 invalid_client", "200 invalid_client_id", "401 invalid_client", "400 invalid_client_id"},
		{"a wrong secret", nil, []string{"client_secret", "x"}, 0, "401 invalid_client", "200 bad_client_secret", "401 invalid_client", "400 invalid_client"},
		{"another grant type", nil, []string{"grant_type", "password"}, 0, "400 unsupported_grant_type", "200 invalid_grant_type", "400 unsupported_grant_type", "400 unsupported_grant_type"},
		{"an unknown code", nil, []string{"code", "x"}, 0, "400 invalid_grant", "200 invalid_code", "400 invalid_grant", "400 invalid_grant"},
		{"a code that is too old", nil, nil, 10 * time.Minute, "400 invalid_grant", "200 invalid_code", "400 invalid_grant", "400 invalid_grant"},
		{"another redirect", nil, []string{"redirect_uri", "https://x.example"}, 0, "400 invalid_grant", "200 bad_redirect_uri", "400 invalid_grant", "400 redirect_uri_mismatch"},
		{"no verifier", challenge, nil, 0, "400 invalid_grant", "200 invalid_code_verifier", "400 invalid_grant", "400 invalid_grant"},
		{"a wrong verifier", challenge, []string{"code_verifier", "w"}, 0, "400 invalid_grant", "200 invalid_code_verifier", "400 invalid_grant", "400 invalid_request"},
		{"an unknown refresh token", nil, []string{"grant_type", "refresh_token", "refresh_token", "x"}, 0, "400 invalid_grant", "200 invalid_refresh_token", "400 invalid_grant", "400 invalid_grant"},
	} {
		for d, want := range map[Dialect]string{Plain: test.plain, Slack: test.slack, Notion: test.notion, Salesforce: test.salesforce} {
			t.Run(test.name+" at "+string(d), func(t *testing.T) {
				p := newPlace(t, d)
				code := p.code(t, test.ask...)
				p.advance(test.after)
				values := with(form("grant_type", "authorization_code", "client_id", "client", "client_secret", "hush", "redirect_uri", serviceCallback, "code", code), test.form...)
				got := post(t, p.token, values)
				if d == Notion {
					got = p.json(t, p.token, flat(values), "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(values.Get("client_id")+":"+values.Get("client_secret"))))
				}
				wants(t, "the answer", fmt.Sprintf("%d %s", got.status, got.text(t, "error")), want)
				if d == Slack {
					wants(t, "ok", got.json(t, "ok"), any(false))
				}
			})
		}
	}
}

func flat(values url.Values) map[string]string {
	all := map[string]string{}
	for name := range values {
		all[name] = values.Get(name)
	}
	return all
}

func TestPlain(t *testing.T) {
	p := newPlace(t, Plain)
	first := p.redeem(t, "code", p.code(t, "scope", "a b", "login_hint", "U2"))
	for member, want := range map[string]any{"token_type": "Bearer", "expires_in": 3600.0, "scope": "a b"} {
		wants(t, member, first.json(t, member), want)
	}
	who := func(r reply) reply {
		return get(t, p.url+"/user", "Authorization", "Bearer "+r.text(t, "access_token"))
	}
	wants(t, "who it is", who(first).text(t, "email"), "bo@example.com")
	wants(t, "whether it is verified", who(first).json(t, "email_verified"), any(false))
	second := p.redeem(t, "grant_type", "refresh_token", "refresh_token", first.text(t, "refresh_token"))
	wants(t, "the old access token", who(first).status, 401)
	wants(t, "the old refresh token", p.redeem(t, "grant_type", "refresh_token", "refresh_token", first.text(t, "refresh_token")).text(t, "error"), "invalid_grant")
	p.advance(time.Hour)
	wants(t, "an hour later", who(second).header.Get("WWW-Authenticate"), `Bearer error="invalid_token"`)
	third := p.redeem(t, "grant_type", "refresh_token", "refresh_token", second.text(t, "refresh_token"))
	wants(t, "revocation", post(t, p.url+"/revoke", form("token", third.text(t, "access_token")), "Authorization", basic).status, 200)
	wants(t, "the revoked one", who(third).status, 401)
	wants(t, "its refresh token", p.redeem(t, "grant_type", "refresh_token", "refresh_token", third.text(t, "refresh_token")).status, 400)
	gone := p.redeem(t, "code", p.code(t))
	p.People(OAuth2Person{ID: "U3"})
	wants(t, "a person who is gone", who(gone).status, 401)
	wants(t, "their refresh token", p.redeem(t, "grant_type", "refresh_token", "refresh_token", gone.text(t, "refresh_token")).status, 400)
	wants(t, "no token", get(t, p.url+"/user").header.Get("WWW-Authenticate"), "Bearer")
}

func TestSlack(t *testing.T) {
	p := newPlace(t, Slack)
	both := p.redeem(t, "code", p.code(t, "scope", "chat:write", "user_scope", "identity.basic,identity.email"), "grant_type", "")
	wants(t, "ok", both.json(t, "ok"), any(true))
	for path, want := range map[string]any{"token_type": "bot", "scope": "chat:write", "bot_user_id": "U0KRQLJ9H", "expires_in": nil, "refresh_token": nil} {
		wants(t, path, both.json(t, path), want)
	}
	wants(t, "whose it is", both.text(t, "authed_user", "id"), "U1")
	person := both.text(t, "authed_user", "access_token")
	if !strings.HasPrefix(person, "xoxp-") || !strings.HasPrefix(both.text(t, "access_token"), "xoxb-") {
		t.Error("the tokens are", both.body)
	}
	wants(t, "who it is", get(t, p.url+"/api/users.identity", "Authorization", "Bearer "+person).text(t, "user", "email"), "ada@example.com")
	wants(t, "by a parameter", post(t, p.url+"/api/auth.test", form("token", person)).text(t, "user_id"), "U1")
	for name, c := range map[string][2]string{
		"the bot":   {both.text(t, "access_token"), "missing_scope"},
		"no token":  {"", "not_authed"},
		"any token": {"xoxp-x", "invalid_auth"},
	} {
		got := get(t, p.url+"/api/users.identity?token="+c[0])
		wants(t, name, fmt.Sprint(got.status, got.text(t, "error")), "200"+c[1])
	}

	alone := p.redeem(t, "code", p.code(t, "user_scope", "identity.basic"))
	wants(t, "without a bot there is no token at the top", alone.json(t, "access_token"), nil)
	again := p.redeem(t, "code", p.code(t))
	wants(t, "without scopes there is none at all", again.json(t, "authed_user", "access_token"), nil)
	code := p.code(t)
	p.redeem(t, "code", code)
	wants(t, "a code that was used", p.redeem(t, "code", code).text(t, "error"), "code_already_used")
	wants(t, "revocation", get(t, p.url+"/api/auth.revoke?token="+person).json(t, "revoked"), any(true))
	wants(t, "the revoked one", get(t, p.url+"/api/auth.test?token="+person).text(t, "error"), "invalid_auth")
}

func TestSlackRotation(t *testing.T) {
	p := newPlace(t, Slack, rotating)
	first := p.redeem(t, "code", p.code(t, "user_scope", "identity.basic"))
	old := first.text(t, "authed_user", "access_token")
	renew := first.text(t, "authed_user", "refresh_token")
	wants(t, "the lifetime", first.json(t, "authed_user", "expires_in"), any(43200.0))
	if !strings.HasPrefix(old, "xoxe.xoxp-1-") || !strings.HasPrefix(renew, "xoxe-1-") {
		t.Error("the tokens are", first.body)
	}
	second := p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew)
	wants(t, "a refresh answers at the top", second.text(t, "token_type"), "user")
	wants(t, "the old refresh token", p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew).text(t, "error"), "invalid_refresh_token")
	test := func(token string) string {
		return get(t, p.url+"/api/auth.test", "Authorization", "Bearer "+token).text(t, "error")
	}
	wants(t, "the old access token lives on", test(old), "")
	p.advance(12 * time.Hour)
	wants(t, "twelve hours later", test(second.text(t, "access_token")), "token_expired")
}

func TestNotion(t *testing.T) {
	p := newPlace(t, Notion)
	redeem := func(pairs ...string) reply {
		return p.json(t, p.token, flat(with(form("grant_type", "authorization_code", "redirect_uri", serviceCallback), pairs...)))
	}
	code := p.code(t)
	wants(t, "the secret in the form", p.redeem(t, "code", code).status, 401)
	formed := post(t, p.token, form("grant_type", "authorization_code", "code", code, "redirect_uri", serviceCallback), "Authorization", basic)
	wants(t, "a form", fmt.Sprint(formed.status, formed.text(t, "code")), "400invalid_json")
	first := redeem("code", code)
	wants(t, "who it is", first.text(t, "owner", "user", "person", "email"), "ada@example.com")
	for _, member := range []string{"bot_id", "workspace_id", "workspace_name", "request_id"} {
		if first.text(t, member) == "" {
			t.Errorf("there is no %s", member)
		}
	}
	wants(t, "the lifetime", first.json(t, "expires_in"), nil)
	wants(t, "a code that was used", redeem("code", code).text(t, "error_description"), "Invalid code: this code has been revoked.")

	me := func(r reply, headers ...string) reply {
		return get(t, p.url+"/v1/users/me", append([]string{"Authorization", "Bearer " + r.text(t, "access_token")}, headers...)...)
	}
	wants(t, "without a version", me(first).text(t, "code"), "missing_version")
	wants(t, "the person is inside", me(first, "Notion-Version", "2022-06-28").text(t, "bot", "owner", "user", "id"), "U1")
	second := redeem("grant_type", "refresh_token", "refresh_token", first.text(t, "refresh_token"))
	wants(t, "the old token", me(first, "Notion-Version", "2022-06-28").text(t, "message"), "API token is invalid.")
	wants(t, "revocation", p.json(t, p.url+"/v1/oauth/revoke", map[string]string{"token": second.text(t, "access_token")}).status, 200)
	wants(t, "the revoked one", me(second, "Notion-Version", "2022-06-28").status, 401)
	wants(t, "what is noted", p.Last(Token).Form.Get("refresh_token"), "[secret]")
}

func TestSalesforce(t *testing.T) {
	p := newPlace(t, Salesforce)
	wants(t, "no refresh token unless asked", p.redeem(t, "code", p.code(t, "scope", "id api")).json(t, "refresh_token"), nil)
	first := p.redeem(t, "code", p.code(t, "scope", "id refresh_token"))
	wants(t, "where to go", first.text(t, "instance_url"), p.url)
	wants(t, "the lifetime", first.json(t, "expires_in"), nil)
	id := first.text(t, "id")
	wants(t, "who it is", id, p.url+"/id/00Dx0000000BV7zEAG/U1")
	mac := hmac.New(sha256.New, []byte("hush"))
	mac.Write([]byte(id + first.text(t, "issued_at")))
	wants(t, "the signature", first.text(t, "signature"), base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	wants(t, "the time in milliseconds", first.text(t, "issued_at"), fmt.Sprint(p.now().UnixMilli()))

	me := func(url string, r reply) reply {
		return get(t, url, "Authorization", "Bearer "+r.text(t, "access_token"))
	}
	wants(t, "the person", me(id, first).text(t, "email"), "ada@example.com")
	wants(t, "another org", strings.TrimSpace(me(p.url+"/id/00Dx/U1", first).body), "Wrong_Org")
	wants(t, "nobody", me(p.url+"/id/00Dx0000000BV7zEAG/U9", first).status, 404)
	renew := first.text(t, "refresh_token")
	second := p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew)
	wants(t, "a refresh answers none", second.json(t, "refresh_token"), nil)
	p.advance(2 * time.Hour)
	wants(t, "two hours later", strings.TrimSpace(me(id, second).body), "Bad_OAuth_Token")
	third := p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew)
	wants(t, "again", me(id, third).status, 200)
	alone := p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew)
	wants(t, "revocation of an access token", post(t, p.url+"/services/oauth2/revoke", form("token", alone.text(t, "access_token"))).status, 200)
	wants(t, "it", me(id, alone).status, 403)
	wants(t, "others", me(id, third).status, 200)
	wants(t, "it once more", post(t, p.url+"/services/oauth2/revoke", form("token", alone.text(t, "access_token"))).status, 400)
	wants(t, "revocation", post(t, p.url+"/services/oauth2/revoke", form("token", renew)).status, 200)
	wants(t, "what it made", me(id, third).status, 403)
	wants(t, "a revoked token", p.redeem(t, "grant_type", "refresh_token", "refresh_token", renew).text(t, "error_description"), "expired access/refresh token")

	oldest := p.redeem(t, "code", p.code(t, "scope", "refresh_token")).text(t, "refresh_token")
	refresh := func() int { return p.redeem(t, "grant_type", "refresh_token", "refresh_token", oldest).status }
	for range 4 {
		p.redeem(t, "code", p.code(t, "scope", "refresh_token"))
	}
	wants(t, "the oldest of five", refresh(), 200)
	p.redeem(t, "code", p.code(t, "scope", "refresh_token"))
	wants(t, "the oldest of six", refresh(), 400)
	last := p.redeem(t, "code", p.code(t, "scope", "refresh_token"))
	p.Withdraw("ada@example.com")
	wants(t, "what the person withdrew", me(id, last).status, 403)
}

// TestOAuth2WithTheLibrary: x/oauth2 gets along with Plain and Salesforce, and
// with a Slack that has a bot.
func TestOAuth2WithTheLibrary(t *testing.T) {
	for _, d := range []Dialect{Plain, Salesforce, Slack} {
		t.Run(string(d), func(t *testing.T) {
			p := newPlace(t, d)
			config := oauth2.Config{ClientID: "client", ClientSecret: "hush", RedirectURL: serviceCallback, Scopes: []string{"refresh_token"},
				Endpoint: oauth2.Endpoint{AuthURL: p.authorize, TokenURL: p.token}}
			verifier := oauth2.GenerateVerifier()
			_, query := get(t, config.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier))).redirect(t)
			token, err := config.Exchange(t.Context(), query.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil || token.AccessToken == "" {
				t.Errorf("%v, %v", token, err)
			}
		})
	}
}
