package resource

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// serve hands a permitted request over. Where its handler can ask for tokens, the
// answer is looked at: a tool that failed because the person has to connect a
// service is answered for.
func (g *Guard) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	if r.Method == http.MethodGet && visitOf(r.Context()).sent != "" {
		g.listen(w, r, next)
		return
	}
	if g.upstreams == nil {
		next.ServeHTTP(w, r)
		return
	}
	v := visitOf(r.Context())
	defer v.end()
	if !asks(v.asked().method) {
		next.ServeHTTP(w, r)
		return
	}
	n := &notice{to: w, visit: v}
	next.ServeHTTP(n, r)
	n.finish()
}

// A notice passes an answer on, unless it is the failure of a tool that did not get
// the token that it asked for: then it is replaced. One JSON answer is held until
// it is complete; of a stream of events, each is.
//
// The text that a tool gets has the link, so an answer that is not recognised loses
// nothing but its form.
type notice struct {
	to     http.ResponseWriter
	visit  *visit
	status int  // what the handler said; 0: nothing yet
	stream bool // it is a stream of events
	sent   bool // the status has gone out
	done   bool // it was replaced; the rest is dropped
	held   bytes.Buffer
}

// Unwrap is for [http.ResponseController].
func (n *notice) Unwrap() http.ResponseWriter { return n.to }

func (n *notice) Header() http.Header { return n.to.Header() }

func (n *notice) WriteHeader(status int) {
	if n.status != 0 || status < 200 {
		return
	}
	n.status = status
	n.stream = status == http.StatusOK && strings.HasPrefix(n.to.Header().Get("Content-Type"), "text/event-stream")
}

func (n *notice) Write(b []byte) (int, error) {
	n.WriteHeader(http.StatusOK)
	if n.done {
		return len(b), nil
	}
	n.held.Write(b)
	if !n.stream {
		return len(b), nil
	}
	for !n.done {
		event := firstEvent(n.held.Bytes())
		if event == 0 {
			break
		}
		if err := n.event(n.held.Next(event)); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// FlushError is what [http.ResponseController] calls. What is held is not flushed.
func (n *notice) FlushError() error {
	if !n.sent {
		return nil
	}
	return http.NewResponseController(n.to).Flush()
}

// Flush is for handlers that look for an [http.Flusher].
func (n *notice) Flush() { _ = n.FlushError() }

// finish sends what was held, or the refusal in its place.
func (n *notice) finish() {
	switch {
	case n.done || n.status == 0:
		return // net/http answers for a handler that wrote nothing
	case !n.stream && n.visit.missed() != nil && (n.status >= 400 || n.visit.asked().isFailure(n.held.Bytes())):
		n.replace()
		return
	}
	n.send()
	_, _ = n.to.Write(n.held.Bytes()) // a client that is gone is told nothing
}

func (n *notice) send() {
	if !n.sent {
		n.sent = true
		n.to.WriteHeader(n.status)
	}
}

// event passes one event on, with the line that ends it.
func (n *notice) event(raw []byte) error {
	if n.visit.missed() != nil && n.visit.asked().isFailure(eventData(raw)) {
		n.replace()
		return nil
	}
	n.send()
	_, err := n.to.Write(raw)
	return err
}

// replace answers instead. Before anything went out it can be any answer; into a
// stream goes one that is an event.
func (n *notice) replace() {
	n.done = true
	g, err := n.visit.guard, n.visit.missed()
	body := g.answerFor(n.visit, err)
	if !n.sent {
		h := n.to.Header()
		for _, name := range []string{"Content-Length", "Connection", "X-Accel-Buffering"} {
			h.Del(name)
		}
		if body == nil {
			g.refuse(n.to, err)
			return
		}
		write(n.to, http.StatusOK, body)
		return
	}
	if body == nil {
		body = n.visit.asked().failed(g.challengeFor(err).refusal.Description)
	}
	_, _ = n.to.Write([]byte("event: message\ndata: " + string(body) + "\n\n"))
	_ = http.NewResponseController(n.to).Flush()
}

// isFailure reports whether a message is the answer to the request, and says that
// it failed.
func (a ask) isFailure(message []byte) bool {
	var m struct {
		ID     json.RawMessage `json:"id"`
		Error  json.RawMessage `json:"error"`
		Result struct {
			IsError bool `json:"isError"`
		} `json:"result"`
	}
	return json.Unmarshal(message, &m) == nil && bytes.Equal(m.ID, a.id) && (m.Error != nil || m.Result.IsError)
}

// firstEvent is the length of the first complete event, with the empty line that
// ends it; 0 where it is not complete.
func firstEvent(b []byte) int {
	end := 0
	for _, empty := range []string{"\n\n", "\r\n\r\n", "\r\r"} {
		if i := bytes.Index(b, []byte(empty)); i >= 0 && (end == 0 || i+len(empty) < end) {
			end = i + len(empty)
		}
	}
	return end
}

// eventData is what an event says. HTML, server-sent events: the values of all its
// data lines, with a line feed between them.
func eventData(raw []byte) []byte {
	var lines [][]byte
	for line := range bytes.Lines(bytes.ReplaceAll(raw, []byte("\r"), []byte("\n"))) {
		if data, ok := bytes.CutPrefix(bytes.TrimRight(line, "\n"), []byte("data:")); ok {
			lines = append(lines, bytes.TrimPrefix(data, []byte(" ")))
		}
	}
	return bytes.Join(lines, []byte("\n"))
}
