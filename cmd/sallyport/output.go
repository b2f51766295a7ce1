package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// asked is the flag --json, which every command has that prints something a
// program might want.
type asked struct {
	JSON bool `name:"json" help:"Print JSON, for programs."`
}

// show prints rows as a table for people, or the values as JSON for programs.
func (a asked) show(t terminal, values any, header []string, rows [][]string) error {
	if a.JSON {
		return printJSON(t.out, values)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(t.out, "None.")
		return err
	}
	return table{append([][]string{header}, rows...)}.print(t)
}

// pairs prints names and values, or the value as JSON for programs. They are
// never cut: a secret that is shown once has to be whole.
func (a asked) pairs(t terminal, value any, rows [][]string) error {
	if a.JSON {
		return printJSON(t.out, value)
	}
	t.width = 0
	return table{rows}.print(t)
}

// say prints a sentence for people, or the value as JSON for programs.
func (a asked) say(t terminal, value any, format string, args ...any) error {
	if a.JSON {
		return printJSON(t.out, value)
	}
	_, err := fmt.Fprintf(t.out, format+"\n", args...)
	return err
}

func printJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// A table has its most important columns first.
type table struct{ rows [][]string }

const (
	gap       = 2 // between columns
	narrowest = 8 // a column that is cut keeps so many
)

// print aligns the columns. On a terminal they are made to fit: the widest are
// cut, and when that is not enough the last are left out. The first is what
// other commands take, so it is never cut.
func (tb table) print(t terminal) error {
	var text strings.Builder
	for _, row := range tb.rows {
		for i := range row {
			row[i] = plain(row[i])
		}
	}
	widths := fit(tb.widths(), t.width)
	for _, row := range tb.rows {
		for i, width := range widths {
			text.WriteString(cut(row[i], width))
			if i < len(widths)-1 {
				text.WriteString(strings.Repeat(" ", width-min(width, utf8.RuneCountInString(row[i]))+gap))
			}
		}
		text.WriteByte('\n')
	}
	_, err := io.WriteString(t.out, text.String())
	return err
}

// widths is the widest cell of each column, in characters.
func (tb table) widths() []int {
	widths := make([]int, len(tb.rows[0]))
	for _, row := range tb.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// fit makes columns fit into room; 0 is all the room there is.
func fit(widths []int, room int) []int {
	for room > 0 && sum(widths) > room && len(widths) > 1 {
		widest := 1
		for i := range widths[1:] {
			if widths[i+1] > widths[widest] {
				widest = i + 1
			}
		}
		if widths[widest] > narrowest {
			widths[widest]--
			continue
		}
		widths = widths[:len(widths)-1]
	}
	return widths
}

func sum(widths []int) int {
	total := gap * (len(widths) - 1)
	for _, w := range widths {
		total += w
	}
	return total
}

func cut(cell string, width int) string {
	runes := []rune(cell)
	if len(runes) <= width {
		return cell
	}
	return string(runes[:width-1]) + "…"
}

// plain makes one line of a cell, and leaves nothing in it that a terminal
// would obey: names are chosen by strangers.
func plain(cell string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, cell)
}

// when prints a time for people; the zero time is a dash.
func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "-"
}
