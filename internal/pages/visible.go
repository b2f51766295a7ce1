package pages

import (
	"fmt"
	"strings"
	"unicode"
)

// A Segment is a run of text. Odd says that it does not stand for itself but
// for a character that cannot be seen, or for what was cut, and is drawn so
// that nobody takes it for part of the text. Code says that it is something to
// type or compare, and is drawn in monospace.
type Segment struct {
	Text string
	Odd  bool
	Code bool
}

// NameLimit is how much of a name that a stranger chose is shown, in runes.
const NameLimit = 80

// stackLimit is how many combining marks may stand on one letter. Living
// languages need three; what has more climbs over the lines above it.
const stackLimit = 3

// Visible returns text with every character that is invisible, or that changes
// the order or place of others, replaced by its code point in an odd segment.
// Spaces at the ends are dropped.
func Visible(text string) []Segment { return visible(strings.TrimSpace(text)) }

func visible(text string) []Segment {
	var out segments
	marks, last := 0, rune(0)
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			marks++
		default:
			marks = 0
		}
		// The emoji form of a symbol is the one selector that people type.
		emoji := r == 0xfe0f && unicode.Is(unicode.So, last)
		if marks > stackLimit || invisible(r) && !emoji {
			out.add(fmt.Sprintf("U+%04X", r), true)
		} else {
			out.add(string(r), false)
		}
		last = r
	}
	return out
}

// VisibleName is Visible for a name that a stranger chose: it is also limited
// to [NameLimit] runes, and says when it was cut.
func VisibleName(name string) []Segment {
	runes := []rune(strings.TrimSpace(name))
	if len(runes) <= NameLimit {
		return Visible(string(runes))
	}
	out := segments(Visible(string(runes[:NameLimit])))
	out.add("… cut", true)
	return out
}

// segments grows by runs: one segment for the plain characters that follow each
// other, and one for every odd character.
type segments []Segment

func (s *segments) add(text string, odd bool) {
	if n := len(*s); n > 0 && !odd && !(*s)[n-1].Odd {
		(*s)[n-1].Text += text
		return
	}
	*s = append(*s, Segment{Text: text, Odd: odd})
}

// blanks are letters and symbols of Unicode that look like nothing.
var blanks = []rune{0x115f, 0x1160, 0x2800, 0x3164, 0xffa0}

// invisible reports whether r leaves no mark on paper, or moves others: control
// and format characters (the bidi controls among them), spaces other than the
// plain one, selectors, private use, and what is not assigned.
func invisible(r rune) bool {
	for _, b := range blanks {
		if r == b {
			return true
		}
	}
	return r != ' ' && !unicode.IsPrint(r) ||
		unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
