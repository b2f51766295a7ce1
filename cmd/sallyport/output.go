package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// asked is the flag --json, which every listing has.
type asked struct {
	JSON bool `name:"json" help:"Print JSON, for programs."`
}

// show prints rows as a table for people, or the values as JSON for programs.
func (a asked) show(w io.Writer, values any, header []string, rows [][]string) error {
	if a.JSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(values)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "None.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(table, "\t")
			}
			fmt.Fprint(table, cell)
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
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
