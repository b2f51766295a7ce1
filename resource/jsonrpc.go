package resource

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

// maxDepth is how deeply a message may be nested. It is far above any real
// call, and below what makes a recursive parser behind us run out of stack.
const maxDepth = 128

// An envelope is what policy needs to know of a JSON-RPC body. The body itself
// goes on unchanged.
type envelope struct {
	messages []message
	batch    bool
}

// A message is one element: a request, a notification, or a response to a
// request of the server's.
type message struct {
	id      []byte // raw; nil for a notification
	method  string // empty for a response
	name    string // params.name
	uri     string // params.uri
	version string // params._meta["io.modelcontextprotocol/protocolVersion"]
	hasName bool
	hasURI  bool
}

// metaVersion is where a message of MCP 2026-07-28 and later says its version.
const metaVersion = "io.modelcontextprotocol/protocolVersion"

// readEnvelope reads a body as strictly as the strictest parser that may stand
// behind us: what two parsers could read in two ways is refused, because one of
// them would then have decided on something that the other one does. Refused
// are invalid UTF-8, a byte order mark, anything after the value, repeated
// known keys, and keys that are known ones but for the case of their letters.
func readEnvelope(body []byte) (envelope, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return envelope{}, badJSON("the body is not one JSON value in UTF-8")
	}
	s := scanner{b: body}
	s.space()
	if s.b[s.i] != '[' {
		m, err := readMessage(&s)
		return envelope{messages: []message{m}}, err
	}
	env := envelope{batch: true}
	err := s.array(func() error {
		m, err := readMessage(&s)
		env.messages = append(env.messages, m)
		return err
	})
	if err == nil && len(env.messages) == 0 {
		// JSON-RPC 2.0 §6: an empty array is an invalid request.
		err = badRequest("the batch is empty")
	}
	return env, err
}

// The keys that decide what a message is. A bit each, to notice repetition.
const (
	keyJSONRPC = 1 << iota
	keyID
	keyMethod
	keyParams
	keyResult
	keyError
)

var messageKeys = []string{"jsonrpc", "id", "method", "params", "result", "error"}

func readMessage(s *scanner) (message, error) {
	var m message
	var params []byte
	seen, err := s.object(messageKeys, func(key int) (err error) {
		switch 1 << key {
		case keyJSONRPC:
			var version string
			version, err = s.text()
			if err == nil && version != "2.0" {
				err = badRequest("jsonrpc is not \"2.0\"")
			}
		case keyID:
			m.id, err = s.scalar()
		case keyMethod:
			m.method, err = s.text()
		case keyParams:
			params, err = s.value()
		default:
			_, err = s.value()
		}
		return err
	})
	if err != nil {
		return m, err
	}
	isCall, isAnswer := seen&keyMethod != 0, seen&(keyResult|keyError) != 0
	switch {
	case seen&keyJSONRPC == 0:
		return m, badRequest("jsonrpc is missing")
	case isCall == isAnswer, isCall && m.method == "":
		// With a method and a result, one parser sees a request and another one
		// a response.
		return m, badRequest("a message must be either a request or a response")
	}
	if isCall && len(params) > 0 && params[0] == '{' {
		err = m.readParams(params)
	}
	if err == nil && m.method == "tools/call" && !m.hasName {
		err = &rpcError{status: http.StatusBadRequest, code: codeInvalidParams, message: "params.name is missing or not a string"}
	}
	return m, err
}

var paramKeys = []string{"name", "uri", "_meta"}

func (m *message) readParams(raw []byte) error {
	s := scanner{b: raw}
	_, err := s.object(paramKeys, func(key int) (err error) {
		switch paramKeys[key] {
		case "name":
			m.name, m.hasName, err = s.textIfString()
		case "uri":
			m.uri, m.hasURI, err = s.textIfString()
		default:
			var meta []byte
			if meta, err = s.value(); err == nil {
				err = m.readMeta(meta)
			}
		}
		return err
	})
	return err
}

var metaKeys = []string{metaVersion}

func (m *message) readMeta(raw []byte) error {
	if raw[0] != '{' {
		return nil
	}
	s := scanner{b: raw}
	_, err := s.object(metaKeys, func(int) (err error) {
		m.version, _, err = s.textIfString()
		return err
	})
	return err
}
