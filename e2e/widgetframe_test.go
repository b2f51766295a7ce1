package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	cdpinput "github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A widgetFrame is the page of a widget: a frame in a frame in a chat. It is found
// anew for every step, because hosts write it anew when they like.
type widgetFrame struct{ *chat }

// world is where scripts can be run that see the widget's document.
func (w *widgetFrame) world(ctx context.Context) (runtime.ExecutionContextID, error) {
	tree, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return 0, err
	}
	at := tree.FrameTree
	for len(at.ChildFrames) > 0 {
		at = at.ChildFrames[len(at.ChildFrames)-1]
	}
	if at == tree.FrameTree {
		return 0, fmt.Errorf("there is no frame")
	}
	made, err := chromedp.Call(ctx, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: at.Frame.ID, WorldName: "test"})
	return made.ExecutionContextID, err
}

func (w *widgetFrame) run(ctx context.Context, js string, byValue bool) (*runtime.RemoteObject, error) {
	world, err := w.world(ctx)
	if err != nil {
		return nil, err
	}
	yes := true
	got, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{
		Expression: js, ContextID: world, ReturnByValue: &byValue, AwaitPromise: &yes,
	})
	if err == nil && got.ExceptionDetails != nil {
		err = fmt.Errorf("%s %s", got.ExceptionDetails.Text, got.Result.Description)
	}
	return got.Result, err
}

// inside evaluates a script in the widget.
func inside[T any](w *widgetFrame, js string) T {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	var v T
	got, err := w.run(ctx, js, true)
	if err == nil && len(got.Value) > 0 {
		err = json.Unmarshal(got.Value, &v)
	}
	if err != nil {
		w.t.Fatalf("in the widget, %.200s: %v", js, err)
	}
	return v
}

// until asks again and again, for half a minute at most: a frame that is written
// anew takes what waits in it along.
func (w *widgetFrame) until(what string, ready func(context.Context) bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ready(ctx) {
		select {
		case <-ctx.Done():
			w.t.Fatalf("the widget never %s\nin the widget: %s", what, w.words())
		case <-tick.C:
		}
	}
}

func (w *widgetFrame) awaitTrue(js string) {
	w.t.Helper()
	w.until("has "+js, func(ctx context.Context) bool {
		got, err := w.run(ctx, "!!("+js+")", true)
		return err == nil && string(got.Value) == "true"
	})
}

// awaits waits until the widget says something.
func (w *widgetFrame) awaits(words string) {
	w.t.Helper()
	w.until(fmt.Sprintf("says %q", words), func(context.Context) bool { return strings.Contains(w.words(), words) })
}

// words is what the widget says, on one line.
func (w *widgetFrame) words() string {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	var said string
	got, err := w.run(ctx, "document.body?.innerText ?? ''", true)
	if err == nil {
		err = json.Unmarshal(got.Value, &said)
	}
	if err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(oneLine.Replace(said)), " ")
}

// find finds an element as a screen reader does; it waits for it.
func (w *widgetFrame) find(role, name string) cdp.BackendNodeID {
	w.t.Helper()
	var found cdp.BackendNodeID
	w.until(fmt.Sprintf("has the %s %q", role, name), func(ctx context.Context) bool {
		document, err := w.run(ctx, "document", false)
		if err != nil {
			return false
		}
		all, err := chromedp.Call(ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{ObjectID: document.ObjectID, Role: role, AccessibleName: name})
		if err != nil {
			return false
		}
		for _, n := range all.Nodes {
			if !n.Ignored {
				found = n.BackendDOMNodeID
				return true
			}
		}
		return false
	})
	return found
}

// middle is where the pointer has to go.
func (w *widgetFrame) middle(role, name string) (x, y float64) {
	w.t.Helper()
	id := w.find(role, name)
	_, err := chromedp.Call(w.ctx, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: id})
	if err != nil {
		w.t.Fatalf("%s %q: %v", role, name, err)
	}
	// The chat gives the frame its height a moment after the widget has grown: where
	// something is counts once it stays there.
	for {
		x, y := w.place(role, name, id)
		inside[bool](w, settled)
		if nowX, nowY := w.place(role, name, id); nowX == x && nowY == y {
			return x, y
		}
	}
}

