package stdio

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// shared is the child of one person, for requests without a session. Several of
// the person's clients may use it at a time, each with ids of its own choice, so
// a call carries another id on the way to the child; its progress token is that
// id as well. Nothing else is changed.
type shared struct {
	*seat
	key   string        // under which the bridge knows it
	once  bool          // for one request only
	ready chan struct{} // closed when the child can be used, or err says why not
	err   error

	mu    sync.Mutex
	calls []*sharedCall // unanswered, oldest first
	next  int
	over  bool // the child is gone
}

// A sharedCall is a call, and the names under which its client and the child
// know it.
type sharedCall struct {
	id    json.RawMessage // the client's
	token json.RawMessage // its progress token; nil: none
	ours  json.RawMessage // the child's name for both
	logs  bool            // the client wants log messages
	to    *stream
}

// stateless answers a request of version 2026-07-28 or later.
func (b *Bridge) stateless(w http.ResponseWriter, r *http.Request, in incoming) error {
	m := in.messages[0]
	if in.batch {
		return refuse(http.StatusBadRequest, codeInvalidRequest, "the body has to be a single message")
	}
	if m.kind() == response {
		return refuse(http.StatusBadRequest, codeInvalidRequest, "responses are not taken in this version")
	}
	if err := checkHeaders(r.Header, m); err != nil {
		return err
	}
	if m.kind() == notification {
		// MCP 2026-07-28, Streamable HTTP: "This revision of the core protocol
		// defines no client-to-server notifications"; and cancelling is done by
		// going away. There is no call that this one could belong to.
		w.WriteHeader(http.StatusAccepted)
		return nil
	}
	s, err := b.childOf(r.Context(), whose{b.o.Key(r), b.o.EnvOf(r)}, m)
	if err != nil {
		return err
	}
	s.use(r)
	if s.once {
		defer s.stop()
	}
	return s.answer(w, r, m, in)
}

// whose says to whom a child belongs that has no session.
type whose struct {
	person string
	env    []string
}

// key is another one for everything that the person brings: a child that has what
// was replaced is not used again, and ends when it is idle.
func (w whose) key() string {
	mac := sha256.Sum256([]byte(strings.Join(w.env, "\x00")))
	return "of " + w.person + " " + string(mac[:])
}

// childOf returns the person's child, started if need be. Nobody in particular
// gets one for this request alone: who they are would be anyone.
func (b *Bridge) childOf(ctx context.Context, of whose, m message) (*shared, error) {
	key := of.key()
	if of.person == "" && b.people {
		key = "once " + rand.Text()
	}
	for {
		s, mine, err := b.shareOf(key, of, m)
		if err != nil {
			return nil, err
		}
		if mine {
			// Not in the request's context: others may be waiting as well.
			go s.begin()
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			if s.once {
				go s.stopOnceReady() // it is nobody's now
			}
			return nil, refuse(http.StatusGatewayTimeout, codeInternal, "the MCP server did not start in time").to(m.id)
		}
		switch {
		case errors.Is(s.err, errLegacy):
			b.mu.Lock()
			defer b.mu.Unlock()
			return nil, b.refuseVersion(m)
		case s.err != nil:
			return nil, s.err
		case !s.stopped():
			return s, nil
		}
		// It has just ended, and is about to be forgotten.
		select {
		case <-s.left:
		case <-ctx.Done():
			return nil, refuse(http.StatusGatewayTimeout, codeInternal, "the MCP server did not start in time").to(m.id)
		}
	}
}

// shareOf finds the person's child, or makes the place for it, which the caller
// then has to fill.
func (b *Bridge) shareOf(key string, of whose, m message) (s *shared, mine bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closing:
		return nil, false, refuse(http.StatusServiceUnavailable, codeInternal, "the server is stopping").to(m.id)
	case b.era == eraLegacy:
		return nil, false, b.refuseVersion(m)
	case b.shared[key] != nil:
		return b.shared[key], false, nil
	}
	s = &shared{
		seat: &seat{bridge: b, owner: of.person, env: of.env}, key: key, once: strings.HasPrefix(key, "once "), ready: make(chan struct{}),
	}
	b.shared[key] = s
	return s, true, nil
}

// begin starts the child, and finds out whether it speaks this version.
func (s *shared) begin() {
	b := s.bridge
	defer close(s.ready)
	ctx, cancel := context.WithTimeout(context.Background(), b.limits.start)
	defer cancel()
	seat, err := b.sit(ctx, s.owner)
	if err == nil {
		seat.env = s.env
		s.seat = seat
		err = seat.start(s.receive, s.ended)
	}
	if err == nil {
		err = s.probe(ctx)
	}
	if err != nil {
		s.err = err
		b.forget(s)
		if s.child != nil {
			s.stop()
		}
	}
}

