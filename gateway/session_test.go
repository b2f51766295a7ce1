package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// opening is an upstream that gives every request without a session this id,
// and says the id again on every other.
func opening(id string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if sent := r.Header.Get("Mcp-Session-Id"); sent != "" {
			w.Header().Set("Mcp-Session-Id", sent)
			return
		}
		w.Header().Set("Mcp-Session-Id", id)
	}
}

func withSession(id string) http.Header { return http.Header{"Mcp-Session-Id": {id}} }

const otherURL = "https://mcp.example.com/other"

func TestASessionBelongsToWhoOpenedIt(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) {
		other := c.Resources[0]
		other.ProtectedResource = oauth.ProtectedResource{Name: "other", ID: otherURL}
		other.Path, other.Tools = "/other", nil
		c.Resources = append(c.Resources, other)
	})
	const inner = "up.stream~!\"#id"
	f.upstream.set(opening(inner))
	ada, bob := f.token("p_ada"), f.token("p_bob")
	id := f.post(ada, list).header.Get("Mcp-Session-Id")
	if !strings.HasPrefix(id, inner+".") || strings.ContainsFunc(id, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
		t.Fatalf("the client was told %q", id)
	}
	a := f.send(http.MethodPost, "/mcp", ada, list, withSession(id))
	if got := f.upstream.last(t).header.Get("Mcp-Session-Id"); a.status != 200 || got != inner || a.header.Get("Mcp-Session-Id") != id {
		t.Errorf("status %d, the upstream got %q, the client %q", a.status, got, a.header.Get("Mcp-Session-Id"))
	}
	if a := f.send(http.MethodDelete, "/mcp", ada, "", withSession(id)); a.status != 200 || f.upstream.last(t).method != http.MethodDelete {
		t.Errorf("DELETE: status %d", a.status)
	}

	f.upstream.set(opening(inner))
	mac := id[strings.LastIndexByte(id, '.'):]
	for name, c := range map[string]struct {
		path, tok string
		header    http.Header
	}{
		"by someone else":                  {"/mcp", bob, withSession(id)},
		"at another resource":              {"/other", f.tokenFor(otherURL, "p_ada"), withSession(id)},
		"with the upstream's own id":       {"/mcp", ada, withSession(inner)},
		"with another id under the MAC":    {"/mcp", ada, withSession("another" + mac)},
		"with the id cut":                  {"/mcp", ada, withSession(inner[1:] + mac)},
		"with the MAC cut":                 {"/mcp", ada, withSession(id[:len(id)-1])},
		"with the MAC changed":             {"/mcp", ada, withSession(inner + "." + flipped(mac[1:]))},
		"with the MAC alone":               {"/mcp", ada, withSession(mac)},
		"with a dot alone":                 {"/mcp", ada, withSession(".")},
		"with nothing":                     {"/mcp", ada, withSession("")},
		"with two":                         {"/mcp", ada, http.Header{"Mcp-Session-Id": {id, id}}},
		"with more than a header can hold": {"/mcp", ada, withSession(strings.Repeat("a", 100_000) + mac)},
		"with characters outside of ASCII": {"/mcp", ada, withSession("ü" + mac)},
		"with the MAC padded":              {"/mcp", ada, withSession(id + "=")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
				if a := f.send(method, c.path, c.tok, list, c.header); a.status != http.StatusNotFound || !strings.Contains(a.body, "-32001") {
					t.Errorf("%s: status %d: %s", method, a.status, a.body)
				}
			}
		})
	}
	if n := f.upstream.count(); n != 0 {
		t.Errorf("%d requests reached the upstream", n)
	}
}

// flipped changes a character in the middle.
func flipped(s string) string {
	i, to := len(s)/2, "A"
	if s[i] == 'A' {
		to = "B"
	}
	return s[:i] + to + s[i+1:]
}

func TestASessionIsGoodAtEveryReplicaAndAfterARestart(t *testing.T) {
	f := newFixture(t, nil)
	f.upstream.set(opening("s1"))
	id := f.post(f.token("p_ada"), list).header.Get("Mcp-Session-Id")
	again := newFixtureOn(t, f)
	if a := again.send(http.MethodPost, "/mcp", f.token("p_ada"), list, withSession(id)); a.status != http.StatusOK {
		t.Errorf("status %d", a.status)
	}
	if err := f.keyring.RotateSecret(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := f.send(http.MethodPost, "/mcp", f.token("p_ada"), list, withSession(id))
	if a.status != http.StatusOK || a.header.Get("Mcp-Session-Id") != id {
		t.Errorf("after a rotation: status %d, id %q", a.status, a.header.Get("Mcp-Session-Id"))
	}
}

func TestASessionOpenedBeforeSigningInGoesOnAfterIt(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) {
		c.Resources[0].Tools["about"] = resource.Tool{Public: true}
	})
	f.upstream.set(opening("s1"))
	id := f.post("", list).header.Get("Mcp-Session-Id")
	for name, tok := range map[string]string{"nobody": "", "someone": f.token("p_ada")} {
		a := f.send(http.MethodPost, "/mcp", tok, list, withSession(id))
		if a.status != http.StatusOK || a.header.Get("Mcp-Session-Id") != id {
			t.Errorf("%s: status %d, id %q", name, a.status, a.header.Get("Mcp-Session-Id"))
		}
	}
	f.upstream.set(opening("s2"))
	own := f.post(f.token("p_ada"), list).header.Get("Mcp-Session-Id")
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		if a := f.send(method, "/mcp", "", list, withSession(own)); a.status != http.StatusNotFound {
			t.Errorf("someone's session, %s by nobody: status %d", method, a.status)
		}
	}
	if a := f.send(http.MethodDelete, "/mcp", "", "", withSession(id)); a.status != http.StatusOK || f.upstream.last(t).header.Get("Mcp-Session-Id") != "s1" {
		t.Errorf("nobody's session, ended by nobody: status %d", a.status)
	}
}

func TestTheNewestVersionHasNoSessions(t *testing.T) {
	f := newFixture(t, nil)
	f.upstream.set(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Mcp-Session-Id", "s1") })
	a := f.send(http.MethodPost, "/mcp", f.token("p_ada"), list, http.Header{
		"Mcp-Session-Id": {"whatever"}, "Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/list"},
	})
	if got := f.upstream.last(t).header.Get("Mcp-Session-Id"); a.status != http.StatusOK || got != "" || a.header.Get("Mcp-Session-Id") != "" {
		t.Errorf("status %d, the upstream got %q, the client %q", a.status, got, a.header.Get("Mcp-Session-Id"))
	}
}

func TestASessionIdThatMustNotBeIsNotPassedOn(t *testing.T) {
	f := newFixture(t, nil)
	for _, id := range []string{"a b", "\x80", strings.Repeat("a", 2000)} {
		f.upstream.set(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Mcp-Session-Id", id) })
		a := f.post(f.token("p_ada"), list)
		if a.status != http.StatusBadGateway || a.header.Get("Mcp-Session-Id") != "" || !strings.Contains(a.body, "session id") {
			t.Errorf("%.10q: status %d, %s", id, a.status, a.body)
		}
	}
}
