package oauth

import (
	"slices"
	"testing"
)

func TestADelegationIsReadAsItWasWritten(t *testing.T) {
	for _, d := range []Delegation{
		{"https://as.example/mcp", "https://notes.example/mcp?a=b:c", "notes:read"},
		{"https://as.example", "https://as.example/notes/mcp", "a>b>c"},
	} {
		scope := NewScope("tickets:read", d.Token())
		parsed, err := ParseScope(scope.String())
		if err != nil {
			t.Fatal(err)
		}
		if got := parsed.Delegations(); len(got) != 1 || got[0] != d {
			t.Errorf("%+v became %+v", d, got)
		}
		if got := parsed.Plain(); !slices.Equal(got, Scope{"tickets:read"}) {
			t.Errorf("without it there is %v", got)
		}
		if !ReservedScope(d.Token()) {
			t.Error("a resource could have a scope of that name")
		}
	}
	if got := NewScope("act>", "act>x", "act>x>y").Delegations(); len(got) != 0 {
		t.Errorf("what is none was read as %v", got)
	}
	if !ReservedScope(HandOutScope("github")) || ReservedScope("tickets:read") {
		t.Error("the wrong names are reserved")
	}
}
