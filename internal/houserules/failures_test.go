package houserules

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// failures is how many there are in docs/interoperability.md: the numbers are
// those of the collection that they come from.
const failures = 39

var failureRow = regexp.MustCompile(`(?m)^\| ([0-9]+) \|.*\| ([^|]*) \|$`)

func TestEveryFailureOfInteroperabilityHasATest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "interoperability.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range evidence(string(text), existing(t)) {
		t.Errorf("docs/interoperability.md names %s, which is not there", name)
	}
	seen := map[int]bool{}
	for _, row := range failureRow.FindAllStringSubmatch(string(text), -1) {
		n, err := strconv.Atoi(row[1])
		if err != nil || n < 1 || n > failures || seen[n] {
			t.Errorf("there is no failure %s, or it is there twice", row[1])
		}
		seen[n] = true
		if !strings.Contains(row[2], "/Test") && !strings.Contains(row[2], "/testdata/") {
			t.Errorf("failure %d names no test", n)
		}
	}
	for n := 1; n <= failures; n++ {
		if !seen[n] {
			t.Errorf("failure %d is missing", n)
		}
	}
}
