package authserver_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// TestEveryRequestOfARefreshToAnUpstreamFailsInEveryWay: whatever becomes of a request by
// which an upstream is asked about somebody, their client is told to come again, keeps
// what it has, and has new tokens when the upstream answers. Only what the upstream says
// of the person ends anything. Covers W12.
func TestEveryRequestOfARefreshToAnUpstreamFailsInEveryWay(t *testing.T) {
	for name, asks := range map[string]map[standin.Endpoint]string{
		"github": {standin.User: "/user$", standin.Emails: "/user/emails$", standin.Orgs: "/user/orgs$", standin.Teams: "/user/teams$"},
		"google": {standin.Discovery: "/.well-known/openid-configuration$", standin.Token: "/token$", standin.Keys: "/certs$"},
		"okta":   {standin.User: "/userinfo$"},
		"plain":  {standin.User: "/user$"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			given := usual()
			given.outage, given.upstreams = &outage{wire: &wire{}}, []string{name}
			s := newScene(t, given).listen()
			s.must("person root", "client claude https://claude.ai/api/mcp/auth_callback",
				"GET /oauth/authorize response_type=code client_id=claude code_challenge=$s256.a code_challenge_method=S256 state=s1",
				"through "+name+" ada", "leads-to /consent", "save page header Location", "GET $page", "allow", "save code location code",
				"POST /oauth/token grant_type=authorization_code client_id=claude code=$code code_verifier=$v.a", "save refresh json refresh_token")
			o, front := s.setting.outage, s.elsewhere[name].front
			for endpoint, path := range asks {
				for _, c := range outages() {
					s.current = fmt.Sprint(endpoint, ", ", c.name)
					o.way.keptWay, o.wire.cut, o.wire.hurry = o.fresh(), c.cut, c.hurry
					if c.cut == nil {
						front.Fail(endpoint, c.fault)
					}
					o.wire.at.Store(&path)
					asked := front.Count(endpoint)
					s.must("wait 11m", "POST /oauth/token grant_type=refresh_token client_id=claude refresh_token=$refresh")
					if c.cut == nil && front.Count(endpoint) == asked {
						t.Fatalf("%s: it was not asked", s.current)
					}
					o.wire.at.Store(nil)
					front.Heal(endpoint)
					switch s.last.status {
					case http.StatusOK:
						if c.told[len(c.told)-1] != "" {
							t.Errorf("%s: it worked", s.current)
						}
					case http.StatusServiceUnavailable:
						if s.last.header.Get("Retry-After") == "" {
							t.Errorf("%s: nobody says when to come again", s.current)
						}
						s.must("POST /oauth/token grant_type=refresh_token client_id=claude refresh_token=$refresh", "status 200")
					default:
						t.Fatalf("%s: %s", s.current, s.last)
					}
					s.must("save refresh json refresh_token", "grants 1")
				}
			}
			s.gaveNothingAway()
		})
	}
}
