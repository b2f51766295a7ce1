package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// A Flow is an attempt to connect as programs read it.
type Flow struct {
	ID         string     `json:"id"`
	Started    time.Time  `json:"started"`
	Last       time.Time  `json:"last"`
	Result     string     `json:"result"` // "connected", "refused", "never came", …
	At         string     `json:"at"`     // the step that it got to
	Said       string     `json:"said"`   // what happened
	ToDo       string     `json:"to_do,omitempty"`
	ClientID   string     `json:"client_id,omitempty"`
	ClientName string     `json:"client_name,omitempty"`
	Resource   string     `json:"resource,omitempty"`
	Subject    string     `json:"sub,omitempty"`
	Username   string     `json:"username,omitempty"`
	GrantID    string     `json:"grant_id,omitempty"`
	Grant      *FlowGrant `json:"grant,omitempty"` // not in lists
	Steps      []FlowStep `json:"steps,omitempty"` // the same
}

// A FlowGrant is what became of the grant that a flow led to: its row counts what
// the trace does not.
type FlowGrant struct {
	Refreshed   int64     `json:"refreshed"` // how often
	RefreshedAt time.Time `json:"refreshed_at,omitzero"`
	Ended       time.Time `json:"ended,omitzero"`
	EndedFor    string    `json:"ended_for,omitempty"`
}

// A FlowStep is one step of a flow.
type FlowStep struct {
	At      time.Time `json:"at"`
	Step    string    `json:"step"`
	Outcome string    `json:"outcome"`
	Said    string    `json:"said"`
	ToDo    string    `json:"to_do,omitempty"`
	Error   string    `json:"error,omitempty"` // the code that it was answered with
	Told    string    `json:"told,omitempty"`  // the words, where they are not Said
	Facts   []string  `json:"facts,omitempty"`
	Count   int64     `json:"count,omitempty"` // how often so far, when more than once
}

// Failed reports whether it was refused, failed, or stopped half-way.
func (f Flow) Failed() bool {
	switch f.Result {
	case flowtrace.Stopped, flowtrace.Faulty, flowtrace.Ended:
		return true
	}
	return false
}

// FlowStore is where flows are, and who is in them.
type FlowStore interface {
	Flow(ctx context.Context, id string) (store.Flow, error)
	Flows(ctx context.Context, before store.Flow, limit int) ([]store.Flow, error)
	Grants(ctx context.Context, which store.GrantFilter, after string, limit int) ([]oauth.Grant, error)
	Person(ctx context.Context, id string) (oauth.Person, error)
	PersonByUsername(ctx context.Context, username string) (oauth.Person, error)
}

// A FlowReader reads what is kept, with what else belongs to it.
type FlowReader struct {
	Store FlowStore
	// Elsewhere reports whether a resource is guarded elsewhere, where its calls
	// are not seen from here.
	Elsewhere func(resource string) bool
	Now       func() time.Time
}

// A FlowFilter says which flows are wanted; its zero value, all.
type FlowFilter struct {
	ClientID, Subject string
	Failed            bool
}

const (
	page = 200
	// furthest is how many flows one listing looks at, however few match.
	furthest = 2000
)

// List returns flows that match, the last to start first, from the first that
// started before the one given, and the one to go on from: the zero Flow where
// there are no more.
func (r FlowReader) List(ctx context.Context, which FlowFilter, before store.Flow, limit int) ([]Flow, store.Flow, error) {
	found, names := []Flow{}, map[string]string{}
	for seen := 0; seen < furthest; {
		some, err := r.Store.Flows(ctx, before, page)
		if err != nil {
			return nil, before, err
		}
		for _, f := range some {
			before = f
			if which.ClientID != "" && f.ClientID != which.ClientID || which.Subject != "" && f.Subject != which.Subject {
				continue
			}
			v, err := r.read(ctx, f, names)
			if err != nil {
				return nil, before, err
			}
			if which.Failed && !v.Failed() {
				continue
			}
			if found = append(found, v); len(found) == limit {
				return found, before, nil
			}
		}
		if len(some) < page {
			return found, store.Flow{}, nil
		}
		seen += len(some)
	}
	return found, before, nil
}

// Show returns one flow with its steps; [store.ErrNotFound] where there is none.
func (r FlowReader) Show(ctx context.Context, id string) (Flow, error) {
	f, err := r.Store.Flow(ctx, id)
	if err != nil {
		return Flow{}, err
	}
	v, err := r.read(ctx, f, map[string]string{})
	if err != nil {
		return v, err
	}
	for _, s := range flowtrace.Flow(f).List() {
		v.Steps = append(v.Steps, FlowStep{s.At, string(s.Kind), string(s.Outcome), s.Said, s.ToDo, s.Code, s.Told, s.Facts, s.Count})
	}
	v.Grant, err = r.grant(ctx, f.GrantID)
	return v, err
}

