package standin

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

const callback = "https://door.example/oauth/callback/github"

// A hub is GitHub, served.
type hub struct {
	*GitHub
	*hands
	url string
}

func newHub(t *testing.T, change ...func(*GitHub)) *hub {
	t.Helper()
	g := NewGitHub(Client{ID: "Iv1.client", Secret: "hush", Redirects: []string{callback}},
		GitHubPerson{ID: 101, Login: "ada", Name: "Ada", Email: "ada@example.com", Verified: true, Others: []GitHubEmail{{"ada@home.example", false}}, Orgs: []string{"tower", "gate", "moat"}, Teams: []string{"tower/keepers"}},
		GitHubPerson{ID: 102, Login: "bo", Email: "bo@example.com", Verified: true, Public: true},
		GitHubPerson{ID: 103, Login: "cy", Email: "cy@example.com"})
	h := newHands()
	g.Now = h.now
	for _, c := range change {
		c(g)
	}
	return &hub{g, h, serve(t, g)}
}

func fine(g *GitHub)     { g.FineGrained, g.Expiring = true, true }
func wildcard(g *GitHub) { g.Wildcard = true }

func (h *hub) ask(t *testing.T, pairs ...string) reply {
	t.Helper()
	return get(t, h.url+"/login/oauth/authorize?"+with(form("client_id", "Iv1.client", "redirect_uri", callback, "state", "s t", "scope", "user:email"), pairs...).Encode())
}

func (h *hub) code(t *testing.T, pairs ...string) string {
	t.Helper()
	_, query := h.ask(t, pairs...).redirect(t)
	return query.Get("code")
}

func (h *hub) redeem(t *testing.T, pairs ...string) reply {
	t.Helper()
	return post(t, h.url+"/login/oauth/access_token", with(form("client_id", "Iv1.client", "client_secret", "hush"), pairs...), "Accept", "application/json")
}

func (h *hub) token(t *testing.T, pairs ...string) string {
	t.Helper()
	return h.redeem(t, "code", h.code(t, pairs...)).text(t, "access_token")
}

func TestGitHubAuthorize(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*GitHub)
		ask    []string
		to     string
		answer string // one parameter of it
	}{
		{"a code and the state come back", nil, nil, callback, "state=s t"},
		{"no redirect_uri is the registered one", nil, []string{"redirect_uri", ""}, callback, "state=s t"},
		{"a redirect matches exactly", nil, []string{"redirect_uri", callback + "/deeper"}, callback, "error=redirect_uri_mismatch"},
		{"with wildcards it may go below", wildcard, []string{"redirect_uri", callback + "/deeper"}, callback + "/deeper", "state=s t"},
		{"and to a subdomain", wildcard, []string{"redirect_uri", "https://a.door.example/oauth/callback/github"}, "https://a.door.example/oauth/callback/github", "state=s t"},
		{"but not beside it", wildcard, []string{"redirect_uri", "https://door.example/oauth/callback/githubber"}, callback, "error=redirect_uri_mismatch"},
		{"nor to another host", wildcard, []string{"redirect_uri", "https://evil.example/oauth/callback/github"}, callback, "error=redirect_uri_mismatch"},
		{"nor to a host that ends alike", wildcard, []string{"redirect_uri", "https://indoor.example/oauth/callback/github"}, callback, "error=redirect_uri_mismatch"},
		{"nor to another port", wildcard, []string{"redirect_uri", "https://door.example:444/oauth/callback/github"}, callback, "error=redirect_uri_mismatch"},
		{"nor up and down again", wildcard, []string{"redirect_uri", callback + "/../x"}, callback, "error=redirect_uri_mismatch"},
		{"on this computer any port will do", func(g *GitHub) { g.Redirects("http://127.0.0.1/cb") }, []string{"redirect_uri", "http://127.0.0.1:5555/cb"}, "http://127.0.0.1:5555/cb", "state=s t"},
		{"a person says no", func(g *GitHub) { g.Fail(Authorize, Cancel()) }, nil, callback, "error=access_denied"},
		{"and it says so in words", func(g *GitHub) { g.Fail(Authorize, Cancel()) }, nil, callback, "error_description=The user has denied your application access."},
		{"a method needs a challenge", nil, []string{"code_challenge_method", "S256"}, callback, "error=invalid_request"},
		{"only S256 is taken", nil, []string{"code_challenge", "x", "code_challenge_method", "plain"}, callback, "error=invalid_request"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t, func(g *GitHub) {
				if test.change != nil {
					test.change(g)
				}
			})
			to, query := h.ask(t, test.ask...).redirect(t)
			name, value, _ := strings.Cut(test.answer, "=")
			wants(t, "the redirect", to, test.to)
			wants(t, name, query.Get(name), value)
			wants(t, "state", query.Get("state"), "s t")
			if failed := query.Has("error"); failed == query.Has("code") {
				t.Errorf("the answer has both or neither of code and error: %v", query)
			}
		})
	}
	wants(t, "the status for an unknown client", newHub(t).ask(t, "client_id", "another").status, 404)
}

