package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"math"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestTheBoardIsForEverybody uses the board with a finger, with the keyboard, over
// the whole screen and without colours. It needs no sign-in for that.
func TestTheBoardIsForEverybody(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	d := newDoor(t, aChessServer)
	for _, host := range hosts {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			c := newChat(t, browser, d.MCP, "Show me a board.")
			promotes(c.show(host, "apply_move", map[string]any{"fen": "7k/P7/8/8/8/8/8/7K b - - 0 1", "move": "Kg7"}, nil), host)
			w := c.show(host, "apply_move", map[string]any{"fen": startFEN, "move": "e4 d5"}, nil)
			if host == "mcpapps" {
				lacksColours(w)
			}
			fillsTheScreen(w, host)
			isTouched(w)
			c.faults()
		})
	}
}

// promotes asks what a pawn becomes, takes no for an answer, and gives the keyboard
// back.
func promotes(w *widgetFrame, host string) {
	w.announces("Your move.")
	w.drag("gridcell", "a7, white pawn", "a8, empty")
	w.find("dialog", "Promote the pawn to")
	w.awaitTrue(`document.activeElement.matches("[role=dialog]")`)
	if host == "chatgpt" {
		w.glance("chess-promotion")
	}
	w.keys(kb.Escape)
	w.awaitTrue(`!document.querySelector("[role=dialog]")`)
	if at := w.focused(); at != "a7, white pawn" {
		w.t.Errorf("after a no the keyboard is at %q", at)
	}
	w.keys(kb.Enter, kb.ArrowUp, kb.Enter)
	w.awaitTrue(`document.activeElement.matches("[role=dialog]")`) // and the Enter has chosen nothing
	w.keys(kb.Tab, kb.Tab)
	if at := w.focused(); at != "rook" {
		w.t.Errorf("behind the queen comes %q", at)
	}
	w.keys(kb.Enter)
	w.find("gridcell", "a8, white rook")
	if at := w.focused(); !strings.HasPrefix(at, "a8, ") {
		w.t.Errorf("after a promotion the keyboard is at %q", at)
	}
	w.announces("Black: king to ") // what the engine could do about it
	w.announces("Your move.")
}

// isTouched drags with a finger, and taps.
func isTouched(w *widgetFrame) {
	w.announces("Your move.")
	w.touchDrag("gridcell", "e4, white pawn", "d5, black pawn")
	w.find("gridcell", "d5, white pawn")
	w.awaitTrue(movesMade(4))
	w.announces("Your move.")
	w.touchDrag("gridcell", "b1, white knight", "b1, white knight")
	w.announces("White knight on b1 can go to a3, c3.")
	w.touchDrag("gridcell", "a3, empty, can go here", "a3, empty, can go here")
	w.find("gridcell", "a3, white knight")
	w.awaitTrue(movesMade(6))
	w.announces("Your move.")
}

// fillsTheScreen asks the host for all of it, and goes back.
func fillsTheScreen(w *widgetFrame, host string) {
	const width = `document.querySelector(".board").getBoundingClientRect().width`
	w.announces("Your move.")
	w.dress(1280, "light")
	small := inside[float64](w, width)
	w.press("Full screen")
	w.find("button", "Back to the chat")
	w.await(`document.body.dataset.mode === "fullscreen"`)
	w.awaitTrue(fmt.Sprintf("%s > 1.4 * %v", width, small))
	if host == "mcpapps" {
		w.lookAt("chess-fullscreen", []int64{390, 1280}, []string{"light"})
	}
	w.press("Back to the chat")
	w.find("button", "Full screen")
	w.await(`document.body.dataset.mode === "inline"`)
	w.awaitTrue(fmt.Sprintf("%s <= %v", width, small))
}

// lacksColours looks at where a piece may go as people see it who see colours
// differently, or none.
//
// WCAG 2.2 §1.4.11 asks for a contrast of 3 to 1 of what is needed to understand.
func lacksColours(w *widgetFrame) {
	w.announces("Your move.")
	w.pressOn("gridcell", "e4, white pawn")
	w.find("gridcell", "e5, empty, can go here")
	side := inside[float64](w, `document.querySelector("[data-square=e5]").getBoundingClientRect().width`)
	for _, theme := range []string{"light", "dark"} {
		w.dress(1280, theme)
		goX, goY := w.middle("gridcell", "e5, empty, can go here")
		takeX, takeY := w.middle("gridcell", "d5, black pawn, can go here")
		for _, sight := range []emulation.SetEmulatedVisionDeficiencyType{"protanopia", "deuteranopia", "tritanopia", "achromatopsia"} {
			if _, err := chromedp.Call(w.ctx, emulation.SetEmulatedVisionDeficiency, emulation.SetEmulatedVisionDeficiencyParams{Type: sight}); err != nil {
				w.t.Fatal(err)
			}
			seen := w.seen()
			for what, at := range map[string][4]float64{ // the mark, and the square beside it
				"where it may go":  {goX, goY, goX, goY - .38*side},
				"what it may take": {takeX, takeY - .455*side, takeX - .4*side, takeY - .4*side},
			} {
				if c := contrast(seen, at); c < 3 {
					w.t.Errorf("%s, %s: %s has a contrast of %.1f", theme, sight, what, c)
				}
			}
		}
	}
	w.dress(1280, "light")
	w.keys(kb.Escape)
}

// seen is the screen.
func (w *widgetFrame) seen() image.Image {
	w.t.Helper()
	shot, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.t.Fatal(err)
	}
	seen, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		w.t.Fatal(err)
	}
	return seen
}

// contrast is that of the darkest point next to at[:2] and of at[2:], as WCAG 2.2
// defines it.
func contrast(seen image.Image, at [4]float64) float64 {
	mark := 1.0
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			mark = min(mark, luminance(seen, int(at[0])+dx, int(at[1])+dy))
		}
	}
	beside := luminance(seen, int(at[2]), int(at[3]))
	return (max(mark, beside) + .05) / (min(mark, beside) + .05)
}

func luminance(seen image.Image, x, y int) float64 {
	r, g, b, _ := seen.At(x, y).RGBA()
	linear := func(v uint32) float64 {
		c := float64(v) / 0xffff
		if c <= .04045 {
			return c / 12.92
		}
		return math.Pow((c+.055)/1.055, 2.4)
	}
	return .2126*linear(r) + .7152*linear(g) + .0722*linear(b)
}
