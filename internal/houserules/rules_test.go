package houserules

import (
	"fmt"
	"strings"
	"testing"
)

// sample parses a file that is not in the tree.
func sample(t *testing.T, path, text string) source {
	t.Helper()
	s, err := parse(path, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const testTable = `
[rooms]
oauth
store            oauth
store/sqlstore   oauth store
login            oauth store internal/*
resource         oauth
gateway          oauth resource internal/*
apps/*           oauth
internal/*       oauth
cmd/sallyport    oauth store store/sqlstore login gateway apps/* internal/*
[tests]
login            store/sqlstore
[modules]
github.com/go-jose/go-jose/v4   resource
go.yaml.in/yaml/v3              internal/config
[test modules]
pgregory.net/rapid              login
`

// TestTheTableIsObeyed: a rule that cannot fail is no rule.
func TestTheTableIsObeyed(t *testing.T) {
	const ours, jose = module, "github.com/go-jose/go-jose/v4"
	for _, test := range []struct {
		name, file, imports, complains string
	}{
		{"the standard library is for everyone", "oauth/x.go", "net/http", ""},
		{"down is allowed", "login/x.go", ours + "store", ""},
		{"up is not", "store/x.go", ours + "login", "may not"},
		{"beside is not", "login/x.go", ours + "resource", "may not"},
		{"only cmd opens the database", "login/x.go", ours + "store/sqlstore", "may not"},
		{"cmd opens the database", "cmd/sallyport/x.go", ours + "store/sqlstore", ""},
		{"a test may open a database", "login/x_test.go", ours + "store/sqlstore", ""},
		{"a room may import what is below it", "gateway/x.go", ours + "gateway/stdio", ""},
		{"what is below a room is in it", "gateway/stdio/x.go", ours + "login", "may not"},
		{"internal packages are leaves", "internal/config/x.go", ours + "store", "may not"},
		{"internal packages do not know each other", "internal/config/x.go", ours + "internal/pages", "may not"},
		{"an internal package may import itself", "internal/config/x_test.go", ours + "internal/config", ""},
		{"the words import nothing of ours", "oauth/x.go", ours + "internal/config", "may not"},
		{"apps do not know each other", "apps/chess/x.go", ours + "apps/demo", "may not"},
		{"a room that nobody drew", "attic/x.go", "net/http", "is in no room"},
		{"an import of a room that nobody drew", "login/x.go", ours + "attic", "is in no room"},
		{"a module is for the rooms on its line", "resource/x.go", jose + "/jwt", ""},
		{"and for their tests", "resource/x_test.go", jose, ""},
		{"and for no other room", "login/x.go", jose + "/jwt", "github.com/go-jose/go-jose/v4  login"},
		{"a module for one internal package", "internal/pages/x.go", "go.yaml.in/yaml/v3", "go.yaml.in/yaml/v3  internal/pages"},
		{"a test may import what tests may", "login/x_test.go", "pgregory.net/rapid", ""},
		{"a program may not", "login/x.go", "pgregory.net/rapid", "[modules]"},
		{"a name that begins alike is another module", "resource/x.go", jose + "x", "no line"},
		{"an unknown module", "login/x.go", "example.org/new/thing", "example.org/new  login"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := readPolicy(testTable)
			if err != nil {
				t.Fatal(err)
			}
			got := p.check(sample(t, test.file, fmt.Sprintf("package x\nimport _ %q\n", test.imports)))
			switch {
			case test.complains == "" && got != nil:
				t.Error(got)
			case test.complains != "" && (len(got) != 1 || !strings.Contains(got[0].String(), test.complains)):
				t.Errorf("got %v, want one complaint with %q", got, test.complains)
			}
		})
	}
}

func TestATableThatCannotBeReadIsRefused(t *testing.T) {
	for _, text := range []string{"oauth\n", "[room]\n", "[rooms]\noauth\noauth\n"} {
		if _, err := readPolicy(text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

func TestALineThatNobodyNeedsIsNoticed(t *testing.T) {
	p, err := readPolicy(testTable)
	if err != nil {
		t.Fatal(err)
	}
	p.check(sample(t, "resource/x.go", `package x; import _ "github.com/go-jose/go-jose/v4"`))
	p.check(sample(t, "internal/config/x_test.go", `package x; import _ "go.yaml.in/yaml/v3"`))
	got := strings.Join(p.unused(), ", ")
	want := "internal/config on the line of go.yaml.in/yaml/v3, login on the line of pgregory.net/rapid"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// complaints runs one rule on one file and returns what it is about.
func complaints(t *testing.T, rule func(source) []complaint, path, text string) string {
	t.Helper()
	var all []string
	for _, c := range rule(sample(t, path, text)) {
		all = append(all, c.rule+" "+c.name)
	}
	return strings.TrimSpace(strings.Join(all, ", "))
}

func TestLargeThingsAreNoticed(t *testing.T) {
	lines := func(n int) string { return strings.Repeat("\tx()\n", n) }
	table := "\tfor range []int{\n" + strings.Repeat("\t\t1,\n", 200) + "\t} {}\n"
	for _, test := range []struct{ name, path, text, want string }{
		{"sixty lines are few enough", "a/x.go", "package x\nfunc f() {\n" + lines(58) + "}\n", ""},
		{"sixty-one are not", "a/x.go", "package x\nfunc (x *T[V]) f() {\n" + lines(59) + "}\n", "function T.f"},
		{"nor in a test", "a/x_test.go", "package x\nfunc TestX() {\n" + lines(59) + "}\n", "function TestX"},
		{"a table in a test is read line by line", "a/x_test.go", "package x\nfunc TestX() {\n" + table + "}\n", ""},
		{"a table in a program counts", "a/x.go", "package x\nfunc f() {\n" + table + "}\n", "function f"},
		{"a function within a test counts by itself", "a/x_test.go", "package x\nfunc TestX() {\n" + lines(40) + "t.Run(func() {\n" + lines(40) + "})\n}\n", ""},
		{"and may be too long", "a/x_test.go", "package x\nfunc TestX() {\nt.Run(func() {\n" + lines(60) + "})\n}\n", "function TestX"},
		{"four hundred lines are few enough", "a/x.go", "package x\n" + strings.Repeat("\n", 399), ""},
		{"more are not", "a/x.go", "package x\n" + strings.Repeat("\n", 400), "file"},
		{"a test may be longer", "a/x_test.go", "package x\n" + strings.Repeat("\n", 400), ""},
		{"five parameters and a context", "a/x.go", "package x\nfunc f(ctx context.Context, a, b, c int, d, e string) {}\n", ""},
		{"six parameters", "a/x.go", "package x\nfunc f(a, b, c int, d, e, g string) {}\n", "parameters f"},
		{"six parameters of a method", "a/x.go", "package x\ntype I interface { F(a, b, c, d, e, f int) }\n", "parameters I.F"},
		{"eight methods", "a/x.go", "package x\ntype I interface { A(); B(); C(); D(); E(); F(); G(); H() }\n", ""},
		{"nine methods", "a/x.go", "package x\ntype I interface { A(); B(); C(); D(); E(); F(); G(); H(); J }\n", "interface I"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := complaints(t, sizes, test.path, test.text); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestForbiddenWordsAreNoticed(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"type TokenManager struct{}", "word TokenManager"},
		{"type X struct { HTTPServiceURL string }", "word X.HTTPServiceURL"},
		{"type X interface { InvalidateAll() }", "word X.InvalidateAll"},
		{"func (x *X) ConsumeCode() {}", "word X.ConsumeCode"},
		{"const Providers = 1", "word Providers"},
		{"var AppName, Other string", "word AppName"},
		{"func ParseUtils() {}", "word ParseUtils"},
		{"type tokenManager struct{}", ""},
		{"type Applied struct{}; func Happy() {}; func Accountable() {}", ""},
		{"func Serve() {}; type Server struct{}; var Mapper int", ""},
	} {
		if got := complaints(t, names, "a/x.go", "package x\n"+test.text+"\n"); got != test.want {
			t.Errorf("%s: got %q, want %q", test.text, got, test.want)
		}
	}
}

func TestOtherFormsOfCitationAreNoticed(t *testing.T) {
	for _, good := range []string{
		"RFC 6749 §4.1.2.1.", "RFC 6749 §4.1.2.1 and §5.2", "draft-ietf-oauth-v2-1 §4.3", "RFC 9068 tokens",
		"RFC 6749 §A.1", "time.RFC3339 is a layout", `"as specified by Section 4.3 of [RFC3986]"`,
		"RFC 8414\n// §2", "JSON Schema draft-07", "OpenID Connect Core §3.1.2.6",
	} {
		if got := complaints(t, citations, "a/x.go", "package x\n\n// "+good+"\nfunc f() {}\n"); got != "" {
			t.Errorf("%q: got %s", good, got)
		}
	}
	for _, bad := range []string{
		"RFC6749 §4.1", "rfc 6749", "RFC-6749", "RFC 6749 section 4.1", "RFC 6749, Section 4.1", "RFC 6749\n// section 4.1",
		"RFC 6749 4.1", "RFC 6749, §4.1", "RFC 6749§4.1", "RFC 6749 § 4.1", "Section 4.1 of RFC 6749",
		"draft-ietf-oauth-v2-1-13 §4", "draft-ietf-oauth-v2-1 Section 4.3",
		"https://www.rfc-editor.org/x", "https://datatracker.ietf.org/doc/html/x",
	} {
		if got := complaints(t, citations, "a/x.go", "package x\n\n// "+bad+"\nfunc f() {}\n"); !strings.HasPrefix(got, "citation") {
			t.Errorf("%q is let pass", bad)
		}
	}
}

func TestBadHabitsAreNoticed(t *testing.T) {
	for _, test := range []struct {
		name, path, text, want string
		rule                   func(source) []complaint
	}{
		{"a program sleeps", "a/x.go", "func (x *X) f() { time.Sleep(1) }", "sleep X.f", sleeps},
		{"a test sleeps", "a/x_test.go", "func TestX(t *T) { time.Sleep(1) }", "sleep TestX", sleeps},
		{"sleep is handed on", "a/x.go", "var nap = time.Sleep", "sleep", sleeps},
		{"a bubble has a clock of its own", "a/x_test.go", "func TestX(t *T) { synctest.Test(t, func(t *T) { time.Sleep(1) }) }", "", sleeps},
		{"a reason is given", "a/x_test.go", `func TestX(t *T) { t.Skip("there is no database") }`, "", silentSkips},
		{"a reason is worked out", "a/x_test.go", `func TestX(t *T) { t.Skip(why()) }`, "", silentSkips},
		{"no reason is given", "a/x_test.go", "func TestX(t *T) { t.Skip() }", "skip TestX", silentSkips},
		{"an empty reason is given", "a/x_test.go", `func BenchmarkX(b *B) { b.Skipf(" ") }`, "skip BenchmarkX", silentSkips},
		{"there is no place for a reason", "a/x_test.go", "func TestX(t *T) { t.SkipNow() }", "skip TestX", silentSkips},
		{"importing runs something", "a/x.go", "func init() {}", "init init", inits},
		{"a method may be called init", "a/x.go", "func (x *X) init() {}", "", inits},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := complaints(t, test.rule, test.path, "package x\n"+test.text+"\n"); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestNamesAreTakenApart(t *testing.T) {
	for name, want := range map[string]string{
		"HTTPServiceURL": "http service url", "AccessTTL": "access ttl", "snake_case_Name": "snake case name", "X": "x", "ES256": "es256",
	} {
		if got := strings.Join(split(name), " "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
