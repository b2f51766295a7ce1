package pages_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/sallyport-dev/sallyport/internal/pages"
)

// A browser is Chromium with one tab, and a server that shows it the samples.
type browser struct {
	t     *testing.T
	ctx   context.Context
	pages []sample
	url   string
	posts chan string // the bodies of what forms sent
}

func newBrowser(t *testing.T, s pages.Site) *browser {
	t.Helper()
	path, err := exec.LookPath(cmp.Or(os.Getenv("SALLYPORT_TEST_CHROMIUM"), "chromium"))
	if err != nil {
		t.Skip("there is no chromium here to open the pages in, and SALLYPORT_TEST_CHROMIUM names none")
	}
	b := &browser{t: t, pages: samples(plain), posts: make(chan string, 1)}
	b.serve(s)

	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("no-sandbox", true), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.ExecPath(path))...)
	t.Cleanup(cancel)
	b.ctx, cancel = chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b.do() // starts it: a limit on the first call would be one on the browser
	return b
}

// serve shows the samples as that site draws them.
func (b *browser) serve(s pages.Site) {
	b.t.Helper()
	p := newPages(b.t, s)
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", p.Assets())
	mux.HandleFunc("GET /page/{name}", func(w http.ResponseWriter, r *http.Request) {
		i := slices.IndexFunc(b.pages, func(s sample) bool { return s.name == r.PathValue("name") })
		b.pages[i].draw(p, w)
	})
	mux.HandleFunc("POST /", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		b.posts <- r.PostForm.Encode()
		p.SignedOut(w, 200, pages.SignedOut{})
	})
	server := httptest.NewServer(mux)
	b.t.Cleanup(server.Close)
	b.url = server.URL
}

func (b *browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func evaluate[T any](b *browser, js string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%s: %v", js, err)
	}
	return v
}

func (b *browser) open(name string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.url + "/page/" + strings.ReplaceAll(name, " ", "%20")))
}

// scheme emulates light or dark, and a person who wants no motion.
func scheme(name string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return chromedp.Void{}, err
	}
}

// sends does what sends a form, waits for the page that answers it, and returns
// what the form sent.
func (b *browser) sends(steps ...chromedp.Action[chromedp.Void]) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, steps...); err != nil {
		b.t.Fatal("no form was sent: ", err)
	}
	return <-b.posts
}

func TestInABrowser(t *testing.T) {
	b := newBrowser(t, site)
	in := func(name string, check func(t *testing.T)) {
		t.Run(name, func(t *testing.T) {
			b.t = t
			check(t)
		})
	}
	in("Enter never allows", func(t *testing.T) {
		b.open("consent to a program here")
		if on := evaluate[string](b, `document.activeElement.tagName`); on != "BODY" {
			t.Errorf("%s has the focus from the start", on)
		}
		b.do(chromedp.Focus(chromedp.ID("scope-1")), chromedp.KeyEvent(" "))
		if form := b.sends(chromedp.KeyEvent("\r")); !strings.Contains(form, "decision=deny") {
			t.Errorf("Enter in a checkbox sent %s", form)
		}
	})
	in("Allow sends the scopes that are checked", func(t *testing.T) {
		b.open("consent to a proved client")
		b.do(chromedp.Click(chromedp.ID("scope-1")))
		want := "csrf=csrf-1&decision=allow&ix=ix-1&scope=tickets%3Awrite&scope=tickets%3Aadmin"
		if form := b.sends(chromedp.Click(chromedp.CSS(`button[value=allow]`))); form != want {
			t.Errorf("sent %s, not %s", form, want)
		}
	})
	in("a problem takes the focus", func(t *testing.T) {
		b.open("sign in with the wrong password")
		if id := evaluate[string](b, `new Promise(r => requestAnimationFrame(() => r(document.activeElement.id)))`); id != "problem" {
			t.Errorf("the focus is on %q", id)
		}
	})
	in("Copy copies", func(t *testing.T) {
		b.open("resource")
		const first = `document.querySelector(".copyable button")`
		if n := evaluate[int](b, `[...document.querySelectorAll("pre.copy")].filter(p => p.nextElementSibling?.textContent === "Copy").length - document.querySelectorAll("pre.copy").length`); n != 0 {
			t.Errorf("%d texts more have a button than there are", n)
		}
		// What was copied is what a person would then paste.
		evaluate[bool](b, `navigator.clipboard.writeText = async text => { window.pasted = text }, true`)
		b.do(chromedp.Click(chromedp.CSS(".copyable button")))
		if got := evaluate[string](b, `new Promise(r => setTimeout(() => r(window.pasted + "|" + `+first+`.textContent + "|" + document.querySelector("[role=status]").textContent), 50))`); got != "https://mcp.acme.example/tickets/mcp|Copied|Copied" {
			t.Errorf("copied: %s", got)
		}
	})
	in("without a clipboard the browser copies", func(t *testing.T) {
		b.open("resource")
		evaluate[bool](b, `Object.defineProperty(navigator, "clipboard", {value: undefined}), document.execCommand = what => { window.did = what + " " + getSelection(); return true }, true`)
		b.do(chromedp.Click(chromedp.CSS(".copyable button")))
		if got := evaluate[string](b, `window.did`); got != "copy https://mcp.acme.example/tickets/mcp" {
			t.Errorf("did %q", got)
		}
	})
	in("without scripts there is the text, and no button", func(t *testing.T) {
		disabled := func(yes bool) chromedp.Action[chromedp.Void] {
			return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
				_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: yes})
				return chromedp.Void{}, err
			}
		}
		b.do(disabled(true))
		b.open("resource")
		b.do(disabled(false)) // what ran, ran when the page was loaded
		if n := evaluate[int](b, `document.querySelectorAll("button").length`); n != 0 {
			t.Errorf("there are %d buttons that do nothing", n)
		}
		if n := evaluate[int](b, `document.querySelectorAll("pre.copy").length`); n < 20 {
			t.Errorf("there are %d texts to copy", n)
		}
	})
	in("every page fits a narrow screen", func(t *testing.T) {
		b.do(chromedp.EmulateViewport(320, 800))
		for _, s := range b.pages {
			b.open(s.name)
			if n := evaluate[int](b, `document.documentElement.scrollWidth`); n > 320 {
				t.Errorf("%s is %d pixels wide on a screen of 320", s.name, n)
			}
		}
	})
}

