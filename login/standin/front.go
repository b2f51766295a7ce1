package standin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// An Endpoint is one door of a stand-in, for faults and counts.
type Endpoint string

// The endpoints. No stand-in has all of them.
const (
	Authorize Endpoint = "authorize" // the page of the person
	Token     Endpoint = "token"     // codes and refresh tokens become tokens
	Revoke    Endpoint = "revoke"
	Discovery Endpoint = "discovery"
	Keys      Endpoint = "keys" // the key set
	User      Endpoint = "user" // who the person is
	Emails    Endpoint = "emails"
	Orgs      Endpoint = "orgs"
	Teams     Endpoint = "teams"

	Repositories Endpoint = "repositories"
	Issues       Endpoint = "issues"
	Pulls        Endpoint = "pulls"
	Search       Endpoint = "search"
)

// A Front stands before every stand-in: it takes notes and plays faults. All
// its methods may be called at any time.
type Front struct {
	mux    *http.ServeMux
	client Client

	mu     sync.Mutex // guards what follows, and the state of the stand-in
	faults map[Endpoint][]planned
	seen   map[Endpoint]int
	last   map[Endpoint]Request
	signer string // the person who signs in next, if that was said
	codes  map[string]ask
}

// planned is a fault for the next requests; less than one is for all of them.
type planned struct {
	Fault
	times int
}

func newFront(c Client) Front {
	return Front{
		mux: http.NewServeMux(), client: c,
		faults: map[Endpoint][]planned{}, seen: map[Endpoint]int{}, last: map[Endpoint]Request{}, codes: map[string]ask{},
	}
}

// Redirects replaces the registered callback URLs, for programs whose URL is
// known only when the stand-in already runs.
func (f *Front) Redirects(uris ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.client.Redirects = slices.Clone(uris)
}

// SignIn says who answers the next requests for authorization, whatever
// account they suggest. Until it is called, or with the empty string, it is the
// person suggested, and otherwise the first.
func (f *Front) SignIn(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.signer = id
}

// Fail plays a fault at an endpoint until [Front.Heal].
func (f *Front) Fail(e Endpoint, fault Fault) { f.plan(e, planned{fault, 0}) }

// FailTimes plays a fault at the next n requests of an endpoint, after those
// that were planned before.
func (f *Front) FailTimes(n int, e Endpoint, fault Fault) {
	if n > 0 {
		f.plan(e, planned{fault, n})
	}
}

func (f *Front) plan(e Endpoint, p planned) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.times == 0 {
		f.faults[e] = nil
	}
	f.faults[e] = append(f.faults[e], p)
}

// Heal ends all faults of an endpoint.
func (f *Front) Heal(e Endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.faults, e)
}

// Count is how many requests came to an endpoint, faults included.
func (f *Front) Count(e Endpoint) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen[e]
}

// Last is the last request that came to an endpoint, without its secrets. It is
// the zero Request when none did.
func (f *Front) Last(e Endpoint) Request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last[e]
}

// A Request is what came, for assertions. Codes, tokens, verifiers and client
// secrets in it read "[secret]"; in Authorization what follows the scheme does.
type Request struct {
	Method, Path string
	Query        url.Values
	Form         url.Values // of a body, form-encoded or a JSON object
	Header       http.Header
}

// ServeHTTP answers as the service would.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.mux.ServeHTTP(w, r) }

// A handler answers a request, with a fault to keep in mind.
type handler func(w http.ResponseWriter, r *http.Request, f Fault)

// handle serves a pattern as one endpoint.
func (f *Front) handle(e Endpoint, pattern string, h handler) {
	f.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		fault := f.arrive(e, r)
		next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h(w, r, fault) })
		if fault.serve == nil {
			next(w, r)
			return
		}
		fault.serve(w, r, next)
	})
}

// arrive takes a note of a request and says which fault it meets.
func (f *Front) arrive(e Endpoint, r *http.Request) Fault {
	form := readForm(r)
	note := Request{r.Method, r.URL.Path, hide(r.URL.Query()), hide(form), r.Header.Clone()}
	for _, name := range []string{"Authorization", "Cookie"} {
		if scheme, _, ok := strings.Cut(note.Header.Get(name), " "); ok {
			note.Header.Set(name, scheme+" [secret]")
		} else if scheme != "" {
			note.Header.Set(name, "[secret]")
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last[e] = note
	return f.meet(e)
}

// meet counts one more at an endpoint, and takes the fault that is planned for
// it. It has the lock.
func (f *Front) meet(e Endpoint) Fault {
	f.seen[e]++
	plans := f.faults[e]
	if len(plans) == 0 {
		return Fault{}
	}
	if plans[0].times--; plans[0].times == 0 {
		f.faults[e] = plans[1:]
	}
	return plans[0].Fault
}

// secrets are the parameters that are not kept.
var secrets = []string{
	"access_token", "client_assertion", "client_secret", "code", "code_verifier",
	"id_token", "password", "refresh_token", "token",
}

func hide(values url.Values) url.Values {
	for name, all := range values {
		if slices.Contains(secrets, name) {
			for i := range all {
				all[i] = "[secret]"
			}
		}
	}
	return values
}

// readForm reads a body that is a form or a JSON object, and leaves it there
// for the next reader.
func readForm(r *http.Request) url.Values {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	r.Body = io.NopCloser(bytes.NewReader(body))
	if !strings.Contains(r.Header.Get("Content-Type"), "json") {
		form, _ := url.ParseQuery(string(body))
		return form
	}
	form, members := url.Values{}, map[string]any{}
	_ = json.Unmarshal(body, &members)
	for name, value := range members {
		form.Set(name, fmt.Sprint(value))
	}
	return form
}

// params are the parameters of a request, of its query and of its body.
func params(r *http.Request) url.Values {
	all := r.URL.Query()
	for name, values := range readForm(r) {
		all[name] = values
	}
	return all
}

// issue remembers a request for authorization and returns its code.
func (f *Front) issue(prefix string, a ask) string {
	code := text(prefix, 40)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.codes[code] = a
	return code
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, v any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // a mistake of this package
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