func (r FlowReader) read(ctx context.Context, f store.Flow, names map[string]string) (Flow, error) {
	verdict, err := r.verdict(ctx, f)
	if err != nil {
		return Flow{}, err
	}
	v := Flow{ID: f.ID, Started: f.Started, Last: f.Last, Result: verdict.Result, At: string(verdict.At), Said: verdict.Said, ToDo: verdict.ToDo,
		ClientID: f.ClientID, ClientName: f.ClientName, Resource: f.Resource, Subject: f.Subject, GrantID: f.GrantID}
	if _, known := names[f.Subject]; !known && f.Subject != "" {
		p, err := r.Store.Person(ctx, f.Subject)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return v, err
		}
		names[f.Subject] = p.Username
	}
	v.Username = names[f.Subject]
	return v, nil
}

// verdict is what a flow comes to. One that ended with a registration is compared
// with those around it: a client may register again and again.
func (r FlowReader) verdict(ctx context.Context, f store.Flow) (flowtrace.Verdict, error) {
	facts := flowtrace.Facts{Now: r.Now(), Elsewhere: r.Elsewhere}
	v := flowtrace.Flow(f).Verdict(facts)
	if v.At != flowtrace.Registration || v.Result != flowtrace.Ended {
		return v, nil
	}
	around, err := r.Store.Flows(ctx, store.Flow{Started: f.Started.Add(time.Hour)}, page)
	if err != nil {
		return v, err
	}
	others := make([]flowtrace.Flow, len(around))
	for i, o := range around {
		others[i] = flowtrace.Flow(o)
	}
	facts.Again = flowtrace.Flow(f).Alike(others)
	return flowtrace.Flow(f).Verdict(facts), nil
}

func (r FlowReader) grant(ctx context.Context, id string) (*FlowGrant, error) {
	if id == "" {
		return nil, nil
	}
	found, err := r.Store.Grants(ctx, store.GrantFilter{ID: id, IncludeEnded: true}, "", 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	g, what := found[0], &FlowGrant{}
	if n := g.Generation.N - 1; n > 0 {
		what.Refreshed, what.RefreshedAt = n, g.RotatedAt
	}
	what.Ended, what.EndedFor = g.Revoked, g.RevokedFor
	return what, nil
}

// A flowPage is the answer of GET /api/v1/flows.
type flowPage struct {
	Flows []Flow `json:"flows"`
	Next  string `json:"next,omitempty"` // the parameter before of the next page; empty: there is none
}

func (a *API) listFlows(r *http.Request) (any, error) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	switch {
	case q.Get("limit") == "":
		limit = 50
	case err != nil || limit < 1 || limit > page:
		return nil, oauth.Refuse(oauth.InvalidRequest, "limit is a number from 1 to 200")
	}
	before, ok := parseCursor(q.Get("before"))
	if !ok {
		return nil, oauth.Refuse(oauth.InvalidRequest, "before is what next was in the page before")
	}
	which := FlowFilter{ClientID: q.Get("client_id"), Failed: q.Get("failed") == "true"}
	if typed := q.Get("username"); typed != "" {
		name, err := login.CanonicalUsername(typed)
		if err != nil {
			return flowPage{Flows: []Flow{}}, nil // nobody is called that
		}
		p, err := a.Flows.Store.PersonByUsername(r.Context(), name)
		if errors.Is(err, store.ErrNotFound) {
			return flowPage{Flows: []Flow{}}, nil
		}
		if err != nil {
			return nil, err
		}
		which.Subject = p.ID
	}
	flows, last, err := a.Flows.List(r.Context(), which, before, limit)
	return flowPage{flows, cursor(last)}, err
}

func (a *API) showFlow(r *http.Request) (any, error) {
	id := flowtrace.ParseID(r.PathValue("id"))
	if id == "" {
		return nil, oauth.Refuse(oauth.NotFound, "there is no such flow")
	}
	f, err := a.Flows.Show(r.Context(), id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, oauth.Refuse(oauth.NotFound, "there is no such flow")
	}
	return f, err
}

// cursor is where a listing goes on.
func cursor(last store.Flow) string {
	if last.ID == "" {
		return ""
	}
	return strconv.FormatInt(last.Started.UnixMilli(), 10) + "." + last.ID
}

func parseCursor(text string) (store.Flow, bool) {
	if text == "" {
		return store.Flow{}, true
	}
	at, id, _ := strings.Cut(text, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || ms < 0 || flowtrace.ParseID(id) != id || id == "" {
		return store.Flow{}, false
	}
	return store.Flow{ID: id, Started: time.UnixMilli(ms)}, true
}
