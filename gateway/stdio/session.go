package stdio

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// How many finished answers a session keeps, for a client that lost its
// connection just before the end.
const (
	keptStreams = 16
	keptBytes   = 4 << 20
)

// A session is what an older version of the protocol calls so: one client, one
// child. Messages pass through it unchanged; it decides only on which of the
// client's streams each of the child's goes.
type session struct {
	*seat
	id  string
	own *stream // the session's own, which the client may listen to

	mu      sync.Mutex
	version string           // negotiated; set before the session can be found
	calls   []*call          // unanswered, oldest first
	asked   map[string]asked // what the child asks the client, by the key of its id
	streams []*stream        // of POSTs, by which they can be had again; oldest first
	made    int              // how many there ever were
	over    bool             // the child is gone
}

// A call is a request of the client's that was not answered.
type call struct {
	id    json.RawMessage
	key   string
	token string // the key of its progress token; "": none
	to    *stream
	plain bool // the client takes nothing but the answer
}

// asked is a request of the child's that the client did not answer.
type asked struct {
	id json.RawMessage
	on *stream
}

// open begins a session with its initialize request. Only when the server has
// agreed to it does the client learn its id.
func (b *Bridge) open(w http.ResponseWriter, r *http.Request, in incoming) error {
	// MCP 2025-03-26, lifecycle: "The initialize request MUST NOT be part of a
	// JSON-RPC batch".
	first := in.messages[0]
	if in.batch || first.kind() != request {
		return refuse(http.StatusBadRequest, codeInvalidRequest, "initialize has to be a request on its own").to(first.id)
	}
	seat, err := b.sit(r.Context(), b.o.Key(r))
	if err != nil {
		return err
	}
	seat.env = b.o.EnvOf(r)
	seat.use(r)
	s := &session{
		seat: seat, id: rand.Text(), own: newStream("0", b.limits.keepAlive), asked: map[string]asked{},
	}
	if err := seat.start(s.receive, s.ended); err != nil {
		return err
	}
	answer, err := s.initialize(r.Context(), first)
	if err != nil {
		s.stop()
		return err
	}
	if answer.failed == nil {
		s.publish(answer)
		w.Header().Set(headerSession, s.id)
	} else {
		s.stop()
	}
	if in.json {
		writeJSON(w, http.StatusOK, answer.raw)
		return nil
	}
	_ = newEventWriter(w).event("", answer.raw) // the client may have gone
	return nil
}

// publish lets the session be found. A child that ended meanwhile has forgotten
// it already, and nobody would do so again.
func (s *session) publish(answer message) {
	version, _ := field(answer.result, "protocolVersion")
	s.version = textOf(version)
	s.bridge.mu.Lock()
	defer s.bridge.mu.Unlock()
	if !s.child.stopped() {
		s.bridge.sessions[s.id] = s
	}
}

// initialize passes the request on and waits for the answer.
func (s *session) initialize(ctx context.Context, first message) (message, error) {
	leave, err := s.enter()
	if err != nil {
		return message{}, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, s.bridge.limits.start)
	defer cancel()
	st, err := s.register([]message{first}, true)
	if err != nil {
		return message{}, err
	}
	if err := s.child.send(ctx, first.raw); err != nil {
		return message{}, err
	}
	for {
		at := st.since(0, 0)
		switch {
		case len(at.events) > 0 && s.stopped():
			return message{}, refuse(http.StatusBadGateway, codeInternal, "the MCP server ended before it answered").to(first.id)
		case len(at.events) > 0:
			return parseOne(at.events[0].data)
		}
		select {
		case <-at.changed:
		case <-ctx.Done():
			return message{}, refuse(http.StatusGatewayTimeout, codeInternal, "the MCP server did not answer in time").to(first.id)
		}
	}
}

// post passes a body on, and the answers back.
func (s *session) post(w http.ResponseWriter, r *http.Request, in incoming) error {
	requests := slices.DeleteFunc(slices.Clone(in.messages), func(m message) bool { return m.kind() != request })
	if len(requests) == 0 {
		return s.tell(w, r, in.messages)
	}
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	st, err := s.register(requests, !in.sse)
	if err != nil {
		return err
	}
	reader := st.attach() // before the child can say anything
	for _, m := range in.messages {
		if err := s.pass(r.Context(), m); err != nil {
			s.abandon(st)
			return refuse(http.StatusNotFound, codeNoSession, "the session has ended; initialize again").to(requests[0].id)
		}
	}
	if !in.sse {
		return s.answerPlainly(w, r, st, in.batch)
	}
	after := 0
	if s.version >= "2025-11-25" {
		after = beforeAll
	}
	s.stream(w, r, st, position{reader, after})
	return nil
}

