package houserules

import (
	"fmt"
	"go/ast"
	"testing"
)

// The largest that things get. Most are far smaller: aim at 150 and 25.
const (
	maxFile      = 400 // lines, tests excepted
	maxFunction  = 60  // lines
	maxInterface = 8   // methods
	maxParams    = 5   // a context is not counted
)

// sizes complains of what is too large to be read at one sitting.
func sizes(s source) []complaint {
	var all []complaint
	if s.lines > maxFile && !s.test() {
		all = append(all, s.complain("file", s.syntax.Package, "", fmt.Sprintf("has %d lines, %d at most", s.lines, maxFile), "split it by what its halves are about"))
	}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			all = append(all, functionSize(s, n)...)
		case *ast.TypeSpec:
			all = append(all, interfaceSize(s, n)...)
		}
		return true
	})
	return all
}

// length is how many lines of a function have to be followed at once. In tests,
// tables and the functions that are listed in them are read one by one: what
// counts is the longest of them, or what surrounds them.
func length(s source, n ast.Node) int {
	lines, longest := s.line(n.End())-s.line(n.Pos())+1, 0
	if !s.forTests() {
		return lines
	}
	ast.Inspect(n, func(inner ast.Node) bool {
		switch inner.(type) {
		case *ast.FuncLit, *ast.CompositeLit:
			if inner == n {
				return true
			}
			lines -= s.line(inner.End()) - s.line(inner.Pos())
			longest = max(longest, length(s, inner))
			return false
		}
		return true
	})
	if _, table := n.(*ast.CompositeLit); !table {
		longest = max(longest, lines)
	}
	return longest
}

func functionSize(s source, f *ast.FuncDecl) []complaint {
	var all []complaint
	name := functionName(f)
	if lines := length(s, f); lines > maxFunction {
		all = append(all, s.complain("function", f.Pos(), name, fmt.Sprintf("has %d lines, %d at most", lines, maxFunction), "name a part of it"))
	}
	if n := params(f.Type); n > maxParams {
		all = append(all, s.complain("parameters", f.Pos(), name, fmt.Sprintf("has %d parameters, %d at most", n, maxParams), "find the struct that they belong to"))
	}
	return all
}

func interfaceSize(s source, spec *ast.TypeSpec) []complaint {
	in, ok := spec.Type.(*ast.InterfaceType)
	if !ok {
		return nil
	}
	var all []complaint
	methods := 0
	for _, m := range in.Methods.List {
		methods += max(len(m.Names), 1) // an embedded interface has no name here
		f, ok := m.Type.(*ast.FuncType)
		if !ok || len(m.Names) != 1 {
			continue
		}
		if n := params(f); n > maxParams {
			all = append(all, s.complain("parameters", m.Pos(), spec.Name.Name+"."+m.Names[0].Name, fmt.Sprintf("has %d parameters, %d at most", n, maxParams), "find the struct that they belong to"))
		}
	}
	if methods > maxInterface {
		all = append(all, s.complain("interface", spec.Pos(), spec.Name.Name, fmt.Sprintf("has %d methods, %d at most", methods, maxInterface), "declare what each caller needs at that caller"))
	}
	return all
}

func params(f *ast.FuncType) int {
	n := 0
	for _, field := range f.Params.List {
		if sel, ok := field.Type.(*ast.SelectorExpr); ok && isName(sel.X, "context") && sel.Sel.Name == "Context" {
			continue
		}
		n += max(len(field.Names), 1)
	}
	return n
}

func isName(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// functionName is Name or Type.Name.
func functionName(f *ast.FuncDecl) string {
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	e := f.Recv.List[0].Type
	for {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.Ident:
			return t.Name + "." + f.Name.Name
		default:
			return f.Name.Name
		}
	}
}

func TestNothingIsTooLargeToRead(t *testing.T) {
	enforce(t, each(tree(t), sizes), "file", "function", "interface", "parameters")
}
