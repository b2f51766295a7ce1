// Package stdio puts a door in front of an MCP server that speaks over its
// standard input and output. It starts the server as a child process and
// answers Streamable HTTP in its place:
//
//   - versions 2025-03-26 to 2025-11-25: one child for each session;
//   - version 2026-07-28, which has no sessions: one child for each person,
//     until it is idle. A server that knows older versions only says so.
//
// Two people never share a child. Messages pass as they are: parameters,
// results and _meta are neither decoded nor judged, so that what the server
// offers through the door is what it offers without.
//
// A [Bridge] checks no tokens and no Origin; it stands behind a gateway that
// does.
package stdio

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options are what New needs. Command has to be there; the rest has defaults.
type Options struct {
	Command []string // the program and its arguments; there is no shell between
	Dir     string   // where it runs; empty: where we run
	// Env is what the child sees of the environment besides PATH, HOME, LANG
	// and TMPDIR, as "NAME=value". Nothing else of our own reaches it, and no
	// secret of ours can.
	Env []string

	// Key names the person who makes a request, from what the gateway put into
	// the request's context. Requests with different keys never reach the same
	// child. "" is nobody in particular: a session of their own, and without a
	// session a child for that one request, at a pace. nil: everyone is the same
	// person.
	Key func(*http.Request) string

	// EnvOf is what more a child sees of the environment that a request starts: what
	// is the person's own, such as a token, as "NAME=value". Where a later request
	// brings something else, the child is not used any more: a session ends when
	// nothing runs in it, so that its client opens another, and without sessions there
	// is another child at once. nil: nothing.
	EnvOf func(*http.Request) []string

	// Grant names the grant under which a request comes; empty: none. A child ends when
	// every grant that it was used under has ended ([Bridge.End]). nil: nobody has any.
	Grant func(*http.Request) string
	// Entitled reports whether a person may still have what EnvOf said of them. It is
	// asked every ten seconds for each child that has something of a person's own, and
	// the child ends when not. It answers true where it cannot tell. nil: always.
	Entitled func(ctx context.Context, person string) bool

	Log          *slog.Logger  // nil: slog.Default(); what the child writes to its standard error goes here
	IdleTimeout  time.Duration // a child that nobody uses for so long is ended; 0: 30 minutes
	MaxSessions  int           // children at one time; 0: 64
	MaxPerPerson int           // of those, for one person; the quietest makes room; 0: 8
}

// A Bridge is an http.Handler that guards one stdio server. Make it with [New]
// and end it with [Bridge.Close].
type Bridge struct {
	o      Options
	limits limits
	people bool // there may be more than one

	mu       sync.Mutex
	closing  bool
	busy     int                 // calls in flight
	drained  chan struct{}       // closed when there are none any more, while closing
	seats    map[*seat]struct{}  // every child that runs or starts
	sessions map[string]*session // by session id, once initialized
	shared   map[string]*shared  // by person, for requests without session
	pace     time.Time           // until when what nobody in particular was given counts
	era      era                 // of the server, once a request asked for it
	versions []string            // what it speaks, where that era is the older one
}

// limits are what a test wants smaller.
type limits struct {
	start     time.Duration // until a new child has answered for the first time
	patience  time.Duration // for server/discover, after the child has shown that it reads
	resume    time.Duration // how long a call waits for its client to come back
	grace     time.Duration // between asking a child to end and killing it
	keepAlive time.Duration // between comments on a silent stream
	message   int           // bytes in a message, either way
	calls     int           // unanswered calls of a child
	strangers int           // children that nobody in particular may have at once,
	pace      time.Duration // and then one more every so long
	entitled  time.Duration // between two looks at whether a person may still have what a child has
}

// New returns a bridge to the server that o.Command starts. Nothing runs yet.
func New(o Options) *Bridge {
	people := o.Key != nil
	if !people {
		o.Key = func(*http.Request) string { return "" }
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = 30 * time.Minute
	}
	if o.MaxSessions <= 0 {
		o.MaxSessions = 64
	}
	if o.MaxPerPerson <= 0 {
		o.MaxPerPerson = 8
	}
	if o.Grant == nil {
		o.Grant = func(*http.Request) string { return "" }
	}
	if o.EnvOf == nil {
		o.EnvOf = func(*http.Request) []string { return nil }
	}
	return &Bridge{
		o: o, people: people,
		limits: limits{
			start: time.Minute, patience: 2 * time.Second, resume: 30 * time.Second, grace: 5 * time.Second,
			keepAlive: 15 * time.Second, message: 16 << 20, calls: 256, strangers: 30, pace: time.Second, entitled: 10 * time.Second,
		},
		drained:  make(chan struct{}),
		seats:    map[*seat]struct{}{},
		sessions: map[string]*session{},
		shared:   map[string]*shared{},
	}
}

