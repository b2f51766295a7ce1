package oauth

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCompleteRedirectURIs(t *testing.T) {
	var many []string
	for n := range 30 {
		many = append(many, fmt.Sprintf("https://a.example/%d", n))
	}
	for _, c := range []struct {
		name       string
		said, want []string
		reason     string
	}{
		{"none", nil, nil, "redirect_uris is missing or empty"},
		{"one that is usable", []string{"https://a.example/cb"}, []string{"https://a.example/cb"}, ""},
		{"an unusable one does not take the usable down", []string{"cursor://x/cb", "https://a.example/cb", "javascript:alert(1)"}, []string{"https://a.example/cb"}, ""},
		{"of none that is usable the first reason counts", []string{"cursor://x/cb", "http://a.example/cb"}, nil, "the private-use scheme of a redirect URI is not on this server's list"},
		{"one said twice is held once", []string{"https://a.example/cb", "https://b.example/cb", "https://a.example/cb"}, []string{"https://a.example/cb", "https://b.example/cb"}, ""},
		{"of thirty, twenty are held", many, many[:20], ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ClientMetadata{RedirectURIs: c.said}.Complete(nil)
			if c.reason != "" {
				if refusal := AsError(err); refusal.Code != InvalidRedirectURI || refusal.Description != c.reason {
					t.Errorf("got %v, want %q", err, c.reason)
				}
				return
			}
			if err != nil || !slices.Equal(m.RedirectURIs, c.want) {
				t.Errorf("got %q, %v", m.RedirectURIs, err)
			}
		})
	}
}

func TestCompleteAuthentication(t *testing.T) {
	web, loop, own := []string{"https://a.example/cb"}, []string{"http://127.0.0.1/cb"}, []string{"cursor://x/cb"}
	for _, c := range []struct {
		name             string
		redirects        []string
		method, kind     string
		wantMethod, want string
	}{
		{"a web site gets a secret", web, "", "", AuthBasic, "web"},
		{"a program on this computer gets none", loop, "", "", AuthNone, "native"},
		{"a program with its own scheme gets none", own, "", "", AuthNone, "native"},
		{"a web site with a way to this computer gets a secret", append(loop, web...), "", "", AuthBasic, "web"},
		{"a native program with a web address gets none", web, "", "native", AuthNone, "native"},
		{"a program on this computer that says web gets none", loop, "", "web", AuthNone, "web"},
		{"a web site that says none gets none", web, AuthNone, "", AuthNone, "web"},
		{"a program on this computer that wants a secret gets one", loop, AuthPost, "", AuthPost, "native"},
		{"private_key_jwt on the web becomes a secret", web, "private_key_jwt", "", AuthBasic, "web"},
		{"private_key_jwt on this computer becomes none", loop, "private_key_jwt", "", AuthNone, "native"},
		{"client_secret_jwt becomes a secret", web, "client_secret_jwt", "", AuthBasic, "web"},
		{"what no one knows becomes a secret", web, "CLIENT_SECRET_BASIC", "browser", AuthBasic, "web"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ClientMetadata{RedirectURIs: c.redirects, TokenEndpointAuthMethod: c.method, ApplicationType: c.kind}.Complete([]string{"cursor"})
			if err != nil || m.TokenEndpointAuthMethod != c.wantMethod || m.ApplicationType != c.want {
				t.Errorf("got %q, %q, %v", m.TokenEndpointAuthMethod, m.ApplicationType, err)
			}
		})
	}
}

func TestCompleteGrantTypes(t *testing.T) {
	for _, c := range []struct {
		name string
		said []string
	}{
		{"none said", nil},
		{"refresh_token not asked for", []string{"authorization_code"}},
		{"authorization_code not asked for", []string{"refresh_token"}},
		{"the implicit and the password grant", []string{"implicit", "password"}},
		{"a machine's grant", []string{"client_credentials"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ClientMetadata{RedirectURIs: []string{"https://a.example/cb"}, GrantTypes: c.said, ResponseTypes: []string{"token"}}.Complete(nil)
			if err != nil || !slices.Equal(m.GrantTypes, []string{"authorization_code", "refresh_token"}) || !slices.Equal(m.ResponseTypes, []string{"code"}) {
				t.Errorf("got %q, %q, %v", m.GrantTypes, m.ResponseTypes, err)
			}
		})
	}
}

func TestCompleteNames(t *testing.T) {
	for _, c := range []struct{ name, said, want string }{
		{"a name stays", "Claude", "Claude"},
		{"letters of any script stay", "クロード е́", "クロード е́"},
		{"space around and between is one space", "  Claude\n\n  Code\t", "Claude Code"},
		{"control characters go", "Cla\x00u\x1bde\x7f", "Claude"},
		{"what turns the line around goes", "Cl\u202eau\u2066de\u200f", "Claude"},
		{"what is not seen goes", "C\u200bl\u2060a\u00adu\u3164d\u2800e\ufe0f\U000e0041", "Claude"},
		{"broken text goes", "Cl\xffaude", "Claude"},
		{"markup is for the page to escape", "<b>Claude</b>", "<b>Claude</b>"},
		{"a long name is cut", strings.Repeat("a", 300), strings.Repeat("a", 200)},
		{"a long name is cut between characters", "a" + strings.Repeat("é", 150), "a" + strings.Repeat("é", 99)},
		{"only what is not seen is no name", "\u200b\u202e ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ClientMetadata{RedirectURIs: []string{"https://a.example/cb"}, ClientName: c.said, SoftwareID: c.said, Contacts: []string{c.said}}.Complete(nil)
			if err != nil || m.ClientName != c.want || m.SoftwareID != c.want || strings.Join(m.Contacts, "") != c.want {
				t.Errorf("got %q, %q, %q, %v", m.ClientName, m.SoftwareID, m.Contacts, err)
			}
		})
	}
}

