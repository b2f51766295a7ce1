package resource_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/resource"
)

func TestAToolNeedsItsScopes(t *testing.T) {
	f := newFixture(t, nil)
	batch := func(elements ...string) string { return "[" + strings.Join(elements, ",") + "]" }
	for _, c := range []struct {
		name  string
		scope string // of the token
		body  string
		ask   string // of the challenge; empty: permitted
	}{
		{"a tool with its scope is called", "tickets:read", call("search"), ""},
		{"a wider scope implies a narrower one", "tickets:write", call("search"), ""},
		{"a narrower scope does not imply a wider one", "tickets:read", call("create"), "tickets:read tickets:write"},
		{"everything the operation needs is asked for at once", "", call("purge"), "tickets:delete tickets:write"},
		{"a tool that is not listed needs the default scopes", "", call("other"), "tickets:read"},
		{"a tool that is not listed is called with the default scopes", "tickets:read", call("other"), ""},
		{"anything else needs any token", "", list, ""},
		{"a method that only looks like a call needs any token", "", strings.Replace(call("create"), "tools/call", "tools/Call", 1), ""},
		{"a call without an id is a call", "", `{"jsonrpc":"2.0","method":"tools/call","params":{"name":"create"}}`, "tickets:write"},
		{"a batch needs what each of its elements needs", "tickets:read", batch(call("search"), list, call("create")), "tickets:read tickets:write"},
		{"the last element of a batch counts", "", batch(list, list, call("purge"), call("search")), "tickets:delete tickets:read tickets:write"},
		{"a batch with the scopes is let through", "tickets:write tickets:delete", batch(call("purge"), call("create")), ""},
		{"a name in escapes is the same name", "", strings.Replace(call("create"), "create", `\u0063reate`, 1), "tickets:write"},
		{"an answer to the server needs any token", "", `{"jsonrpc":"2.0","id":1,"result":{}}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := f.post(f.mint(access(strings.Fields(c.scope)...)), c.body)
			_, reached := f.reached()
			if c.ask == "" {
				if a.status != http.StatusOK || !reached {
					t.Fatalf("status %d: %s", a.status, a.body)
				}
				return
			}
			want := `Bearer error="insufficient_scope", scope="` + c.ask + `", resource_metadata="` + prmURL + `", error_description="`
			if got := a.header.Get("WWW-Authenticate"); a.status != http.StatusForbidden || !strings.HasPrefix(got, want) {
				t.Errorf("status %d, challenge %q, want %q…", a.status, got, want)
			}
			if a.json(t)["error"] != "insufficient_scope" || reached {
				t.Errorf("reached: %v, body %s", reached, a.body)
			}
		})
	}
}

func TestClientsOfTheNewestVersionAreToldOnlyWhatTheOperationNeeds(t *testing.T) {
	f := newFixture(t, nil)
	a := f.do(http.MethodPost, call("create"), http.Header{
		"Authorization":        {"Bearer " + f.mint(access("tickets:read"))},
		"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"create"},
	})
	if got := a.header.Get("WWW-Authenticate"); a.status != http.StatusForbidden || !strings.Contains(got, ` scope="tickets:write",`) {
		t.Errorf("status %d, challenge %q", a.status, got)
	}
}

func TestWhereAToolIsPublicTheWayToItIsPublicToo(t *testing.T) {
	f := newFixture(t, func(c *resource.Config) { c.Tools = withPublicTool() })
	message := func(method string) string { return `{"jsonrpc":"2.0","id":1,"method":"` + method + `"}` }
	read := func(uri string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"` + uri + `"}}`
	}
	for _, c := range []struct {
		name, body string
		ask        string // of the 401; empty: permitted
	}{
		{"the public tool", call("about"), ""},
		{"initialize", message("initialize"), ""},
		{"notifications", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, ""},
		{"ping", message("ping"), ""},
		{"tools/list", message("tools/list"), ""},
		{"server/discover", message("server/discover"), ""},
		{"logging/setLevel", message("logging/setLevel"), ""},
		{"the page that a tool is shown on", read("ui://widget/about.html"), ""},
		{"a resource that is no page", read("tickets://1"), "tickets:read"},
		{"a resource that only looks like a page", read("UI://widget/about.html"), "tickets:read"},
		{"a batch of these", "[" + call("about") + "," + message("ping") + "]", ""},
		{"another tool is not", call("search"), "tickets:read"},
		{"another tool names what it needs", call("create"), "tickets:read tickets:write"},
		{"a tool that is not listed is not", call("unlisted"), "tickets:read"},
		{"resources are not", message("resources/list"), "tickets:read"},
		{"prompts are not", message("prompts/list"), "tickets:read"},
		{"answers to the server are not", `{"jsonrpc":"2.0","id":1,"result":{}}`, "tickets:read"},
		{"a batch with another is not", "[" + call("about") + "," + call("create") + "]", "tickets:read tickets:write"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := f.post("", c.body)
			got, reached := f.reached()
			if c.ask == "" {
				if a.status != http.StatusOK || !reached || !got.caller.Anonymous || got.caller.Subject != "" || got.caller.Resource != mcpURL {
					t.Errorf("status %d, caller %+v: %s", a.status, got.caller, a.body)
				}
				return
			}
			want := `Bearer scope="` + c.ask + `", resource_metadata="` + prmURL + `"`
			if challenge := a.header.Get("WWW-Authenticate"); a.status != http.StatusUnauthorized || reached || challenge != want {
				t.Errorf("status %d, reached %v, challenge %q", a.status, reached, challenge)
			}
		})
	}
	t.Run("but a bad token is still a bad token", func(t *testing.T) {
		if a := f.post("rubbish", call("about")); a.status != http.StatusUnauthorized {
			t.Errorf("status %d", a.status)
		}
	})
	t.Run("and a good token is not lost", func(t *testing.T) {
		a := f.post(f.mint(access()), call("about"))
		if got, _ := f.reached(); a.status != http.StatusOK || got.caller.Subject != "p_ada" {
			t.Errorf("status %d, caller %+v", a.status, got.caller)
		}
	})
	t.Run("a stranger's stream is answered 405 so that nobody signs in for it", func(t *testing.T) {
		if a := f.do(http.MethodGet, "", nil); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") == "" {
			t.Errorf("status %d", a.status)
		}
	})
	t.Run("a stranger may end a session", func(t *testing.T) {
		a := f.do(http.MethodDelete, "", nil)
		if got, _ := f.reached(); a.status != http.StatusOK || got.method != http.MethodDelete {
			t.Errorf("status %d", a.status)
		}
	})
}

func TestStreamsAndTheEndOfSessionsNeedAToken(t *testing.T) {
	f := newFixture(t, nil)
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		if a := f.do(method, "", nil); a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s without a token: status %d", method, a.status)
		}
		header := http.Header{"Authorization": {"Bearer " + f.mint(access())}}
		a := f.do(method, call("create"), header)
		if got, _ := f.reached(); a.status != http.StatusOK || got.method != method || got.body != "" {
			t.Errorf("%s with a token: status %d, body %q", method, a.status, got.body)
		}
	}
	for _, method := range []string{http.MethodPut, http.MethodPatch, "MCP"} {
		if a := f.do(method, list, http.Header{"Authorization": {"Bearer " + f.mint(access())}}); a.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: status %d", method, a.status)
		}
	}
}
