package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/audits"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// The browser of this run: tests share it, as tabs have cookies of their own.
var theBrowser struct {
	mu  sync.Mutex // guards the rest
	ctx context.Context
	end func()
}

// newBrowser returns Chromium, and starts it where it does not run, or not any more.
// Cookies are kept apart by [newTab].
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	path := chromium.or(t)
	theBrowser.mu.Lock()
	defer theBrowser.mu.Unlock()
	if theBrowser.ctx != nil && theBrowser.ctx.Err() == nil {
		return theBrowser.ctx
	}
	endBrowser()
	ctx, end, err := startBrowser(path)
	if err != nil {
		t.Fatal(err)
	}
	theBrowser.ctx, theBrowser.end = ctx, end
	return ctx
}

// startBrowser starts Chromium. Hosts under .example are this computer, with any
// certificate.
func startBrowser(path string) (ctx context.Context, end func(), err error) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.IgnoreCertErrors,
		chromedp.Flag("host-resolver-rules", "MAP *.example 127.0.0.1"),
		// A page that comes back whole, without loading, is lost to chromedp.
		chromedp.Flag("disable-features", "Translate,BackForwardCache"))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	end = func() { cancel(); stop() }
	if err := chromedp.Do(ctx); err != nil { // a limit on the first call would be one on the browser
		end()
		return nil, nil, err
	}
	return ctx, end, nil
}

// endBrowser ends Chromium, if it runs.
func endBrowser() {
	if theBrowser.end != nil {
		theBrowser.end()
	}
}

// A tab is one of a browser, and what went wrong in it.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu       sync.Mutex
	problems []string
	launched []string // URLs that were handed to other programs
}

// newTab opens a tab with cookies of its own.
func newTab(t *testing.T, browser context.Context) *tab {
	t.Helper()
	return openTab(t, browser, chromedp.WithNewBrowserContext())
}

// another opens a second tab of the same person.
func (b *tab) another(t *testing.T) *tab {
	t.Helper()
	return openTab(t, b.ctx)
}

func openTab(t *testing.T, parent context.Context, o ...chromedp.ContextOption) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, o...)
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.notice); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, audits.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	// Tests share the browser, and each tab is in front for its own.
	if _, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, p := range b.problems {
			t.Error("in the browser: " + p)
		}
	})
	return b
}

// close closes the tab, as its test does at its end.
func (b *tab) close() {
	b.t.Helper()
	if err := chromedp.Cancel(b.ctx); err != nil {
		b.t.Error(err)
	}
}

// notice collects what a person would find in the browser's console.
func (b *tab) notice(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *log.EventEntryAdded:
		e := ev.Entry
		if e.Level == log.EntryLevelError || e.Source == log.EntrySourceSecurity {
			b.problems = append(b.problems, fmt.Sprintf("%s: %s %s", e.Source, e.Text, e.URL))
		}
	case *network.EventRequestWillBeSent:
		if scheme, _, _ := strings.Cut(ev.Request.URL, ":"); !slices.Contains([]string{"http", "https", "data"}, scheme) {
			b.launched = append(b.launched, ev.Request.URL)
		}
	case *network.EventLoadingFailed:
		if ev.BlockedReason != "" {
			b.problems = append(b.problems, "blocked: "+string(ev.BlockedReason))
		}
	case *runtime.EventExceptionThrown:
		said := "exception: " + ev.ExceptionDetails.Text
		if thrown := ev.ExceptionDetails.Exception; thrown != nil {
			said += " " + thrown.Description
		}
		b.problems = append(b.problems, said)
	case *runtime.EventConsoleAPICalled:
		if ev.Type == runtime.ConsoleAPICalledTypeError {
			b.problems = append(b.problems, fmt.Sprintf("console: %v", ev.Args))
		}
	case *audits.EventIssueAdded:
		if csp := ev.Issue.Details.ContentSecurityPolicyIssueDetails; csp != nil {
			b.problems = append(b.problems, "content security policy: "+csp.ViolatedDirective+" "+csp.BlockedURL)
		}
	}
}

// expects takes one problem off the list: what a page of an error status
// brings with it. It is an error if there is none.
func (b *tab) expects(text string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.problems, func(p string) bool { return strings.Contains(p, text) })
	if i < 0 {
		b.t.Errorf("the browser says nothing of %q", text)
		return
	}
	b.problems = slices.Delete(b.problems, i, i+1)
}

// forgives takes off the list whatever it was with text in it: other people's pages
// are not ours to mend.
func (b *tab) forgives(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.problems = slices.DeleteFunc(b.problems, func(p string) bool { return strings.Contains(p, text) })
}

// do runs steps, for half a minute at most.
func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.t.Fatalf("%v\non the page: %s", err, b.text())
	}
}

func (b *tab) open(url string) {
	b.t.Helper()
	b.do(chromedp.Navigate(url))
}

