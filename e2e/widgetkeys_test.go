package e2e

import (
	"fmt"

	"github.com/chromedp/chromedp/kb"
)

// reach goes to what has a name by the keyboard alone: with Tab, and within a grid,
// which is one stop of Tab's, with arrows. On the way everything that has the keyboard
// has to show that it does.
func (w *widgetFrame) reach(name string) {
	w.t.Helper()
	key := kb.Tab
	for range 100 {
		w.keys(key)
		at := inside[struct {
			There        bool
			Next, Unseen string
		}](w, fmt.Sprintf(wayTo, name))
		if at.Unseen != "" {
			w.t.Errorf("on the way to %q nobody sees that the keyboard is at %q", name, at.Unseen)
		}
		if at.There {
			return
		}
		key = map[string]string{"": kb.Tab, "down": kb.ArrowDown, "up": kb.ArrowUp, "right": kb.ArrowRight, "left": kb.ArrowLeft}[at.Next]
	}
	w.t.Fatalf("the keyboard does not come to %q\nin the widget: %s", name, w.words())
}

// wayTo is where the keyboard is, and where it has to go from there. A row's name is
// all that stands in it.
const wayTo = `((wanted, e) => {
	const name = e => e.ariaLabel || e.labels?.[0]?.textContent || e.textContent
	const is = e => e.role === "gridcell" ? name(e).includes(wanted) : name(e) === wanted
	const way = { there: false, next: "", unseen: "" }
	if (e === document.body) return way
	way.there = is(e)
	const { outlineStyle, outlineWidth } = getComputedStyle(e)
	if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) way.unseen = name(e) || e.tagName
	const there = [...e.closest("[role=grid]")?.querySelectorAll("[data-stop]") ?? []].find(is)
	if (there) {
		const after = e.compareDocumentPosition(there) & Node.DOCUMENT_POSITION_FOLLOWING
		const [on, back] = e.closest("[role=row]").contains(there) ? ["right", "left"] : ["down", "up"]
		way.next = after ? on : back
	}
	return way
})(%q, document.activeElement)`

// enter reaches a button or a link and presses it.
func (w *widgetFrame) enter(name string) {
	w.t.Helper()
	w.reach(name)
	w.keys(kb.Enter)
}

// fill reaches a field and writes into it, in the place of what is there.
func (w *widgetFrame) fill(name, words string) {
	w.t.Helper()
	w.reach(name)
	w.keys(words) // what Tab comes to is selected
}
