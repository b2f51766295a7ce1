// Package backend is a small stand-in for a discovery protocol's API, in memory:
// for trying package intent, and for tests. It takes a bearer token for the name
// of a person, and asks nobody whether it is one.
package backend

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Backend answers under /discover, /synthesis and /connections.
type Backend struct {
	now func() time.Time
	mux *http.ServeMux

	mu      sync.Mutex
	made    int
	intents map[string][]intent  // by person; the newest last
	states  map[[2]string]string // of connections, by person and other
}

type intent struct {
	ID      string `json:"id"`
	Text    string `json:"payload"`
	Summary string `json:"summary"`
	Created string `json:"createdAt"`
}

// The most that is kept.
const (
	maxPeople  = 1000
	maxIntents = 100 // of a person
)

// New is a backend in which five people are looking for something already.
func New(now func() time.Time) *Backend {
	b := &Backend{now: now, mux: http.NewServeMux(), intents: map[string][]intent{}, states: map[[2]string]string{}}
	b.mux.HandleFunc("POST /discover/new", b.known(b.extract))
	b.mux.HandleFunc("POST /discover/filter", b.known(b.filter))
	b.mux.HandleFunc("POST /synthesis/vibecheck", b.known(b.vibecheck))
	b.mux.HandleFunc("POST /connections/actions", b.known(b.act))
	return b
}

// ServeHTTP answers as the protocol's API would.
func (b *Backend) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.mux.ServeHTTP(w, r) }

// known lets requests with a bearer token in, one at a time.
func (b *Backend) known(next func(w http.ResponseWriter, r *http.Request, person string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		person, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok || person == "" {
			refuse(w, http.StatusUnauthorized, "Invalid or expired access token")
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		if _, there := b.intents[person]; !there && len(b.intents) >= maxPeople {
			refuse(w, http.StatusServiceUnavailable, "This stand-in is full; start it again")
			return
		}
		next(w, r, person)
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who asked has gone
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"error": message}) // who asked has gone
}

// extract keeps each sentence that wishes for something.
func (b *Backend) extract(w http.ResponseWriter, r *http.Request, person string) {
	if err := r.ParseMultipartForm(1 << 20); err != nil || strings.TrimSpace(r.FormValue("payload")) == "" {
		refuse(w, http.StatusBadRequest, "payload is missing")
		return
	}
	made := []intent{}
	for _, sentence := range sentences(r.FormValue("payload")) {
		if !wishes(sentence) || len(made) == 10 {
			continue
		}
		b.made++
		made = append(made, intent{
			ID: fmt.Sprintf("intent-%d", b.made), Text: sentence, Summary: summary(sentence), Created: b.now().UTC().Format(time.RFC3339),
		})
	}
	all := append(b.intents[person], made...)
	b.intents[person] = all[max(0, len(all)-maxIntents):]
	answer(w, map[string]any{"success": true, "intents": made, "filesProcessed": 0, "linksProcessed": strings.Count(r.FormValue("payload"), "https://"), "intentsGenerated": len(made)})
}

// filter finds people who look for something in the same words.
func (b *Backend) filter(w http.ResponseWriter, r *http.Request, person string) {
	var in struct {
		IntentIDs []string `json:"intentIds"`
		Limit     int      `json:"limit"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, http.StatusBadRequest, "the body is not JSON")
		return
	}
	results := []map[string]any{}
	for _, p := range people {
		var common []map[string]any
		for n, looksFor := range p.looksFor {
			if slices.ContainsFunc(b.intents[person], func(i intent) bool { return slices.Contains(in.IntentIDs, i.ID) && alike(i.Text, looksFor) }) {
				common = append(common, map[string]any{"totalStake": 1, "reasonings": []string{}, "intent": intent{
					ID: fmt.Sprintf("%s-%d", p.id, n), Text: looksFor, Summary: summary(looksFor), Created: "2026-01-01T00:00:00Z",
				}})
			}
		}
		if len(common) > 0 && b.states[[2]string{person, p.id}] != "SKIPPED" && len(results) < max(in.Limit, 1) {
			results = append(results, map[string]any{"user": p.user(), "totalStake": len(common), "intents": common})
		}
	}
	answer(w, map[string]any{"results": results, "pagination": map[string]any{"page": 1, "limit": in.Limit, "hasNext": false, "hasPrev": false}})
}

func (b *Backend) vibecheck(w http.ResponseWriter, r *http.Request, person string) {
	var in struct{ TargetUserID string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, http.StatusBadRequest, "the body is not JSON")
		return
	}
	for _, p := range people {
		if p.id == in.TargetUserID {
			answer(w, map[string]string{"synthesis": p.name + " " + p.says, "targetUserId": p.id, "contextUserId": person})
			return
		}
	}
	refuse(w, http.StatusNotFound, "User not found")
}

// becomes is the state that an action leads to.
var becomes = map[string]string{"REQUEST": "PENDING", "SKIP": "SKIPPED", "ACCEPT": "CONNECTED", "DECLINE": "DECLINED", "CANCEL": "CANCELLED"}

func (b *Backend) act(w http.ResponseWriter, r *http.Request, person string) {
	var in struct{ Action, TargetUserID string }
	if json.NewDecoder(r.Body).Decode(&in) != nil || becomes[in.Action] == "" {
		refuse(w, http.StatusBadRequest, "Unknown action")
		return
	}
	if !slices.ContainsFunc(people, func(p somebody) bool { return p.id == in.TargetUserID }) {
		refuse(w, http.StatusNotFound, "User not found")
		return
	}
	b.states[[2]string{person, in.TargetUserID}] = becomes[in.Action]
	answer(w, map[string]string{"connectionStatus": becomes[in.Action]})
}

// InProcess is a way to h that leaves the process nowhere.
func InProcess(h http.Handler) http.RoundTripper { return inProcess{h} }

type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	w := &recorder{header: http.Header{}, status: http.StatusOK}
	p.ServeHTTP(w, r)
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header, Body: &w.body, ContentLength: int64(w.body.Len()), Request: r,
	}, nil
}

type recorder struct {
	header http.Header
	status int
	body   body
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }

type body struct{ bytes.Buffer }

func (*body) Close() error { return nil }
