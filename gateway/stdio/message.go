package stdio

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
)

const (
	metaVersion      = "io.modelcontextprotocol/protocolVersion"
	metaLogLevel     = "io.modelcontextprotocol/logLevel"
	metaSubscription = "io.modelcontextprotocol/subscriptionId"
)

// A message is JSON-RPC, parsed as far as routing needs. raw is all of it, on
// one line; whatever we do not know stays as it was.
type message struct {
	raw    []byte
	id     json.RawMessage // nil: none
	key    string          // the id in a form that can be compared; "": none
	method string
	params json.RawMessage // nil: none
	result json.RawMessage // of a response
	failed json.RawMessage // its error
}

type kind int

const (
	nonsense kind = iota
	request
	notification
	response
)

func (m message) kind() kind {
	switch {
	case m.method != "" && m.key != "":
		return request
	case m.method != "" && m.id == nil:
		return notification
	case m.method == "" && m.key != "" && (m.result != nil || m.failed != nil):
		return response
	}
	return nonsense
}

// parse reads one message or, as versions before 2025-06-18 allow, an array.
func parse(line []byte) (messages []message, batch bool, err error) {
	line = bytes.Trim(line, " \t\r\n") // RFC 8259 §2: ws; a form feed is none
	if len(line) == 0 || line[0] != '[' {
		m, err := parseOne(line)
		return []message{m}, false, err
	}
	var all []json.RawMessage
	if err := json.Unmarshal(line, &all); err != nil {
		return nil, true, err
	}
	for _, raw := range all {
		m, err := parseOne(raw)
		if err != nil {
			return nil, true, err
		}
		messages = append(messages, m)
	}
	return messages, true, nil
}

func parseOne(raw []byte) (message, error) {
	// A map, because a struct would also take "Method" for "method": the child
	// would then read another message than we did.
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return message{}, err
	}
	if fields == nil {
		return message{}, errors.New("not an object")
	}
	// MCP, stdio: messages "are delimited by newlines, and MUST NOT contain
	// embedded newlines."
	var line bytes.Buffer
	if err := json.Compact(&line, raw); err != nil {
		return message{}, err
	}
	return message{
		raw: line.Bytes(), id: fields["id"], key: keyOf(fields["id"]), method: textOf(fields["method"]),
		params: fields["params"], result: fields["result"], failed: fields["error"],
	}, nil
}

// keyOf makes ids and progress tokens comparable: 1 and 1.0 are the same, 1 and
// "1" are not. What is neither a string nor a number has no key.
func keyOf(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	if raw[0] == '"' {
		return "s" + textOf(raw)
	}
	if _, err := strconv.ParseInt(string(raw), 10, 64); err == nil {
		return "n" + string(raw)
	}
	f, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return ""
	}
	return "n" + strconv.FormatFloat(f, 'f', -1, 64)
}

func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// field returns what stands in an object under a name.
func field(object json.RawMessage, name string) (json.RawMessage, bool) {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return nil, false
	}
	value, ok := fields[name]
	return value, ok
}

// meta returns what the parameters' _meta holds under a name.
func (m message) meta(name string) (json.RawMessage, bool) {
	if len(m.params) == 0 {
		return nil, false
	}
	meta, _ := field(m.params, "_meta")
	return field(meta, name)
}

// replaced returns object with the value at path replaced, where there is one.
// Every other value keeps its bytes, numbers of any size included.
func replaced(object, value json.RawMessage, path ...string) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(object, &fields) != nil {
		return object
	}
	inner, ok := fields[path[0]]
	if !ok {
		return object
	}
	if len(path) > 1 {
		value = replaced(inner, value, path[1:]...)
	}
	fields[path[0]] = value
	var out bytes.Buffer
	out.WriteByte('{')
	for i, name := range slices.Sorted(maps.Keys(fields)) {
		if i > 0 {
			out.WriteByte(',')
		}
		quoted, _ := json.Marshal(name) // a string cannot fail
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(fields[name])
	}
	out.WriteByte('}')
	return out.Bytes()
}

// cancelled tells the child that nobody waits for an answer any more.
func cancelled(id json.RawMessage, reason string) []byte {
	out, _ := json.Marshal(map[string]any{ // cannot fail: id was parsed
		"jsonrpc": "2.0", "method": "notifications/cancelled",
		"params": map[string]any{"requestId": id, "reason": reason},
	})
	return out
}
