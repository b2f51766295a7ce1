package authserver_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
)

// An elsewhere is a service that signs people in for the server of a scene.
type elsewhere struct {
	front  *standin.Front
	url    string
	way    authserver.Way
	people map[string]string // what the service calls those whom scripts call by name

	withdraw  func(who string)
	github    *standin.GitHub
	members   []standin.GitHubPerson
	expiring  bool // its tokens end, whether a tool acts there or not
	privy     *standin.Privy
	postsFrom string
}

const elsewhereSecret = "secret-of-the-door-elsewhere"

// elsewheres are those that a script can have: "given upstream NAME [domain=…]
// [email=…] [group=…] [not-email=…]".
func (s *scene) elsewheres(asked []string) (all []authserver.Upstream) {
	s.secrets[elsewhereSecret] = true
	s.elsewhere = map[string]elsewhere{}
	for _, line := range asked {
		name, more, _ := strings.Cut(line, " ")
		form, err := pairs(more)
		if err != nil {
			s.t.Fatal(err)
		}
		e := s.openElsewhere(name, form)
		back := form.Get("callback")
		e.front.Redirects(s.setting.issuer + cmp.Or(back, "/oauth/callback/"+name))
		s.elsewhere[name], s.vars[name] = e, e.url
		all = append(all, authserver.Upstream{Name: name, Title: map[string]string{"github": "GitHub", "google": "Google", "privy": "Privy", "okta": "Okta", "plain": "Plain"}[name], Way: e.way, PostsFrom: e.postsFrom, Callback: back, AsksForRefresh: name == "google", HandsOut: s.setting.resources[0].HandOut.Name == oauth.HandOutScope(name), Admission: admission(form)})
	}
	return all
}

func admission(form url.Values) login.Admission {
	return login.Admission{Hosted: form["hosted"],
		Allow: login.Guests{Emails: form["email"], Domains: form["domain"], Groups: form["group"]},
		Deny:  login.Guests{Emails: form["not-email"], Groups: form["not-group"]}}
}

// nowAdmits is a start of the server with other settings: "now-admits NAME
// [domain=…] [email=…] [group=…] [hosted=…] [not-email=…] [not-group=…]".
func (s *scene) nowAdmits(rest string) error {
	name, more, _ := strings.Cut(rest, " ")
	form, err := pairs(more)
	if err != nil {
		return err
	}
	for i, u := range s.auth.Upstreams {
		if u.Name == name {
			s.auth.Upstreams[i].Admission = admission(form)
		}
	}
	_, err = s.auth.Readmit(s.t.Context())
	return err
}

func (s *scene) openElsewhere(name string, given url.Values) elsewhere {
	client := standin.Client{ID: "door", Secret: elsewhereSecret}
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		s.t.Cleanup(server.Close)
		return server.URL
	}
	if s.setting.outage != nil {
		return s.setting.outage.open(s, name)
	}
	switch name {
	case "privy":
		return s.openPrivy(given)
	case "github":
		members := []standin.GitHubPerson{
			{ID: 1, Login: "Ada", Name: "Ada Lovelace", Email: "ada@acme.example", Verified: true, Orgs: []string{"acme"}, Teams: []string{"acme/tickets"}},
			{ID: 2, Login: "mallory", Email: "mallory@elsewhere.example", Verified: true},
			{ID: 3, Login: "grace", Email: "grace@acme.example", Verified: true, Orgs: []string{"acme"}, Others: append(slices.Repeat([]standin.GitHubEmail{{Email: "grace@acme.example"}}, 40), standin.GitHubEmail{Email: "grace@elsewhere.example"})}}
		g := standin.NewGitHub(client, members...)
		g.Now, g.FineGrained = s.clock.Now, given.Has("app")
		at := serve(g)
		return elsewhere{front: &g.Front, url: at, github: g, members: members, withdraw: g.Withdraw, expiring: given.Has("expiring"), way: login.NewGitHub(login.GitHubOptions{URL: at, ClientID: "door", ClientSecret: elsewhereSecret, Groups: given.Has("group")}),
			people: map[string]string{"ada": "Ada", "mallory": "mallory", "grace": "grace"}}
	case "google", "openid": // the latter keeps to OpenID Connect where Google does not
		g := standin.NewGoogle(client,
			standin.GooglePerson{Sub: "110169484474386276334", Email: "ada@acme.example", Verified: true, HD: "acme.example", Name: "Ada Lovelace"},
			standin.GooglePerson{Sub: "220169484474386276334", Email: "mallory@gmail.example", Verified: true, Name: "Mallory"})
		g.Now = s.clock.Now
		at := serve(g)
		way := login.NewGoogle(login.GoogleOptions{Issuer: at, ClientID: "door", ClientSecret: elsewhereSecret, Now: s.clock.Now})
		if name == "openid" {
			way = login.NewOIDC(login.OIDCOptions{Issuer: at, ClientID: "door", ClientSecret: elsewhereSecret, Now: s.clock.Now})
		}
		return elsewhere{front: &g.Front, url: at, way: way, withdraw: g.Withdraw,
			people: map[string]string{"ada": "ada@acme.example", "mallory": "mallory@gmail.example"}}
	}
	s.t.Fatalf("there is no upstream %s", name)
	return elsewhere{}
}

