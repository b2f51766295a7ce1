package houserules

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// forbidden words say nothing, or say what something else is.
var forbidden = []string{
	"provider", "manager", "service", "strategy", "helper", "util", "processor",
	"payload", "app", "account", "consume", "invalidate",
}

// names complains of exported names with a word that says nothing.
func names(s source) []complaint {
	if s.test() {
		return nil
	}
	var all []complaint
	judge := func(id *ast.Ident, owner string) {
		word := forbiddenIn(id.Name)
		if word == "" || !id.IsExported() {
			return
		}
		name := id.Name
		if owner != "" {
			name = owner + "." + name
		}
		all = append(all, s.complain("word", id.Pos(), name, "has the word "+word+" in it", "say what it is or does; the words of the house are in the style examples"))
	}
	for _, d := range s.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			owner, _, _ := strings.Cut(functionName(d), ".")
			if d.Recv == nil {
				owner = ""
			}
			judge(d.Name, owner)
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				specNames(spec, judge)
			}
		}
	}
	return all
}

// specNames judges the names that a declaration makes, members included.
func specNames(spec ast.Spec, judge func(id *ast.Ident, owner string)) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		for _, id := range spec.Names {
			judge(id, "")
		}
	case *ast.TypeSpec:
		judge(spec.Name, "")
		var members *ast.FieldList
		switch t := spec.Type.(type) {
		case *ast.StructType:
			members = t.Fields
		case *ast.InterfaceType:
			members = t.Methods
		}
		if members == nil {
			return
		}
		for _, m := range members.List {
			for _, id := range m.Names {
				judge(id, spec.Name.Name)
			}
		}
	}
}

// forbiddenIn finds a forbidden word among the words of a name, in the plural
// and with the endings of a verb too.
func forbiddenIn(name string) string {
	for _, word := range split(name) {
		for _, ending := range []string{"", "s", "es", "d", "r", "rs"} {
			if base, ok := strings.CutSuffix(word, ending); ok && slices.Contains(forbidden, base) {
				return base
			}
		}
	}
	return ""
}

// split takes a name apart: HTTPServiceURL is http, service, url.
func split(name string) []string {
	var words []string
	runes := []rune(name)
	start := 0
	for i := 1; i <= len(runes); i++ {
		ends := i == len(runes) || runes[i] == '_' ||
			unicode.IsUpper(runes[i]) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if ends {
			if word := strings.Trim(string(runes[start:i]), "_"); word != "" {
				words = append(words, strings.ToLower(word))
			}
			start = i
		}
	}
	return words
}

// A standard, as it is named here.
const standard = `(?:\bRFC +[0-9]+|\bdraft-[a-z0-9-]+)`

// misCited are the ways in which standards are not cited here. What is quoted
// from a standard may have its own [RFC3986].
var misCited = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|[^.\[\w])RFC[-_]?[0-9]+`),
	regexp.MustCompile(`\brfc[ -]?[0-9]+`),
	regexp.MustCompile(standard + `,? +(?i:sections?|sect?\.|s\.|chapter|ch\.|appendix|paragraph)`),
	regexp.MustCompile(standard + `,? +[0-9]+\.[0-9]`),
	regexp.MustCompile(standard + `(?:[,:] *)?§`),
	regexp.MustCompile(`§ +[0-9A-Z]`),
	regexp.MustCompile(`(?i:section|sect?\.) +[0-9A-Z][0-9.]* +of +(?:the +)?` + standard),
	regexp.MustCompile(`\bdraft-[a-z0-9-]*-[0-9]{2}\b`),
	regexp.MustCompile(`(?:rfc-editor|datatracker\.ietf|tools\.ietf|www\.ietf)\.org`),
}

// citations complains of standards that are cited in another form than RFC 6749
// §4.1.2.1 or draft-ietf-oauth-v2-1 §4.3: one form can be searched for.
func citations(s source) []complaint {
	var all []complaint
	for _, group := range s.syntax.Comments {
		for _, bad := range badCitations(group) {
			all = append(all, s.complain("citation", bad.at, "", "cites "+bad.text, "write RFC 6749 §4.1.2.1 or draft-ietf-oauth-v2-1 §4.3, exactly so, and no URL"))
		}
	}
	return all
}

type badCitation struct {
	at   token.Pos
	text string
}

// badCitations looks at a comment as one text, since a citation may be broken
// over two lines, and reports the line on which each begins.
func badCitations(group *ast.CommentGroup) []badCitation {
	var text strings.Builder
	var starts []int // of each line in text
	for _, c := range group.List {
		starts = append(starts, text.Len())
		text.WriteString(strings.Trim(c.Text, "/*") + " ")
	}
	var all []badCitation
	for _, form := range misCited {
		for _, at := range form.FindAllStringIndex(text.String(), -1) {
			next, _ := slices.BinarySearch(starts, at[0]+1)
			all = append(all, badCitation{group.List[next-1].Pos(), strings.TrimSpace(text.String()[at[0]:at[1]])})
		}
	}
	return all
}

func TestNamesSaySomething(t *testing.T) {
	enforce(t, each(tree(t), names), "word")
}

func TestStandardsAreCitedInOneForm(t *testing.T) {
	enforce(t, each(tree(t), citations), "citation")
}