// TestLooks draws every page into a folder, for people to look at.
func TestLooks(t *testing.T) {
	dir := os.Getenv("SALLYPORT_SCREENSHOTS")
	if dir == "" {
		t.Skip("SALLYPORT_SCREENSHOTS names no folder to draw the pages into")
	}
	b := newBrowser(t, site)
	for _, colours := range []string{"light", "dark"} {
		for _, width := range []int64{390, 1280} {
			b.do(scheme(colours), chromedp.EmulateViewport(width, 844))
			b.drawAll(dir, fmt.Sprintf("%d-%s", width, colours))
		}
	}
	b = newBrowser(t, pages.Site{
		Name: "Bäckerei Mehl & Söhne", PublicURL: site.PublicURL, Accent: "#ffd400",
		LogoURL: "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><ellipse cx="20" cy="10" rx="19" ry="9" fill="#c98a2b"/></svg>`)),
	})
	b.do(scheme("light"), chromedp.EmulateViewport(390, 844))
	b.drawAll(dir, "another-operator")
}

func (b *browser) unfold() {
	b.t.Helper()
	evaluate[int](b, `[...document.querySelectorAll('details')].map(d => { d.name = ''; d.open = true }).length`)
}

// drawAll draws every page, with everything in it unfolded.
func (b *browser) drawAll(dir, suffix string) {
	b.t.Helper()
	for _, s := range b.pages {
		b.open(s.name)
		b.unfold()
		png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			b.t.Fatal(err)
		}
		name := strings.ReplaceAll(s.name, " ", "-") + "-" + suffix + ".png"
		if err := os.WriteFile(filepath.Join(dir, name), png, 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

// TestAccessibility asks axe-core about every page.
func TestAccessibility(t *testing.T) {
	path := os.Getenv("SALLYPORT_AXE")
	if path == "" {
		t.Skip("SALLYPORT_AXE names no axe.min.js to check the pages with")
	}
	axe, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, site)
	// A colour that is hard to read in either scheme is the hardest accent. What is
	// no matter of colour is the same with each.
	for _, accent := range []string{"", "#ffd400", "#1a1a40"} {
		s := site
		s.Accent = accent
		b.serve(s)
		for _, colours := range []string{"light", "dark"} {
			b.do(scheme(colours))
			rules := `{}`
			if accent != "" {
				rules = `{runOnly: ['color-contrast', 'link-in-text-block']}`
			}
			for _, s := range b.pages {
				b.open(s.name)
				b.unfold()
				b.reportAxe(s.name+", "+colours+" "+accent, string(axe), rules)
			}
		}
	}
}

// reportAxe runs axe-core's rules, all of them or what the options of axe.run leave.
func (b *browser) reportAxe(where, axe, rules string) {
	b.t.Helper()
	found := evaluate[string](b, axe+`;axe.run(document, `+rules+`).then(r => JSON.stringify({
		passed: r.passes.length,
		violations: r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.map(n => n.html + ' ' + n.failureSummary)})),
	}))`)
	var report struct {
		Passed     int
		Violations []struct {
			ID, Help string
			Nodes    []string
		}
	}
	if err := json.Unmarshal([]byte(found), &report); err != nil || report.Passed == 0 {
		b.t.Fatalf("%s: axe-core checked nothing: %v", where, err)
	}
	for _, v := range report.Violations {
		b.t.Errorf("%s: %s (%s)\n%s", where, v.Help, v.ID, strings.Join(v.Nodes, "\n"))
	}
}
