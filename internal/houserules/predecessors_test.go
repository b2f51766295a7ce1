package houserules

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	predecessorRow = regexp.MustCompile(`(?m)^\| (R[1-4]\.[0-9]+) \|.*\| ([^|]*) \|$`)
	numberedRow    = regexp.MustCompile(`(?m)^\| R[0-9]`)
	rowsOfAScript  = regexp.MustCompile(`(?m)^# Rows ((?:R[1-4]\.[0-9]+ ?)+)\.$`)
)

// Each line of docs/predecessors.md names tests that exist, and the scripts that play
// lines name the lines that name them.
func TestEveryLineOfThePredecessorsHasATest(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "predecessors.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range evidence(string(text), existing(t)) {
		t.Errorf("docs/predecessors.md names %s, which is not there", name)
	}
	rows := predecessorRow.FindAllStringSubmatch(string(text), -1)
	if n := len(numberedRow.FindAllString(string(text), -1)); len(rows) != n || n < 60 {
		t.Errorf("of %d lines %d can be read; was their form changed?", n, len(rows))
	}
	named := map[string][]string{} // lines, by the script that they name
	seen := map[string]bool{}
	for _, row := range rows {
		if seen[row[1]] {
			t.Errorf("%s is there twice", row[1])
		}
		seen[row[1]] = true
		if !strings.Contains(row[2], "/Test") && !strings.Contains(row[2], "/testdata/") {
			t.Errorf("%s names no test", row[1])
		}
		for _, m := range namedFile.FindAllStringSubmatch(row[2], -1) {
			named[m[1]] = append(named[m[1]], row[1])
		}
	}
	for file, lines := range playedRows(t) {
		if !slices.Equal(lines, named[file]) {
			t.Errorf("%s says that it plays %v, and docs/predecessors.md has it beside %v", file, lines, named[file])
		}
	}
}

// playedRows are the lines that each script about a predecessor says it plays.
func playedRows(t *testing.T) map[string][]string {
	t.Helper()
	played := map[string][]string{}
	for _, pattern := range []string{"authserver/testdata/r[1-4]_*.txt", "cmd/sallyport/testdata/r[1-4]_*.txtar"} {
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, err := filepath.Rel(root, file)
			if err != nil {
				t.Fatal(err)
			}
			heading := rowsOfAScript.FindSubmatch(text)
			if heading == nil {
				t.Errorf("%s does not say which rows it plays", name)
				continue
			}
			played[filepath.ToSlash(name)] = strings.Fields(string(heading[1]))
		}
	}
	return played
}
