package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// paragraphs prints text for people: wrapped where the terminal ends, and with
// nothing in it that a terminal would obey.
type paragraphs struct {
	t   terminal
	err error
}

// narrowestText is how wide text is at least, however narrow the terminal.
const narrowestText = 30

func (p *paragraphs) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = io.WriteString(p.t.out, plain(fmt.Sprintf(format, args...))+"\n")
	}
}

func (p *paragraphs) blank() { p.line("") }

// text prints a paragraph behind a label, and the lines after the first below
// where it began.
func (p *paragraphs) text(label, text string) {
	indent := utf8.RuneCountInString(label)
	if indent > 20 && strings.TrimSpace(label) != "" && p.t.width > 0 && p.t.width-indent < narrowestText {
		p.line("%s", strings.TrimRight(label, " "))
		label, indent = "      ", 6
	}
	at := indent
	var b strings.Builder
	b.WriteString(label)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if i > 0 && p.t.width > 0 && at+1+n > p.t.width && at > indent {
			p.line("%s", b.String())
			b.Reset()
			b.WriteString(strings.Repeat(" ", indent))
			at = indent
		} else if i > 0 {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	p.line("%s", b.String())
}
