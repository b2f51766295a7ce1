package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
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
	t.Run("with the official package", func(t *testing.T) {
		if exec.Command("python3", "-c", "import mcp.server.fastmcp").Run() != nil {
			t.Skip("python3 cannot import mcp.server.fastmcp: pip install 'mcp>=1.20,<2'")
		}
		g.t = t
		g.follow("first-server-python.md", official, "")
	})
}

// withNode has node be the one of the tests, and npm install what is there.
func (g *guide) withNode() {
	g.t.Helper()
	g.env = append(g.env, "PATH="+filepath.Dir(binary)+":"+filepath.Dir(node.or(g.t))+":"+os.Getenv("PATH"))
	if _, err := exec.LookPath("npm"); err != nil {
		g.t.Skipf("who follows the guide types npm: %v", err)
	}
}

func TestTheGuideToAFirstServerInTypeScript(t *testing.T) {
	t.Parallel()
	nodeModule(t, "jose")
	g := newGuide(t, "npm install @modelcontextprotocol/sdk@1.32\n", "ln -s '"+nodeModules()+"' node_modules\n", "npm install jose\n", "test -d node_modules/jose\n")
	g.withNode()
	g.follow("first-server-typescript.md", "", "")
}

// The clone is this tree.
func TestTheGuideToChess(t *testing.T) {
	t.Parallel()
	tools := filepath.Join(tree(t), "apps", "widgets", "node_modules")
	if _, err := os.Stat(tools); err != nil {
		t.Skipf("what builds widgets: %v; run npm ci in apps/widgets, or ./check", err)
	}
	g := newGuide(t, append(asADependency(t), "git clone https://github.com/sallyport-dev/sallyport\n", "ln -s '"+tree(t)+"' sallyport\n",
		"cd sallyport\n", "cd -P sallyport\n", // where it was compiled before
		"npm ci\n", "ln -s '"+tools+"' node_modules\n")...)
	g.withNode()
	g.withGo()
	beside, bin := g.dir, t.TempDir()
	g.env = append(g.env, "GOBIN="+bin, "PATH="+bin+":"+filepath.Dir(node.or(t))+":"+os.Getenv("PATH"))
	g.follow("README.md", "## Before you begin", "")
	g.dir = beside
	g.follow("copy-chess.md", "", "")

	if out := g.log.String(); !regexp.MustCompile(`(?m)^ok\s+example\.com/knights/chess\s`).MatchString(out) {
		t.Error("the tests that came along were not run")
	}
	playsKnights(t, g)
}

// playsKnights is a person who opens the changed board in each kind of chat, which signs
// them in, and makes a move. The client of the guide knows of it.
func playsKnights(t *testing.T, g *guide) {
	for _, host := range hosts {
		t.Run("its board is played in a chat, "+host, func(t *testing.T) {
			c := newChat(t, newBrowser(t), g.here("http://localhost:8081/mcp"), "Let's play!")
			w := c.show(host, "new_game", map[string]any{"side": "white"}, func(b *tab) {
				b.signIn()
				b.press("Allow")
			})
			w.awaits("Your move.")
			for square, want := range map[string]string{"a1": "rgb(127, 157, 105)", "b1": "rgb(238, 242, 226)"} {
				if got := inside[string](w, fmt.Sprintf("getComputedStyle(document.querySelector('[data-square=%s]')).backgroundColor", square)); got != want {
					t.Errorf("%s is %s, want the new colour, %s", square, got, want)
				}
			}
			w.drag("gridcell", "e2, white pawn", "e4, empty")
			w.awaitTrue(movesMade(2))
			w.announces("Your move.")
			if moves, _ := board(t, g.session, "status", nil)["history"].([]any); len(moves) != 2 || moves[0] != "e4" {
				t.Errorf("the guide's client is told of the moves %v", moves)
			}
			c.forgives("status of 401") // which is where signing in begins
			c.faults()
		})
	}
}
