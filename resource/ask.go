package resource

import (
	"encoding/json"
)

// An ask is what a single request says that decides how a missing connection is
// answered. The body has been judged before; of what is read here nothing is
// permitted.
type ask struct {
	id     json.RawMessage
	method string
	modern bool   // of MCP 2026-07-28 or later
	url    bool   // it says that its client can ask the person to open a URL
	action string // what the person said to the last request to do so; empty: there was none
}

const metaCapabilities = "io.modelcontextprotocol/clientCapabilities"

// asks are the methods whose answer may be that the person has to do something
// first. MCP 2026-07-28, multi round-trip requests: "Servers MUST NOT send
// InputRequiredResult responses on any other client requests."
func asks(method string) bool {
	return method == "tools/call" || method == "prompts/get" || method == "resources/read"
}

type capabilities struct {
	Elicitation *struct {
		URL *struct{} `json:"url"`
	} `json:"elicitation"`
}

// canURL reports whether they have the URL mode. An empty object is the form mode
// only: MCP 2025-11-25, elicitation, capabilities.
func (c capabilities) canURL() bool { return c.Elicitation != nil && c.Elicitation.URL != nil }

// askOf reads what a body asks; nothing where it is not one request that could be
// answered so, or opens a session.
func askOf(env envelope, body []byte) ask {
	if env.batch || len(env.messages) != 1 || env.messages[0].id == nil || len(env.messages[0].id) > maxEchoedID {
		return ask{}
	}
	m := env.messages[0]
	if !asks(m.method) && m.method != "initialize" {
		return ask{}
	}
	a := ask{id: m.id, method: m.method, modern: isModern(m.version)}
	var said struct {
		Params struct {
			Capabilities capabilities `json:"capabilities"`
			Responses    map[string]struct {
				Action string `json:"action"`
			} `json:"inputResponses"`
			Meta map[string]json.RawMessage `json:"_meta"`
		} `json:"params"`
	}
	if json.Unmarshal(body, &said) != nil {
		return a // of another form than we know, and so it says nothing
	}
	if m.method == "initialize" {
		a.url = said.Params.Capabilities.canURL()
		return a
	}
	var c capabilities
	if a.modern && json.Unmarshal(said.Params.Meta[metaCapabilities], &c) == nil {
		a.url = c.canURL()
		a.action = said.Params.Responses[connectKey].Action
	}
	return a
}
