package e2e

import (
	"bytes"
	"strings"
	"sync"
)

// A transcript collects what a process writes, for when a test fails.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(b)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// tail is the last lines.
func (t *transcript) tail(lines int) string {
	all := strings.SplitAfter(t.String(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}