// byRole finds an element as a screen reader does.
func byRole(role, name string) chromedp.QueryOption {
	return chromedp.ByFunc(func(ctx context.Context, t *chromedp.Target, n *chromedp.Node) ([]cdp.NodeID, error) {
		found, err := cdp.Call(ctx, t, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{NodeID: n.NodeID, Role: role, AccessibleName: name})
		if err != nil {
			return nil, err
		}
		var ids []cdp.BackendNodeID
		for _, n := range found.Nodes {
			if !n.Ignored {
				ids = append(ids, n.BackendDOMNodeID)
			}
		}
		if len(ids) == 0 {
			return nil, nil
		}
		pushed, err := cdp.Call(ctx, t, dom.PushNodesByBackendIDsToFrontend, dom.PushNodesByBackendIDsToFrontendParams{BackendNodeIDs: ids})
		return pushed.NodeIDs, err
	})
}

// fill types into a field, in place of what the browser put back there from an
// earlier visit.
func (b *tab) fill(name, value string) {
	b.t.Helper()
	b.do(chromedp.Focus(name, byRole("textbox", name)), chromedp.Evaluate[chromedp.Void]("document.activeElement.select()"),
		chromedp.KeyEvent(value))
}

// press presses a button and waits for the page that it leads to. The document
// that is left bears a mark: on a slow machine the answer can be there while the
// old page still is what scripts see.
func (b *tab) press(name string) {
	b.t.Helper()
	b.leave("button", name)
}

// follow follows a link, as press does a button.
func (b *tab) follow(name string) {
	b.t.Helper()
	b.leave("link", name)
}

func (b *tab) leave(role, name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	evaluate[bool](b, "document.left = true")
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(name, byRole(role, name))); err != nil {
		b.t.Fatalf("pressing %s: %v\non the page: %s", name, err, b.text())
	}
	arrived := chromedp.Poll[chromedp.Void](`!document.left && document.readyState === "complete"`, chromedp.WithPollingInterval(20*time.Millisecond))
	err := chromedp.Do(ctx, arrived)
	for err != nil && ctx.Err() == nil { // the page went away under the question
		err = chromedp.Do(ctx, arrived)
	}
	if err != nil {
		b.t.Fatalf("pressing %s leads nowhere: %v\non the page: %s", name, err, b.text())
	}
}

func evaluate[T any](b *tab, js string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("%.200s: %v", js, err)
	}
	return v
}

// text is what the page says, on one line.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	said, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href + ' ' + document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(said), " ")
}

// says fails unless the page says something.
func (b *tab) says(want string) {
	b.t.Helper()
	if got := b.text(); !strings.Contains(got, want) {
		b.t.Errorf("the page does not say %q: %s", want, got)
	}
}

func (b *tab) location() string {
	b.t.Helper()
	return evaluate[string](b, "location.href")
}

var screenshots = filepath.Join("..", "build", "screenshots")

// look takes pictures of the page on a phone and on a desk, light and dark,
// and asks axe-core about each.
func (b *tab) look(name string) {
	b.t.Helper()
	axe, err := os.ReadFile(nodeModule(b.t, "axe-core", "axe.min.js"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, width := range []int64{390, 1280} {
		for _, colours := range []string{"light", "dark"} {
			b.do(chromedp.EmulateViewport(width, 844), scheme(colours))
			where := fmt.Sprintf("%s-%d-%s", name, width, colours)
			if n := evaluate[int64](b, "document.documentElement.scrollWidth"); n > width {
				b.t.Errorf("%s: the page is %d pixels wide", where, n)
			}
			b.picture(where)
			b.askAxe(where, string(axe))
		}
	}
	b.do(chromedp.ResetViewport())
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

func (b *tab) picture(name string) {
	b.t.Helper()
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(screenshots, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(screenshots, name+".png"), png, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// askAxe reports what axe-core finds wrong with the page.
func (b *tab) askAxe(where, axe string) {
	b.t.Helper()
	b.complain(where, evaluate[axeReport](b, axe+fmt.Sprintf(axeRun, "{}")))
}

// axeRun comes after axe-core's own script. It takes axe-core's options.
const axeRun = `;axe.run(document, %s).then(r => ({
	Passed: r.passes.length + (r.toolOptions.runOnly ? r.inapplicable.length : 0),
	Violations: r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => n.html + ' ' + n.failureSummary)})),
}))`

type axeReport struct {
	Passed     int
	Violations []struct {
		ID, Help string
		Nodes    []string
	}
}

func (b *tab) complain(where string, found axeReport) {
	b.t.Helper()
	if found.Passed == 0 {
		b.t.Errorf("%s: axe-core checked nothing", where)
	}
	for _, v := range found.Violations {
		b.t.Errorf("%s: %s (%s)\n%s", where, v.Help, v.ID, strings.Join(v.Nodes, "\n"))
	}
}
