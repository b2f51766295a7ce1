package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// The first version without a handshake.
const stateless = "2026-07-28"

// call calls a tool that says who calls, in the protocol that the client speaks.
func (p *play) call() {
	p.t.Helper()
	if err := p.callAt(p.d.MCP, p.Calls.Accept); err != nil {
		p.t.Fatal(err)
	}
}

func (p *play) callAt(address, accept string) error {
	said := ""
	if p.Calls.Protocol >= stateless {
		said = p.callStateless(address, accept)
	} else {
		said = p.callInSession(address, accept)
	}
	if !strings.Contains(said, username) {
		return fmt.Errorf("the tool at %s says %.300s", address, said)
	}
	return nil
}

func initializeMessage(version string) string {
	if version >= stateless {
		return statelessMessage("server/discover", "")
	}
	return `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"` + version +
		`","capabilities":{},"clientInfo":{"name":"fixture","version":"1"}}}`
}

func statelessMessage(method, tool string) string {
	params := map[string]any{"_meta": map[string]any{
		"io.modelcontextprotocol/protocolVersion": stateless, "io.modelcontextprotocol/clientCapabilities": map[string]any{},
		"io.modelcontextprotocol/clientInfo": map[string]string{"name": "fixture", "version": "1"},
	}}
	if tool != "" {
		params["name"], params["arguments"] = tool, map[string]any{}
	}
	text, _ := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) // cannot fail
	return string(text)
}

const whoami = "whoami"

func (p *play) callStateless(address, accept string) string {
	p.t.Helper()
	for _, step := range [][2]string{{"server/discover", ""}, {"tools/call", whoami}} {
		header := map[string]string{"Accept": accept, "Mcp-Method": step[0]}
		if step[1] != "" {
			header["Mcp-Name"] = step[1]
		}
		a := p.speak(address, statelessMessage(step[0], step[1]), header)
		if a.status != http.StatusOK {
			p.t.Fatalf("%s: %d %s", step[0], a.status, a.body)
		}
		if step[1] != "" {
			return lastMessage(a)
		}
	}
	return ""
}

// callInSession is the way of MCP before 2026-07-28: a handshake, and a session
// where the server wants one.
func (p *play) callInSession(address, accept string) string {
	p.t.Helper()
	header := map[string]string{"Accept": accept}
	a := p.speak(address, initializeMessage(p.Calls.Protocol), header)
	if a.status != http.StatusOK {
		p.t.Fatalf("initialize: %d %s", a.status, a.body)
	}
	var began struct {
		Result struct {
			ProtocolVersion string `json:"protocolVersion"`
		} `json:"result"`
	}
	if err := json.Unmarshal([]byte(lastMessage(a)), &began); err != nil || began.Result.ProtocolVersion == "" {
		p.t.Fatalf("initialize: %v: %s", err, a.body)
	}
	if id := a.header.Get("Mcp-Session-Id"); id != "" {
		header["Mcp-Session-Id"] = id
	}
	if !p.Calls.NoHeader {
		header["MCP-Protocol-Version"] = began.Result.ProtocolVersion
	}
	if a = p.speak(address, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, header); a.status != http.StatusAccepted {
		p.t.Fatalf("initialized: %d %s", a.status, a.body)
	}
	a = p.speak(address, `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"`+whoami+`","arguments":{}}}`, header)
	if a.status != http.StatusOK {
		p.t.Fatalf("tools/call: %d %s", a.status, a.body)
	}
	return lastMessage(a)
}

// speak posts a message of MCP, with the token where there is one.
func (p *play) speak(address, message string, header map[string]string) answer {
	p.t.Helper()
	if address == "" {
		address = p.d.MCP
	}
	all := map[string]string{"Content-Type": jsonType, "Accept": p.Calls.Accept}
	if p.Calls.Protocol >= stateless {
		all["MCP-Protocol-Version"] = stateless
	}
	if p.granted.Access != "" {
		all["Authorization"] = "Bearer " + p.granted.Access
	}
	for name, value := range header {
		all[name] = value
	}
	return p.send(request{method: http.MethodPost, url: address, header: all, body: message})
}

// lastMessage is the answer to a call: the body, or the last event of a stream.
func lastMessage(a answer) string {
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		return string(a.body)
	}
	last := ""
	lines := bufio.NewScanner(bytes.NewReader(a.body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			last = strings.TrimSpace(data)
		}
	}
	return last
}
