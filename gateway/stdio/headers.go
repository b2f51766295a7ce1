package stdio

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// checkHeaders compares the headers of a request of the new generation with
// its body, as whoever reads the body has to.
//
// MCP 2026-07-28, Streamable HTTP: "Servers that process the request body MUST
// reject requests where the values specified in the headers do not match the
// corresponding values in the request body."
//
// Not supported: Mcp-Param-*. Which parameters they mirror is known only to the
// server, which has no headers.
func checkHeaders(h http.Header, m message) error {
	mismatch := func(message string) error {
		return refuse(http.StatusBadRequest, codeHeaderMismatch, message).to(m.id)
	}
	if m.kind() == notification {
		return nil // "header requirements for notification POSTs are not defined"
	}
	version, ok := m.meta(metaVersion)
	switch {
	case h.Get(headerVersion) == "":
		return mismatch("the MCP-Protocol-Version header is missing")
	case !ok:
		return refuse(http.StatusBadRequest, codeInvalidParams, "_meta has no io.modelcontextprotocol/protocolVersion").to(m.id)
	case h.Get(headerVersion) != textOf(version):
		return mismatch("the MCP-Protocol-Version header and the body differ")
	case h.Get("Mcp-Method") != m.method:
		return mismatch("the Mcp-Method header and the body differ")
	}
	named := map[string]string{"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}[m.method]
	if named == "" {
		return nil
	}
	value, _ := field(m.params, named)
	if name, ok := decodeHeader(h.Get("Mcp-Name")); !ok || name != textOf(value) {
		return mismatch("the Mcp-Name header and the body differ")
	}
	return nil
}

// decodeHeader undoes the encoding of what cannot stand in a header as it is.
func decodeHeader(value string) (string, bool) {
	inner, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return value, true
	}
	inner, ok = strings.CutSuffix(inner, "?=")
	if !ok {
		return value, true
	}
	decoded, err := base64.StdEncoding.DecodeString(inner)
	return string(decoded), err == nil
}
