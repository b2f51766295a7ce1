package config

import (
	"fmt"
	"reflect"
	"strings"
)

const preface = `# Settings

<!-- Generated from internal/config by go generate. -->

One YAML file, ` + "`sallyport.yaml`" + ` or the one that ` + "`--config`" + ` names. Every key has a default; without a file everything has. The file is strict: an unknown key, a wrong type or a contradiction is an error that names the line and the fix, and ` + "`sallyport config check`" + ` reports all of them at once. ` + "`sallyport config show`" + ` prints the settings with every default written out, and ` + "`sallyport config schema`" + ` the JSON schema for editors.

Any value may hold ` + "`${NAME}`" + `, an environment variable, or ` + "`${file:/path}`" + `, the text of a file without its last line ending. One that is missing or empty is an error. ` + "`$${`" + ` is a literal ` + "`${`" + `. Durations are hours, minutes and seconds: ` + "`2160h`, `30m`, `90s`" + `. Anchors and aliases are not supported.
`

// Reference is docs/config.md: every key, its type, its default and what it
// does, in Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(preface)
	section(&b, "The file", "", reflect.TypeFor[Config]())
	all, _ := Default().YAML(true) // constants; a test loads them again
	fmt.Fprintf(&b, "\n## What the defaults are\n\nThe settings of an installation without a file:\n\n```yaml\n%s```\n", all)
	return b.String()
}

// section is a table of the keys of one struct, and then those below it.
func section(b *strings.Builder, title, about string, t reflect.Type) {
	fmt.Fprintf(b, "\n## %s\n\n", title)
	if about != "" {
		b.WriteString(about + "\n\n")
	}
	b.WriteString("| key | value | default | what |\n| --- | --- | --- | --- |\n")
	fields, _ := fieldsOf(t)
	for _, f := range fields {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", f.key, kindOf(t.Field(f.index).Type, f), defaultOf(f), cell(f.doc))
	}
	for _, f := range fields {
		ft, name := t.Field(f.index).Type, f.key
		switch {
		case ft.Kind() == reflect.Struct:
			section(b, "`"+name+"`", f.doc, ft)
		case ft.Kind() == reflect.Slice && named(ft.Elem()):
			if _, ok := valued(ft.Elem()); ok {
				continue
			}
			section(b, "`"+name+"`: each name", f.doc, ft.Elem())
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct:
			section(b, "`"+name+"`: each entry", f.doc, ft.Elem())
		}
	}
}

func kindOf(t reflect.Type, f field) string {
	switch {
	case f.enum != nil && t.Kind() == reflect.Slice:
		return "list of " + kindOf(t.Elem(), f)
	case f.enum != nil:
		return "`" + strings.Join(f.enum, "`, `") + "`"
	case t == durationType:
		return "duration"
	case t == secretType:
		return "text, secret"
	case t.Kind() == reflect.Struct:
		return "map, see below"
	case t.Kind() == reflect.Slice && named(t.Elem()):
		if at, ok := valued(t.Elem()); ok && t.Elem().Field(at).Type == secretType {
			return "map of text by name, secret"
		} else if ok {
			return "map of text by name"
		}
		return "map by name, see below"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "list, see below"
	case t.Kind() == reflect.Slice:
		return "list of text"
	case t.Kind() == reflect.Bool:
		return "`true`, `false`"
	}
	return "text"
}

func defaultOf(f field) string {
	switch {
	case f.required:
		return "required"
	case f.def != "":
		return "`" + strings.ReplaceAll(f.def, " ", "`, `") + "`"
	}
	return cell(f.absent)
}

// cell keeps a text from ending its table cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
