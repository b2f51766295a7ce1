package stdio

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

const (
	headerVersion = "Mcp-Protocol-Version"
	headerSession = "Mcp-Session-Id"
	headerLast    = "Last-Event-Id"

	// modernVersion is the first without sessions.
	modernVersion = "2026-07-28"
)

// Codes of JSON-RPC 2.0 §5.1 and of MCP 2026-07-28; the two about sessions are
// what other servers of the older versions say.
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeMethodNotFound = -32601
	codeInvalidParams  = -32602
	codeInternal       = -32603
	codeBadSession     = -32000
	codeNoSession      = -32001
	codeHeaderMismatch = -32020
	codeMissingAbility = -32021
	codeVersion        = -32022
	codeCancelled      = -32800
)

// A refusal is an answer of our own in place of the server's.
type refusal struct {
	status  int
	id      json.RawMessage // of the request; nil: unknown
	code    int
	message string // a constant sentence
	data    any
}

func refuse(status, code int, message string) *refusal {
	return &refusal{status: status, code: code, message: message}
}

func (e *refusal) Error() string { return e.message }

// to says which request is refused.
func (e *refusal) to(id json.RawMessage) *refusal {
	e.id = id
	return e
}

func (e *refusal) write(w http.ResponseWriter) {
	if e.status == http.StatusServiceUnavailable || e.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "10")
	}
	writeJSON(w, e.status, failure(e.id, e.code, e.message, e.data))
}

// failure is a JSON-RPC error response.
func failure(id json.RawMessage, code int, message string, data any) []byte {
	if id == nil {
		id = json.RawMessage("null")
	}
	type wireError struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
		Data    any    `json:"data,omitempty"`
	}
	out, _ := json.Marshal(struct { // cannot fail: id was parsed, the rest is ours
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   wireError       `json:"error"`
	}{"2.0", id, wireError{code, message, data}})
	return out
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write(body)
}

// incoming is the body of one POST.
type incoming struct {
	messages []message
	batch    bool
	sse      bool // the client takes an event stream
	json     bool // the client takes plain JSON
}

// read reads and parses the body, of bounded size.
func (b *Bridge) read(w http.ResponseWriter, r *http.Request) (incoming, error) {
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/json" {
		return incoming{}, refuse(http.StatusUnsupportedMediaType, codeInvalidRequest, "the Content-Type has to be application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(b.limits.message)))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return incoming{}, refuse(http.StatusRequestEntityTooLarge, codeInvalidRequest, "the message is too large")
	case err != nil:
		return incoming{}, refuse(http.StatusBadRequest, codeParse, "the body could not be read")
	}
	messages, batch, err := parse(body)
	if err != nil || len(messages) == 0 {
		return incoming{}, refuse(http.StatusBadRequest, codeParse, "the body is not a JSON-RPC message")
	}
	in := incoming{messages: messages, batch: batch}
	in.json, in.sse = accepts(r.Header.Values("Accept"))
	for _, m := range messages {
		if m.kind() == nonsense {
			return incoming{}, refuse(http.StatusBadRequest, codeInvalidRequest, "the body is not a JSON-RPC message").to(m.id)
		}
	}
	return in, nil
}

// accepts reads Accept headers. No header, and */*, accept everything: clients
// that send no better are refused elsewhere and work here.
func accepts(values []string) (plain, sse bool) {
	if len(values) == 0 {
		return true, true
	}
	for value := range strings.SplitSeq(strings.Join(values, ","), ",") {
		media, _, _ := strings.Cut(value, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "*/*":
			return true, true
		case "application/json", "application/*":
			plain = true
		case "text/event-stream", "text/*":
			sse = true
		}
	}
	return plain, sse || !plain
}

func (in incoming) has(method string) bool {
	for _, m := range in.messages {
		if m.method == method {
			return true
		}
	}
	return false
}

// modern reports whether the client speaks a version without sessions.
//
// MCP 2026-07-28, versioning: "A request carrying modern per-request _meta is
// served statelessly [...]. An initialize request selects legacy semantics".
func (in incoming) modern(r *http.Request) bool {
	for _, m := range in.messages {
		if v, _ := m.meta(metaVersion); textOf(v) >= modernVersion {
			return true
		}
	}
	return r.Header.Get(headerVersion) >= modernVersion && !in.has("initialize")
}
