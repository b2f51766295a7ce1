package e2e

import "testing"

func TestClineTravels(t *testing.T) {
	d := newDoor(t, "")
	ada := d.visitor()
	ada.Leaves = []string{"demo:write"}
	m := newModel(t, "whoami", "{}")
	p := d.program(t, ada, installed(t, "@cline/cli-linux-%s/bin/cline"), "CLINE_GLOBAL_SETTINGS_PATH=cline.json")
	p.keep("cline.json", `{"telemetryOptOut": true, "autoUpdateEnabled": false}`)

	p.run("auth", "-p", "openai-compatible", "-k", "none", "-m", "m", "-b", m.URL+"/v1")
	// The questions of its wizard come with the right answers; the one about
	// authentication has OAuth first.
	p.atTerminal(typist{answers: [][2]string{
		{"Server name", "\r"}, {"Server type", "\r"}, {"Server URL", "\r"}, {"Authentication", "\r"}, {"OAuth client ID", "\r"},
	}}, "mcp", "add", "demo", d.MCP, "--transport", "http")
	p.comesBack(d, func() string {
		p.run("Who am I?")
		return m.told()
	}, func() { spoil(t, p.home) })
}
