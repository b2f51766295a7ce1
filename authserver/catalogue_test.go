package authserver_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	covers    = regexp.MustCompile(`(?i)\bcovers((?:[\s/#]+[RIAFUKWX][0-9]+)+)`)
	reference = regexp.MustCompile(`[RIAFUKWX][0-9]+`)
	listed    = regexp.MustCompile(`(?m)^\| ([RIAFUKWX][0-9]+) \|`)
)

// Every line of testdata/catalogue.md is named by a script or a test that covers it,
// and nothing is named that is not there.
func TestEveryLineOfTheCatalogueIsCovered(t *testing.T) {
	catalogue, err := os.ReadFile("testdata/catalogue.md")
	if err != nil {
		t.Fatal(err)
	}
	covered := map[string]bool{}
	for _, pattern := range []string{"testdata/*.txt", "*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, words := range covers.FindAllStringSubmatch(string(text), -1) {
				for _, name := range reference.FindAllString(words[1], -1) {
					covered[name] = true
				}
			}
			if strings.HasSuffix(file, ".txt") && !covers.Match(text) {
				t.Errorf("%s does not say what it covers", file)
			}
		}
	}
	for _, line := range listed.FindAllStringSubmatch(string(catalogue), -1) {
		if !covered[line[1]] {
			t.Errorf("nothing covers %s", line[1])
		}
		delete(covered, line[1])
	}
	for name := range covered {
		t.Errorf("%s is not in the catalogue", name)
	}
}
