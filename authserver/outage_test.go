package authserver_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/vault"
)

// An outage is an upstream whose wires fail where a test says so.
type outage struct {
	wire  *wire
	fresh func() keptWay // one that has fetched nothing yet
	way   *renewable
}

// A renewable way forgets what it has fetched, as after a restart.
type renewable struct{ keptWay }

// A keptWay leads to an upstream whose tokens may be kept.
type keptWay interface {
	authserver.Way
	vault.Way
}

// A wire leads to an upstream. At one place it may be cut before the upstream is
// reached, and who asks there may be in a hurry: what hangs, hangs for that long.
type wire struct {
	at    atomic.Pointer[string] // a part of the path
	cut   error                  // instead of an answer
	hurry bool
}

const inAHurry = 40 * time.Millisecond

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if at := w.at.Load(); at == nil || !strings.Contains(r.URL.Path+"$", *at) {
		return http.DefaultTransport.RoundTrip(r)
	}
	if w.cut != nil {
		return nil, w.cut
	}
	if w.hurry {
		ctx, cancel := context.WithTimeout(r.Context(), inAHurry)
		context.AfterFunc(ctx, cancel)
		r = r.WithContext(ctx)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// tooLate is what the system says of a connection that nobody accepts.
type tooLate struct{}

func (tooLate) Error() string   { return "i/o timeout" }
func (tooLate) Timeout() bool   { return true }
func (tooLate) Temporary() bool { return true }

// What people are told of a service, behind its name.
const (
	silent  = " does not answer now. Nothing was changed; try again, or sign in another way."
	slow    = " takes too long to answer. Nothing was changed; try again, or sign in another way."
	refused = " does not accept this server."
	lost    = " is not where this server looks for it."
)

// outages are all that can become of one request, and what people are told then. The
// first sentence is the usual one; nothing said is that the sign-in may succeed.
func outages() []struct {
	name  string
	cut   error
	fault standin.Fault
	hurry bool
	told  []string
} {
	held, _, _ := standin.Hold()
	const page = "<!doctype html><title>Sorry</title>"
	return []struct {
		name  string
		cut   error
		fault standin.Fault
		hurry bool
		told  []string
	}{
		{name: "the connection is refused", cut: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connect: connection refused")}, told: []string{silent}},
		{name: "there is no such host", cut: &net.DNSError{Err: "no such host", Name: "upstream.example", IsNotFound: true}, told: []string{silent}},
		{name: "nobody accepts the connection", cut: &net.OpError{Op: "dial", Net: "tcp", Err: tooLate{}}, told: []string{slow}},
		{name: "no answer comes", fault: held, hurry: true, told: []string{slow}},
		{name: "the answer stops in the middle", fault: standin.Stall(), hurry: true, told: []string{slow}},
		{name: "the connection is reset", fault: standin.Reset(), told: []string{silent}},
		{name: "the connection ends in the middle of the answer", fault: standin.Cut(), told: []string{silent}},
		{name: "it fails", fault: standin.Status(http.StatusInternalServerError), told: []string{silent}},
		{name: "a proxy has a page for it", fault: standin.HTML(http.StatusBadGateway), told: []string{silent}},
		{name: "it limits us", fault: standin.Limited(42 * time.Second), told: []string{silent}},
		{name: "the answer is empty", fault: standin.Body(http.StatusOK, "application/json", ""), told: []string{silent}},
		{name: "the answer is too large", fault: standin.Huge(2 << 20), told: []string{silent}},
		{name: "somebody answers with a page", fault: standin.HTML(http.StatusOK), told: []string{silent}},
		{name: "the answer is of another type", fault: standin.ContentType("text/plain"), told: []string{silent, ""}},
		{name: "half of the answer comes", fault: standin.Truncated(), told: []string{silent, refused, ""}},
		{name: "the answer is no text", fault: standin.Body(http.StatusOK, "application/json", "\x00\xff%zz{]"), told: []string{silent}},
		{name: "the answer is JSON of another kind", fault: standin.Body(http.StatusOK, "application/json", `[["`+page+`"]]`), told: []string{silent}},
		{name: "it redirects", fault: standin.Redirect(http.StatusFound, "https://elsewhere.example/"), told: []string{lost}},
		{name: "nothing is there", fault: standin.Status(http.StatusNotFound), told: []string{lost}},
		{name: "we may not", fault: standin.Status(http.StatusForbidden), told: []string{refused}},
	}
}

// open serves one of the upstreams of the matrix.
func (o *outage) open(s *scene, name string) elsewhere {
	client := standin.Client{ID: "door", Secret: elsewhereSecret}
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		s.t.Cleanup(server.Close)
		return server.URL
	}
	e := elsewhere{people: map[string]string{"ada": "ada@acme.example"}}
	switch name {
	case "github":
		g := standin.NewGitHub(client, standin.GitHubPerson{ID: 1, Login: "Ada", Name: "Ada Lovelace", Email: "ada@acme.example", Verified: true, Orgs: []string{"acme"}})
		e.front, e.url, e.people["ada"] = &g.Front, serve(g), "Ada"
		o.fresh = func() keptWay {
			return login.NewGitHub(login.GitHubOptions{URL: e.url, ClientID: "door", ClientSecret: elsewhereSecret, Groups: true, Transport: o.wire})
		}
	case "google", "okta":
		g := standin.NewGoogle(client, standin.GooglePerson{Sub: "110169484474386276334", Email: "ada@acme.example", Verified: true, Name: "Ada Lovelace"})
		g.Now = s.clock.Now
		e.front, e.url = &g.Front, serve(g)
		o.fresh = func() keptWay {
			if name == "google" {
				return login.NewGoogle(login.GoogleOptions{Issuer: e.url, ClientID: "door", ClientSecret: elsewhereSecret, Now: s.clock.Now, Transport: o.wire})
			}
			return login.NewOIDC(login.OIDCOptions{Issuer: e.url, ClientID: "door", ClientSecret: elsewhereSecret, Now: s.clock.Now, Transport: o.wire,
				Scopes: []string{"offline_access"}, Parameters: map[string]string{"access_type": "offline"}})
		}
		if name == "okta" { // its ID token is short of the address, which makes us ask
			g.Fail(standin.Token, standin.Alter(func(claims map[string]any) { delete(claims, "email") }))
		}
	case "plain":
		p := standin.NewOAuth2(standin.Plain, client, standin.OAuth2Person{ID: "u-1", Name: "Ada Lovelace", Email: "ada@acme.example", Verified: true})
		e.front, e.url = &p.Front, serve(p)
		o.fresh = func() keptWay {
			return login.NewOAuth2(login.OAuth2Options{Issuer: e.url, AuthorizationURL: e.url + "/authorize", TokenURL: e.url + "/token", UserURL: e.url + "/user",
				ClientID: "door", ClientSecret: elsewhereSecret, Transport: o.wire})
		}
	case "privy":
		p := standin.NewPrivy(client, standin.PrivyPerson{DID: adasDID, Created: s.clock.Now(), Linked: []map[string]any{{"type": "email", "address": "ada@acme.example", "verified_at": 1, "latest_verified_at": 1}}})
		p.Now = s.clock.Now
		at := serve(p)
		e.front, e.url, e.privy, e.postsFrom, e.people["ada"] = &p.Front, frontEnd, p, frontEnd, adasDID
		o.fresh = func() keptWay {
			way, err := login.NewPrivy(login.PrivyOptions{ID: "door", Secret: elsewhereSecret, LoginURL: frontEnd + "/sign-in?tenant=acme",
				Keys: at + "/api/v1/apps/door/jwks.json", API: at + "/v1", Now: s.clock.Now, Transport: o.wire})
			if err != nil {
				s.t.Fatal(err)
			}
			return way
		}
	}
	o.way = &renewable{o.fresh()}
	e.way = o.way
	return e
}

// TestEveryRequestToAnUpstreamFailsInEveryWay: whatever is asked of whomever, and
// whatever becomes of it, the person reads a sentence on the page where they pressed
// the button, with the name of the attempt; the flow trace and the log say which
// request it was and how it ended; nobody was made and nothing given; and the same
// button works when the upstream does. Covers U10.
func TestEveryRequestToAnUpstreamFailsInEveryWay(t *testing.T) {
	for name, asks := range map[string][]struct {
		endpoint standin.Endpoint
		path     string
		named    string // what the operator reads
	}{
		"github": {{standin.Token, "/login/oauth/access_token$", "the token request"}, {standin.User, "/user$", "the request for who the person is"},
			{standin.Emails, "/user/emails$", "the request for the person's addresses"}, {standin.Orgs, "/user/orgs$", "the request for the person's organizations"},
			{standin.Teams, "/user/teams$", "the request for the person's organizations and teams"}},
		"google": {{standin.Discovery, "/.well-known/openid-configuration$", "the metadata"}, {standin.Token, "/token$", "the token request"}, {standin.Keys, "/certs$", "the key set"}},
		"okta":   {{standin.User, "/userinfo$", "the request for who the person is"}},
		"plain":  {{standin.Token, "/token$", "the token request"}, {standin.User, "/user$", "the request for who the person is"}},
		"privy":  {{standin.Keys, "/jwks.json$", "the key set"}, {standin.User, "/v1/users/", "the request for who the person is"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := usual()
			given.outage, given.upstreams = &outage{wire: &wire{}}, []string{name}
			s := newScene(t, given).listen()
			s.must("person root", "client claude https://claude.ai/api/mcp/auth_callback")
			front := s.elsewhere[name].front
			for _, asked := range asks {
				for _, c := range outages() {
					s.current = fmt.Sprint(asked.endpoint, c.name)
					o := s.setting.outage
					o.way.keptWay, o.wire.cut, o.wire.hurry = o.fresh(), c.cut, c.hurry
					if c.cut == nil && !(name == "okta" && asked.endpoint == standin.Token) {
						front.Fail(asked.endpoint, c.fault)
					}
					o.wire.at.Store(&asked.path)
					s.must("GET /oauth/authorize response_type=code client_id=claude code_challenge=$s256.a code_challenge_method=S256 state=" + url.QueryEscape(s.current))
					before := s.people()
					err := s.toTheOther(name)
					o.wire.at.Store(nil)
					front.Heal(asked.endpoint)
					if worked := strings.HasPrefix(s.last.header.Get("Location"), "/consent"); err != nil || worked {
						if err != nil || c.told[len(c.told)-1] != "" {
							t.Errorf("%s, %s: it worked, %v; %s", asked.named, c.name, err, s.last)
						}
						continue
					}
					if complaint := s.turnedAwayWell(s.auth.TitleOf(name), asked.named, c.told); complaint != nil {
						t.Errorf("%s, %s: %v", asked.named, c.name, complaint)
						continue
					}
					if now := s.people(); now != before {
						t.Errorf("%s, %s: there were %d people, and are %d", asked.named, c.name, before, now)
					}
					if err := s.toTheOther(name); err != nil || !strings.HasPrefix(s.last.header.Get("Location"), "/consent") {
						t.Errorf("%s, %s: the next try does not work: %v, %s", asked.named, c.name, err, s.last)
					}
				}
			}
			s.gaveNothingAway()
		})
	}
}

// must performs lines that cannot fail.
func (s *scene) must(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		if err := s.perform(line); err != nil {
			s.t.Fatalf("%s: %v; the last answer was %s", line, err, s.last)
		}
	}
}