// tell passes on what has no answer.
func (s *session) tell(w http.ResponseWriter, r *http.Request, messages []message) error {
	s.listen(0)
	for _, m := range messages {
		if err := s.pass(r.Context(), m); err != nil {
			return refuse(http.StatusNotFound, codeNoSession, "the session has ended; initialize again")
		}
	}
	// MCP 2025-11-25, Streamable HTTP: "If the server accepts the input, the
	// server MUST return HTTP status code 202 Accepted with no body."
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// pass hands one message of the client's to the child.
func (s *session) pass(ctx context.Context, m message) error {
	switch {
	case m.kind() == response:
		s.mu.Lock()
		_, expected := s.asked[m.key]
		delete(s.asked, m.key)
		s.mu.Unlock()
		if !expected { // answered before, or withdrawn
			return nil
		}
	case m.method == "notifications/cancelled":
		defer s.giveUp(m)
	}
	return s.child.send(ctx, m.raw)
}

// isStale reports whether the child has something else in its environment than it
// would be given now, and nobody waits for it. What was answered is not waited for,
// though the client may still be reading it: it reads what we have, not the child.
func (s *session) isStale(env []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls) == 0 && !slices.Equal(s.env, env)
}

// giveUp ends the answer to a call that the client itself cancelled. Servers do
// not answer such a call, and its POST would stay open for ever; an end without
// an answer makes clients ask for the rest.
func (s *session) giveUp(m message) {
	id, _ := field(m.params, "requestId")
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.calls, func(c *call) bool { return c.key == keyOf(id) })
	if i >= 0 {
		s.settle(i, failure(s.calls[i].id, codeCancelled, "the client cancelled the call", nil))
	}
}

// register makes the stream on which requests will be answered.
func (s *session) register(requests []message, plain bool) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil, refuse(http.StatusNotFound, codeNoSession, "the session has ended; initialize again")
	}
	if len(s.calls)+len(requests) > s.bridge.limits.calls {
		return nil, refuse(http.StatusTooManyRequests, codeInternal, "too many calls are unanswered; wait for one").to(requests[0].id)
	}
	s.made++
	st := newStream(strconv.Itoa(s.made), s.bridge.limits.keepAlive)
	var calls []*call
	for _, m := range requests {
		same := func(c *call) bool { return c.key == m.key }
		if slices.ContainsFunc(s.calls, same) || slices.ContainsFunc(calls, same) {
			return nil, refuse(http.StatusBadRequest, codeInvalidRequest, "a call with this id is unanswered").to(m.id)
		}
		token, _ := m.meta("progressToken")
		calls = append(calls, &call{id: m.id, key: m.key, token: keyOf(token), to: st, plain: plain})
	}
	s.calls = append(s.calls, calls...)
	if !plain {
		s.streams = append(s.streams, st)
		if !s.own.isRead() {
			// A client that does not listen gets the session's messages here.
			for _, e := range s.own.takeUnsent() {
				st.put(e.data)
			}
		}
	}
	return st, nil
}

// stream writes a stream to the client. Where the client goes away before the
// end, the calls are cancelled if it does not come back.
//
// MCP 2025-11-25, Streamable HTTP: "Disconnection SHOULD NOT be interpreted as
// the client cancelling its request." So it may resume for a while; but nobody
// else ever learns that it will not.
func (s *session) stream(w http.ResponseWriter, r *http.Request, st *stream, from position) {
	st.serve(w, r, from)
	if !st.detach(from.reader) || st == s.own {
		return
	}
	if done, _ := st.weight(); !done {
		time.AfterFunc(s.bridge.limits.resume, func() {
			if !st.isRead() {
				s.abandon(st)
			}
		})
	}
}

// answerPlainly waits for the answers and writes them as JSON, an array for a
// batch. The client cannot come back for them: if it goes, they are not wanted.
func (s *session) answerPlainly(w http.ResponseWriter, r *http.Request, st *stream, batch bool) error {
	for {
		at := st.since(0, 0)
		if !at.done {
			select {
			case <-at.changed:
				continue
			case <-r.Context().Done():
				s.abandon(st)
				return nil
			}
		}
		var answers []json.RawMessage
		for _, e := range at.events {
			answers = append(answers, e.data)
		}
		if !batch && len(answers) > 0 {
			writeJSON(w, http.StatusOK, answers[0])
			return nil
		}
		body, err := json.Marshal(answers)
		if err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, body)
		return nil
	}
}

// get lets the client listen to the session's own messages, or go on with an
// answer that it lost.
func (s *session) get(w http.ResponseWriter, r *http.Request) error {
	if _, sse := accepts(r.Header.Values("Accept")); !sse {
		return refuse(http.StatusNotAcceptable, codeInvalidRequest, "the Accept header has to allow text/event-stream")
	}
	st, after := s.own, s.own.nextUnsent()
	if last := r.Header.Get(headerLast); last != "" {
		name, n, ok := parseEventID(last)
		if !ok {
			return refuse(http.StatusBadRequest, codeInvalidRequest, "the Last-Event-ID header is malformed")
		}
		st, after = s.named(name), n
	}
	if st == nil || st.isOver(after) {
		// Nothing is left of it. A 404 would say that the session is gone, and an
		// empty stream makes clients ask again and again; this makes them stop.
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	s.listen(1)
	defer s.listen(-1)
	s.stream(w, r, st, position{st.attach(), after})
	return nil
}

func (s *session) named(name string) *stream {
	if name == s.own.name {
		return s.own
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, st := range s.streams {
		if st.name == name {
			return st
		}
	}
	return nil
}
