package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestProgramsThatTrustTheDoor runs the demo and the intents as programs of their own
// on a machine that has nothing, and a client of each asks the person once.
func TestProgramsThatTrustTheDoor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir, "../apps/demo/cmd/demo", "../apps/intent/cmd/intent").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	demos, intents := freePort(t), freePort(t)
	d := newDoor(t, fmt.Sprintf(`resources:
  - { name: demo, host: '127.0.0.1:%d', path: /mcp, scopes: {demo:read: {title: Read, default: true}, demo:write: {title: Act}} }
  - { name: intent, host: '127.0.0.1:%d', path: /mcp, scopes: {read: {title: Find out, default: true}, write: {title: Ask}} }
`, demos, intents))
	run := func(program string, port int, args ...string) {
		at := fmt.Sprintf("127.0.0.1:%d", port)
		d.MCP = "http://" + at + "/mcp"
		start(t, exec.Command(filepath.Join(dir, program), append(args, "--issuer", d.URL, "--resource", d.MCP, "--listen", at)...), d.MCP)
	}

	run("demo", demos)
	g := &goTraveller{visitor: d.visitor()}
	s := g.connect(t, d, "2026-07-28")
	defer s.Close()
	shows(t, board(t, s, "whoami", nil), "signed_in=true", "scopes=[demo:read]", "resource="+d.MCP)
	board(t, s, "get-items", nil)

	run("intent", intents, "--stand-in")
	g = &goTraveller{visitor: d.visitor()}
	s = g.connect(t, d, "2025-11-25")
	defer s.Close()
	shows(t, board(t, s, "extract_intent", map[string]any{"fullInputText": moved}), "intentsGenerated=2")
	shows(t, board(t, s, "discover_connections", map[string]any{"fullInputText": moved}), "intentsExtracted=2", "connectionsFound=4")
	if g.asked != 1 {
		t.Errorf("asked %d times", g.asked)
	}
}

// TestTheDemoSaysUntilWhenATokenIsGood: second by second, and when it is over. That is
// an hour later, or on a computer whose clock is.
func TestTheDemoSaysUntilWhenATokenIsGood(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	d := newDoor(t, "")
	sign := func(b *tab) {
		b.signIn()
		b.press("Allow")
	}
	t.Run("it counts down", func(t *testing.T) {
		t.Parallel()
		c := newChat(t, browser, d.MCP, "Who am I?")
		w := c.show("mcpapps", "whoami", nil, sign)
		w.awaits("good for")
		until, err := time.Parse(time.RFC3339, inside[string](w, `document.querySelector("time").dateTime`))
		if left := time.Until(until); err != nil || left < 50*time.Minute || left > time.Hour {
			t.Errorf("it says that the token is good for %s, %v", left, err)
		}
		then := inside[string](w, `document.querySelector("time").textContent`)
		w.awaitTrue(fmt.Sprintf(`document.querySelector("time").textContent !== %q`, then))
		c.forgives("status of 401")
		c.faults()
	})
	t.Run("and says when it is over", func(t *testing.T) {
		t.Parallel()
		c := newChat(t, browser, d.MCP, "Who am I?")
		later := page.AddScriptToEvaluateOnNewDocumentParams{Source: `{ const now = Date.now; Date.now = () => now() + 3_660_000 }`}
		if _, err := chromedp.Call(c.ctx, page.AddScriptToEvaluateOnNewDocument, later); err != nil {
			t.Fatal(err)
		}
		w := c.show("chatgpt", "whoami", nil, sign)
		w.awaits("is over")
		w.awaits("Your chat fetches a new one with the next call.")
		w.glance("who-over")
		c.forgives("status of 401")
		c.faults()
	})
}
