package resource

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// The error codes of JSON-RPC 2.0 §5.1, and the one of MCP 2026-07-28.
const (
	codeParseError     = -32700
	codeInvalidRequest = -32600
	codeInvalidParams  = -32602
	codeHeaderMismatch = -32020
)

// An rpcError is a refusal that has nothing to do with the token: it is
// answered as a JSON-RPC error, so that a client of MCP 2026-07-28 does not take
// this server for one of an older generation.
type rpcError struct {
	status  int
	code    int
	message string // a constant sentence that quotes no input
	id      []byte // raw; nil: null
}

func (e *rpcError) Error() string { return strconv.Itoa(e.status) + ": " + e.message }

func badJSON(message string) error {
	return &rpcError{status: http.StatusBadRequest, code: codeParseError, message: message}
}

func badRequest(message string) error {
	return &rpcError{status: http.StatusBadRequest, code: codeInvalidRequest, message: message}
}

func badMedia(message string) error {
	return &rpcError{status: http.StatusUnsupportedMediaType, code: codeInvalidRequest, message: message}
}

// maxEchoedID bounds what an answer repeats of a request.
const maxEchoedID = 256

func (e *rpcError) body() []byte {
	id := json.RawMessage("null")
	if len(e.id) > 0 && len(e.id) <= maxEchoedID {
		id = e.id
	}
	type rpc struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	b, err := json.Marshal(struct {
		JSONRPC string          `json:"jsonrpc"`
		ID      json.RawMessage `json:"id"`
		Error   rpc             `json:"error"`
	}{"2.0", id, rpc{e.code, e.message}})
	if err != nil {
		return []byte(`{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"internal error"}}`)
	}
	return b
}
