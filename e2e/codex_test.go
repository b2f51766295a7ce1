package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestCodexTravels(t *testing.T) {
	d := newDoor(t, "")
	ada := d.visitor()
	ada.Leaves = []string{"demo:write"}
	p := d.program(t, ada, installed(t, "@openai/codex-linux-%s/vendor/x86_64-unknown-linux-musl/bin/codex"))
	p.keep(".codex/config.toml", `
mcp_oauth_credentials_store = "file"
check_for_update_on_startup = false
model_provider = "none"
[analytics]
enabled = false
[features]
plugins = false
apps = false
[model_providers.none]
name = "none"
base_url = "http://127.0.0.1:9/v1"
`)
	p.run("mcp", "add", "demo", "--url", d.MCP) // and signs in at once
	p.comesBack(d, func() string { return p.askCodex("whoami", map[string]any{}) }, func() { spoil(t, p.home) })

	p.run("mcp", "login", "demo", "--scopes", "demo:read,demo:write")
	act := map[string]any{"id": "whoami", "action": "complete"}
	if got := p.askCodex("perform-item-action", act); !strings.Contains(got, "Done: [x]") {
		t.Errorf("stepped up: the tool says %q", got)
	}
}

// askCodex calls a tool of the demo as the windows of Codex do: through the
// server that it has for them, one JSON-RPC message a line.
func (p *program) askCodex(tool string, args map[string]any) string {
	p.t.Helper()
	cmd := p.command("app-server")
	in, err := cmd.StdinPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	w := window{t: p.t, talk: json.NewEncoder(in), hears: bufio.NewScanner(io.TeeReader(out, &p.wrote))}
	w.hears.Buffer(nil, 1<<24)
	w.call("initialize", map[string]any{"clientInfo": map[string]string{"name": "host", "version": "1"}}, &struct{}{})
	if err := w.talk.Encode(map[string]string{"method": "initialized"}); err != nil {
		p.t.Fatal(err)
	}
	var begun struct{ Thread struct{ ID string } }
	w.call("thread/start", map[string]any{"cwd": p.home}, &begun)
	var said struct{ Content []struct{ Text string } }
	w.call("mcpServer/tool/call", map[string]any{"threadId": begun.Thread.ID, "server": "demo", "tool": tool, "arguments": args}, &said)
	in.Close()
	if err := cmd.Wait(); err != nil {
		p.t.Errorf("codex app-server: %v", err)
	}
	return fmt.Sprint(said.Content)
}

// A window is the other side of the server of Codex.
type window struct {
	t     *testing.T
	talk  *json.Encoder
	hears *bufio.Scanner
	calls int
}

// call waits for the answer, and for nothing that is said meanwhile.
func (w *window) call(method string, params, result any) {
	w.t.Helper()
	w.calls++
	if err := w.talk.Encode(map[string]any{"id": w.calls, "method": method, "params": params}); err != nil {
		w.t.Fatal(err)
	}
	for w.hears.Scan() {
		var m struct {
			ID            json.RawMessage
			Method        string
			Result, Error json.RawMessage
		}
		if err := json.Unmarshal(w.hears.Bytes(), &m); err != nil {
			w.t.Fatalf("%v: %s", err, w.hears.Bytes())
		}
		switch {
		case m.Method != "" || string(m.ID) != fmt.Sprint(w.calls):
			continue
		case m.Error != nil:
			w.t.Fatalf("%s: %s", method, m.Error)
		}
		if err := json.Unmarshal(m.Result, result); err != nil {
			w.t.Fatalf("%s: %v: %s", method, err, m.Result)
		}
		return
	}
	w.t.Fatalf("%s: no answer: %v", method, w.hears.Err())
}
