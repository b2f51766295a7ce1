package gateway_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// accepted is a tool's call, made again by a client whose person has gone to connect
// what is missing: it waits for them.
const accepted = `{"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"any","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
	`"io.modelcontextprotocol/clientCapabilities":{"elicitation":{"url":{}}}},"inputResponses":{"connect":{"action":"accept"}}}}`

var modern = http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"any"}}

// waiting has nobody connected, and says when a call has found that out. A call looks
// again and again, and counts once.
func waiting(t *testing.T) (f *fixture, found chan struct{}) {
	found = make(chan struct{}, 1024)
	var calls sync.Map
	f = newFixture(t, func(c *gateway.Config) {
		c.Resources[0].Attach = func(call context.Context, c resource.Caller, _ http.Header) error {
			if c.Subject != "p_ada" {
				return nil
			}
			if _, before := calls.LoadOrStore(call, true); !before {
				found <- struct{}{}
			}
			return &resource.Unconnected{Title: "GitHub", Page: connectPage, Refusal: oauth.Refuse(oauth.InvalidToken, "not connected")}
		}
	})
	return f, found
}

func TestACallThatWaitsForAConnectionEndsWithItsGrant(t *testing.T) {
	f, found := waiting(t)
	tok := f.token("p_ada", "read", "write")
	answers := make(chan answer, 1)
	go func() { answers <- f.send(http.MethodPost, "/mcp", tok, accepted, modern) }()
	wait(t, "the look for a connection", found)
	f.gateway.Notify("g_p_ada")
	a := wait(t, "the answer", answers)
	if a.status != http.StatusUnauthorized || !strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) || strings.Contains(a.body, connectPage) {
		t.Errorf("it is answered %d, %v, %s", a.status, a.header, a.body)
	}
}

// A connection that comes in the moment of the revocation is of no use to the call.
func TestACallThatIsGivenATokenAfterItsGrantWasRevokedGoesNowhere(t *testing.T) {
	var f *fixture
	f = newFixture(t, func(c *gateway.Config) {
		c.Resources[0].Attach = func(context.Context, resource.Caller, http.Header) error {
			f.gateway.Notify("g_p_ada")
			return nil
		}
	})
	reached := false
	f.upstream.set(func(http.ResponseWriter, *http.Request) { reached = true })
	if a := f.post(f.token("p_ada"), list); a.status != http.StatusUnauthorized || reached {
		t.Errorf("it is answered %d, and reached the upstream: %v", a.status, reached)
	}
}

func TestCallsThatWaitForAConnectionAreCounted(t *testing.T) {
	const most = 256
	f, found := waiting(t)
	tok := f.token("p_ada", "read", "write")
	var all sync.WaitGroup
	for i := range most {
		all.Go(func() {
			if a := f.send(http.MethodPost, "/mcp", tok, accepted, modern); a.status != http.StatusUnauthorized {
				t.Errorf("call %d: status %d: %s", i, a.status, a.body)
			}
		})
	}
	for i := range most {
		wait(t, fmt.Sprint("call ", i), found)
	}
	if a := f.send(http.MethodPost, "/mcp", tok, accepted, modern); a.status != http.StatusTooManyRequests {
		t.Errorf("one more: status %d: %s", a.status, a.body)
	}
	if a := f.post(f.token("p_bob"), list); a.status != http.StatusOK {
		t.Errorf("bob: status %d", a.status)
	}
	f.gateway.Notify("g_p_ada")
	all.Wait()
}
