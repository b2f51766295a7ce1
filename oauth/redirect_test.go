package oauth

import (
	"net/url"
	"strings"
	"testing"
)

func TestCheckRedirectURI(t *testing.T) {
	schemes := []string{"cursor"}
	for _, c := range []struct {
		name, uri string
		ok        bool
	}{
		{"https with a path", "https://claude.ai/api/mcp/auth_callback", true},
		{"https with no path", "https://a.example", true},
		{"https with a port", "https://a.example:8443/cb", true},
		{"https with a query", "https://a.example/cb?tenant=1&x=", true},
		{"https on an IPv4 address", "https://192.0.2.1/cb", true},
		{"https on an IPv6 address", "https://[2001:db8::1]:8443/cb", true},
		{"a punycode host", "https://xn--bcher-kva.example/cb", true},
		{"a host with an underscore", "https://my_server.example/cb", true},
		{"an encoded octet in the path", "https://a.example/c%20b", true},
		{"an upper-case scheme and host", "HTTPS://A.EXAMPLE/cb", true},
		{"a path that holds a port", "https://a.example/x:8080/cb", true},
		{"a semicolon in the path", "https://a.example/cb;v=1", true},
		{"dots that are no dot segment", "https://a.example/...//a..b/.well-known", true},

		{"http on 127.0.0.1", "http://127.0.0.1/cb", true},
		{"http on 127.0.0.1 with a port", "http://127.0.0.1:33418/", true},
		{"http on localhost", "http://localhost:6274/oauth/callback", true},
		{"http on LOCALHOST", "http://LOCALHOST/cb", true},
		{"http on [::1]", "http://[::1]/cb", true},
		{"http on [::1] with a port", "http://[::1]:1/cb", true},
		{"http elsewhere", "http://a.example/cb", false},
		{"a host that begins with localhost", "http://localhost.evil.test/cb", false},
		{"a host that begins with 127.0.0.1", "http://127.0.0.1.evil.test/cb", false},
		{"a host that ends in localhost", "http://evil.localhost/cb", false},
		{"localhost with a dot behind", "http://localhost./cb", false},
		{"a mapped IPv6 address", "http://[::ffff:127.0.0.1]/cb", false},
		{"a long spelling of ::1", "http://[0:0:0:0:0:0:0:1]/cb", false},
		{"::1 with a zone", "http://[::1%25eth0]/cb", false},
		{"127.1", "http://127.1/cb", false},
		{"0x7f.1", "http://0x7f.1/cb", false},
		{"2130706433", "http://2130706433/cb", false},
		{"0177.0.0.1", "http://0177.0.0.1/cb", false},
		{"127.0.0.2", "http://127.0.0.2/cb", false},
		{"0.0.0.0", "http://0.0.0.0/cb", false},
		{"http without slashes", "http:localhost/cb", false},
		{"http with one slash", "http:/localhost/cb", false},
		{"http with three slashes", "http:///localhost/cb", false},

		{"a numeric host that browsers read as an address", "https://0x7f.1/cb", false},
		{"a host that ends in a number", "https://a.1/cb", false},
		{"a host with an empty label", "https://a..example/cb", false},
		{"a host with a dot behind", "https://a.example./cb", false},
		{"a host with a comma", "https://a.example,b.example/cb", false},
		{"a host with an encoded octet", "https://%61.example/cb", false},
		{"a host with an encoded letter beyond ASCII", "https://b%C3%BCcher.example/cb", false},
		{"a host beyond ASCII", "https://bücher.example/cb", false},
		{"an IPv6 address with a zone", "https://[fe80::1%25eth0]/cb", false},
		{"brackets around no address", "https://[a.example]/cb", false},
		{"no host", "https:///cb", false},
		{"only a port", "https://:8443/cb", false},
		{"https without slashes", "https:a.example/cb", false},
		{"no scheme", "//a.example/cb", false},
		{"a path only", "/cb", false},
		{"nothing", "", false},

		{"port 0", "http://127.0.0.1:0/cb", false},
		{"port 65535", "http://127.0.0.1:65535/cb", true},
		{"port 65536", "http://127.0.0.1:65536/cb", false},
		{"port 99999", "http://127.0.0.1:99999/cb", false},
		{"an empty port", "http://127.0.0.1:/cb", false},
		{"a port with a zero in front", "http://127.0.0.1:080/cb", false},
		{"a port that is no number", "http://127.0.0.1:http/cb", false},
		{"a negative port", "http://127.0.0.1:-1/cb", false},
		{"two ports", "http://127.0.0.1:1:2/cb", false},
		{"an empty port elsewhere", "https://a.example:/cb", false},

		{"a fragment", "https://a.example/cb#x", false},
		{"an empty fragment", "https://a.example/cb#", false},
		{"a user", "https://claude.ai@evil.test/cb", false},
		{"a user and a password", "https://a:b@evil.test/cb", false},
		{"an empty user", "https://@evil.test/cb", false},
		{"several at signs", "https://a@b@evil.test/cb", false},
		{"an at sign in the path", "https://a.example/@b", true},
		{"a user on the loopback", "http://127.0.0.1@evil.test/cb", false},
		{"a backslash", `https://a.example\@evil.test/cb`, false},
		{"a backslash in the path", `https://a.example/\evil.test`, false},
		{"a tab", "https://a.exa\tmple/cb", false},
		{"a newline", "https://a.example/cb\n", false},
		{"a carriage return", "https://a.example/\rcb", false},
		{"a NUL", "https://a.example/\x00", false},
		{"a space in front", " https://a.example/cb", false},
		{"a space inside", "https://a.example/c b", false},
		{"a quotation mark", `https://a.example/"`, false},
		{"an angle bracket", "https://a.example/<script>", false},
		{"a letter beyond ASCII in the path", "https://a.example/é", false},
		{"a broken escape", "https://a.example/%zz", false},
		{"a broken escape in the query", "https://a.example/?a=%", false},
		{"a broken escape behind a private scheme", "com.example:%zz", false},

		{"a dot segment", "https://a.example/a/../b", false},
		{"a single dot segment", "https://a.example/./b", false},
		{"a dot segment at the end", "https://a.example/a/..", false},
		{"an encoded dot segment", "https://a.example/a/%2e%2e/b", false},
		{"a half-encoded dot segment", "https://a.example/a/.%2E/b", false},
		{"a dot segment behind an encoded slash", "https://a.example/a%2f..%2fb", false},
		{"a dot segment behind an encoded backslash", "https://a.example/a%5c..%5cb", false},
		{"a dot segment behind a semicolon", "https://a.example/cb;/../b", false},
		{"a dot segment with a parameter", "https://a.example/a/..;/b", false},
		{"a dot segment with a named parameter", "https://a.example/a/..;x=1/b", false},

		{"a wildcard host", "https://*.example/cb", false},
		{"a wildcard in a label", "https://a*.example/cb", false},
		{"an asterisk in the path is an asterisk", "https://a.example/*", true},

		{"a code in the query", "https://a.example/cb?code=x", false},
		{"an encoded code in the query", "https://a.example/cb?%63ode=x", false},
		{"a code without a value", "https://a.example/cb?a=1&code", false},
		{"a state in the query", "https://a.example/cb?state=x", false},
		{"an iss in the query", "https://a.example/cb?iss=https://evil.test", false},
		{"an error in the query", "https://a.example/cb?error=access_denied", false},
		{"an error_description in the query", "https://a.example/cb?error_description=x", false},
		{"a response in the query", "https://a.example/cb?response=x", false},
		{"an access token in the query", "https://a.example/cb?access_token=x", false},
		{"an id token in the query", "https://a.example/cb?id_token=x", false},
		{"a semicolon that some read as an ampersand", "https://a.example/cb?a=1;code=x", false},
		{"a word that ends in code", "https://a.example/cb?xcode=1&encode=2", true},

		{"a private scheme from the list", "cursor://anysphere.cursor-mcp/oauth/callback", true},
		{"a private scheme in capitals", "CURSOR://anysphere.cursor-mcp/oauth/callback", true},
		{"a private scheme not on the list", "evil://cb", false},
		{"a scheme that is a domain reversed", "com.example.app:/oauth/callback", true},
		{"a scheme with a dot behind", "example.:/cb", false},
		{"a private scheme with a user", "cursor://a@b/cb", false},
		{"a private scheme with a fragment", "cursor://a/cb#x", false},
		{"a private scheme with a code", "cursor://a/cb?code=x", false},

		{"javascript", "javascript:alert(1)", false},
		{"JavaScript", "JavaScript:alert(1)", false},
		{"javascript with slashes", "javascript://a.example/%0aalert(1)", false},
		{"javascript with a tab", "java\tscript:alert(1)", false},
		{"javascript with a newline", "java\nscript:alert(1)", false},
		{"javascript behind a space", " javascript:alert(1)", false},
		{"javascript behind a control character", "\x01javascript:alert(1)", false},
		{"data", "data:text/html,x", false},
		{"DATA", "DATA:text/html;base64,eA==", false},
		{"vbscript", "vbscript:msgbox(1)", false},
		{"file", "file:///etc/passwd", false},
		{"File", "File:///etc/passwd", false},
		{"blob", "blob:https://a.example/1", false},
		{"view-source", "view-source:https://a.example/", false},
		{"about", "about:blank", false},
		{"the out-of-band URN", "urn:ietf:wg:oauth:2.0:oob", false},

		{"2048 characters", "https://a.example/" + strings.Repeat("a", 2048-18), true},
		{"2049 characters", "https://a.example/" + strings.Repeat("a", 2049-18), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := CheckRedirectURI(c.uri, schemes)
			if (err == nil) != c.ok {
				t.Errorf("%q: %v", c.uri, err)
			}
			if err != nil && AsError(err).Code != InvalidRedirectURI {
				t.Errorf("%q: %v", c.uri, err)
			}
		})
	}
}

