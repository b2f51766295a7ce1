package oauth

import "testing"

func TestExpand(t *testing.T) {
	r := ProtectedResource{Scopes: []ScopeInfo{
		{Name: "admin", Implies: []string{"write", "audit"}},
		{Name: "write", Implies: []string{"read"}},
		{Name: "read"},
		{Name: "audit"},
		{Name: "egg", Implies: []string{"hen"}},
		{Name: "hen", Implies: []string{"egg", "read"}},
		{Name: "self", Implies: []string{"self"}},
	}}
	for _, c := range []struct {
		name string
		s    Scope
		want string
	}{
		{"nothing", nil, ""},
		{"what implies nothing", NewScope("read"), "read"},
		{"what implies one", NewScope("write"), "read write"},
		{"what implies in two steps", NewScope("admin"), "admin audit read write"},
		{"what implies in a circle", NewScope("egg"), "egg hen read"},
		{"what implies itself", NewScope("self"), "self"},
		{"what the resource does not know", NewScope("other", "write"), "other read write"},
		{"what is said twice", Scope{"write", "admin", "write"}, "admin audit read write"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := c.s.String()
			if got := r.Expand(c.s); got.String() != c.want {
				t.Errorf("got %q", got)
			}
			if c.s.String() != before {
				t.Errorf("the scope itself is now %q", c.s)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	for _, c := range []struct {
		name        string
		scopes      []ScopeInfo
		known, want string
	}{
		{"no scope", nil, "", ""},
		{"no default means all", []ScopeInfo{{Name: "b"}, {Name: "a"}}, "a b", "a b"},
		{"one default", []ScopeInfo{{Name: "b", Default: true}, {Name: "a"}}, "a b", "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := ProtectedResource{Scopes: c.scopes}
			if r.Known().String() != c.known || r.Defaults().String() != c.want {
				t.Errorf("got %q and %q", r.Known(), r.Defaults())
			}
		})
	}
}

func TestScopeInfo(t *testing.T) {
	r := ProtectedResource{Scopes: []ScopeInfo{{Name: "a", Title: "A"}}}
	if info, ok := r.ScopeInfo("a"); !ok || info.Title != "A" {
		t.Error("a is not found")
	}
	if _, ok := r.ScopeInfo("b"); ok {
		t.Error("b is found")
	}
}
