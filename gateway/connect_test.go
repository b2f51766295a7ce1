package gateway_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

const connectPage = "https://mcp.example.com/connect/github?for=sealed"

// opened is what a client says first, of what it can do.
func opened(capabilities string) string {
	return `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","clientInfo":{"name":"c","version":"1"},"capabilities":` + capabilities + `}}`
}

// What a client said when it opened its session decides how it is asked to bring
// its person. It is in the session's MAC, so every replica knows.
func TestAClientThatCanOpenAPageIsAskedTo(t *testing.T) {
	var lost atomic.Bool
	f := newFixture(t, func(c *gateway.Config) {
		c.Resources[0].Attach = func(context.Context, resource.Caller, http.Header) error {
			if !lost.Load() {
				return nil
			}
			return &resource.Unconnected{Title: "GitHub", Page: connectPage, Refusal: oauth.Refuse(oauth.InvalidToken, "not connected")}
		}
	})
	f.upstream.set(opening("inner"))
	ada := f.token("p_ada", "read", "write")
	for name, c := range map[string]struct {
		capabilities string
		asked        bool
	}{
		"it can open a page":                       {`{"elicitation":{"url":{}}}`, true},
		"it can do both":                           {`{"elicitation":{"form":{},"url":{}}}`, true},
		"it has forms only":                        {`{"elicitation":{"form":{}}}`, false},
		"an empty object, which means forms":       {`{"elicitation":{}}`, false},
		"it can do neither":                        {`{}`, false},
		"it says so in another place":              {`{"experimental":{"elicitation":{"url":{}}}}`, false},
		"it says something that is not an object":  {`{"elicitation":{"url":null}}`, false},
		"it says so in a form that nobody defined": {`{"elicitation":["url"]}`, false},
	} {
		lost.Store(false)
		id := f.post(ada, opened(c.capabilities)).header.Get("Mcp-Session-Id")
		lost.Store(true)
		a := f.send(http.MethodPost, "/mcp", ada, `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"any"}}`, withSession(id))
		var got struct {
			ID    string
			Error struct {
				Code int
				Data struct {
					Elicitations []struct{ Mode, URL, Message, ElicitationID string }
				}
			}
			Result struct{ IsError bool }
		}
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK || got.ID != "x" || !strings.Contains(a.body, connectPage) {
			t.Fatalf("%s: %d %s", name, a.status, a.body)
		}
		if got.Result.IsError == c.asked {
			t.Errorf("%s: it is answered %s", name, a.body)
		}
		if e := got.Error.Data.Elicitations; c.asked && (got.Error.Code != -32042 || len(e) != 1 || e[0].Mode != "url" || e[0].URL != connectPage ||
			e[0].ElicitationID != resource.ElicitationID(connectPage) || e[0].Message == "") {
			t.Errorf("%s: it is asked %s", name, a.body)
		}
		// Every other request is refused as it is for everybody.
		if a := f.send(http.MethodPost, "/mcp", ada, list, withSession(id)); a.status != http.StatusUnauthorized {
			t.Errorf("%s, another request: %d", name, a.status)
		}
		// The session is no one else's for it.
		if a := f.send(http.MethodPost, "/mcp", f.token("p_bob", "read"), list, withSession(id)); a.status != http.StatusNotFound && a.status != http.StatusUnauthorized {
			t.Errorf("%s, by someone else: %d", name, a.status)
		}
	}
}
