// Package flowtrace keeps what happened on the way to a connection, step by
// step, in words: discovery, registration, authorization, sign-in, consent,
// code, token, first call, and where it failed, why and what to do.
//
// It is for whoever runs the server and is called when "it does not connect".
// It decides nothing: a step that cannot be kept is counted and dropped, and no
// request waits for it. What a step may hold is a short list: times, constant
// sentences, the client's id and name, the resource asked for, scope names, the
// host of a redirect URI, an error code, and the id of a person and a grant.
// Never a secret, a query, an address or a user agent.
//
// Reading downwards: attempt.go is what handlers call, recorder.go writes,
// open.go tells which flow a request belongs to, sentences.go has the words, and
// verdict.go reads what was kept, what never came included.
package flowtrace

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// A Kind is a step on the way to a connection.
type Kind string

// The steps, in the order in which they are taken.
const (
	Discovery    Kind = "discovery"
	Registration Kind = "registration"
	Document     Kind = "document" // a client ID metadata document was fetched
	Authorize    Kind = "authorize"
	SignIn       Kind = "sign-in"
	Consent      Kind = "consent"
	Code         Kind = "code"
	Token        Kind = "token"
	Call         Kind = "call"
	Refresh      Kind = "refresh"
	Exchange     Kind = "exchange" // a server asked for a token to act with elsewhere
)

// An Outcome is how a step ended.
type Outcome string

// Waiting is a page that was shown: what comes next is up to a person.
const (
	OK      Outcome = "ok"
	Waiting Outcome = "waiting"
	Refused Outcome = "refused" // by the rules: someone else has to do something
	Failed  Outcome = "failed"  // by our fault
)

// How much is known of who is behind a flow. What strangers leave is the first
// to be pruned.
const (
	Stranger = 0 // anyone who can send a request
	Known    = 1 // a client that this server knows
	Person   = 2 // somebody signed in
)

// A Flow is one attempt to connect, as it is stored; or what is to be added to
// one.
type Flow struct {
	ID         string // "7KQ2-M4TX"; empty: that of GrantID
	Started    time.Time
	Last       time.Time
	Standing   int64
	ClientID   string
	ClientName string
	Resource   string
	Subject    string
	GrantID    string
	Called     time.Time // when its token was first used; zero: not yet
	Steps      string    // one JSON object a line
}

// A Step is one line of a flow.
type Step struct {
	At      time.Time
	Kind    Kind
	Outcome Outcome
	Said    string   // what happened, in a sentence
	ToDo    string   // what to do about it; empty: nothing
	Code    string   // the error code that the client was given
	Told    string   // what it was told besides, where that is not Said
	Facts   []string // "redirect host: claude.ai"
	Count   int64    // how often so far, when more than once
}

// line is a step as it is stored.
type line struct {
	At      int64    `json:"t"`
	Kind    Kind     `json:"k"`
	Outcome Outcome  `json:"o"`
	Said    string   `json:"s"`
	ToDo    string   `json:"m,omitempty"`
	Code    string   `json:"c,omitempty"`
	Told    string   `json:"d,omitempty"`
	Facts   []string `json:"f,omitempty"`
	Count   int64    `json:"n,omitempty"`
}

// text is a step as a line of Flow.Steps.
func (s Step) text() string {
	l := line{s.At.UnixMilli(), s.Kind, s.Outcome, s.Said, s.ToDo, s.Code, s.Told, s.Facts, s.Count}
	b, err := json.Marshal(l)
	if err != nil {
		return "" // strings and numbers only
	}
	return string(b) + "\n"
}

// List is the steps in the order of their times. Replicas may have written them
// in another. What was repeated is one step with the highest count.
func (f Flow) List() []Step {
	var steps []Step
	for text := range strings.Lines(f.Steps) {
		var l line
		if json.Unmarshal([]byte(text), &l) != nil {
			continue // a later version's
		}
		s := Step{time.UnixMilli(l.At).UTC(), l.Kind, l.Outcome, l.Said, l.ToDo, l.Code, l.Told, l.Facts, l.Count}
		same := slices.IndexFunc(steps, func(o Step) bool { return s.Count > 0 && s.same(o) })
		if same >= 0 {
			steps[same].Count = max(steps[same].Count, s.Count)
			continue
		}
		steps = append(steps, s)
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return a.At.Compare(b.At) })
	return steps
}

func (s Step) same(o Step) bool {
	return s.Kind == o.Kind && s.Outcome == o.Outcome && s.Said == o.Said && slices.Equal(s.Facts, o.Facts)
}

// letters have no two that are mistaken for each other, read aloud or written.
const letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

// newID makes the id of a flow: eight letters and digits. It is no secret, and
// opens nothing; whoever guesses one learns nothing either.
func newID() string {
	var b [8]byte
	for i := range b {
		b[i] = letters[randomIndex()]
	}
	return string(b[:4]) + "-" + string(b[4:])
}

// randomIndex is a number below len(letters), each as likely.
func randomIndex() int {
	var b [1]byte
	for {
		rand.Read(b[:])
		if n := int(b[0]); n < 256-256%len(letters) {
			return n % len(letters)
		}
	}
}

// ParseID reads an id as people type it: in either case, with or without the
// dash, with spaces. What is none comes back empty.
func ParseID(typed string) string {
	var b []byte
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r == '-' || r == ' ':
		case strings.ContainsRune(letters, r) && len(b) < 8:
			b = append(b, byte(r))
		default:
			return ""
		}
	}
	if len(b) != 8 {
		return ""
	}
	return string(b[:4]) + "-" + string(b[4:])
}
