package flowtrace

import (
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// An Attempt is one request on its way through the handlers, which say what
// they learn: who asks, for what, and what came of it. It belongs to one
// goroutine. All methods are safe on a nil Attempt.
type Attempt struct {
	rec     *Recorder
	request *http.Request
	kind    Kind // of the endpoint
	as      Kind // the step that a refusal is; empty: kind
	open    *open
	shed    bool // there were too many: nothing of it is kept
	learned Flow // since the last step
	values  values
}

type contextKey struct{}

// From returns the attempt of the request that ctx belongs to, or nil.
func From(ctx context.Context) *Attempt {
	a, _ := ctx.Value(contextKey{}).(*Attempt)
	return a
}

// Wrap gives every request of an endpoint an [Attempt]. A refusal that its
// handlers render is a step of this kind.
func (rec *Recorder) Wrap(kind Kind, next http.Handler) http.Handler {
	if rec == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &Attempt{rec: rec, request: r, kind: kind}
		inner := r.WithContext(context.WithValue(r.Context(), contextKey{}, a))
		next.ServeHTTP(w, inner)
	})
}

// As says which step it is about now, if it is refused.
func (a *Attempt) As(kind Kind) {
	if a != nil {
		a.as = kind
	}
}

// Client says who asks: a client that this server knows.
func (a *Attempt) Client(c oauth.Client) {
	if a == nil {
		return
	}
	// What follows from it is worked out when a step is written: most requests
	// write none.
	a.learned.ClientID, a.values.client = c.ID, c
	a.learned.Standing = max(a.learned.Standing, Known)
}

// Claims says who somebody says they are, whom this server does not know.
func (a *Attempt) Claims(clientID string) {
	if a != nil {
		a.learned.ClientID = claimed(clientID)
	}
}

// Asks says what an authorization request asks for. The form is not changed.
func (a *Attempt) Asks(form url.Values) {
	if a == nil {
		return
	}
	// What is quoted of it is worked out when a step is written, too.
	a.values.form = form
	a.values.request = strings.Join([]string{form.Get("client_id"), form.Get("code_challenge"), form.Get("state")}, "\x00")
}

// At says which resource it is about.
func (a *Attempt) At(resource string) {
	if a != nil {
		a.learned.Resource = resource
	}
}

// Person says who signed in.
func (a *Attempt) Person(id string) {
	if a != nil {
		a.learned.Subject, a.learned.Standing = id, Person
	}
}

// Join says which flow it belongs to, as a sealed value carried it. Whoever has
// none, goes on without.
func (a *Attempt) Join(id string) {
	if a == nil || !a.rec.keeps() || ParseID(id) != id || id == "" {
		return
	}
	b := &a.rec.board
	a.rec.mu.Lock()
	defer a.rec.mu.Unlock()
	now := a.rec.o.Now()
	k := b.key(byID, netip.Addr{}, id)
	a.open = b.find(now, whichever, k)
	if a.open == nil { // another replica began it, or it was long ago
		a.open = &open{id: id, claimed: true, standing: Known, last: now}
		b.link(a.open, now, k)
	}
}

// Joined reports whether it belongs to a flow that began before it.
func (a *Attempt) Joined() bool { return a != nil && a.open != nil }

// Grant says which grant it led to, or is about.
func (a *Attempt) Grant(id string) {
	if a != nil {
		a.learned.GrantID = id
	}
}

// Ended says why its grant has ended, in one of the reasons with which grants are
// revoked; empty: it was not revoked.
func (a *Attempt) Ended(why string) {
	if a != nil {
		a.values.ended = clean(why, maxValue)
	}
}

// Behalf says that the client who asks is the server of a resource, and asks on
// behalf of the client of a grant, whose flow it is.
func (a *Attempt) Behalf(grantID string) {
	if a == nil {
		return
	}
	a.values.server, a.values.client = a.learned.ClientID, oauth.Client{}
	a.learned.ClientID, a.learned.GrantID = "", grantID
}

