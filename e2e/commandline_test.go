package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// accessToken is a JWT, wherever a client keeps it.
var accessToken = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// spoil replaces the access tokens that a client keeps in files under dir, so
// that its next call is refused and it has to refresh.
func spoil(t *testing.T, dir string) {
	t.Helper()
	spoiled := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !accessToken.Match(text) {
			return err
		}
		spoiled++
		return os.WriteFile(path, accessToken.ReplaceAll(text, []byte("spoiled")), 0o600)
	})
	if err != nil || spoiled == 0 {
		t.Fatalf("no access token was found under %s: %v", dir, err)
	}
}

func TestMCPRemoteTravels(t *testing.T) {
	node.or(t)
	for _, protocol := range []string{"legacy", "auto"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, "")
			looking := d.onlooker(t, d.visitor())
			kept := t.TempDir()

			s := d.throughRemote(t, looking, kept, protocol)
			if got := callTool(t, s, "echo", map[string]any{"text": "grüß dich"}); got != "grüß dich" {
				t.Errorf("echo says %q", got)
			}
			if got := callTool(t, s, "whoami", nil); !strings.Contains(got, username) {
				t.Errorf("whoami says %q", got)
			}
			callTool(t, s, "perform-item-action", map[string]any{"id": "whoami", "action": "complete"})
			if got := callTool(t, s, "whoami", nil); !strings.Contains(got, "demo:write") || looking.asked() != 2 {
				t.Errorf("stepped up: sent to the browser %d times, whoami says %q", looking.asked(), got)
			}
			s.Close()

			spoil(t, kept)
			d.restart()
			s = d.throughRemote(t, looking, kept, protocol)
			defer s.Close()
			if got := callTool(t, s, "whoami", nil); !strings.Contains(got, username) || looking.asked() != 2 {
				t.Errorf("after a refresh and a restart: sent to the browser %d times, whoami says %q", looking.asked(), got)
			}
		})
	}
}

// throughRemote opens a session with mcp-remote, which is a stdio server here.
func (d *door) throughRemote(t *testing.T, looking *onlooker, kept, protocol string) *mcp.ClientSession {
	t.Helper()
	cmd := exec.Command(node.or(t), nodeModule(t, "mcp-remote", "dist", "proxy.js"), d.MCP,
		fmt.Sprint(freePort(t)), "--transport", "http-only", "--protocol", protocol, "--auth-timeout", "60")
	cmd.Env = environment("MCP_REMOTE_CONFIG_DIR="+kept, "BROWSER=true")
	cmd.Stderr = looking
	client := mcp.NewClient(&mcp.Implementation{Name: "host", Version: "1"}, nil)
	s, err := client.Connect(t.Context(), &mcp.CommandTransport{Command: cmd}, &mcp.ClientSessionOptions{ProtocolVersion: "2025-11-25"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInspectorTravels(t *testing.T) {
	node.or(t)
	for _, era := range []string{"legacy", "modern"} {
		t.Run(era, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, "")
			looking := d.onlooker(t, d.visitor())
			home := t.TempDir()
			// Only with OAuth settings of its own does the command line step up.
			write(t, filepath.Join(home, "mcp.json"), fmt.Sprintf(
				`{"mcpServers":{"demo":{"type":"streamable-http","url":%q,"oauth":{"scopes":"demo:read"}}}}`, d.MCP))
			inspect := func(args ...string) string {
				t.Helper()
				return d.inspect(t, looking, home, append(args, "--protocol-era", era)...)
			}

			list := inspect("--method", "tools/list")
			for _, tool := range demoTools {
				if !strings.Contains(list, tool) {
					t.Errorf("tools/list misses %s", tool)
				}
			}
			if got := inspect("--method", "tools/call", "--tool-name", "echo", "--tool-arg", "text=hello"); !strings.Contains(got, "hello") {
				t.Errorf("echo says %s", got)
			}
			who := []string{"--method", "tools/call", "--tool-name", "whoami"}
			if got := inspect(who...); !strings.Contains(got, username) || looking.asked() != 1 {
				t.Errorf("sent to the browser %d times, whoami says %s", looking.asked(), got)
			}
			spoil(t, home)
			if got := inspect(who...); !strings.Contains(got, username) || looking.asked() != 1 {
				t.Errorf("after a refresh: sent to the browser %d times, whoami says %s", looking.asked(), got)
			}
			act := inspect("--method", "tools/call", "--tool-name", "perform-item-action",
				"--tool-args-json", `{"id":"whoami","action":"complete"}`)
			if !strings.Contains(act, "Done: [x]") || looking.asked() != 2 {
				t.Errorf("stepped up: sent to the browser %d times, the tool says %s", looking.asked(), act)
			}
			d.restart()
			if got := inspect(who...); !strings.Contains(got, username) || looking.asked() != 2 {
				t.Errorf("after a restart: sent to the browser %d times, whoami says %s", looking.asked(), got)
			}
		})
	}
}

// inspect runs one Inspector command, which keeps what it learns under home.
func (d *door) inspect(t *testing.T, looking *onlooker, home string, args ...string) string {
	t.Helper()
	all := append([]string{nodeModule(t, "@modelcontextprotocol", "inspector", "clients", "launcher", "build", "index.js"),
		"--cli", "--config", filepath.Join(home, "mcp.json"), "--server", "demo", "--format", "json",
		"--callback-url", fmt.Sprintf("http://127.0.0.1:%d/oauth/callback", freePort(t))}, args...)
	cmd := exec.CommandContext(t.Context(), node.or(t), all...)
	// It offers to open a browser or wants a terminal; "true" is its browser.
	cmd.Env = environment("HOME="+home, "MCP_STORAGE_DIR="+filepath.Join(home, "storage"), "MCP_INSPECTOR_SECRET_STORE=file",
		"MCP_AUTO_OPEN_ENABLED=true", "BROWSER=true", "NO_COLOR=1")
	cmd.Stdin = strings.NewReader("y\n") // to the question whether to step up
	cmd.Stderr = looking
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("inspector %s: %v\n%s", strings.Join(args, " "), err, &out)
	}
	return out.String()
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
