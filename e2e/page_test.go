package e2e

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestAPageTravels has a client that is a page in a browser: everything that it
// asks is from another origin.
func TestAPageTravels(t *testing.T) {
	browser := newBrowser(t)
	d := newDoor(t, "")
	page := d.pageWithMCP(t)
	b := newTab(t, browser)

	b.open(page)
	b.awaits("Connect")
	b.follow("Connect")
	b.signIn()
	b.press("Allow")
	b.awaits("You are " + username)
	b.says("echo")
	b.says("demo:read")

	evaluate[bool](b, `Object.keys(localStorage).filter(k => k.endsWith("_tokens")).map(k => {
		const kept = JSON.parse(localStorage[k])
		localStorage[k] = JSON.stringify({...kept, access_token: "spoiled"})
	}).length === 1`)
	b.open("about:blank") // or the browser complains of the stream that ends with the server
	d.restart()
	b.open(page)
	b.awaits("You are " + username)

	b.forgives("status of 401") // which is where it begins
	b.forgives("console:")      // its own log
}

// pageWithMCP serves a page that is a client of the door's MCP server.
func (d *door) pageWithMCP(t *testing.T) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "page.js")
	bundle := exec.CommandContext(t.Context(), node.or(t), nodeModule(t, "rolldown", "bin", "cli.mjs"), filepath.Join("clients", "browser.mjs"),
		"--file", script, "--platform", "browser", "--format", "iife")
	bundle.Env = environment("NO_COLOR=1", "NODE_ENV=production")
	if out, err := bundle.CombinedOutput(); err != nil {
		t.Fatalf("rolldown: %v\n%s", err, out)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /page.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, script) })
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang=en><title>A page</title><body data-mcp="%s"><div id=root></div><script src="/page.js"></script>`,
			template.HTMLEscapeString(d.MCP))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// awaits waits until the page, or one that it leads to, says something.
func (b *tab) awaits(words string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	said := chromedp.Poll[chromedp.Void](fmt.Sprintf(`document.readyState === "complete" && document.body.innerText.includes(%q)`, words),
		chromedp.WithPollingInterval(20*time.Millisecond))
	err := chromedp.Do(ctx, said)
	for err != nil && ctx.Err() == nil { // the page went away under the question
		err = chromedp.Do(ctx, said)
	}
	if err != nil {
		b.t.Fatalf("the page never says %q: %v\non the page: %s", words, err, b.text())
	}
}
