package authserver_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What strangers send, to every place that reads it. Whatever it is, it is no
// server error and no panic, nobody is sent to a place that was not registered, and
// the answer keeps the manners of every answer. Covers A23 R5 R6 R16.

// fuzzed is a scene with ada signed in, two clients, and a consent to one of them.
func fuzzed(f *testing.F) *scene {
	s := newScene(f, usual()).listen()
	for _, line := range []string{
		"person ada", "client web https://web.example/callback?x=1", "client native http://127.0.0.1/cb cursor://x/cb",
		"client secretive https://secretive.example/cb secret", "sign-in ada", "tokens t client=web",
		"code c client=web verifier=a",
		"GET /oauth/authorize client_id=native redirect_uri=http://127.0.0.1/cb response_type=code code_challenge=$s256.a code_challenge_method=S256",
		"save ix location ix", "GET /consent ix=$ix", "save csrf form csrf",
	} {
		if err := s.perform(line); err != nil {
			f.Fatal(line, err)
		}
	}
	return s
}

// send lets the server answer a request without a network between.
func (s *scene) send(t *testing.T, r *http.Request) *answer {
	t.Helper()
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	got, err := read(r, w.Result())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.manners(got); err != nil {
		t.Errorf("%v; the answer was %s", err, got)
	}
	if !registered(got.header.Get("Location")) {
		t.Errorf("nobody registered %s", got.header.Get("Location"))
	}
	s.log.reset()
	return got
}

// registered reports whether a redirect stays here or leads to where a client of
// the scene may get its answers. It goes by what a browser would open.
func registered(location string) bool {
	if location == "" || strings.HasPrefix(location, "/") {
		return true // the manners have looked at it
	}
	u, err := url.Parse(location)
	if err != nil {
		return false
	}
	switch u.Scheme + "://" + u.Hostname() + u.Path {
	case "https://web.example/callback":
		return u.Host == "web.example" && u.Query().Get("x") == "1"
	case "https://secretive.example/cb":
		return u.Host == "secretive.example"
	case "cursor://x/cb":
		return u.Host == "x"
	case "http://127.0.0.1/cb":
		return u.User == nil
	}
	return false
}

// asAda gives a request the cookies of the browser that ada is signed in with.
func (s *scene) asAda(r *http.Request) *http.Request {
	at, _ := url.Parse(s.url)
	for _, c := range s.browser().Jar.Cookies(at) {
		r.AddCookie(c)
	}
	return r
}

func post(path, contentType, body string) *http.Request {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	return r
}

const formType = "application/x-www-form-urlencoded"

func FuzzAuthorize(f *testing.F) {
	s := fuzzed(f)
	whole := url.Values{"client_id": {"web"}, "response_type": {"code"}, "code_challenge": {s.expand("$s256.a")},
		"code_challenge_method": {"S256"}, "state": {"\x00\xff&="}, "scope": {"tickets:read openid"}, "resource": {issuer + "/mcp"}}.Encode()
	for _, query := range []string{
		whole, whole + "&prompt=none&max_age=1", whole + "&prompt=consent&login_hint=a", whole + "&redirect_uri=https://evil.example",
		"client_id=native&redirect_uri=http://127.0.0.1:1/cb", "client_id=native&redirect_uri=cursor://x/cb&response_type=token",
		"client_id=secretive&redirect_uri=https://secretive.example/cb&state=a&state=b", "%zz", ";", "client_id=%00",
		"client_id=native&redirect_uri=http://127.0.0.1@evil.example/cb", "client_id=native&redirect_uri=http://127.0.0.1:/cb",
	} {
		f.Add(query, "", true)
		f.Add("", query, false)
	}
	f.Fuzz(func(t *testing.T, query, body string, signedIn bool) {
		method := "GET"
		if body != "" {
			method = "POST"
		}
		r := httptest.NewRequest(method, "/oauth/authorize", strings.NewReader(body))
		r.URL.RawQuery = query
		r.Header.Set("Content-Type", formType)
		if signedIn {
			r = s.asAda(r)
		}
		s.send(t, r)
	})
}

