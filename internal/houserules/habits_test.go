package houserules

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"testing"
)

// sleeps complains of waiting for the clock. Tests wait for what they wait for;
// inside synctest.Test the clock is not a real one, and sleeping is how it is
// moved.
func sleeps(s source) []complaint {
	var all []complaint
	var bubbles []*ast.CallExpr
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if call, isCall := n.(*ast.CallExpr); isCall && calls(call, "synctest", "Test") {
			bubbles = append(bubbles, call)
		}
		if !ok || !isName(sel.X, "time") || sel.Sel.Name != "Sleep" || within(bubbles, sel.Pos()) {
			return true
		}
		fix := "wait on a channel, a context or a timer that can be stopped"
		if s.test() {
			fix = "wait for the thing itself, or use testing/synctest"
		}
		all = append(all, s.complain("sleep", sel.Pos(), enclosing(s, sel.Pos()), "calls time.Sleep", fix))
		return true
	})
	return all
}

func calls(c *ast.CallExpr, pkg, name string) bool {
	sel, ok := c.Fun.(*ast.SelectorExpr)
	return ok && isName(sel.X, pkg) && sel.Sel.Name == name
}

func within(calls []*ast.CallExpr, at token.Pos) bool {
	for _, c := range calls {
		if c.Pos() <= at && at < c.End() {
			return true
		}
	}
	return false
}

// enclosing names the function around a position.
func enclosing(s source, at token.Pos) string {
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Pos() <= at && at < f.End() {
			return functionName(f)
		}
	}
	return ""
}

// silentSkips complains of tests that are left out without a word.
func silentSkips(s source) []complaint {
	var all []complaint
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !s.forTests() {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok || id.Name != "t" && id.Name != "b" && id.Name != "f" && id.Name != "tb" {
			return true
		}
		silent := sel.Sel.Name == "SkipNow"
		if sel.Sel.Name == "Skip" || sel.Sel.Name == "Skipf" {
			silent = len(call.Args) == 0 || blank(call.Args[0])
		}
		if silent {
			all = append(all, s.complain("skip", call.Pos(), enclosing(s, call.Pos()), "skips without a reason", "say what is missing and how to have it: t.Skip(\"…\")"))
		}
		return true
	})
	return all
}

func blank(e ast.Expr) bool {
	lit, ok := e.(*ast.BasicLit)
	if !ok {
		return false
	}
	text, err := strconv.Unquote(lit.Value)
	return err == nil && strings.TrimSpace(text) == ""
}

// inits complains of code that runs because it was imported: one literal wires
// the program.
func inits(s source) []complaint {
	var all []complaint
	for _, d := range s.syntax.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			all = append(all, s.complain("init", f.Pos(), "init", "runs when the package is imported", "do it in New, or where the program is wired"))
		}
	}
	return all
}

func TestNobodyWaitsForTheClock(t *testing.T) {
	enforce(t, each(tree(t), sleeps), "sleep")
}

func TestASkippedTestSaysWhy(t *testing.T) {
	enforce(t, each(tree(t), silentSkips), "skip")
}

func TestImportingRunsNothing(t *testing.T) {
	enforce(t, each(tree(t), inits), "init")
}