// leave presses the button of an upstream, on the page the browser is on, or is
// sent to.
func (s *scene) leave(name string) error {
	if location := s.last.header.Get("Location"); strings.HasPrefix(location, "/login") {
		if err := s.ask("GET", location); err != nil {
			return err
		}
	}
	form := formAt(s.last.body, "/login/"+name)
	if form == "" {
		return fmt.Errorf("the page has no way to %s", name)
	}
	form, _, _ = strings.Cut(form, "</form>")
	sent := url.Values{}
	for _, hidden := range []string{"ix", "csrf", "setup", "again"} {
		if value, err := field(form, hidden); err == nil {
			sent.Set(hidden, value)
		}
	}
	s.body = sent.Encode()
	return s.ask("POST", "/login/"+name)
}

// elsewhereAs is what happens at the upstream: the person signs in there, and $back
// is where the upstream sends the browser. "elsewhere NAME [PERSON]".
func (s *scene) elsewhereAs(rest string) error {
	name, who, _ := strings.Cut(rest, " ")
	e := s.elsewhere[name]
	if e.privy != nil {
		return s.atTheFrontEnd(e, who)
	}
	if who != "" {
		e.front.SignIn(e.people[who])
	}
	there := s.last.header.Get("Location")
	if !strings.HasPrefix(there, e.url) {
		return fmt.Errorf("the browser is not sent to %s", e.url)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(there)
	if err != nil {
		return err
	}
	res.Body.Close()
	back, ok := strings.CutPrefix(res.Header.Get("Location"), s.setting.issuer)
	if !ok {
		return fmt.Errorf("%s answers %s to %q", name, res.Status, res.Header.Get("Location"))
	}
	s.vars["back"] = back
	if u, err := url.Parse(back); err == nil {
		s.secrets[u.Query().Get("code")], s.secrets[u.Query().Get("state")] = true, true
	}
	return nil
}

// returnTo brings what one upstream said back as if another had said it.
func (s *scene) returnTo(name string) error {
	_, query, _ := strings.Cut(s.vars["back"], "?")
	return s.ask("GET", "/oauth/callback/"+name+"?"+query)
}

// copyBrowser is a thief of all that a browser has: "copy-browser FROM TO".
func (s *scene) copyBrowser(rest string) error {
	return s.copyCookies(rest, func(*http.Cookie) bool { return true })
}

// plant puts what waits in one browser into another, as who may write cookies there
// could: "plant FROM TO".
func (s *scene) plant(rest string) error {
	return s.copyCookies(rest, func(c *http.Cookie) bool { return strings.Contains(c.Name, "departure") })
}

func (s *scene) copyCookies(rest string, which func(*http.Cookie) bool) error {
	from, to, _ := strings.Cut(rest, " ")
	at, err := url.Parse(s.url)
	if err != nil {
		return err
	}
	cookies := slices.DeleteFunc(s.browsers[from].Jar.Cookies(at), func(c *http.Cookie) bool { return !which(c) })
	if len(cookies) == 0 {
		return fmt.Errorf("the browser %s has nothing of the kind", from)
	}
	was := s.current
	s.current = to
	s.browser().Jar.SetCookies(at, cookies)
	s.current = was
	return nil
}

// through is the whole way there and back: "through NAME [PERSON]".
func (s *scene) through(rest string) error {
	name, _, _ := strings.Cut(rest, " ")
	if err := s.leave(name); err != nil {
		return err
	}
	if err := s.elsewhereAs(rest); err != nil {
		return err
	}
	if s.elsewhere[name].privy != nil {
		if err := s.handOver(name); err != nil {
			return err
		}
	}
	return s.ask("GET", s.vars["back"])
}

// breaks are faults of an upstream: "breaks NAME ENDPOINT FAULT".
var breaks = map[string]standin.Fault{
	"reset": standin.Reset(), "stalls": standin.Stall(), "suspended": standin.Body(http.StatusForbidden, "application/json; charset=utf-8", `{"message":"Sorry. Your account was suspended","documentation_url":"https://docs.github.com/"}`), "500": standin.Status(500), "503": standin.Unavailable(time.Minute), "403": standin.Status(403), "404": standin.Status(404), "a-page": standin.HTML(200),
	"too-much": standin.Huge(64 << 20), "wrong-nonce": standin.WrongNonce(), "wrong-audience": standin.WrongAudience(),
	"wrong-issuer": standin.WrongIssuer(), "expired": standin.Expired(), "unknown-key": standin.UnknownKey(), "unsigned": standin.AlgorithmNone(),
	"signed-with-the-public-key": standin.AlgorithmHS256(), "no": standin.Cancel(), "early": standin.ClockOff(time.Hour),
	"wrong-secret":     standin.Body(http.StatusOK, "application/json", `{"error":"incorrect_client_credentials"}`),
	"unknown-client":   standin.Body(http.StatusUnauthorized, "application/json", `{"error":"invalid_client"}`),
	"asked-long-ago":   standin.Alter(func(claims map[string]any) { claims["auth_time"] = 1_700_000_000 }),
	"asked-now":        standin.Alter(func(claims map[string]any) { claims["auth_time"] = claims["iat"] }),
	"no-subject":       standin.Alter(func(claims map[string]any) { delete(claims, "sub") }),
	"unverified":       standin.Alter(func(claims map[string]any) { claims["email_verified"] = false }),
	"another-audience": standin.Alter(func(claims map[string]any) { claims["aud"] = []string{"door", "another"} }),
	"another-party":    standin.Alter(func(claims map[string]any) { claims["azp"] = "another" }),
}

func (s *scene) breakElsewhere(rest string) error {
	words := strings.Fields(rest)
	if len(words) != 3 {
		return fmt.Errorf("breaks NAME ENDPOINT FAULT")
	}
	fault, ok := breaks[words[2]]
	if !ok {
		return fmt.Errorf("there is no fault %s, but %s", words[2], slices.Sorted(maps.Keys(breaks)))
	}
	s.elsewhere[words[0]].front.Fail(standin.Endpoint(words[1]), fault)
	return nil
}

func (s *scene) mendElsewhere(rest string) error {
	name, endpoint, _ := strings.Cut(rest, " ")
	s.elsewhere[name].front.Heal(standin.Endpoint(endpoint))
	return nil
}

// checkElsewhere looks at the parameters of the last request for authorization:
// "elsewhere-got NAME PARAMETER VALUE".
func (s *scene) checkElsewhere(rest string) error {
	words := strings.SplitN(rest, " ", 3)
	got := s.elsewhere[words[0]].front.Last(standin.Authorize).Query.Get(words[1])
	if len(words) == 2 && got == "" || len(words) == 3 && got != words[2] {
		return fmt.Errorf("%s got %s=%q", words[0], words[1], got)
	}
	return nil
}

// checkElsewhereHasNo is the opposite: "elsewhere-got-no NAME PARAMETER".
func (s *scene) checkElsewhereHasNo(rest string) error {
	name, parameter, _ := strings.Cut(rest, " ")
	if got := s.elsewhere[name].front.Last(standin.Authorize).Query; got.Has(parameter) {
		return fmt.Errorf("%s got %s=%q", name, parameter, got.Get(parameter))
	}
	return nil
}

// whois puts the person of an identity in a variable: "whois VAR NAME PERSON".
func (s *scene) whois(rest string) error {
	words := strings.Fields(rest)
	e := s.elsewhere[words[1]]
	subject := map[string]string{"github ada": "1", "github mallory": "2", "google ada": "110169484474386276334", "google mallory": "220169484474386276334"}[words[1]+" "+words[2]]
	issuer := e.url
	if e.privy != nil {
		issuer, subject = "privy.io/door", e.people[words[2]]
	}
	p, err := s.store.Identified(s.t.Context(), issuer, subject)
	s.vars[words[0]] = p.ID
	return err
}
