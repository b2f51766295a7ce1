package stdio

import "slices"

// receive takes a line from the child to the stream where it belongs.
func (s *session) receive(line []byte) {
	messages, _, err := parse(line)
	if err != nil {
		// Servers that greet on standard output are common, and harmless.
		s.child.log.Warn("stdio server wrote something that is no message", "line", string(line[:min(len(line), maxStderr)]))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range messages {
		switch m.kind() {
		case response:
			i := slices.IndexFunc(s.calls, func(c *call) bool { return c.key == m.key })
			if i >= 0 { // otherwise the call was cancelled
				s.settle(i, m.raw)
			}
		case request:
			on := s.place(m)
			s.asked[m.key] = asked{m.id, on}
			on.put(m.raw)
		case notification:
			s.place(m).put(m.raw)
			if m.method == "notifications/cancelled" {
				id, _ := field(m.params, "requestId")
				delete(s.asked, keyOf(id))
			}
		default:
			s.child.log.Warn("stdio server wrote JSON that is no message")
		}
	}
}

// place decides where a message goes that answers nothing. The child does not
// say to which call it belongs, unless it is about progress.
//
// MCP 2025-11-25, Streamable HTTP: on the stream of a POST, messages "SHOULD
// relate to the originating client request"; on the session's own they "SHOULD
// be unrelated to any concurrently-running JSON-RPC request".
func (s *session) place(m message) *stream {
	switch m.method {
	case "notifications/progress":
		token, _ := field(m.params, "progressToken")
		key := keyOf(token)
		i := slices.IndexFunc(s.calls, func(c *call) bool { return c.token == key && key != "" && !c.plain })
		if i >= 0 {
			return s.calls[i].to
		}
		return s.own
	case "notifications/cancelled":
		id, _ := field(m.params, "requestId")
		if a, ok := s.asked[keyOf(id)]; ok {
			return a.on
		}
		return s.own
	case "notifications/tools/list_changed", "notifications/prompts/list_changed",
		"notifications/resources/list_changed", "notifications/resources/updated":
		if s.own.isRead() {
			return s.own
		}
	}
	// What is left belongs, as a rule, to a call in flight: log messages,
	// elicitation, sampling. With several, the latest that is listened to; with
	// none that is, the latest whose client may come back.
	best := s.own
	for _, c := range slices.Backward(s.calls) {
		switch {
		case c.plain:
		case c.to.isRead():
			return c.to
		case best == s.own && !s.own.isRead():
			best = c.to
		}
	}
	return best
}

// settle answers the i-th call. The stream that carried its last answer ends.
// The caller holds the lock.
func (s *session) settle(i int, answer []byte) {
	c := s.calls[i]
	s.calls = slices.Delete(s.calls, i, i+1)
	c.to.put(answer)
	if slices.ContainsFunc(s.calls, func(other *call) bool { return other.to == c.to }) {
		return
	}
	c.to.finish()
	s.forgetStreams()
}

// forgetStreams drops the oldest finished streams when there are too many or
// they are too large. The caller holds the lock.
func (s *session) forgetStreams() {
	count, size := 0, 0
	kept := s.streams[:0:0]
	for _, st := range slices.Backward(s.streams) {
		if done, bytes := st.weight(); done {
			count, size = count+1, size+bytes
			if count > 1 && (count > keptStreams || size > keptBytes) {
				continue
			}
		}
		kept = append(kept, st)
	}
	slices.Reverse(kept)
	s.streams = kept
}

// abandon cancels the calls whose answers would go to a stream, because nobody
// is there to read them, and answers in the client's place what the child asked
// there.
func (s *session) abandon(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.calls) - 1; i >= 0; i-- {
		if c := s.calls[i]; c.to == st {
			s.child.sendNow(cancelled(c.id, "the client went away"))
			s.settle(i, failure(c.id, codeCancelled, "the client went away", nil))
		}
	}
	for key, a := range s.asked {
		if a.on == st {
			s.child.sendNow(failure(a.id, codeInternal, "the client went away", nil))
			delete(s.asked, key)
		}
	}
}

// ended answers everything that waits for a child that is gone.
func (s *session) ended() {
	s.bridge.mu.Lock()
	delete(s.bridge.sessions, s.id)
	s.bridge.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	for len(s.calls) > 0 {
		s.settle(0, failure(s.calls[0].id, codeInternal, "the MCP server ended before it answered", nil))
	}
	s.own.finish()
}