// TestGitHubTokenErrors: whatever is wrong, the status is 200.
func TestGitHubTokenErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		ask   []string
		form  []string
		after time.Duration
		error string
	}{
		{"a wrong secret", nil, []string{"client_secret", "loud"}, 0, "incorrect_client_credentials"},
		{"another client", nil, []string{"client_id", "other"}, 0, "incorrect_client_credentials"},
		{"an unknown code", nil, []string{"code", "made-up"}, 0, "bad_verification_code"},
		{"a code after ten minutes", nil, nil, 10 * time.Minute, "bad_verification_code"},
		{"another redirect_uri", nil, []string{"redirect_uri", callback + "/x"}, 0, "redirect_uri_mismatch"},
		{"no verifier", []string{"code_challenge", oauth2.S256ChallengeFromVerifier("v"), "code_challenge_method", "S256"}, nil, 0, "bad_verification_code"},
		{"a wrong verifier", []string{"code_challenge", oauth2.S256ChallengeFromVerifier("v"), "code_challenge_method", "S256"}, []string{"code_verifier", "w"}, 0, "bad_verification_code"},
		{"a person whose address is not verified", []string{"login", "cy"}, nil, 0, "unverified_user_email"},
		{"an unknown refresh token", nil, []string{"grant_type", "refresh_token", "refresh_token", "ghr_x"}, 0, "bad_refresh_token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := newHub(t)
			code := h.code(t, test.ask...)
			h.advance(test.after)
			got := h.redeem(t, append([]string{"code", code}, test.form...)...)
			wants(t, "status", got.status, 200)
			wants(t, "error", got.text(t, "error"), test.error)
			for _, member := range []string{"error_description", "error_uri"} {
				if got.text(t, member) == "" {
					t.Errorf("there is no %s", member)
				}
			}
			if got.json(t, "access_token") != nil {
				t.Error("and there is a token")
			}
		})
	}
}

func TestGitHubAnswersAForm(t *testing.T) {
	h := newHub(t)
	got := post(t, h.url+"/login/oauth/access_token", form("client_id", "Iv1.client", "client_secret", "hush", "code", h.code(t, "scope", "user:email gist")))
	wants(t, "content type", got.header.Get("Content-Type"), "application/x-www-form-urlencoded; charset=utf-8")
	values, err := url.ParseQuery(got.body)
	if err != nil || !strings.HasPrefix(values.Get("access_token"), "gho_") {
		t.Fatalf("%v: %s", err, got.body)
	}
	wants(t, "the rest", strings.TrimPrefix(got.body, "access_token="+values.Get("access_token")), "&scope=gist%2Cuser%3Aemail&token_type=bearer")

	refused := post(t, h.url+"/login/oauth/access_token", form("client_id", "Iv1.client", "client_secret", "hush", "code", "x"))
	wants(t, "the error", refused.body, "error=bad_verification_code&error_description=The+code+passed+is+incorrect+or+expired.&error_uri=https%3A%2F%2Fdocs.github.com%2Fapps%2Fmanaging-oauth-apps%2Ftroubleshooting-oauth-app-access-token-request-errors%2F%23bad-verification-code")
}

func TestGitHubCodesAreGoodOnce(t *testing.T) {
	h := newHub(t)
	verifier := oauth2.GenerateVerifier()
	code := h.code(t, "code_challenge", oauth2.S256ChallengeFromVerifier(verifier), "code_challenge_method", "S256")
	wants(t, "the first", h.redeem(t, "code", code, "code_verifier", verifier).text(t, "token_type"), "bearer")
	wants(t, "the second", h.redeem(t, "code", code, "code_verifier", verifier).text(t, "error"), "bad_verification_code")
	wants(t, "the count", h.Count(Token), 2)
	last := h.Last(Token)
	wants(t, "what is noted", fmt.Sprint(last.Form.Get("client_id"), last.Form.Get("code"), last.Form.Get("client_secret"), last.Form.Get("code_verifier")), "Iv1.client[secret][secret][secret]")
}

