package e2e

import "testing"

func TestMCPorterTravels(t *testing.T) {
	d := newDoor(t, "")
	ada := d.visitor()
	ada.Leaves = []string{"demo:write"}
	p := d.program(t, ada, installed(t, "mcporter/dist/cli.js"))

	p.run("config", "add", "demo", d.MCP, "--auth", "oauth")
	p.run("auth", "demo")
	p.comesBack(d, func() string { return p.run("call", "demo.whoami") }, func() { spoil(t, p.home) })
}
