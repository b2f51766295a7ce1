package login

import (
	"net/url"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
)

// TestAnAnswerIsReadAsTheUpstreamMeantIt, and one of another issuer is none: RFC 9207
// §2.4.
func TestAnAnswerIsReadAsTheUpstreamMeantIt(t *testing.T) {
	github := NewGitHub(GitHubOptions{ClientID: "door"})
	openid := func(iss string) bool { return iss == "https://okta.example" }
	for _, c := range []struct {
		name   string
		answer string
		names  func(string) bool
		always bool
		code   string
		want   oauth.ErrorCode
	}{
		{"a code", "code=abc&state=s", openid, false, "abc", ""},
		{"with its issuer", "code=abc&iss=https://okta.example", openid, true, "abc", ""},
		{"without one that always comes", "code=abc", openid, true, "", oauth.AccessDenied},
		{"of another issuer", "code=abc&iss=https://okta.example.evil", openid, false, "", oauth.AccessDenied},
		{"of two issuers", "code=abc&iss=https://okta.example&iss=https://okta.example", openid, false, "", oauth.AccessDenied},
		{"of an OAuth server's path", "code=abc&iss=https://github.com/login/oauth", github.names, false, "abc", ""},
		{"of another host than people were sent to", "code=abc&iss=https://gitlab.com/login/oauth", github.names, false, "", oauth.AccessDenied},
		{"of the same host without TLS", "code=abc&iss=http://github.com", github.names, false, "", oauth.AccessDenied},
		{"two codes", "code=abc&code=def", openid, false, "", oauth.AccessDenied},
		{"no code", "state=s", openid, false, "", oauth.AccessDenied},
		{"a no", "error=access_denied&code=abc", openid, false, "", oauth.AccessDenied},
		{"an excuse", "error=temporarily_unavailable", openid, false, "", oauth.TemporarilyUnavailable},
		{"a refusal", "error=redirect_uri_mismatch", openid, false, "", oauth.AccessDenied},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, err := url.ParseQuery(c.answer)
			if err != nil {
				t.Fatal(err)
			}
			code, err := answered(answer, c.names, c.always)
			if code != c.code || codeOf(err) != c.want {
				t.Errorf("%q, %v", code, err)
			}
		})
	}
}

func TestAUsernameIsMadeOfWhatAnUpstreamCallsSomebody(t *testing.T) {
	for _, c := range []struct {
		name, username, want string
		try                  int
	}{
		{"as it is", "grace", "grace@github", 0},
		{"in the one spelling", "Grace", "grace@github", 0},
		{"with what a username cannot have", "grace hopper!", "grace-hopper-@github", 0},
		{"with a mark, when it is taken", "grace", "grace-ca0e43ee@github", 1},
		{"none at all", "", "ca0e43ee4e6e216a@github", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := Profile{Identity: oauth.Identity{Issuer: "https://github.com", Subject: "9"}, Username: c.username, FullName: "Grace\u202e Hopper"}
			got := p.Person("github", c.try)
			if got.Username != c.want || got.Name != got.Username {
				t.Errorf("%s, %q; want %s, and its name without what turns text around", got.Username, got.Name, c.want)
			}
			if again, err := CanonicalUsername(got.Username); err != nil || again != got.Username {
				t.Errorf("%s is not canonical: %s, %v", got.Username, again, err)
			}
		})
	}
}

// FuzzPersonOfAProfile: whatever an upstream says, a person has a username of the one
// spelling, and a name that can be shown.
func FuzzPersonOfAProfile(f *testing.F) {
	f.Add("grace", "Grace Hopper", "grace@navy.example", 0)
	f.Add("ſ\u1e9e@@@", "\x00", "not an address", 1)
	f.Fuzz(func(t *testing.T, username, full, email string, try int) {
		p := Profile{Identity: oauth.Identity{Issuer: "https://github.com", Subject: "9"}, Username: username, FullName: full, Email: email}
		got := p.Person("github", min(max(try, 0), 2))
		if again, err := CanonicalUsername(got.Username); err != nil || again != got.Username {
			t.Errorf("%q: %q is not canonical: %v", username, got.Username, err)
		}
		if err := checkPerson(got); err != nil || got.Name == "" {
			t.Errorf("%+v: %v", got, err)
		}
	})
}
