package houserules

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/threat-model.md names between backquotes: a file, or a test in a
// folder, such as gateway/TestARevokedGrantEndsItsStreams.
var (
	namedFile = regexp.MustCompile("`([A-Za-z0-9_./-]+/[A-Za-z0-9_-]+\\.(?:txt|txtar|go|md))`")
	namedTest = regexp.MustCompile("`((?:[a-z0-9]+/)+(?:Test|Fuzz)[A-Za-z0-9]+)`")
	looseTest = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)`")
)

// evidence says what a text names that is not there.
func evidence(text string, has func(name string) bool) []string {
	var missing []string
	for _, form := range []*regexp.Regexp{namedFile, namedTest} {
		for _, m := range form.FindAllStringSubmatch(text, -1) {
			if !has(m[1]) {
				missing = append(missing, m[1])
			}
		}
	}
	for _, m := range looseTest.FindAllStringSubmatch(text, -1) {
		missing = append(missing, m[1]+" (in which folder?)")
	}
	return missing
}

// existing finds files, and the tests of Go files.
func existing(t *testing.T) func(name string) bool {
	t.Helper()
	tests := map[string]bool{}
	for _, s := range tree(t) {
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && s.test() {
				tests[path.Join(s.dir(), f.Name.Name)] = true
			}
		}
	}
	return func(name string) bool {
		if tests[name] {
			return true
		}
		_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
		return err == nil
	}
}

func TestTheThreatModelNamesTestsThatExist(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "threat-model.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range evidence(string(text), existing(t)) {
		t.Errorf("docs/threat-model.md names %s, which is not there", name)
	}
	if n := strings.Count(string(text), "/Test"); n < 50 {
		t.Errorf("docs/threat-model.md names %d tests; was its form changed?", n)
	}
}

func TestEvidenceThatIsNotThereIsNoticed(t *testing.T) {
	has := func(name string) bool { return name == "a/TestX" || name == "a/b.txt" }
	got := evidence("`a/TestX`, `a/b.txt`, `a/TestGone`, `a/gone.txt`, `TestX`, `words`", has)
	if want := "a/gone.txt a/TestGone TestX (in which folder?)"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