// Shutdown refuses new calls, waits until those in flight are answered or ctx
// is over, and then does what [Bridge.Close] does. The streams on which clients
// only listen end at once.
func (b *Bridge) Shutdown(ctx context.Context) error {
	b.mu.Lock()
	b.closing = true
	for _, s := range b.sessions {
		s.own.finish()
	}
	drained := b.drained
	if b.busy == 0 {
		drained = nil
	}
	b.mu.Unlock()
	if drained != nil {
		select {
		case <-drained:
		case <-ctx.Done():
		}
	}
	return b.Close()
}

// Close ends every child, and with it every session and every open answer, and
// returns when the last one is gone. A child that does not end when its input
// is closed is sent SIGTERM and then, with all that it started, SIGKILL.
func (b *Bridge) Close() error {
	b.mu.Lock()
	b.closing = true
	seats := slices.Collect(maps.Keys(b.seats))
	b.mu.Unlock()
	for _, s := range seats {
		s.stop()
	}
	for _, s := range seats {
		<-s.left
	}
	return nil
}

// ServeHTTP answers POST, GET and DELETE, whatever the path.
func (b *Bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := b.serve(w, r)
	if err == nil {
		return
	}
	var no *refusal
	if !errors.As(err, &no) {
		b.o.Log.ErrorContext(r.Context(), "stdio server failed", "err", err)
		no = refuse(http.StatusBadGateway, codeInternal, "the MCP server cannot be reached")
	}
	no.write(w)
}

func (b *Bridge) serve(w http.ResponseWriter, r *http.Request) error {
	// MCP 2026-07-28, Streamable HTTP: a server answers "HTTP GET or DELETE to
	// the MCP endpoint" of that version "with 405 Method Not Allowed".
	modern := r.Header.Get(headerVersion) >= modernVersion
	switch {
	case r.Method == http.MethodPost:
		return b.post(w, r)
	case r.Method == http.MethodGet && !modern:
		return b.get(w, r)
	case r.Method == http.MethodDelete && !modern:
		return b.delete(w, r)
	}
	w.Header().Set("Allow", "GET, POST, DELETE")
	if modern {
		w.Header().Set("Allow", "POST")
	}
	return refuse(http.StatusMethodNotAllowed, codeInvalidRequest, "this method is not allowed here")
}

func (b *Bridge) post(w http.ResponseWriter, r *http.Request) error {
	in, err := b.read(w, r)
	if err != nil {
		return err
	}
	switch {
	case in.modern(r):
		return b.stateless(w, r, in)
	case in.has("initialize"):
		return b.open(w, r, in)
	}
	s, err := b.find(r)
	if err != nil {
		return err
	}
	s.use(r)
	if s.isStale(b.o.EnvOf(r)) {
		s.child.log.Info("what the stdio server was given has been replaced; ending it")
		s.stop()
		return refuse(http.StatusNotFound, codeNoSession, "the session has ended; initialize again")
	}
	return s.post(w, r, in)
}

func (b *Bridge) get(w http.ResponseWriter, r *http.Request) error {
	s, err := b.find(r)
	if err != nil {
		return err
	}
	return s.get(w, r)
}

// delete ends a session, as its client asked.
func (b *Bridge) delete(w http.ResponseWriter, r *http.Request) error {
	s, err := b.find(r)
	if err != nil {
		return err
	}
	s.stop()
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// find returns the session that a request names. Somebody else's session is
// as unknown as one that never was.
//
// MCP 2025-11-25, Streamable HTTP: "The server MAY terminate the session at
// any time, after which it MUST respond to requests containing that session ID
// with HTTP 404 Not Found."
func (b *Bridge) find(r *http.Request) (*session, error) {
	id := r.Header.Get(headerSession)
	if id == "" {
		return nil, refuse(http.StatusBadRequest, codeBadSession, "the Mcp-Session-Id header is missing; initialize first")
	}
	b.mu.Lock()
	s := b.sessions[id]
	b.mu.Unlock()
	if s == nil || s.owner != b.o.Key(r) || s.stopped() {
		return nil, refuse(http.StatusNotFound, codeNoSession, "the session does not exist or has ended; initialize again")
	}
	return s, nil
}