// Whatever a settings file allows, these are never redirected to.
func TestNoListAllowsWhatRunsCode(t *testing.T) {
	for _, scheme := range []string{"javascript", "data", "vbscript", "file", "blob"} {
		for _, spelling := range []string{scheme, strings.ToUpper(scheme), strings.ToUpper(scheme[:1]) + scheme[1:]} {
			if CheckRedirectURI(spelling+"://a/b", []string{scheme, spelling}) == nil {
				t.Errorf("%s is allowed", spelling)
			}
			if !ForbiddenScheme(spelling) {
				t.Errorf("%s may be on the list", spelling)
			}
		}
	}
	if ForbiddenScheme("cursor") {
		t.Error("cursor may not be on the list")
	}
}

func TestMatchRedirectURI(t *testing.T) {
	for _, c := range []struct {
		name, registered, presented string
		want                        bool
	}{
		{"the same", "https://a.example/cb", "https://a.example/cb", true},
		{"the same with a query", "https://a.example/cb?x=1", "https://a.example/cb?x=1", true},
		{"the same private scheme", "cursor://a/cb", "cursor://a/cb", true},
		{"a slash more", "https://a.example/cb", "https://a.example/cb/", false},
		{"a slash for an empty path", "https://a.example", "https://a.example/", false},
		{"another case in the path", "https://a.example/cb", "https://a.example/CB", false},
		{"another case in the host", "https://a.example/cb", "https://A.example/cb", false},
		{"another case in the scheme", "https://a.example/cb", "HTTPS://a.example/cb", false},
		{"the default port", "https://a.example/cb", "https://a.example:443/cb", false},
		{"another port", "https://a.example:1/cb", "https://a.example:2/cb", false},
		{"the same letter encoded", "https://a.example/cb", "https://a.example/%63b", false},
		{"an escape in another case", "https://a.example/%2f", "https://a.example/%2F", false},
		{"a query more", "https://a.example/cb", "https://a.example/cb?x=1", false},
		{"an empty query more", "https://a.example/cb", "https://a.example/cb?", false},
		{"a fragment more", "https://a.example/cb", "https://a.example/cb#x", false},
		{"the query in another order", "https://a.example/cb?x=1&y=2", "https://a.example/cb?y=2&x=1", false},
		{"a path below", "https://a.example/cb", "https://a.example/cb/../evil", false},
		{"a user in front", "https://a.example/cb", "https://x@a.example/cb", false},
		{"https for http", "http://127.0.0.1/cb", "https://127.0.0.1/cb", false},
		{"another port of a private scheme", "cursor://a:1/cb", "cursor://a:2/cb", false},
		{"another port of the loopback with https", "https://127.0.0.1:1/cb", "https://127.0.0.1:2/cb", false},

		{"loopback: a port where none is registered", "http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true},
		{"loopback: another port than is registered", "http://127.0.0.1:33418/cb", "http://127.0.0.1:51004/cb", true},
		{"loopback: no port where one is registered", "http://127.0.0.1:33418/cb", "http://127.0.0.1/cb", true},
		{"loopback: localhost with a port", "http://localhost/callback", "http://localhost:51004/callback", true},
		{"loopback: [::1] with a port", "http://[::1]/cb", "http://[::1]:51004/cb", true},
		{"loopback: [::1] with port 1 for port 2", "http://[::1]:1/cb", "http://[::1]:2/cb", true},
		{"loopback: the default port", "http://127.0.0.1/cb", "http://127.0.0.1:80/cb", true},
		{"loopback: a query that is registered", "http://127.0.0.1/cb?x=1", "http://127.0.0.1:1/cb?x=1", true},
		{"loopback: a path with what looks like a port", "http://127.0.0.1/a:8080", "http://127.0.0.1:8080/a:8080", true},
		{"loopback: a port that moved into the path", "http://127.0.0.1:8080/a", "http://127.0.0.1/a:8080", false},
		{"loopback: a port taken out of the path", "http://127.0.0.1/a:8080", "http://127.0.0.1:8080/a", false},
		{"loopback: another path", "http://127.0.0.1/cb", "http://127.0.0.1:1/evil", false},
		{"loopback: a slash more", "http://127.0.0.1/cb", "http://127.0.0.1:1/cb/", false},
		{"loopback: no path for a slash", "http://127.0.0.1/", "http://127.0.0.1:33418", false},
		{"loopback: a query more", "http://127.0.0.1/cb", "http://127.0.0.1:1/cb?x=1", false},
		{"loopback: another name for it", "http://127.0.0.1/cb", "http://localhost:1/cb", false},
		{"loopback: the other family", "http://127.0.0.1/cb", "http://[::1]:1/cb", false},
		{"loopback: another case", "http://localhost/cb", "http://LOCALHOST:1/cb", false},
		{"loopback: a host that begins with it", "http://localhost/cb", "http://localhost.evil.test:1/cb", false},
		{"loopback: it is the user of another host", "http://localhost/cb", "http://localhost:1@evil.test/cb", false},
		{"loopback: a user", "http://localhost/cb", "http://x@localhost:1/cb", false},
		{"loopback: port 0", "http://localhost/cb", "http://localhost:0/cb", false},
		{"loopback: port 99999", "http://localhost/cb", "http://localhost:99999/cb", false},
		{"loopback: an empty port", "http://localhost/cb", "http://localhost:/cb", false},
		{"loopback: a port with a zero in front", "http://localhost/cb", "http://localhost:08080/cb", false},
		{"loopback: an encoded path", "http://localhost/cb", "http://localhost:1/%63b", false},
		{"loopback: a fragment", "http://localhost/cb", "http://localhost:1/cb#x", false},
		{"loopback: a tab", "http://localhost/cb", "http://localhost:1/c\tb", false},
		{"loopback: a backslash", "http://localhost/cb", `http://localhost:1\cb`, false},
		{"loopback: three slashes", "http://localhost/cb", "http:///localhost:1/cb", false},
		{"loopback: https", "http://localhost/cb", "https://localhost:1/cb", false},
		{"nothing", "http://localhost/cb", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := MatchRedirectURI(c.registered, c.presented); got != c.want {
				t.Errorf("%q and %q: %t", c.registered, c.presented, got)
			}
			m := ClientMetadata{RedirectURIs: []string{"https://other.example/cb", c.registered}}
			if got := m.MatchRedirectURI(c.presented); got != c.want {
				t.Errorf("of a client: %t", got)
			}
		})
	}
	if (ClientMetadata{}).MatchRedirectURI("") {
		t.Error("a client without redirect URIs matches")
	}
}

