package stdio

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How much of a stream is kept for a client that is not there, or comes back.
// Of more, the oldest is lost.
const (
	maxEvents     = 1024
	maxEventBytes = 8 << 20
)

// writeTime is how long one write to a client may take. A client that does not
// read must not hold a session for ever.
const writeTime = 30 * time.Second

// A stream is an order of messages for the client: the answer to one POST, or
// the session's own. Whoever writes never waits for whoever reads.
type stream struct {
	name      string // in event ids; "": events have no ids and cannot be had again
	keepAlive time.Duration

	mu      sync.Mutex
	events  []event
	size    int           // of events, in bytes
	last    int           // number of the newest event; the first is 1
	sent    int           // number of the newest that was written to someone
	done    bool          // nothing more will come
	readers int           // how many ever began to read; only the last one goes on
	reading bool          // that one is still there
	changed chan struct{} // closed and replaced whenever any of this changes
}

type event struct {
	n    int
	data []byte
}

func newStream(name string, keepAlive time.Duration) *stream {
	return &stream{name: name, keepAlive: keepAlive, changed: make(chan struct{})}
}

// signal wakes the reader; the caller holds the lock.
func (s *stream) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *stream) put(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done {
		return
	}
	s.last++
	s.events = append(s.events, event{s.last, data})
	s.size += len(data)
	for len(s.events) > maxEvents || s.size > maxEventBytes && len(s.events) > 1 {
		s.size -= len(s.events[0].data)
		s.events = s.events[1:]
	}
	s.signal()
}

// finish says that nothing more will come.
func (s *stream) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.done {
		s.done = true
		s.signal()
	}
}

// takeUnsent removes and returns what nobody was sent yet.
func (s *stream) takeUnsent() []event {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.events {
		if e.n > s.sent {
			unsent := s.events[i:]
			s.events = s.events[:i:i]
			for _, e := range unsent {
				s.size -= len(e.data)
			}
			return unsent
		}
	}
	return nil
}

// attach makes the caller the reader and sends away the one before: a client
// that lost its connection comes back before we have noticed.
func (s *stream) attach() (reader int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers++
	s.reading = true
	s.signal()
	return s.readers
}

// detach reports whether the caller was still the reader.
func (s *stream) detach(reader int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.readers != reader {
		return false
	}
	s.reading = false
	return true
}

// state is what a reader sees at one moment.
type state struct {
	events  []event
	done    bool
	mine    bool // the caller is still the reader
	changed <-chan struct{}
}

// since returns the events after number n.
func (s *stream) since(reader, n int) state {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := state{done: s.done, mine: s.readers == reader, changed: s.changed}
	for i, e := range s.events {
		if e.n > n {
			at.events = s.events[i:len(s.events):len(s.events)]
			break
		}
	}
	return at
}

func (s *stream) wasSent(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = max(s.sent, n)
}

// isRead reports whether a client reads the stream now.
func (s *stream) isRead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reading
}

// nextUnsent is where a client begins that names no event.
func (s *stream) nextUnsent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent
}

// weight returns whether nothing more will come, and how many bytes are kept.
func (s *stream) weight() (done bool, bytes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done, s.size
}

// isOver reports whether there is nothing after number n and never will be.
func (s *stream) isOver(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.done && s.last <= n
}

// A position is who reads, and the number of the event after which they begin.
type position struct{ reader, after int }

// beforeAll is the position of a client that is first of all told where it is.
const beforeAll = -1

// serve writes the stream as server-sent events until it is finished, the
// client goes away or another reader comes.
func (s *stream) serve(w http.ResponseWriter, r *http.Request, from position) {
	out := newEventWriter(w)
	n := from.after
	if n == beforeAll {
		// MCP 2025-11-25, Streamable HTTP: "The server SHOULD immediately send an
		// SSE event consisting of an event ID and an empty data field in order to
		// prime the client to reconnect".
		n = 0
		if out.event(s.idOf(n), nil) != nil {
			return
		}
	}
	tick := time.NewTicker(s.keepAlive)
	defer tick.Stop()
	for {
		at := s.since(from.reader, n)
		if !at.mine {
			return
		}
		for _, e := range at.events {
			if out.event(s.idOf(e.n), e.data) != nil {
				return
			}
			n = e.n
			s.wasSent(n)
		}
		if at.done {
			return
		}
		select {
		case <-at.changed:
		case <-tick.C:
			if out.comment("keep-alive") != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// idOf is the id of an event, by which the rest of the stream can be had.
func (s *stream) idOf(n int) string {
	if s.name == "" {
		return ""
	}
	return s.name + "_" + strconv.Itoa(n)
}

func parseEventID(id string) (name string, n int, ok bool) {
	name, number, ok := strings.Cut(id, "_")
	n, err := strconv.Atoi(number)
	return name, n, ok && err == nil && n >= 0 && name != ""
}

// eventWriter writes server-sent events, each of them at once.
type eventWriter struct {
	w   http.ResponseWriter
	ctl *http.ResponseController
}

// newEventWriter sends the header.
//
// MCP 2026-07-28, Streamable HTTP: "servers SHOULD include the
// X-Accel-Buffering: no header". A proxy that waits for more would hold the
// progress of a call until the call is over.
func newEventWriter(w http.ResponseWriter) *eventWriter {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache, no-transform")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	out := &eventWriter{w: w, ctl: http.NewResponseController(w)}
	out.flush()
	return out
}

func (o *eventWriter) event(id string, data []byte) error {
	var b bytes.Buffer
	if id != "" {
		fmt.Fprintf(&b, "id: %s\n", id)
	}
	fmt.Fprintf(&b, "data: %s\n\n", data)
	return o.write(b.Bytes())
}

func (o *eventWriter) comment(text string) error {
	return o.write([]byte(": " + text + "\n\n"))
}

func (o *eventWriter) write(p []byte) error {
	_ = o.ctl.SetWriteDeadline(time.Now().Add(writeTime)) // where the connection can
	if _, err := o.w.Write(p); err != nil {
		return err
	}
	return o.flush()
}

func (o *eventWriter) flush() error { return o.ctl.Flush() }
