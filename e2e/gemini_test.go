package e2e

import (
	"testing"
)

func TestGeminiCLITravels(t *testing.T) {
	d := newDoor(t, "")
	ada := d.visitor()
	ada.Leaves = []string{"demo:write"}
	m := newModel(t, "whoami", "{}")
	p := d.program(t, ada, installed(t, "@google/gemini-cli/bundle/gemini.js"),
		"GOOGLE_GEMINI_BASE_URL="+m.URL, "GEMINI_API_KEY=none", "GEMINI_CLI_TRUST_WORKSPACE=true", "GEMINI_CLI_NO_RELAUNCH=true")
	p.keep(".gemini/settings.json", `{
		"general": {"enableAutoUpdate": false, "enableAutoUpdateNotification": false},
		"privacy": {"usageStatisticsEnabled": false}, "telemetry": {"enabled": false},
		"security": {"auth": {"selectedType": "gemini-api-key"}}}`)

	p.run("mcp", "add", "--scope", "user", "--transport", "http", "demo", d.MCP)
	// 42: it has signed in, and does not know what else to do without a window.
	p.atTerminal(typist{answers: [][2]string{{"Do you want to continue?", "y\r"}}, status: 42}, "-p", "/mcp auth demo")
	p.comesBack(d, func() string {
		p.run("-m", "gemini-2.5-flash", "--yolo", "-p", "Who am I?")
		return m.told()
	}, func() {
		spoil(t, p.home)
		p.expire(".gemini/mcp-oauth-tokens.json", `("expiresAt": )\d+`) // it refreshes by its own clock only
	})
}
