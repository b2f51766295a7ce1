package stdio

import (
	"encoding/json"
	"slices"
)

// receive takes a line from the child to the call where it belongs, under the
// names by which the client knows the call.
func (s *shared) receive(line []byte) {
	messages, _, err := parse(line)
	if err != nil {
		s.child.log.Warn("stdio server wrote something that is no message", "line", string(line[:min(len(line), maxStderr)]))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range messages {
		switch m.kind() {
		case response:
			s.settle(m)
		case request:
			// MCP 2026-07-28, stdio: "The server MUST NOT write JSON-RPC requests
			// to stdout."
			s.child.sendNow(failure(m.id, codeMethodNotFound, "this version of the protocol has no requests to the client", nil))
		case notification:
			s.notify(m)
		default:
			s.child.log.Warn("stdio server wrote JSON that is no message")
		}
	}
}

// byName finds the call that the child knows by a name. The caller holds the lock.
func (s *shared) byName(name json.RawMessage) *sharedCall {
	key := keyOf(name)
	i := slices.IndexFunc(s.calls, func(c *sharedCall) bool { return keyOf(c.ours) == key })
	if i < 0 {
		return nil
	}
	return s.calls[i]
}

// settle answers a call. The caller holds the lock.
func (s *shared) settle(m message) {
	c := s.byName(m.id)
	if c == nil { // it was cancelled
		return
	}
	s.calls = slices.DeleteFunc(s.calls, func(other *sharedCall) bool { return other == c })
	line := replaced(m.raw, c.id, "id")
	if meta, ok := field(m.result, "_meta"); ok {
		if id, ok := field(meta, metaSubscription); ok && keyOf(id) == keyOf(c.ours) {
			line = replaced(line, c.id, "result", "_meta", metaSubscription)
		}
	}
	c.to.put(line)
	c.to.finish()
}

// notify passes a notification on. The caller holds the lock.
func (s *shared) notify(m message) {
	if name, ok := m.meta(metaSubscription); ok {
		if c := s.byName(name); c != nil {
			line := replaced(m.raw, c.id, "params", "_meta", metaSubscription)
			c.to.put(line)
		}
		return
	}
	switch m.method {
	case "notifications/progress":
		name, _ := field(m.params, "progressToken")
		if c := s.byName(name); c != nil && c.token != nil {
			c.to.put(replaced(m.raw, c.token, "params", "progressToken"))
		}
	case "notifications/cancelled":
		// MCP 2026-07-28, cancellation: a server sends it "when it tears down" the
		// stream of subscriptions/listen.
		name, _ := field(m.params, "requestId")
		if c := s.byName(name); c != nil {
			s.calls = slices.DeleteFunc(s.calls, func(other *sharedCall) bool { return other == c })
			c.to.put(replaced(m.raw, c.id, "params", "requestId"))
			c.to.finish()
		}
	default:
		// Nothing says to which call a log message belongs. It goes to the latest
		// that asked for any, and to none where none did.
		for _, c := range slices.Backward(s.calls) {
			if c.logs || m.method != "notifications/message" {
				c.to.put(m.raw)
				return
			}
		}
	}
}