func TestGitHubScopes(t *testing.T) {
	h := newHub(t)
	for _, test := range []struct{ name, ask, want string }{
		{"none is none at first", "", ""},
		{"what another has in it is left out", "user user:email gist", "gist,user"},
		{"commas will do", "repo,public_repo", "repo"},
		{"none is all that was ever allowed", "", "gist,repo,user"},
	} {
		got := h.redeem(t, "code", h.code(t, "scope", test.ask))
		wants(t, test.name, got.json(t, "scope"), any(test.want))
		wants(t, "the lifetime", got.json(t, "expires_in"), nil)
	}
}

func TestGitHubTokensThatExpire(t *testing.T) {
	h := newHub(t, fine)
	first := h.redeem(t, "code", h.code(t))
	for member, want := range map[string]any{"expires_in": 28800.0, "refresh_token_expires_in": 15897600.0, "token_type": "bearer", "scope": ""} {
		wants(t, member, first.json(t, member), want)
	}
	access, renew := first.text(t, "access_token"), first.text(t, "refresh_token")
	if !strings.HasPrefix(access, "ghu_") || len(access) != 40 || !strings.HasPrefix(renew, "ghr_") || len(renew) != 80 {
		t.Errorf("the tokens are %q and %q", access, renew)
	}
	second := h.redeem(t, "grant_type", "refresh_token", "refresh_token", renew)
	if second.text(t, "refresh_token") == renew || second.text(t, "access_token") == access {
		t.Error("a refresh changed nothing")
	}
	wants(t, "the old access token", get(t, h.url+"/user", "Authorization", "Bearer "+access).status, 401)
	wants(t, "the old refresh token", h.redeem(t, "grant_type", "refresh_token", "refresh_token", renew).text(t, "error"), "bad_refresh_token")
	access, renew = second.text(t, "access_token"), second.text(t, "refresh_token")
	wants(t, "the new one", get(t, h.url+"/user", "Authorization", "Bearer "+access).status, 200)
	h.advance(8 * time.Hour)
	wants(t, "after eight hours", get(t, h.url+"/user", "Authorization", "Bearer "+access).status, 401)
	h.advance(184 * 24 * time.Hour)
	wants(t, "after six months", h.redeem(t, "grant_type", "refresh_token", "refresh_token", renew).text(t, "error"), "bad_refresh_token")
}

func TestGitHubOfflineAccess(t *testing.T) {
	h := newHub(t)
	got := h.redeem(t, "code", h.code(t, "scope", "gist offline_access"))
	wants(t, "the scope", got.text(t, "scope"), "gist")
	wants(t, "the lifetime", got.json(t, "expires_in"), any(28800.0))
	again := h.redeem(t, "grant_type", "refresh_token", "refresh_token", got.text(t, "refresh_token"))
	wants(t, "the scope after a refresh", again.text(t, "scope"), "gist")
	wants(t, "the kind of token", again.text(t, "access_token")[:4], "gho_")
}

// TestGitHubKeepsTenTokens: of one person, with the same scopes.
func TestGitHubKeepsTenTokens(t *testing.T) {
	h := newHub(t)
	alive := func(token string) bool { return get(t, h.url+"/user", "Authorization", "Bearer "+token).status == 200 }
	used, other, unused := h.token(t), h.token(t, "scope", "gist"), h.token(t)
	alive(used)
	h.advance(2 * time.Minute)
	for range 8 {
		h.token(t)
	}
	wants(t, "ten are alive", alive(unused), true)
	unused = h.token(t) // the eleventh: of all others none is old and was never used
	wants(t, "the one used longest ago", alive(used), false)
	wants(t, "the newest", alive(unused), true)
	wants(t, "one with other scopes", alive(other), true)
}

