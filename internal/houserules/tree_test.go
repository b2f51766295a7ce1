package houserules

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// root is the top of the tree, as seen from here.
const root = "../.."

// A source is one Go file of the tree.
type source struct {
	path   string // from the top, with slashes
	syntax *ast.File
	lines  int
	fset   *token.FileSet
}

func (s source) test() bool  { return strings.HasSuffix(s.path, "_test.go") }
func (s source) dir() string { return s.path[:max(strings.LastIndex(s.path, "/"), 0)] }

// forTests reports whether the file runs in tests only: it is a test, or a
// package of tests such as storetest.
func (s source) forTests() bool {
	return s.test() || slices.ContainsFunc(s.syntax.Imports, func(i *ast.ImportSpec) bool { return i.Path.Value == `"testing"` })
}

func (s source) line(p token.Pos) int { return s.fset.Position(p).Line }

// A complaint is one departure from one rule.
type complaint struct {
	rule    string // the word that exceptions.txt has for it
	path    string
	line    int
	name    string // what it is about; exceptions name it
	problem string
	fix     string
}

func (c complaint) String() string {
	return fmt.Sprintf("%s:%d: %s\n\t%s", c.path, c.line, strings.TrimSpace(c.name+" "+c.problem), c.fix)
}

// complain makes a complaint about something in s.
func (s source) complain(rule string, at token.Pos, name, problem, fix string) complaint {
	return complaint{rule, s.path, s.line(at), name, problem, fix}
}

func parse(path string, text []byte) (source, error) {
	s := source{path: path, fset: token.NewFileSet(), lines: strings.Count(string(text), "\n")}
	var err error
	s.syntax, err = parser.ParseFile(s.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	return s, err
}

// tree is every Go file. One that cannot be parsed fails the test and is left
// out, so that it hides nothing else.
func tree(t *testing.T) []source {
	t.Helper()
	all, err := wholeTree()
	if err != nil {
		t.Error(err)
	}
	return all
}

// wholeTree reads the tree once for all tests.
var wholeTree = sync.OnceValues(func() ([]source, error) {
	var all []source
	var unreadable []error
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (skipped(d.Name()) || anotherModule(path)):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash(root+"/"))), text)
		if err != nil {
			unreadable = append(unreadable, err) // names the file
			return nil
		}
		all = append(all, s)
		return nil
	})
	return all, errors.Join(append(unreadable, err)...)
})

// skipped are the folders that the go command does not look into either, and
// what is built or installed.
func skipped(dir string) bool {
	return dir == "testdata" || dir == "node_modules" || dir == "build" || strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_")
}

// anotherModule is a folder whose packages are none of this module's.
func anotherModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// An exception lets one thing depart from one rule.
type exception struct {
	line int
	used bool
}

// exceptions reads exceptions.txt: rule, path:name, reason. The key is the
// rule and the path:name.
func exceptions(t *testing.T) map[[2]string]*exception {
	t.Helper()
	text, err := os.ReadFile("exceptions.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[[2]string]*exception{}
	for i, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || strings.HasPrefix(words[0], "#"):
		case len(words) < 4:
			t.Errorf("exceptions.txt:%d: write a rule, path:name and a reason of some words", i+1)
		default:
			all[[2]string{words[0], words[1]}] = &exception{line: i + 1}
		}
	}
	return all
}

// enforce fails the test for each complaint that no exception covers, and for
// each exception to the rules given that covers nothing.
func enforce(t *testing.T, complaints []complaint, rules ...string) {
	t.Helper()
	allowed := exceptions(t)
	slices.SortFunc(complaints, func(a, b complaint) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line))
	})
	for _, c := range complaints {
		key := [2]string{c.rule, c.path + ":" + c.name}
		if e := allowed[key]; e != nil {
			e.used = true
			continue
		}
		t.Errorf("%v\n\tif it has to be so, add to internal/houserules/exceptions.txt:  %s %s REASON", c, key[0], key[1])
	}
	for key, e := range allowed {
		if slices.Contains(rules, key[0]) && !e.used {
			t.Errorf("exceptions.txt:%d: nothing needs the exception %s %s any more; remove the line", e.line, key[0], key[1])
		}
	}
}

// each applies a rule to every file.
func each(files []source, rule func(source) []complaint) []complaint {
	var all []complaint
	for _, s := range files {
		all = append(all, rule(s)...)
	}
	return all
}