func FuzzTokenBody(f *testing.F) {
	s := fuzzed(f)
	for _, body := range []string{
		"grant_type=authorization_code&client_id=web&code=" + s.vars["c"] + "&code_verifier=" + verifier("a"),
		"grant_type=refresh_token&client_id=web&scope=tickets:read&resource=https://as.example/mcp&refresh_token=" + s.vars["t.refresh"],
		`{"grant_type":"refresh_token","client_id":"web","refresh_token":"` + s.vars["t.refresh"] + `"}`,
		`{"grant_type":"password"}`, `{"a":{"b":[1,2,{}]}}`, `{"a":"b","a":"c"}`, "a=b;c", "%", "{", "", "token=x&client_id=web", "\xff\xfe{}",
	} {
		f.Add(body, formType, "")
		f.Add(body, "application/json", "Basic c2VjcmV0aXZlOng=")
	}
	f.Fuzz(func(t *testing.T, body, contentType, authorization string) {
		for _, path := range []string{"/oauth/token", "/oauth/revoke", "/oauth/introspect"} {
			r := post(path, contentType, body)
			if authorization != "" {
				r.Header.Set("Authorization", authorization)
			}
			s.send(t, r)
		}
	})
}

func FuzzBasicHeader(f *testing.F) {
	s := fuzzed(f)
	for _, header := range []string{"Basic c2VjcmV0aXZlOng=", "basic Og==", "Basic !", "Basic", "", "Basic JXp6OiV6eg==", "Bearer x", "Basic c2VjcmV0aXZl", "Basic\tOg=="} {
		f.Add(header, "secretive")
	}
	f.Fuzz(func(t *testing.T, header, id string) {
		r := post("/oauth/introspect", formType, url.Values{"token": {"x"}, "client_id": {id}}.Encode())
		r.Header["Authorization"] = []string{header}
		r.Header.Set(fromHeader, "192.0.2.1")
		if got := s.send(t, r); got.status == http.StatusOK {
			t.Error("it was guessed:", header)
		}
	})
}

func FuzzRegister(f *testing.F) {
	s := fuzzed(f)
	for _, body := range []string{
		`{"redirect_uris":["https://a.example/cb"]}`, `{"redirect_uris":["http://localhost:1/cb","cursor://x/y","com.example.app:/cb"],"client_name":"\u202ex","scope":"a b"}`,
		`{"redirect_uris":["http://[::1]/cb"],"token_endpoint_auth_method":"none","contacts":[1,null,"a"],"logo_uri":"javascript:x"}`,
		`{"redirect_uris":["javascript:alert(1)","https://a.example@b.example/"]}`, `{"redirect_uris":[]}`, `[]`, `{`, `{"redirect_uris":["https://a.example/cb?code=1"]}`,
		`{"redirect_uris":["https://a.example:443\\@b.example/"]}`, `{"redirect_uris":["http://127.0.0.1:1/%2e%2e/x"]}`,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := post("/oauth/register", "application/json", body)
		s.clock.advance(2e9) // so that no limit is met
		got := s.send(t, r)
		if got.status != http.StatusCreated {
			return
		}
		var answer struct {
			ID        string   `json:"client_id"`
			Redirects []string `json:"redirect_uris"`
		}
		if err := json.Unmarshal([]byte(got.body), &answer); err != nil {
			t.Fatal(err)
		}
		for _, uri := range answer.Redirects {
			if !harmless(uri) {
				t.Errorf("%q was registered", uri)
			}
		}
		if err := s.store.RemoveClient(t.Context(), answer.ID); err != nil {
			t.Error(err)
		}
	})
}

// harmless judges a registered URI by other means than the server does.
func harmless(uri string) bool {
	if len(uri) > 2048 || strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`\#"<>`, r) }) {
		return false
	}
	scheme, rest, _ := strings.Cut(uri, ":")
	rest, slashes := strings.CutPrefix(rest, "//")
	authority, _, _ := strings.Cut(strings.ReplaceAll(rest, "?", "/"), "/")
	switch strings.ToLower(scheme) {
	case "https":
		return slashes && authority != "" && !strings.Contains(authority, "@")
	case "http":
		name := authority
		if i := strings.LastIndexByte(name, ':'); i > strings.IndexByte(name, ']') {
			name = name[:i]
		}
		return slashes && slices.Contains([]string{"localhost", "127.0.0.1", "[::1]"}, strings.ToLower(name))
	case "cursor":
		return true
	}
	return strings.Contains(scheme, ".")
}