// toTheOther is the way there and back, as far as it leads. The page of Privy's
// has no identity token, so that the API is asked.
func (s *scene) toTheOther(name string) error {
	if err := s.leave(name); err != nil || s.last.status != http.StatusSeeOther {
		return err
	}
	if err := s.elsewhereAs(name + " ada"); err != nil {
		return err
	}
	if name == "privy" {
		if err := s.handOver(name + " identity_token="); err != nil {
			return err
		}
	}
	return s.ask("GET", s.vars["back"])
}

func (s *scene) people() int {
	all, err := s.store.People(s.t.Context(), "", 1000)
	if err != nil {
		s.t.Fatal(err)
	}
	return len(all)
}

// turnedAwayWell looks at what a person, the flow trace and the log say of a failed
// sign-in.
func (s *scene) turnedAwayWell(title, asked string, told []string) error {
	var said string
	for _, sentence := range told {
		if sentence != "" && strings.Contains(s.last.body, title+sentence) {
			said = sentence
		}
	}
	flow := flowOnPage.FindStringSubmatch(s.last.body)
	switch temporary := said == silent || said == slow; {
	case said == "":
		return fmt.Errorf("the person reads %s", s.last)
	case temporary && (s.last.status != http.StatusServiceUnavailable || s.last.header.Get("Retry-After") == ""), !temporary && s.last.status != http.StatusForbidden:
		return fmt.Errorf("the status is %d, with Retry-After %q", s.last.status, s.last.header.Get("Retry-After"))
	case !strings.Contains(s.last.body, "Continue with "):
		return errors.New("there is no button to try again")
	case flow == nil:
		return errors.New("the page has no name of the attempt")
	}
	for _, c := range (&http.Response{Header: s.last.header}).Cookies() {
		if strings.Contains(c.Name, "session") && c.Value != "" {
			return errors.New("the person is signed in")
		}
	}
	s.flows.Flush(s.t.Context())
	f, err := s.store.Flow(s.t.Context(), flow[1])
	if err != nil {
		return err
	}
	if !strings.Contains(f.Steps, "cause: login: "+asked) {
		return fmt.Errorf("the flow trace says %s", f.Steps)
	}
	log := s.log.String()
	s.log.reset()
	if !strings.Contains(log, "login: "+asked) {
		return fmt.Errorf("the log says %s", log)
	}
	return nil
}
