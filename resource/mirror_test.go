package resource_test

import (
	"net/http"
	"strings"
	"testing"
)

// A request of MCP 2026-07-28 says in its headers what its body says, or is
// refused with a HeaderMismatch.
func TestHeadersOfTheNewestVersionMatchTheBody(t *testing.T) {
	f := newFixture(t, nil)
	const version = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`
	call := func(name string) string {
		return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + name + `",` + version + `}}`
	}
	headers := func(method, name string) http.Header {
		h := http.Header{"Mcp-Protocol-Version": {"2026-07-28"}}
		if method != "" {
			h.Set("Mcp-Method", method)
		}
		if name != "" {
			h.Set("Mcp-Name", name)
		}
		return h
	}
	without := func(h http.Header, name string) http.Header { h.Del(name); return h }
	twice := func(h http.Header, name string) http.Header { h[name] = append(h[name], h[name][0]); return h }
	read := `{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"ui://a","name":"b"}}`
	for _, c := range []struct {
		name   string
		header http.Header
		body   string
		ok     bool
	}{
		{"everything matches", headers("tools/call", "search"), call("search"), true},
		{"a name in Base64", headers("tools/call", "=?base64?c2VhcmNo?="), call("search"), true},
		{"a name beyond ASCII in Base64", headers("tools/call", "=?base64?U3VjaGUgw7w=?="), call("Suche ü"), true},
		{"a resource by its URI", headers("resources/read", "ui://a"), read, true},
		{"a prompt by its name", headers("prompts/get", "a"), `{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":"a"}}`, true},
		{"a method without a name", headers("tools/list", ""), list, true},
		{"a notification without headers", headers("", ""), `{"jsonrpc":"2.0","method":"notifications/x"}`, true},
		{"parameters that nobody here knows", http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/list"}, "Mcp-Param-X": {"y"}}, list, true},
		{"a later version", http.Header{"Mcp-Protocol-Version": {"2027-01-01"}, "Mcp-Method": {"tools/list"}}, list, true},

		{"another method", headers("tools/list", "search"), call("search"), false},
		{"the method in capitals", headers("Tools/Call", "search"), call("search"), false},
		{"no method", headers("", "search"), call("search"), false},
		{"the method twice", twice(headers("tools/call", "search"), "Mcp-Method"), call("search"), false},
		{"another name", headers("tools/call", "about"), call("search"), false},
		{"no name", headers("tools/call", ""), call("search"), false},
		{"the name twice", twice(headers("tools/call", "search"), "Mcp-Name"), call("search"), false},
		{"another name in Base64", headers("tools/call", "=?base64?YWJvdXQ=?="), call("search"), false},
		{"a name that says it is Base64 and is not", headers("tools/call", "=?base64?s?="), call("=?base64?s?="), false},
		{"a resource by its name", headers("resources/read", "b"), read, false},
		{"a notification with another method", headers("notifications/y", ""), `{"jsonrpc":"2.0","method":"notifications/x"}`, false},
		{"another version in the header", http.Header{"Mcp-Protocol-Version": {"2025-11-25"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"search"}}, call("search"), false},
		{"no version in the header", without(headers("tools/call", "search"), "Mcp-Protocol-Version"), call("search"), false},
		{"the version twice", twice(headers("tools/list", ""), "Mcp-Protocol-Version"), list, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.header.Set("Authorization", "Bearer "+f.mint(access("tickets:read")))
			a := f.do(http.MethodPost, c.body, c.header)
			_, reached := f.reached()
			if c.ok {
				if a.status != http.StatusOK || !reached {
					t.Errorf("status %d: %s", a.status, a.body)
				}
				return
			}
			rpc, _ := a.json(t)["error"].(map[string]any)
			if a.status != http.StatusBadRequest || rpc["code"] != float64(-32020) || reached {
				t.Errorf("status %d, reached %v: %s", a.status, reached, a.body)
			}
		})
	}
	t.Run("a batch is refused", func(t *testing.T) {
		h := headers("tools/list", "")
		h.Set("Authorization", "Bearer "+f.mint(access()))
		if a := f.do(http.MethodPost, "["+list+"]", h); a.status != http.StatusBadRequest {
			t.Errorf("status %d", a.status)
		}
	})
	t.Run("the answer repeats the id", func(t *testing.T) {
		h := headers("tools/list", "")
		h.Set("Authorization", "Bearer "+f.mint(access()))
		if a := f.do(http.MethodPost, call("search"), h); a.json(t)["id"] != float64(7) {
			t.Errorf("%s", a.body)
		}
	})
}

// What the headers say never permits anything: in older versions they are not
// looked at, and policy goes by the body in all of them.
func TestHeadersNeverPermitAnything(t *testing.T) {
	f := newFixture(t, nil)
	for _, version := range []string{"", "2025-03-26", "2025-11-25", "DRAFT-2026-v1", "9999", "2026-13-99x"} {
		h := http.Header{
			"Authorization": {"Bearer " + f.mint(access("tickets:read"))},
			"Mcp-Method":    {"tools/list"}, "Mcp-Name": {"search"},
		}
		if version != "" {
			h.Set("Mcp-Protocol-Version", version)
		}
		if a := f.do(http.MethodPost, call("create"), h); a.status != http.StatusForbidden {
			t.Errorf("%q: status %d", version, a.status)
		}
		if a := f.do(http.MethodPost, call("search"), h); a.status != http.StatusOK {
			t.Errorf("%q: status %d: %s", version, a.status, a.body)
		}
		f.reached()
	}
}

func TestABodyThatAnotherParserCouldReadDifferentlyIsRefused(t *testing.T) {
	f := newFixture(t, nil)
	for _, c := range []struct {
		name   string
		header http.Header
		status int
	}{
		{"JSON in UTF-8", http.Header{"Content-Type": {"application/json; charset=UTF-8"}}, 200},
		{"JSON in capitals", http.Header{"Content-Type": {"Application/JSON"}}, 200},
		{"not compressed", http.Header{"Content-Encoding": {"identity"}}, 200},
		{"no type", http.Header{"Content-Type": {}}, 415},
		{"two types", http.Header{"Content-Type": {"application/json", "application/json"}}, 415},
		{"a form", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 415},
		{"text, which a web page may send unasked", http.Header{"Content-Type": {"text/plain"}}, 415},
		{"parts", http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, 415},
		{"UTF-16", http.Header{"Content-Type": {"application/json; charset=utf-16"}}, 415},
		{"UTF-7", http.Header{"Content-Type": {"application/json; charset=utf-7"}}, 415},
		{"compressed", http.Header{"Content-Encoding": {"gzip"}}, 415},
		{"compressed twice", http.Header{"Content-Encoding": {"identity, br"}}, 415},
		{"compressed in a second header", http.Header{"Content-Encoding": {"identity", "deflate"}}, 415},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.header.Set("Authorization", "Bearer "+f.mint(access()))
			a := f.do(http.MethodPost, list, c.header)
			_, reached := f.reached()
			if a.status != c.status || reached != (c.status == 200) {
				t.Errorf("status %d, reached %v: %s", a.status, reached, a.body)
			}
			if c.status != 200 && !strings.Contains(a.body, `"jsonrpc":"2.0"`) {
				t.Errorf("body %s", a.body)
			}
		})
	}
}