func TestGitHubAPI(t *testing.T) {
	h := newHub(t)
	token := h.token(t, "scope", "user")
	bare := h.token(t, "scope", "gist")
	for _, test := range []struct {
		name, path, authorization string
		status                    int
		body                      string // is in it
	}{
		{"who it is", "/user", "Bearer " + token, 200, `"login":"ada"`},
		{"the id is a number", "/user", "Bearer " + token, 200, `"id":101`},
		{"a private address is null", "/user", "Bearer " + token, 200, `"email":null`},
		{"the older scheme", "/user", "token " + token, 200, `"login":"ada"`},
		{"on Enterprise", "/api/v3/user", "Bearer " + token, 200, `"login":"ada"`},
		{"the addresses", "/user/emails", "Bearer " + token, 200, `"primary":true,"verified":true`},
		{"the addresses without the scope", "/user/emails", "Bearer " + bare, 404, `"message":"Not Found"`},
		{"the organizations", "/user/orgs", "Bearer " + token, 200, `"login":"gate"`},
		{"the organizations without the scope", "/user/orgs", "Bearer " + bare, 403, `read:org`},
		{"the teams", "/user/teams", "Bearer " + token, 200, `"slug":"keepers"`},
		{"the teams without the scope", "/user/teams", "Bearer " + bare, 404, `Not Found`},
		{"a token that is none", "/user", "Bearer gho_no", 401, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest","status":"401"}`},
		{"no token", "/user", "", 401, `Requires authentication`},
	} {
		t.Run(test.name, func(t *testing.T) {
			headers := []string{"Authorization", test.authorization}
			if test.authorization == "" {
				headers = nil
			}
			got := get(t, h.url+test.path, headers...)
			wants(t, "status", got.status, test.status)
			if !strings.Contains(got.body, test.body) {
				t.Errorf("%s is not in %s", test.body, got.body)
			}
		})
	}
	wants(t, "without a User-Agent", get(t, h.url+"/user", "User-Agent", "", "Authorization", "Bearer "+token).status, 403)
	wants(t, "the scopes", get(t, h.url+"/user", "Authorization", "Bearer "+token).header.Get("X-OAuth-Scopes"), "user")
	wants(t, "what is noted", h.Last(User).Header.Get("Authorization"), "Bearer [secret]")
}

func TestGitHubPages(t *testing.T) {
	h := newHub(t)
	token := h.token(t, "scope", "read:org")
	first := get(t, h.url+"/user/orgs?per_page=2", "Authorization", "Bearer "+token)
	wants(t, "the links", first.header.Get("Link"), "<"+h.url+"/user/orgs?page=2&per_page=2>; rel=\"next\", <"+h.url+"/user/orgs?page=2&per_page=2>; rel=\"last\"")
	second := get(t, h.url+"/user/orgs?page=2&per_page=2", "Authorization", "Bearer "+token)
	if strings.Contains(second.body, "tower") || !strings.Contains(second.body, "moat") {
		t.Errorf("the second page is %s", second.body)
	}
	wants(t, "a page after the last", get(t, h.url+"/user/orgs?page=9", "Authorization", "Bearer "+token).body, "[]")
}

func TestGitHubRateLimit(t *testing.T) {
	h := newHub(t, func(g *GitHub) { g.Limit = 2 })
	token := h.token(t)
	for _, want := range []struct {
		status    int
		remaining string
	}{{200, "1"}, {200, "0"}, {403, "0"}} {
		got := get(t, h.url+"/user", "Authorization", "Bearer "+token)
		wants(t, "status", got.status, want.status)
		wants(t, "remaining", got.header.Get("X-RateLimit-Remaining"), want.remaining)
		wants(t, "limit", got.header.Get("X-RateLimit-Limit"), "2")
		wants(t, "reset", got.header.Get("X-RateLimit-Reset"), fmt.Sprint(h.now().Add(time.Hour).Unix()))
	}
	h.advance(time.Hour)
	wants(t, "an hour later", get(t, h.url+"/user", "Authorization", "Bearer "+token).status, 200)
}

func TestGitHubRevocation(t *testing.T) {
	h := newHub(t)
	basic := []string{"Authorization", "Basic SXYxLmNsaWVudDpodXNo", "Content-Type", "application/json"}
	revoke := func(path, token string, headers []string) int {
		return send(t, "DELETE", h.url+"/applications/Iv1.client/"+path, strings.NewReader(`{"access_token":"`+token+`"}`), headers...).status
	}
	one, two, three := h.token(t), h.token(t), h.token(t)
	alive := func(token string) bool { return get(t, h.url+"/user", "Authorization", "Bearer "+token).status == 200 }
	wants(t, "without the secret", revoke("token", one, []string{"Content-Type", "application/json"}), 401)
	wants(t, "a token", revoke("token", one, basic), 204)
	wants(t, "it once more", revoke("token", one, basic), 404)
	wants(t, "who is left", fmt.Sprint(alive(one), alive(two), alive(three)), "false true true")
	wants(t, "the authorization", revoke("grant", two, basic), 204)
	wants(t, "who is left", fmt.Sprint(alive(two), alive(three)), "false false")
	four := h.token(t)
	h.Withdraw("ada")
	wants(t, "what the person withdrew", alive(four), false)
}

func TestGitHubWhoSignsIn(t *testing.T) {
	h := newHub(t)
	who := func(pairs ...string) string {
		return get(t, h.url+"/user", "Authorization", "Bearer "+h.token(t, pairs...)).text(t, "login")
	}
	wants(t, "nobody was named", who(), "ada")
	wants(t, "one was suggested", who("login", "bo"), "bo")
	h.SignIn("ada")
	wants(t, "another answers", who("login", "bo"), "ada")
	h.SignIn("")
	wants(t, "one is suggested again", who("login", "bo"), "bo")
}

// TestGitHubLoginsMoveOn: a login is nobody's for good.
func TestGitHubLoginsMoveOn(t *testing.T) {
	h := newHub(t)
	old := h.token(t)
	who := func(token string) any {
		return get(t, h.url+"/user", "Authorization", "Bearer "+token).json(t, "id")
	}
	h.People(GitHubPerson{ID: 101, Login: "ada-2", Email: "ada@example.com", Verified: true}, GitHubPerson{ID: 999, Login: "Ada", Email: "x@example.com", Verified: true})
	wants(t, "the old token", who(old), any(101.0))
	wants(t, "who has the login now", who(h.token(t, "login", "ada")), any(999.0))
	h.People(GitHubPerson{Login: "bo", Email: "bo@example.com", Verified: true})
	wants(t, "a person who is gone", get(t, h.url+"/user", "Authorization", "Bearer "+old).status, 401)
	wants(t, "one without an ID", who(h.token(t)), any(583231.0))
}

func TestGitHubChooser(t *testing.T) {
	h := newHub(t, func(g *GitHub) { g.Chooser = true })
	page := h.ask(t)
	for _, want := range []string{`<input type="radio" name="standin_person" value="bo"> bo</label>`, `>Authorize</button>`, `>Cancel</button>`} {
		if !strings.Contains(page.body, want) {
			t.Errorf("%s is not on the page:\n%s", want, page.body)
		}
	}
	url := h.url + "/login/oauth/authorize?" + form("client_id", "Iv1.client", "state", "s").Encode()
	_, query := post(t, url, form("standin_person", "bo", "standin_answer", "yes")).redirect(t)
	token := h.redeem(t, "code", query.Get("code")).text(t, "access_token")
	wants(t, "who signed in", get(t, h.url+"/user", "Authorization", "Bearer "+token).text(t, "email"), "bo@example.com")
	_, query = post(t, url, form("standin_person", "bo", "standin_answer", "no")).redirect(t)
	wants(t, "who said no", query.Get("error"), "access_denied")
}

// TestGitHubWithOAuth2 uses the library that programs use.
func TestGitHubWithOAuth2(t *testing.T) {
	h := newHub(t, fine)
	h.Now = nil // the library reads the real one
	config := oauth2.Config{ClientID: "Iv1.client", ClientSecret: "hush", RedirectURL: callback,
		Endpoint: oauth2.Endpoint{AuthURL: h.url + "/login/oauth/authorize", TokenURL: h.url + "/login/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams}}
	verifier := oauth2.GenerateVerifier()
	_, query := get(t, config.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier))).redirect(t)
	token, err := config.Exchange(t.Context(), query.Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	stale := *token
	stale.Expiry = time.Now().Add(-time.Minute)
	if _, err := config.TokenSource(t.Context(), &stale).Token(); err != nil {
		t.Error("the refresh:", err)
	}
	_, err = config.Exchange(t.Context(), query.Get("code"), oauth2.VerifierOption(verifier))
	if err == nil || !strings.Contains(err.Error(), "bad_verification_code") {
		t.Errorf("the second use of a code: %v", err)
	}
}