// FuzzMatchRedirectURI: where it says that two URIs match, both would take a
// browser to the same place, but for the port of the loopback.
func FuzzMatchRedirectURI(f *testing.F) {
	for _, pair := range [][2]string{
		{"http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"},
		{"http://[::1]:1/cb", "http://[::1]:2/cb"},
		{"http://localhost:8080/a:8080", "http://localhost/a:8080"},
		{"http://localhost/cb?x=1", "http://localhost:1@evil.test/cb?x=1"},
		{"https://a.example/cb", "https://a.example/cb"},
		{"com.example:/cb", "com.example:/cb"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, registered, presented string) {
		if CheckRedirectURI(registered, nil) != nil || !MatchRedirectURI(registered, presented) {
			return
		}
		r, err1 := url.Parse(registered)
		p, err2 := url.Parse(presented)
		if err1 != nil || err2 != nil {
			t.Fatalf("%q and %q match: %v, %v", registered, presented, err1, err2)
		}
		if p.Scheme != r.Scheme || p.Hostname() != r.Hostname() || p.Path != r.Path || p.RawPath != r.RawPath ||
			p.RawQuery != r.RawQuery || p.ForceQuery != r.ForceQuery || p.Opaque != r.Opaque || p.User != nil || strings.Contains(presented, "#") {
			t.Errorf("%q and %q match", registered, presented)
		}
		if p.Port() != r.Port() && (r.Scheme != "http" || !IsLoopbackHost(r.Hostname())) {
			t.Errorf("%q and %q match, with other ports", registered, presented)
		}
		if err := CheckRedirectURI(presented, nil); err != nil {
			t.Errorf("%q matches but may not be registered: %v", presented, err)
		}
		if !MatchRedirectURI(presented, registered) {
			t.Errorf("%q matches %q but not the other way round", presented, registered)
		}
	})
}