func FuzzSealedValues(f *testing.F) {
	s := fuzzed(f)
	for _, value := range []string{s.vars["ix"], s.vars["c"], s.vars["t.refresh"], s.vars["t.access"], "", "sp_c_", "sp_rt_AAAA", "sp_at_x", "\x00", s.vars["ix"][:40]} {
		f.Add(value, s.vars["csrf"])
	}
	f.Fuzz(func(t *testing.T, value, csrf string) {
		query := url.Values{"ix": {value}, "grant": {value}}.Encode()
		for _, path := range []string{"/login", "/consent", "/account/revoke"} {
			s.send(t, s.asAda(httptest.NewRequest("GET", path+"?"+query, nil)))
			form := url.Values{"ix": {value}, "grant": {value}, "csrf": {csrf}, "decision": {"deny"}, "scope": {value}}.Encode()
			s.send(t, s.asAda(post(path, formType, form)))
		}
		for _, form := range []url.Values{
			{"client_id": {"web"}, "grant_type": {"authorization_code"}, "code": {value}, "code_verifier": {csrf}},
			{"client_id": {"web"}, "grant_type": {"refresh_token"}, "refresh_token": {value}, "scope": {csrf}, "resource": {csrf}},
		} {
			s.send(t, post("/oauth/token", formType, form.Encode()))
		}
		basic := post("/oauth/introspect", formType, url.Values{"token": {value}}.Encode())
		basic.SetBasicAuth("secretive", s.vars["secretive.secret"])
		s.send(t, basic)
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = "/setup/" + value
		s.send(t, r)
	})
}

func FuzzCookies(f *testing.F) {
	s := fuzzed(f)
	for _, header := range []string{"__Host-sallyport_session=x", "__Host-sallyport_session=; __Host-sallyport_browser=", "sallyport_session=x", ";;=", "\"", "__Host-sallyport_browser=\"a"} {
		f.Add(header, s.vars["ix"])
	}
	f.Fuzz(func(t *testing.T, header, ix string) {
		for _, path := range []string{"/account", "/login", "/consent?ix=" + url.QueryEscape(ix)} {
			r := httptest.NewRequest("GET", path, nil)
			r.Header["Cookie"] = []string{header}
			if got := s.send(t, r); path == "/account" && got.status == http.StatusOK {
				t.Error("someone is signed in by", header)
			}
		}
	})
}

func FuzzPathAndHost(f *testing.F) {
	s := fuzzed(f)
	for _, path := range []string{"/", "//evil.example/..", "/oauth/token/", "/.well-known/oauth-protected-resource/mcp", "/mcp/.well-known/x", "/oauth/%2e%2e/authorize", "/\\evil.example", "/setup/%00", "/.well-known/%2f"} {
		f.Add(path, "as.example", "GET")
		f.Add(path, "evil.example:1", "POST")
	}
	f.Fuzz(func(t *testing.T, path, host, method string) {
		u, err := url.ParseRequestURI(path)
		if err != nil || !strings.HasPrefix(u.Path, "/") || u.Host != "" || strings.ContainsFunc(method, notToken) || method == "" {
			return
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Method, r.URL, r.Host, r.RequestURI = method, u, host, path
		if got := s.send(t, r); host != "" && got.status == http.StatusSeeOther && strings.Contains(got.header.Get("Location"), host) && !strings.Contains(path, host) {
			t.Error("the host went into a redirect:", got)
		}
	})
}

func notToken(r rune) bool { return r < 'A' || r > 'Z' }

func FuzzSignIn(f *testing.F) {
	s := newScene(f, usual()).listen()
	for _, line := range []string{"person ada", "GET /login", "save csrf form csrf"} {
		if err := s.perform(line); err != nil {
			f.Fatal(err)
		}
	}
	for _, name := range []string{"ada", "ADA ", "\x00", "\u00df", strings.Repeat("a", 300), "\xff", "\u202eada", "<b>"} {
		f.Add(name, "password")
	}
	f.Fuzz(func(t *testing.T, name, password string) {
		if password == testPassword {
			return
		}
		s.clock.advance(24 * 3600e9) // so that no guess is slowed
		got := s.send(t, s.asAda(post("/login", formType, url.Values{"csrf": {s.vars["csrf"]}, "username": {name}, "password": {password}}.Encode())))
		if got.status != http.StatusForbidden && got.status != http.StatusRequestEntityTooLarge || strings.Contains(got.header.Get("Set-Cookie"), "session") {
			t.Error(got)
		}
	})
}
