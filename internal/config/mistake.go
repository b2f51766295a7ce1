package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Mistake is one thing that is wrong with the settings. It never quotes a
// secret, nor anything that came out of an environment variable or a file.
type Mistake struct {
	File    string `json:"file,omitempty"` // the settings file, or the flag that gave the value
	Line    int    `json:"line,omitempty"` // counts from 1; 0: not known
	Column  int    `json:"column,omitempty"`
	Key     string `json:"key,omitempty"` // resources[0].scopes.tickets:read.title; list entries count from 0
	Problem string `json:"problem"`       // "is longer than 24h"
	Fix     string `json:"fix"`           // what to do about it, as a sentence
}

// String is one line: file:line:column: key problem; fix.
func (m Mistake) String() string {
	var b strings.Builder
	if m.File != "" {
		b.WriteString(m.File)
		if m.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", m.Line, m.Column)
		}
		b.WriteString(": ")
	}
	if m.Key != "" {
		b.WriteString(m.Key + " ")
	}
	return b.String() + m.Problem + "; " + m.Fix
}

// Mistakes is everything that is wrong, in the order of the file.
type Mistakes []Mistake

// Error is one mistake per line.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// orNil keeps an empty list from becoming an error that is not nil.
func (ms Mistakes) orNil() error {
	if len(ms) == 0 {
		return nil
	}
	slices.SortStableFunc(ms, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return ms
}

// A place is where a value was written.
type place struct {
	file         string
	line, column int
	// written is the value as the file has it, where it holds ${…}: what may be
	// shown of it. Empty for a secret that is not one reference and nothing else.
	written string
	derived bool // ${…} took part in the value, so it is never quoted
}

func (p place) mistake(key, problem, fix string) Mistake {
	return Mistake{File: p.file, Line: p.line, Column: p.column, Key: key, Problem: problem, Fix: fix}
}

// parent is the key without its last step.
func parent(key string) string {
	return key[:max(strings.LastIndexAny(key, ".["), 0)]
}

// where finds the place of a key, or of the nearest thing around it.
func (c *Config) where(key string) place {
	for k := key; ; k = parent(k) {
		if p, ok := c.places[k]; ok {
			return p
		}
		if k == "" {
			return place{file: c.file}
		}
	}
}

// given reports whether a key was written, rather than left to its default.
func (c *Config) given(key string) bool {
	_, ok := c.places[key]
	return ok
}
