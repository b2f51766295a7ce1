package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// tree is the path of this repository.
func tree(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// asADependency has this tree in place of what is published.
func asADependency(t *testing.T) []string {
	t.Helper()
	const module = "github.com/sallyport-dev/sallyport"
	return []string{"go get " + module + "/apps/serving@main\n",
		"go mod edit -require=" + module + "@v0.0.0 -replace=" + module + "=" + tree(t) + "\n" +
			"go get " + module + "/apps/serving@v0.0.0\n"}
}

func TestTheGuideToAFirstServerInGo(t *testing.T) {
	t.Parallel()
	g := newGuide(t, asADependency(t)...)
	g.withGo()
	g.follow("first-server-go.md", "", "")
}

func TestTheGuideToAFirstServerInPython(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skipf("a server in Python: %v", err)
	}
	const official = "## With the official package"
	g := newGuide(t, "python3 -m venv .venv\n.venv/bin/pip install 'mcp>=1.20,<2'\n",
		"mkdir -p .venv/bin\nprintf '#!/bin/sh\\nexec python3 \"$@\"\\n' >.venv/bin/python\nchmod +x .venv/bin/python\n")
	g.follow("first-server-python.md", "", official)
	if out, err := exec.Command("python3", "-c", "import mcp.server.fastmcp").CombinedOutput(); err != nil {
		t.Skipf("the second half of the guide, with the package mcp, which python3 cannot import: %s", out)
	}
	g.follow("first-server-python.md", official, "")
}
