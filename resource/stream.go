package resource

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A session names the sessions of one client for one person, by the id that the client
// sends. MCP 2025-11-25, elicitation: servers "MUST only send the notification to the
// client that initiated the elicitation request".
type session struct{ subject, client, id string }

// streams are those on which clients listen to what a server says by itself: of each
// session the one that was opened last.
type streams struct {
	mu   sync.Mutex
	open map[session]*stream
}

func (s *streams) find(of session) *stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open[of]
}

func (s *streams) add(t *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[session]*stream{}
	}
	s.open[t.of] = t
}

func (s *streams) remove(t *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[t.of] == t {
		delete(s.open, t.of)
	}
}

// A stream passes on what a server says by itself, as it is, and what the guard has to
// say between two of its events. An event of the guard's has no id, so where a client
// resumes a stream it resumes the server's.
type stream struct {
	to  http.ResponseWriter
	ctx context.Context // of the request
	all *streams
	of  session

	mu      sync.Mutex // guards what follows, and writing
	begun   bool       // its status has gone out
	over    bool       // the request is
	inside  bool       // an event has begun and not ended
	tail    []byte     // the end of what was written, as far as an event's end could be in it
	waiting [][]byte   // what is to be said when the event has ended
	asked   int        // for how many pages its person is awaited
}

// listen serves a request for a stream.
func (g *Guard) listen(w http.ResponseWriter, r *http.Request, next http.Handler) {
	t := &stream{to: w, ctx: r.Context(), all: &g.streams, of: visitOf(r.Context()).session()}
	defer t.end()
	next.ServeHTTP(t, r)
}

func (t *stream) end() {
	t.all.remove(t)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
}

// Unwrap is for [http.ResponseController].
func (t *stream) Unwrap() http.ResponseWriter { return t.to }

func (t *stream) Header() http.Header { return t.to.Header() }

func (t *stream) WriteHeader(status int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begin(status)
}

func (t *stream) begin(status int) {
	if t.begun {
		return
	}
	t.to.WriteHeader(status)
	if t.begun = status >= 200; t.begun && status == http.StatusOK && strings.HasPrefix(t.to.Header().Get("Content-Type"), "text/event-stream") {
		t.all.add(t)
	}
}

func (t *stream) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begin(http.StatusOK)
	n, err := t.to.Write(b)
	if n > 0 {
		t.tail = append(t.tail, b[max(0, n-4):n]...)
		t.tail = t.tail[max(0, len(t.tail)-4):]
		t.inside = !endsEvent(t.tail)
	}
	for !t.inside && err == nil && len(t.waiting) > 0 {
		_, err = t.to.Write(t.waiting[0])
		t.waiting = t.waiting[1:]
	}
	return n, err
}

// endsEvent reports whether b ends with an empty line.
func endsEvent(b []byte) bool {
	return bytes.HasSuffix(b, []byte("\n\n")) || bytes.HasSuffix(b, []byte("\r\n\r\n")) || bytes.HasSuffix(b, []byte("\r\r"))
}

// FlushError is what [http.ResponseController] calls.
func (t *stream) FlushError() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begin(http.StatusOK)
	return http.NewResponseController(t.to).Flush()
}

// Flush is for handlers that look for an [http.Flusher].
func (t *stream) Flush() { _ = t.FlushError() }

// say sends a message of the guard's own: now, or when the event that is under way has
// ended.
func (t *stream) say(message []byte) {
	event := append(append([]byte("event: message\ndata: "), message...), "\n\n"...)
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.over || t.ctx.Err() != nil:
	case t.inside:
		t.waiting = append(t.waiting, event)
	default:
		if _, err := t.to.Write(event); err == nil {
			_ = http.NewResponseController(t.to).Flush()
		}
	}
}

const (
	// maxAwaited is how many pages of one session a person is awaited at.
	maxAwaited = 8
	// awaitTime is for how long: pages are good for so long.
	awaitTime = 15 * time.Minute
	// slowest is how long it is between two looks, in the end; the first comes after a
	// second.
	slowest = 5 * time.Second
)

// awaits tells the client of a session when its person is done at a page, if it
// listens here; otherwise it calls again by itself, or its person has it do so.
//
// MCP 2025-11-25, elicitation: "Servers MAY send a notifications/elicitation/complete
// notification when an out-of-band interaction started by URL mode elicitation is
// completed."
func (g *Guard) awaits(v *visit, id string, missing *Unconnected) {
	t := g.streams.find(v.session())
	if missing.Connected == nil || t == nil || !t.mayAwait(1) {
		return
	}
	go func() {
		defer t.mayAwait(-1)
		ctx, cancel := context.WithTimeout(t.ctx, awaitTime)
		defer cancel()
		for pause := time.Second; ; pause = min(pause*5/4, slowest) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			if missing.Connected(ctx) {
				t.say(marshal(map[string]any{"jsonrpc": "2.0", "method": "notifications/elicitation/complete",
					"params": map[string]string{"elicitationId": id}}))
				return
			}
		}
	}()
}

// mayAwait counts one more, or one less.
func (t *stream) mayAwait(more int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || t.asked+more > maxAwaited {
		return false
	}
	t.asked += more
	return true
}
