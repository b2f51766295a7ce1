package flowtrace

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A desk is a recorder, what it has written so far, and a clock.
type desk struct {
	t   *testing.T
	rec *Recorder
	now time.Time

	mu   sync.Mutex // guards rows
	rows map[string]Flow
}

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), rows: map[string]Flow{}}
	d.rec = New(Options{Write: d.write, Address: from, Resources: guarded, Now: func() time.Time { return d.now }})
	return d
}

var guarded = []oauth.ProtectedResource{{Name: "tickets", ID: "https://mcp.example/mcp", Scopes: []oauth.ScopeInfo{{Name: "tickets:read"}}}}

// from is where a request comes from; nothing is trusted to say otherwise.
func from(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr()
}

// write does what a store does.
func (d *desk) write(_ context.Context, flows []Flow) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range flows {
		if f.ID == "" {
			for id, row := range d.rows {
				if row.GrantID == f.GrantID && row.Called.IsZero() {
					d.rows[id] = row.and(f)
				}
			}
			continue
		}
		row, ok := d.rows[f.ID]
		if !ok {
			d.rows[f.ID] = f
			continue
		}
		d.rows[f.ID] = row.and(f)
	}
	return nil
}

// flows are what was kept, the first to start first.
func (d *desk) flows() []Flow {
	d.rec.Flush(context.Background())
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []Flow
	for _, f := range d.rows {
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Flow) int {
		return strings.Compare(a.Started.Format(time.RFC3339Nano)+a.ID, b.Started.Format(time.RFC3339Nano)+b.ID)
	})
	return all
}

// kinds are the steps of a flow in their order.
func kinds(f Flow) string {
	var all []string
	for _, s := range f.List() {
		all = append(all, string(s.Kind))
	}
	return strings.Join(all, " ")
}

// A caller is a program, or a browser: somebody at an address.
type caller struct {
	*desk
	address, agent string
}

func (d *desk) at(address, agent string) caller { return caller{d, address, agent} }

// asks sends a request to an endpoint, whose handler says what do says. Each is a
// second after the one before.
func (c caller) asks(kind Kind, do func(a *Attempt)) {
	c.now = c.now.Add(time.Second)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.RemoteAddr = c.address + ":4711"
	r.Header.Set("User-Agent", c.agent)
	c.rec.Wrap(kind, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { do(From(r.Context())) })).ServeHTTP(httptest.NewRecorder(), r)
}

func (c caller) discovers() {
	c.now = c.now.Add(time.Second)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = c.address + ":4711"
	r.Header.Set("User-Agent", c.agent)
	c.rec.Challenged(r, guarded[0].ID)
	c.rec.Discovered(r, ReadResource)
	c.rec.Discovered(r, ReadServer)
}

// app is a client that anyone may register.
func app(id, name string, redirects ...string) oauth.Client {
	if len(redirects) == 0 {
		redirects = []string{"http://127.0.0.1/callback"}
	}
	return oauth.Client{ID: id, Metadata: oauth.ClientMetadata{ClientName: name, RedirectURIs: redirects}}
}

func (c caller) registers(client oauth.Client) {
	c.asks(Registration, func(a *Attempt) {
		a.Client(client)
		a.Did(Registration, Registered)
	})
}

// authorizes opens the authorization endpoint and returns what is sealed.
func (c caller) authorizes(client oauth.Client, state string) (id string) {
	c.asks(Authorize, func(a *Attempt) {
		a.Asks(url.Values{"client_id": {client.ID}, "state": {state}, "redirect_uri": {client.Metadata.RedirectURIs[0]}, "resource": {guarded[0].ID}})
		a.Client(client)
		a.At(guarded[0].ID)
		a.Did(Authorize, Asked)
		id = a.Flow()
	})
	return id
}

// agrees signs in and allows, with what was sealed, and returns what the code carries.
func (c caller) agrees(client oauth.Client, id, person string) (code string) {
	c.asks(SignIn, func(a *Attempt) {
		a.Join(id)
		a.Did(SignIn, ShownSignIn)
	})
	c.asks(SignIn, func(a *Attempt) {
		a.Join(id)
		a.Person(person)
		a.Did(SignIn, SignedIn)
	})
	c.asks(Consent, func(a *Attempt) {
		a.Join(id)
		a.Did(Consent, Allowed)
		a.Client(client)
		a.Person(person)
		a.Did(Code, CodeSent)
		code = a.Flow()
	})
	return code
}

func (c caller) redeems(client oauth.Client, code, grant string) {
	c.asks(Token, func(a *Attempt) {
		a.Client(client)
		a.Join(code)
		a.Grant(grant)
		a.Did(Token, TokenIssued)
	})
}

// connects goes the whole way.
func (c caller) connects(client oauth.Client, person, grant string) {
	c.discovers()
	c.registers(client)
	browser := c.at(c.address, "Mozilla/5.0")
	c.redeems(client, browser.agrees(client, browser.authorizes(client, "s-"+grant), person), grant)
	c.rec.Called(grant)
}