// settled is true two frames from now.
const settled = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 50))))`

func (w *widgetFrame) place(role, name string, id cdp.BackendNodeID) (x, y float64) {
	w.t.Helper()
	box, err := chromedp.Call(w.ctx, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: id})
	if err != nil || len(box.Quads) == 0 {
		w.t.Fatalf("%s %q is nowhere: %v", role, name, err)
	}
	q := box.Quads[0]
	return (q[0] + q[4]) / 2, (q[1] + q[5]) / 2
}

// press clicks a button of the widget.
func (w *widgetFrame) press(name string) {
	w.t.Helper()
	w.pressOn("button", name)
}

// pressOn clicks what need not be a button.
func (w *widgetFrame) pressOn(role, name string) {
	w.t.Helper()
	x, y := w.middle(role, name)
	w.do(chromedp.MouseClickXY(x, y))
}

// focus moves the keyboard to an element.
func (w *widgetFrame) focus(role, name string) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, dom.Focus, dom.FocusParams{BackendNodeID: w.find(role, name)}); err != nil {
		w.t.Fatalf("%s %q: %v", role, name, err)
	}
}

// drag takes one element to another, with a stop on the way.
func (w *widgetFrame) drag(role, from, to string) {
	w.t.Helper()
	x, y := w.middle(role, from)
	toX, toY := w.middle(role, to)
	for _, e := range []cdpinput.DispatchMouseEventParams{
		{Type: cdpinput.DispatchMouseEventTypeMouseMoved, X: x, Y: y},
		{Type: cdpinput.DispatchMouseEventTypeMousePressed, X: x, Y: y, Button: cdpinput.MouseButtonLeft, Buttons: 1, ClickCount: 1},
		{Type: cdpinput.DispatchMouseEventTypeMouseMoved, X: (x + toX) / 2, Y: (y + toY) / 2, Button: cdpinput.MouseButtonLeft, Buttons: 1},
		{Type: cdpinput.DispatchMouseEventTypeMouseMoved, X: toX, Y: toY, Button: cdpinput.MouseButtonLeft, Buttons: 1},
		{Type: cdpinput.DispatchMouseEventTypeMouseReleased, X: toX, Y: toY, Button: cdpinput.MouseButtonLeft, ClickCount: 1},
	} {
		if _, err := chromedp.Call(w.ctx, cdpinput.DispatchMouseEvent, e); err != nil {
			w.t.Fatal(err)
		}
	}
}

// touchDrag is a drag with a finger, which a browser may take for scrolling.
func (w *widgetFrame) touchDrag(role, from, to string) {
	w.t.Helper()
	x, y := w.middle(role, from)
	toX, toY := w.middle(role, to)
	at := func(kind cdpinput.DispatchTouchEventType, points ...*cdpinput.TouchPoint) {
		w.t.Helper()
		if points == nil {
			points = []*cdpinput.TouchPoint{}
		}
		if _, err := chromedp.Call(w.ctx, cdpinput.DispatchTouchEvent, cdpinput.DispatchTouchEventParams{Type: kind, TouchPoints: points}); err != nil {
			w.t.Fatal(err)
		}
	}
	at(cdpinput.DispatchTouchEventTypeTouchStart, &cdpinput.TouchPoint{X: x, Y: y})
	at(cdpinput.DispatchTouchEventTypeTouchMove, &cdpinput.TouchPoint{X: (x + toX) / 2, Y: (y + toY) / 2})
	at(cdpinput.DispatchTouchEventTypeTouchMove, &cdpinput.TouchPoint{X: toX, Y: toY})
	at(cdpinput.DispatchTouchEventTypeTouchEnd)
}

// announces waits until something is read out to who does not see it: what stands in
// a status or an alert.
func (w *widgetFrame) announces(words string) {
	w.t.Helper()
	w.awaitTrue(fmt.Sprintf(`[...document.querySelectorAll("[role=status],[role=alert]")].some(e => e.textContent.includes(%q))`, words))
}

// keys presses keys, one after the other.
func (w *widgetFrame) keys(keys ...string) {
	w.t.Helper()
	for _, key := range keys {
		w.do(chromedp.KeyEvent(key))
	}
}

// focused is the name of what has the keyboard.
func (w *widgetFrame) focused() string {
	w.t.Helper()
	return inside[string](w, `(e => e?.ariaLabel || e?.textContent || "")(document.activeElement)`)
}