// FuzzCheckRedirectURI: what passes has one meaning for everyone who reads it.
func FuzzCheckRedirectURI(f *testing.F) {
	for _, uri := range []string{
		"https://a.example/cb?x=1", "http://[::1]:1/", "com.example:/cb", "cursor://a/b", "https://a@b@c/", "https://[::ffff:127.0.0.1]/",
		"https://0x7f.1/", "https://a.example/..;/", "https://xn--a/", "HTTP://LOCALHOST:80/%41",
	} {
		f.Add(uri)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if CheckRedirectURI(uri, []string{"cursor"}) != nil {
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q: %v", uri, err)
		}
		if strings.ContainsAny(uri, "\\#\t\r\n \"<>") || u.User != nil || len(uri) > 2048 {
			t.Errorf("%q passed", uri)
		}
		for name := range u.Query() {
			if name == "code" || name == "state" || name == "iss" || name == "error" {
				t.Errorf("%q passed", uri)
			}
		}
		target := TargetOf(uri)
		switch u.Scheme {
		case "http":
			if !target.Loopback || target.Memorable() {
				t.Errorf("%q is %+v", uri, target)
			}
			fallthrough
		case "https":
			// An authority is a host and a port, spelled as they are told.
			_, rest, _ := strings.Cut(uri, "://")
			authority := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_[]:"))]
			told := target.Host
			if strings.Contains(told, ":") {
				told = "[" + told + "]"
			}
			if target.Port != "" {
				told += ":" + target.Port
			}
			if strings.ToLower(authority) != told || target.Private {
				t.Errorf("%q is told as %+v", uri, target)
			}
		default:
			if !target.Private || target.Host != u.Scheme+":" || target.Memorable() {
				t.Errorf("%q is %+v", uri, target)
			}
		}
	})
}

