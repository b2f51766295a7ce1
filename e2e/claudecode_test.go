package e2e

import (
	"strings"
	"testing"
)

func TestClaudeCodeTravels(t *testing.T) {
	d := newDoor(t, "")
	ada := d.visitor()
	ada.Leaves = []string{"demo:write"}
	m := newModel(t, "whoami", "{}")
	p := d.program(t, ada, installed(t, "@anthropic-ai/claude-code-linux-%s/claude"),
		"ANTHROPIC_BASE_URL="+m.URL, "ANTHROPIC_API_KEY=none", "ENABLE_TOOL_SEARCH=false",
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1", "DISABLE_TELEMETRY=1", "DISABLE_ERROR_REPORTING=1")

	p.run("mcp", "add", "--transport", "http", "demo", d.MCP)
	if got := p.run("mcp", "list"); !strings.Contains(got, "Needs authentication") {
		t.Errorf("before the sign-in: %s", got)
	}
	p.atTerminal(typist{}, "mcp", "login", "demo")
	if got := p.run("mcp", "list"); !strings.Contains(got, "Connected") {
		t.Errorf("after the sign-in: %s", got)
	}
	p.comesBack(d, func() string {
		p.run("-p", "Who am I?", "--allowedTools", "mcp__demo__whoami")
		return m.told()
	}, func() { spoil(t, p.home) })
}
