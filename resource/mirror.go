package resource

import (
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"
)

// mirrored is the first version whose headers repeat what the body says.
const mirrored = "2026-07-28"

// checkMirror compares the headers of MCP 2026-07-28 and later with the body.
//
// MCP 2026-07-28, Streamable HTTP, server validation: "Servers that process the
// request body MUST reject requests where the values specified in the headers do
// not match the corresponding values in the request body." In older versions
// the headers mean nothing and are not looked at: policy goes by the body alone.
func checkMirror(h http.Header, env envelope) error {
	version, ok := single(h, "Mcp-Protocol-Version")
	if !ok {
		return mismatch("MCP-Protocol-Version is there more than once", nil)
	}
	for _, m := range env.messages {
		if !isModern(version) && !isModern(m.version) {
			continue
		}
		if env.batch {
			return badRequest("this version of MCP has no batches")
		}
		if m.version != "" && m.version != version {
			return mismatch("MCP-Protocol-Version does not match the version in the body", m.id)
		}
		return checkNames(h, m)
	}
	return nil
}

func checkNames(h http.Header, m message) error {
	method, ok := single(h, "Mcp-Method")
	isRequest := m.id != nil && m.method != ""
	switch {
	case !ok, method == "" && isRequest, method != "" && method != m.method:
		return mismatch("Mcp-Method is missing or does not match the method in the body", m.id)
	case !isRequest:
		// The version defines no headers for notifications; what is there matches.
		return nil
	}
	source, has := m.mirroredName()
	if !has {
		return nil
	}
	name, ok := single(h, "Mcp-Name")
	if ok && name != "" {
		name, ok = decodeSentinel(name)
	}
	if !ok || name == "" || name != source {
		return mismatch("Mcp-Name is missing or does not match the name in the body", m.id)
	}
	return nil
}

// mirroredName is what Mcp-Name repeats, and whether the method has it.
func (m message) mirroredName() (string, bool) {
	switch m.method {
	case "tools/call", "prompts/get":
		return m.name, true
	case "resources/read":
		return m.uri, true
	}
	return "", false
}

// decodeSentinel reads the form in which a value that is no plain ASCII travels:
// =?base64?…?=, the markers exactly so.
func decodeSentinel(value string) (string, bool) {
	inner, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return value, true
	}
	if inner, ok = strings.CutSuffix(inner, "?="); !ok {
		return value, true
	}
	b, err := base64.StdEncoding.Strict().DecodeString(inner)
	return string(b), err == nil && utf8.Valid(b)
}

// single returns a header's value, and false where it has several.
func single(h http.Header, name string) (string, bool) {
	switch values := h[name]; len(values) {
	case 0:
		return "", true
	case 1:
		return values[0], true
	}
	return "", false
}

// isModern reports whether a version, which is a date, has mirrored headers.
func isModern(version string) bool {
	if len(version) != len(mirrored) || version < mirrored {
		return false
	}
	for i := range len(version) {
		if isDigit := '0' <= version[i] && version[i] <= '9'; isDigit != (i != 4 && i != 7) {
			return false
		}
	}
	return version[4] == '-' && version[7] == '-'
}

func mismatch(message string, id []byte) error {
	return &rpcError{status: http.StatusBadRequest, code: codeHeaderMismatch, message: message, id: id}
}