// stopOnceReady waits, because until then the seat is not the child's.
func (s *shared) stopOnceReady() {
	<-s.ready
	s.stop()
}

func (b *Bridge) forget(s *shared) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shared[s.key] == s {
		delete(b.shared, s.key)
	}
}

// answer passes a call on, and what belongs to it back.
func (s *shared) answer(w http.ResponseWriter, r *http.Request, m message, in incoming) error {
	leave, err := s.enter()
	if err != nil {
		return err
	}
	defer leave()
	c, line, err := s.register(m)
	if err != nil {
		return err
	}
	defer s.abandon(c) // does nothing once it is answered
	if err := s.child.send(r.Context(), line); err != nil {
		return refuse(http.StatusBadGateway, codeInternal, "the MCP server ended before it answered").to(m.id)
	}
	first, ok := waitFirst(r.Context(), c.to)
	if !ok {
		return nil
	}
	if status, plain := statusOf(first); plain && (in.json || status != http.StatusOK) {
		writeJSON(w, status, first)
		return nil
	}
	c.to.serve(w, r, position{reader: c.to.attach()})
	return nil
}

// waitFirst waits for the first message of a stream, because it decides on the
// HTTP status; but not for longer than a proxy would wait for a header. It
// returns nil where there is none yet, and false where the client went away.
func waitFirst(ctx context.Context, st *stream) ([]byte, bool) {
	timer := time.NewTimer(st.keepAlive)
	defer timer.Stop()
	for {
		at := st.since(0, 0)
		if len(at.events) > 0 {
			return at.events[0].data, true
		}
		select {
		case <-at.changed:
		case <-timer.C:
			return nil, true
		case <-ctx.Done():
			return nil, false
		}
	}
}

// statusOf returns the HTTP status for an answer, and false for what is none.
//
// MCP 2026-07-28, Streamable HTTP: "If the server does not implement the
// requested RPC method, it MUST respond with 404 Not Found and a JSON-RPC error
// with code -32601"; the errors about versions, headers, parameters and
// capabilities are 400.
func statusOf(line []byte) (status int, answer bool) {
	m, err := parseOne(line)
	if err != nil || m.kind() != response {
		return 0, false
	}
	code, _ := field(m.failed, "code")
	n, _ := strconv.Atoi(string(code))
	switch n {
	case codeMethodNotFound:
		return http.StatusNotFound, true
	case codeVersion, codeHeaderMismatch, codeMissingAbility, codeInvalidParams:
		return http.StatusBadRequest, true
	}
	return http.StatusOK, true
}

// register makes a call known, and returns it as the child is to read it.
func (s *shared) register(m message) (*sharedCall, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over:
		return nil, nil, refuse(http.StatusBadGateway, codeInternal, "the MCP server has just ended; try again").to(m.id)
	case len(s.calls) >= s.bridge.limits.calls:
		return nil, nil, refuse(http.StatusTooManyRequests, codeInternal, "too many calls are unanswered; wait for one").to(m.id)
	}
	s.next++
	c := &sharedCall{
		id: m.id, ours: json.RawMessage(strconv.Itoa(s.next)),
		to: newStream("", s.bridge.limits.keepAlive),
	}
	c.token, _ = m.meta("progressToken")
	_, c.logs = m.meta(metaLogLevel)
	s.calls = append(s.calls, c)
	line := replaced(m.raw, c.ours, "id")
	line = replaced(line, c.ours, "params", "_meta", "progressToken")
	return c, line, nil
}

// abandon cancels a call that is unanswered.
//
// MCP 2026-07-28, cancellation: "The server MUST treat a client disconnect as
// cancellation of that request"; and over stdio "the client MUST send a
// notifications/cancelled notification referencing the request ID".
func (s *shared) abandon(c *sharedCall) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.calls, c); i >= 0 {
		s.calls = slices.Delete(s.calls, i, i+1)
		s.child.sendNow(cancelled(c.ours, "the client went away"))
	}
}

// ended answers every call that waits for a child that is gone.
func (s *shared) ended() {
	s.bridge.forget(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for _, c := range s.calls {
		c.to.put(failure(c.id, codeInternal, "the MCP server ended before it answered; try again", nil))
		c.to.finish()
	}
	s.calls = nil
}
