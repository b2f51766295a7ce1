package gateway

import "testing"

// What is taken for plain is what unravelling leaves as it is.
func FuzzPlainPath(f *testing.F) {
	for _, seed := range []string{"/", "/mcp", "/mcp/", "/.well-known/jwks.json", "/a/./b", "/a/../b", "/a/..", "/...", "/..a/b", "/a.", "//a", "", "a", "/a;b", "/%2e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if isPlain(raw) && unravel(raw) != trimSlash(raw) {
			t.Errorf("%q is %q", raw, unravel(raw))
		}
	})
}