func TestCompleteWebPages(t *testing.T) {
	for _, c := range []struct {
		name, said string
		kept       bool
	}{
		{"https", "https://a.example/about?x=1#top", true},
		{"http", "http://a.example/", false},
		{"javascript", "javascript:alert(1)", false},
		{"no host", "https:///a", false},
		{"userinfo", "https://claude.ai@evil.example/", false},
		{"a backslash", `https://claude.ai\@evil.example/`, false},
		{"a newline", "https://a.example/\nb", false},
		{"a quotation mark", `https://a.example/"onload=`, false},
		{"no scheme", "//a.example/", false},
		{"very long", "https://a.example/" + strings.Repeat("a", 3000), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ClientMetadata{RedirectURIs: []string{"https://a.example/cb"}, ClientURI: c.said, LogoURI: c.said, TermsURI: c.said, PolicyURI: c.said}.Complete(nil)
			want := ""
			if c.kept {
				want = c.said
			}
			if err != nil || m.ClientURI != want || m.LogoURI != want || m.TermsURI != want || m.PolicyURI != want {
				t.Errorf("got %+v, %v", m, err)
			}
		})
	}
}

func TestCompleteScope(t *testing.T) {
	for _, c := range []struct{ name, said, want string }{
		{"none", "", ""},
		{"sorted, each once", "b a  b", "a b"},
		{"what is no scope is left out", "a \"b\" c\\d é z", "a z"},
		{"another separator is forgiven: it is only shown", "b\ta\nc", "a b c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := ClientMetadata{RedirectURIs: []string{"https://a.example/cb"}, Scope: c.said}.Complete(nil)
			if err != nil || m.Scope != c.want {
				t.Errorf("got %q, %v", m.Scope, err)
			}
		})
	}
	long, err := ClientMetadata{RedirectURIs: []string{"https://a.example/cb"}, Scope: strings.Repeat("abcdefg ", 10000)}.Complete(nil)
	if err != nil || len(long.Scope) > maxScopeText {
		t.Errorf("%d bytes, %v", len(long.Scope), err)
	}
}

func TestPublicID(t *testing.T) {
	base := func() ClientMetadata {
		return ClientMetadata{RedirectURIs: []string{"http://127.0.0.1:1/cb", "https://a.example/cb"}, ClientName: "A", TokenEndpointAuthMethod: AuthNone}
	}
	complete := func(t *testing.T, change func(*ClientMetadata)) ClientMetadata {
		t.Helper()
		m := base()
		change(&m)
		m, err := m.Complete(nil)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	id := complete(t, func(*ClientMetadata) {}).PublicID()
	if len(id) != len("sp_cl_")+22 || !strings.HasPrefix(id, "sp_cl_") {
		t.Errorf("the id is %q", id)
	}
	for _, c := range []struct {
		name   string
		change func(*ClientMetadata)
		same   bool
	}{
		{"the same again", func(*ClientMetadata) {}, true},
		{"redirect URIs in another order", func(m *ClientMetadata) { slices.Reverse(m.RedirectURIs) }, true},
		{"another loopback port", func(m *ClientMetadata) { m.RedirectURIs[0] = "http://127.0.0.1:65000/cb" }, true},
		{"no loopback port", func(m *ClientMetadata) { m.RedirectURIs[0] = "http://127.0.0.1/cb" }, true},
		{"two loopback ports", func(m *ClientMetadata) { m.RedirectURIs = append(m.RedirectURIs, "http://127.0.0.1:2/cb") }, true},
		{"what is dropped anyway", func(m *ClientMetadata) {
			m.RedirectURIs = append(m.RedirectURIs, "cursor://x")
			m.GrantTypes = []string{"implicit"}
		}, true},
		{"another loopback path", func(m *ClientMetadata) { m.RedirectURIs[0] = "http://127.0.0.1:1/other" }, false},
		{"another loopback host", func(m *ClientMetadata) { m.RedirectURIs[0] = "http://localhost:1/cb" }, false},
		{"another port of a host elsewhere", func(m *ClientMetadata) { m.RedirectURIs[1] = "https://a.example:444/cb" }, false},
		{"another name", func(m *ClientMetadata) { m.ClientName = "B" }, false},
		{"a logo", func(m *ClientMetadata) { m.LogoURI = "https://evil.example/logo.png" }, false},
		{"a scope", func(m *ClientMetadata) { m.Scope = "a" }, false},
		{"another version", func(m *ClientMetadata) { m.SoftwareVersion = "2" }, false},
		{"a redirect URI more", func(m *ClientMetadata) { m.RedirectURIs = append(m.RedirectURIs, "https://b.example/cb") }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := complete(t, c.change)
			before := slices.Clone(m.RedirectURIs)
			if got := m.PublicID(); (got == id) != c.same {
				t.Errorf("%s and %s", got, id)
			}
			if !slices.Equal(m.RedirectURIs, before) {
				t.Error("the redirect URIs were changed")
			}
		})
	}
}
