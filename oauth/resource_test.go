package oauth

import (
	"net/url"
	"strings"
	"testing"
)

func TestCanonicalResource(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"as it is published", "https://mcp.example.com/mcp", "https://mcp.example.com/mcp"},
		{"a slash behind", "https://mcp.example.com/mcp/", "https://mcp.example.com/mcp"},
		{"no path", "https://mcp.example.com", "https://mcp.example.com"},
		{"only a slash", "https://mcp.example.com/", "https://mcp.example.com"},
		{"an upper-case scheme and host", "HTTPS://MCP.Example.COM/mcp", "https://mcp.example.com/mcp"},
		{"another case in the path is another resource", "https://mcp.example.com/MCP", "https://mcp.example.com/MCP"},
		{"the default port of https", "https://mcp.example.com:443/mcp", "https://mcp.example.com/mcp"},
		{"the default port of https and a slash", "https://h:443/", "https://h"},
		{"the default port of http", "http://h:80", "http://h"},
		{"the default port with zeros in front", "https://h:0443/mcp", "https://h/mcp"},
		{"an empty port", "https://h:/mcp", "https://h/mcp"},
		{"the default port of the other scheme", "http://h:443/mcp", "http://h:443/mcp"},
		{"another port", "http://localhost:8080/mcp", "http://localhost:8080/mcp"},
		{"another port with zeros in front", "http://localhost:08080/mcp", "http://localhost:8080/mcp"},
		{"an IPv4 address", "http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080/mcp"},
		{"an IPv6 address", "http://[::1]:8080/mcp", "http://[::1]:8080/mcp"},
		{"an IPv6 address written at length", "http://[0:0:0:0:0:0:0:1]/mcp", "http://[::1]/mcp"},
		{"an IPv6 address in capitals", "https://[2001:DB8::443]/mcp", "https://[2001:db8::443]/mcp"},
		{"an IPv6 address with the default port", "https://[2001:db8::443]:443/mcp", "https://[2001:db8::443]/mcp"},
		{"a punycode host", "https://xn--bcher-kva.example/mcp", "https://xn--bcher-kva.example/mcp"},
		{"a query stays", "https://h/mcp?tenant=A&x", "https://h/mcp?tenant=A&x"},
		{"a query stays and the slash before it goes", "https://h/mcp/?tenant=A", "https://h/mcp?tenant=A"},
		{"an empty query is none", "https://h/mcp?", "https://h/mcp"},
		{"signs that need no encoding", "https://h/a:b@c;d=1,2/~e_f-g.h!$&'()*+", "https://h/a:b@c;d=1,2/~e_f-g.h!$&'()*+"},
		{"a well-known path", "https://h/.well-known/x", "https://h/.well-known/x"},

		{"nothing", "", ""},
		{"no scheme", "mcp.example.com/mcp", ""},
		{"a path only", "/mcp", ""},
		{"another scheme", "ftp://h/mcp", ""},
		{"a URN", "urn:example:mcp", ""},
		{"no slashes", "https:h/mcp", ""},
		{"no host", "https:///mcp", ""},
		{"no host but a port", "https://:443/mcp", ""},
		{"a fragment", "https://h/mcp#x", ""},
		{"an empty fragment", "https://h/mcp#", ""},
		{"a user", "https://u@h/mcp", ""},
		{"a user and a password", "https://u:p@h/mcp", ""},
		{"an encoded octet", "https://h/%6dcp", ""},
		{"an encoded slash", "https://h/a%2fb", ""},
		{"a dot segment", "https://h/a/../mcp", ""},
		{"an encoded dot segment", "https://h/a/%2e%2e/mcp", ""},
		{"a dot segment with a parameter", "https://h/a/..;/mcp", ""},
		{"an empty segment", "https://h//mcp", ""},
		{"two slashes behind", "https://h/mcp//", ""},
		{"only two slashes", "https://h//", ""},
		{"a backslash", `https://h\mcp`, ""},
		{"a space", "https://h/a b", ""},
		{"a space in the query", "https://h/a?b c", ""},
		{"a quotation mark in the query, which would end a challenge", `https://h/a?"`, ""},
		{"a newline", "https://h/mcp\n", ""},
		{"a letter beyond ASCII in the path", "https://h/é", ""},
		{"a letter beyond ASCII in the query", "https://h/?é", ""},
		{"a host beyond ASCII", "https://bücher.example/mcp", ""},
		{"a host with an encoded letter", "https://b%C3%BCcher.example/mcp", ""},
		{"a host with a dot behind", "https://h./mcp", ""},
		{"a host with an empty label", "https://a..b/mcp", ""},
		{"a number that browsers read as an address", "https://2130706433/mcp", ""},
		{"port 0", "https://h:0/mcp", ""},
		{"port 65536", "https://h:65536/mcp", ""},
		{"an IPv6 zone", "https://[fe80::1%25eth0]/mcp", ""},
		{"2049 characters", "https://h/" + strings.Repeat("a", 2049-10), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := CanonicalResource(c.raw)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q became %q, %v", c.raw, got, err)
			}
			if err != nil && AsError(err).Code != InvalidTarget {
				t.Error(err)
			}
		})
	}
}

func FuzzCanonicalResource(f *testing.F) {
	for _, raw := range []string{
		"https://mcp.example.com/mcp/", "HTTP://H:080/a//b", "https://[::1]:443/?x=1", "https://h:/", "https://h/a%2fb?c%20d", "https://0x7f.1",
	} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		canonical, err := CanonicalResource(raw)
		if err != nil {
			return
		}
		if again, err := CanonicalResource(canonical); err != nil || again != canonical {
			t.Fatalf("%q became %q and then %q, %v", raw, canonical, again, err)
		}
		before, err1 := url.Parse(raw)
		after, err2 := url.Parse(canonical)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if after.Scheme != before.Scheme || after.RawQuery != before.RawQuery || strings.TrimSuffix(before.Path, "/") != after.Path {
			t.Errorf("%q became %q, which is elsewhere", raw, canonical)
		}
		for _, other := range []string{canonical + "/", canonical + "x", strings.ToUpper(canonical)} {
			if after.RawQuery != "" {
				break // where it ends in a query, a slash belongs to that
			}
			got, err := CanonicalResource(other)
			if same := err == nil && got == canonical; same != (other == canonical+"/" || after.Path == strings.ToUpper(after.Path) && strings.EqualFold(other, canonical)) {
				t.Errorf("%q became %q, %v", other, got, err)
			}
		}
	})
}

func TestIsLoopbackHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.8.9.10": true, "::1": true, "[::1]": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.evil.test": false, "127.0.0.1.evil.test": false, "127.1": false, "0.0.0.0": false, "::": false,
		"10.0.0.1": false, "192.0.2.1": false, "localhost:80": false, "fe80::1": false,
	} {
		if got := IsLoopbackHost(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