func TestTargetOf(t *testing.T) {
	for _, c := range []struct {
		name, uri string
		want      RedirectTarget
		memorable bool
	}{
		{"a site", "https://claude.ai/api/mcp/auth_callback", RedirectTarget{Host: "claude.ai"}, true},
		{"a site in capitals", "https://CLAUDE.ai/cb", RedirectTarget{Host: "claude.ai"}, true},
		{"a site with a port", "https://a.example:8443/cb", RedirectTarget{Host: "a.example", Port: "8443"}, true},
		{"an IPv6 address", "https://[2001:DB8::1]/cb", RedirectTarget{Host: "2001:db8::1"}, true},
		{"a program on this computer", "http://127.0.0.1:33418/", RedirectTarget{Host: "127.0.0.1", Port: "33418", Loopback: true}, false},
		{"a program on this computer, by name", "http://localhost/cb", RedirectTarget{Host: "localhost", Loopback: true}, false},
		{"a program on this computer, by IPv6", "http://[::1]:1/cb", RedirectTarget{Host: "::1", Port: "1", Loopback: true}, false},
		{"a program on this computer, with https", "https://localhost/cb", RedirectTarget{Host: "localhost", Loopback: true}, false},
		{"a program on this computer, with https and IPv6", "https://[::1]/cb", RedirectTarget{Host: "::1", Loopback: true}, false},
		{"a program on this computer, mapped", "https://[::ffff:127.0.0.1]/cb", RedirectTarget{Host: "::ffff:127.0.0.1", Loopback: true}, false},
		{"whichever program claimed a scheme", "cursor://a/cb", RedirectTarget{Host: "cursor:", Private: true}, false},
		{"whichever program claimed a domain", "com.example.app:/cb", RedirectTarget{Host: "com.example.app:", Private: true}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := TargetOf(c.uri); got != c.want || got.Memorable() != c.memorable {
				t.Errorf("got %+v", got)
			}
		})
	}
}
