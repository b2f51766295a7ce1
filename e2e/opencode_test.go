package e2e

import (
	"fmt"
	"testing"
)

func TestOpenCodeTravels(t *testing.T) {
	d := newDoor(t, "")
	ada := d.visitor()
	ada.Leaves = []string{"demo:write"}
	m := newModel(t, "whoami", "{}")
	p := d.program(t, ada, installed(t, "opencode-linux-%s-baseline/bin/opencode"),
		"OPENCODE_DISABLE_AUTOUPDATE=1", "OPENCODE_DISABLE_MODELS_FETCH=1", "OPENCODE_DISABLE_SHARE=1", "OPENCODE_DISABLE_LSP_DOWNLOAD=1",
		"OPENCODE_DISABLE_DEFAULT_PLUGINS=1", "OPENCODE_PURE=1")
	p.keep(".config/opencode/opencode.json", fmt.Sprintf(`{
		"mcp": {"demo": {"type": "remote", "url": %q}},
		"model": "stand-in/m", "small_model": "stand-in/m",
		"provider": {"stand-in": {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": "%s/v1", "apiKey": "none"},
			"models": {"m": {"tool_call": true}}}}}`, d.MCP, m.URL))

	p.run("mcp", "auth", "demo")
	p.comesBack(d, func() string {
		p.run("run", "Who am I?")
		return m.told()
	}, func() { spoil(t, p.home) })
}
