package config

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad holds for every text: it is either wrong, and each mistake says
// where, what and how to mend it; or it is right, can be written out and loaded
// again as the same settings, and an editor with the schema would agree.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/mistakes/*.yaml"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	schema := resolvedSchema(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		c, mistakes := parse("sallyport.yaml", text, environment)
		for _, m := range mistakes {
			if m.Problem == "" || m.Fix == "" || m.File == "" {
				t.Fatalf("a mistake is not complete: %#v", m)
			}
		}
		if mistakes != nil {
			return
		}
		sameAgain(t, c)
		v, err := plain(text)
		if err != nil || v == nil {
			return // keys that JSON cannot have, or nothing at all
		}
		if err := schema.Validate(v); err != nil {
			t.Fatalf("the schema refuses what loads: %v", err)
		}
	})
}