// Flow is the id of the flow that it belongs to, for a sealed value or a page;
// empty when it is not kept.
func (a *Attempt) Flow() string {
	if a == nil || !a.find() {
		return ""
	}
	return a.open.id
}

// Did says that a step was taken, in one of the sentences of this package.
func (a *Attempt) Did(kind Kind, said Sentence) {
	if a == nil || !a.find() {
		return
	}
	s := Step{Kind: kind, Outcome: OK, Said: string(said)}
	if slices.Contains(waiting, said) {
		s.Outcome = Waiting
	}
	if a.again(&s, false) {
		a.values.read()
		s.Said, s.Facts = a.fill(s.Said), a.facts(kind)
		a.record(s)
	}
}

// Refused says that it was refused, or failed, and returns the id of its flow:
// what the person may be told.
func (a *Attempt) Refused(e *oauth.Error) string {
	if a == nil || !a.find() {
		return ""
	}
	s := Step{Kind: a.kind, Outcome: Refused, Code: string(e.Code), Said: e.Description}
	if a.as != "" {
		s.Kind = a.as
	}
	if e.Code.Status() >= http.StatusInternalServerError {
		s.Outcome = Failed
	}
	if ofUpstreams[e.Description] && e.Cause != nil {
		s.Facts = []string{"cause: " + clean(withoutURL(e.Cause), maxValue)} // another cause is another step
	}
	if a.again(&s, ordinary(e)) {
		a.values.read()
		s.Facts = append(a.facts(s.Kind), s.Facts...)
		if s.Kind == Document && e.Cause != nil {
			s.Facts = append(s.Facts, "cause: "+clean(withoutURL(e.Cause), maxValue))
		}
		if s.Said, s.ToDo = a.explain(e); s.Said != sentence(e.Description) {
			s.Told = e.Description
		}
		a.record(s)
	}
	if a.kind == Authorize || a.kind == Consent || s.Kind == Token {
		a.end()
	}
	return a.open.id
}

// record hands a step over, with what was learned since the last one.
func (a *Attempt) record(s Step) {
	f := a.learned
	f.ClientID, f.GrantID = clean(f.ClientID, maxID), clean(f.GrantID, maxID)
	if f.ClientName == "" {
		f.ClientName = nameOf(a.values.client)
	}
	f.ID, f.Started, f.Last, f.Steps = a.open.id, s.At, s.At, s.text()
	a.learned = Flow{ClientID: a.learned.ClientID, Standing: f.Standing}
	a.rec.enqueue(f)
	if s.Kind == Token && s.Outcome == OK {
		a.rec.granted(a.open, f.GrantID, s.At)
		a.end()
	}
}

// end makes the next request from the same place begin another flow.
func (a *Attempt) end() {
	a.rec.mu.Lock()
	defer a.rec.mu.Unlock()
	a.open.claimed = true
	a.rec.board.unlink(a.open, string([]byte{byPlace, byClient, byName, byNetwork, byFamily}))
}

// granted remembers which flow a grant came of.
func (rec *Recorder) granted(o *open, grantID string, now time.Time) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	rec.board.link(o, now, rec.board.grant(grantID))
}

// repeatable is how many different steps of one flow are told apart.
const repeatable = 64

// again dates and counts a step, and reports whether it is worth writing: the
// second, the fourth, the eighth time, and so on. What is ordinary is worth it
// from the fourth time on.
func (a *Attempt) again(s *Step, ordinary bool) bool {
	a.rec.mu.Lock()
	defer a.rec.mu.Unlock()
	o := a.open
	s.At = a.rec.o.Now()
	o.last, o.standing = s.At, max(o.standing, a.learned.Standing)
	if o.counts == nil {
		o.counts = map[uint64]int64{}
	}
	k := a.rec.board.step(s)
	n := o.counts[k] + 1
	if n == 1 && len(o.counts) >= repeatable {
		return false
	}
	o.counts[k] = n
	if n > 1 {
		s.Count = n
	}
	return n&(n-1) == 0 && (!ordinary || n >= 4)
}
