package oauth

import (
	"slices"
	"strings"
	"testing"
)

func TestParseScope(t *testing.T) {
	for _, c := range []struct {
		name, wire, want string
		ok               bool
	}{
		{"none", "", "", true},
		{"one", "tickets:read", "tickets:read", true},
		{"several are sorted", "b a c", "a b c", true},
		{"each counts once", "a b a", "a b", true},
		{"case matters", "A a", "A a", true},
		{"spaces too many are forgiven", "  a   b ", "a b", true},
		{"only spaces", "   ", "", true},
		{"every sign that may be", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", true},
		{"a tab between", "a\tb", "", false},
		{"a newline between", "a\nb", "", false},
		{"a newline behind", "a\n", "", false},
		{"a carriage return", "a\r", "", false},
		{"a vertical tab", "a\vb", "", false},
		{"another space", "a\u00a0b", "", false},
		{"a quotation mark", `a"b`, "", false},
		{"a backslash", `a\b`, "", false},
		{"a NUL", "a\x00", "", false},
		{"a DEL", "a\x7f", "", false},
		{"a letter beyond ASCII", "é", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseScope(c.wire)
			if got.String() != c.want || (err == nil) != c.ok {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && AsError(err).Code != InvalidScope {
				t.Error(err)
			}
		})
	}
}

func TestScopeAsASet(t *testing.T) {
	set := func(wire string) Scope { return NewScope(strings.Fields(wire)...) }
	for _, c := range []struct {
		name, a, b, union, both, without string
		covers                           bool
	}{
		{"nothing and nothing", "", "", "", "", "", true},
		{"something and nothing", "a b", "", "a b", "", "a b", true},
		{"nothing and something", "", "a", "a", "", "", false},
		{"the same", "a b", "b a", "a b", "a b", "", true},
		{"a part", "a b c", "b", "a b c", "b", "a c", true},
		{"more", "b", "a b", "a b", "b", "", false},
		{"some of both", "a b", "b c", "a b c", "b", "a", false},
		{"a prefix is another scope", "tickets", "tickets:read", "tickets tickets:read", "", "tickets", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := set(c.a), set(c.b)
			if got := a.Union(b); !slices.Equal(got, set(c.union)) {
				t.Errorf("union: %q", got)
			}
			if got := a.Intersect(b); !slices.Equal(got, set(c.both)) {
				t.Errorf("both: %q", got)
			}
			if got := a.Without(b); !slices.Equal(got, set(c.without)) {
				t.Errorf("without: %q", got)
			}
			if got := a.Covers(b); got != c.covers {
				t.Errorf("covers: %t", got)
			}
			if !slices.Equal(a, set(c.a)) || !slices.Equal(b, set(c.b)) {
				t.Error("a scope was changed by looking at it")
			}
		})
	}
}

func TestNewScopeLeavesItsTokensAlone(t *testing.T) {
	tokens := []string{"b", "a", "b"}
	NewScope(tokens...)
	if !slices.Equal(tokens, []string{"b", "a", "b"}) {
		t.Errorf("now %q", tokens)
	}
}

func FuzzParseScope(f *testing.F) {
	f.Add("b a  b", "a\tc")
	f.Fuzz(func(t *testing.T, x, y string) {
		a, err1 := ParseScope(x)
		b, err2 := ParseScope(y)
		if err1 != nil || err2 != nil {
			return
		}
		if again, err := ParseScope(a.String()); err != nil || !slices.Equal(again, a) {
			t.Errorf("%q was read as %q, %v", a, again, err)
		}
		for _, s := range []Scope{a, a.Union(b), a.Intersect(b), a.Without(b)} {
			if !slices.IsSorted(s) || len(slices.Compact(slices.Clone(s))) != len(s) {
				t.Errorf("%q is no set", s)
			}
		}
		if !a.Union(b).Covers(a) || !a.Covers(a.Intersect(b)) || a.Without(b).Union(a.Intersect(b)).String() != a.String() {
			t.Errorf("%q and %q", a, b)
		}
	})
}
