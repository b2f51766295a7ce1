package config

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// route finds what a server registers: "GET /oauth/token", "/login".
var route = regexp.MustCompile(`"(?:(?:GET|POST|PUT|DELETE|OPTIONS|HEAD) )?(/[a-z.][a-z0-9._-]*)[/a-z0-9._{}$-]*"`)

// TestNoResourceCanHideAPathOfTheServer reads the paths that the server's own
// rooms register, so that a new one cannot be forgotten here.
func TestNoResourceCanHideAPathOfTheServer(t *testing.T) {
	var files []string
	for _, room := range []string{"authserver", "console", "cmd/sallyport", "internal/pages"} {
		found, err := filepath.Glob("../../" + room + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range route.FindAllStringSubmatch(string(text), -1) {
			if strings.HasSuffix(file, "_test.go") || slices.Contains(reservedPaths, m[1]) || slices.Contains(notRoutes, m[1]) {
				continue
			}
			t.Errorf("%s has the path %s, and a resource could be put there; add it to reservedPaths", file, m[1])
		}
	}
}

// notRoutes are resources' own paths, and files.
var notRoutes = []string{"/mcp"}
