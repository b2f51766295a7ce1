package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/e2e/person"
	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

// A play is one connection of the client book, played against the binary. What
// it does comes from the data alone: no client has a line of code here.
type play struct {
	clientbook.Connection
	t       *testing.T
	d       *door
	visitor *person.Person
	fill    func(string) string // of {path}, {port} and {id}

	challenge  map[string]string // the parameters of WWW-Authenticate
	resource   resourceDocument
	server     serverDocument
	registered json.RawMessage // the answer to the registration
	id, secret string
	signer     *signer
	asked      pending // the authorization request
	back       *url.URL
	granted    tokenDocument
}

// TestEveryClientConnects plays every connection of every client: discovery,
// registration, authorization, token, a call, a refresh, the call again, and
// then what the client is known to need besides.
func TestEveryClientConnects(t *testing.T) {
	t.Parallel()
	d := newDoor(t, "")
	for _, c := range clientbook.Clients() {
		for _, n := range c.Connections {
			t.Run(c.ID+"/"+n.ID, func(t *testing.T) {
				t.Parallel()
				newPlay(t, d, n).all()
			})
		}
	}
}

func newPlay(t *testing.T, d *door, n clientbook.Connection) *play {
	t.Helper()
	who, err := person.New(d.URL, username, password)
	if err != nil {
		t.Fatal(err)
	}
	return &play{Connection: n, t: t, d: d, visitor: who, fill: strings.NewReplacer(
		"{path}", "/mcp", "{port}", fmt.Sprint(freePort(t)), "{id}", "x7KQ2mT4").Replace}
}

func (p *play) all() {
	p.t.Helper()
	p.knock()
	p.findResource()
	p.findServer()
	p.register()
	p.authorize()
	p.redeem()
	p.call()
	p.refresh()
	p.call()
	for _, need := range p.Needs {
		if check := needChecks[need]; check != nil {
			if err := check(p); err != nil {
				p.t.Errorf("it needs %s: %v", need, err)
			}
		}
	}
}

// A request of a client: everything that differs between requests.
type request struct {
	method, url string
	header      map[string]string
	body        string
	limit       time.Duration // how long the client waits; 0: as long as a test does
}

// An answer, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// send does a request the way the client does: with its user agent, within its
// time, and from a browser with a preflight first.
func (p *play) send(r request) answer {
	p.t.Helper()
	if p.Calls.Origin != "" {
		p.preflight(r)
	}
	a, err := p.exchange(r)
	if err != nil {
		p.t.Fatalf("%s %s: %v", r.method, r.url, err)
	}
	if p.Calls.Origin != "" && a.header.Get("Access-Control-Allow-Origin") == "" {
		p.t.Errorf("%s %s: the page in the browser cannot read the answer", r.method, r.url)
	}
	return a
}

func (p *play) exchange(r request) (answer, error) {
	if r.limit == 0 {
		r.limit = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), r.limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, r.url, strings.NewReader(r.body))
	if err != nil {
		return answer{}, err
	}
	if p.UserAgent != "" {
		req.Header.Set("User-Agent", p.UserAgent)
	}
	if p.Calls.Origin != "" {
		req.Header.Set("Origin", p.Calls.Origin)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	// A redirect is an answer: clients lose their headers on the way, or do not
	// follow at all.
	res, err := stubborn.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return answer{res.StatusCode, res.Header, body}, err
}

var stubborn = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// preflight asks as a browser does, and refuses what a browser refuses.
func (p *play) preflight(r request) {
	p.t.Helper()
	asked := []string{}
	for name, value := range r.header {
		if simple := name == "Accept" || name == "Content-Type" && value == formType; !simple {
			asked = append(asked, strings.ToLower(name))
		}
	}
	if len(asked) == 0 && r.method != http.MethodDelete {
		return
	}
	a, err := p.exchange(request{method: http.MethodOptions, url: r.url, header: map[string]string{
		"Access-Control-Request-Method": r.method, "Access-Control-Request-Headers": strings.Join(asked, ","),
	}})
	if err != nil || a.status < 200 || a.status > 299 {
		p.t.Fatalf("the preflight of %s %s: %d, %v", r.method, r.url, a.status, err)
	}
	allowed := strings.Split(strings.ToLower(strings.ReplaceAll(a.header.Get("Access-Control-Allow-Headers"), " ", "")), ",")
	for _, name := range asked {
		if !slices.Contains(allowed, name) {
			p.t.Fatalf("the preflight of %s %s does not allow %s, only %s", r.method, r.url, name, allowed)
		}
	}
	if !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), r.method) {
		p.t.Fatalf("the preflight of %s does not allow %s", r.url, r.method)
	}
}

// into reads JSON, which is to say so.
func (p *play) into(what string, a answer, v any) {
	p.t.Helper()
	if err := p.isJSON(a); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		p.t.Fatalf("%s: %v: %s", what, err, a.body)
	}
}

// isJSON is what every answer to a program has to be, whatever its status.
func (p *play) isJSON(a answer) error {
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") || !json.Valid(a.body) {
		return fmt.Errorf("%d %s is no JSON: %.200s", a.status, kind, a.body)
	}
	return nil
}
