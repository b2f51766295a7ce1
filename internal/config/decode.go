package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A decoder moves a YAML tree into the struct, noting where each value stands
// and everything that is wrong on the way. What is wrong keeps its default.
type decoder struct {
	file     string
	env      func(string) (string, bool)
	places   map[string]place
	mistakes Mistakes
}

func (d *decoder) at(n *yaml.Node) place {
	return place{file: d.file, line: n.Line, column: n.Column}
}

func (d *decoder) say(p place, key, problem, fix string) {
	d.mistakes = append(d.mistakes, p.mistake(key, problem, fix))
}

func (d *decoder) decode(key string, n *yaml.Node, v reflect.Value, f field) {
	d.places[key] = d.at(n)
	switch {
	case n.Kind == yaml.AliasNode:
		// An alias can stand for a tree that is larger than the file by far.
		d.say(d.at(n), key, "is an alias, which is not supported", "write the value out")
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		d.say(d.at(n), key, "has no value", "give it one, or remove the line to have the default")
	case v.Kind() == reflect.Struct:
		if d.is(yaml.MappingNode, key, n, "a map of keys") {
			d.structure(key, n, v)
		}
	case v.Kind() == reflect.Slice && named(v.Type().Elem()):
		if d.is(yaml.MappingNode, key, n, "a map of names") {
			d.names(key, n, v)
		}
	case v.Kind() == reflect.Slice:
		if d.is(yaml.SequenceNode, key, n, "a list") {
			d.list(key, n, v, f)
		}
	default:
		if d.is(yaml.ScalarNode, key, n, wanted(v)) {
			d.scalar(key, n, v, f)
		}
	}
}

// is reports whether n is of a kind, and says so when it is not.
func (d *decoder) is(kind yaml.Kind, key string, n *yaml.Node, want string) bool {
	if n.Kind == kind {
		return true
	}
	if key == "" {
		key = "the file"
	}
	d.say(d.at(n), key, "is "+describe(n)+", not "+want, "write "+want)
	return false
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	case "!!str":
		return "text"
	}
	return "of another type"
}

func wanted(v reflect.Value) string {
	switch {
	case v.Type() == durationType:
		return "a duration such as 90s, 30m or 24h"
	case v.Kind() == reflect.Bool:
		return "true or false"
	}
	return "text"
}

// structure decodes a map whose keys are known.
func (d *decoder) structure(key string, n *yaml.Node, v reflect.Value) {
	fields, later := fieldsOf(v.Type())
	seen, notYet := map[string]int{}, false
	var unknown []*yaml.Node
	for k, value := range pairs(n) {
		if !d.fresh(key, k, seen) {
			continue
		}
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == k.Value })
		switch {
		case i < 0:
			unknown = append(unknown, k)
		default:
			notYet = notYet || slices.Contains(fields[i].later, value.Value)
			d.decode(join(key, k.Value), value, v.Field(fields[i].index), fields[i])
		}
	}
	for _, k := range unknown {
		switch {
		case slices.Contains(later, k.Value):
			d.say(d.at(k), join(key, k.Value), "is not available yet", "remove it; a later version will have it")
		case !notYet: // the keys of what is not available are not known either
			d.say(d.at(k), join(key, k.Value), "is not a known key", suggest(key, k.Value, keysOf(fields)))
		}
	}
	for _, f := range fields {
		if _, ok := seen[f.key]; f.required && !ok {
			d.say(d.at(n), join(key, f.key), "is missing", "add "+f.key)
		}
	}
}

func keysOf(fields []field) []string {
	var keys []string
	for _, f := range fields {
		keys = append(keys, f.key)
	}
	return keys
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

// pairs walks the keys and values of a map.
func pairs(n *yaml.Node) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// fresh reports whether k is a key that was not there before.
func (d *decoder) fresh(key string, k *yaml.Node, seen map[string]int) bool {
	if k.Kind != yaml.ScalarNode || k.Value == "" {
		d.say(d.at(k), key, "has a key that is not a name", "write a name before the colon")
		return false
	}
	if line, twice := seen[k.Value]; twice {
		d.say(d.at(k), join(key, k.Value), fmt.Sprintf("is here twice, first on line %d", line), "keep one of them")
		return false
	}
	seen[k.Value] = k.Line
	return true
}

// names decodes a map from names to entries into a list that keeps its order.
func (d *decoder) names(key string, n *yaml.Node, v reflect.Value) {
	seen := map[string]int{}
	entries := reflect.MakeSlice(v.Type(), 0, len(n.Content)/2)
	for k, value := range pairs(n) {
		if !d.fresh(key, k, seen) {
			continue
		}
		entry := reflect.New(v.Type().Elem()).Elem()
		setDefaults(entry)
		entry.Field(0).SetString(k.Value)
		at := entry
		if i, ok := valued(entry.Type()); ok {
			at = entry.Field(i)
		}
		d.decode(join(key, k.Value), value, at, field{})
		entries = reflect.Append(entries, entry)
	}
	v.Set(entries)
}

func (d *decoder) list(key string, n *yaml.Node, v reflect.Value, f field) {
	entries := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	for i, value := range n.Content {
		entry := reflect.New(v.Type().Elem()).Elem()
		if entry.Kind() == reflect.Struct {
			setDefaults(entry)
		}
		d.decode(fmt.Sprintf("%s[%d]", key, i), value, entry, field{enum: f.enum})
		entries = reflect.Append(entries, entry)
	}
	v.Set(entries)
}

// scalar decodes text, a duration, or true and false. ${…} may stand for any
// of them, so what it gives is read as if it stood there in quotes.
func (d *decoder) scalar(key string, n *yaml.Node, v reflect.Value, f field) {
	p := d.at(n)
	text, bad := d.expand(n.Value)
	if bad != nil {
		d.say(p, key, bad.problem, bad.fix)
		return
	}
	p.derived = strings.Contains(n.Value, "${") && text != strings.ReplaceAll(n.Value, "$${", "${")
	if p.derived && (v.Type() != secretType || strings.Index(n.Value, "}") == len(n.Value)-1 && strings.HasPrefix(n.Value, "${")) {
		p.written = n.Value
	}
	d.places[key] = p
	switch {
	case v.Kind() == reflect.Bool:
		d.boolean(key, n, v, strings.ToLower(text))
	case v.Type() == durationType && n.ShortTag() != "!!str":
		d.say(p, key, "is "+describe(n)+", not "+wanted(v), "write "+wanted(v))
	case n.ShortTag() != "!!str":
		d.say(p, key, "is "+describe(n)+", not "+wanted(v), "put it in quotes if it is meant")
	case v.Type() == durationType:
		d.duration(key, v, text)
	case strings.ContainsFunc(text, control):
		d.say(p, key, "holds a control character", "remove it")
	case slices.Contains(f.later, text):
		d.say(p, key, "is "+text+", which is not available yet", choice(text, f.enum))
	case f.enum != nil && !slices.Contains(f.enum, text):
		d.say(p, key, "is "+p.quote(text)+", which it cannot be", choice(text, f.enum))
	default:
		v.SetString(text)
	}
}

// control finds what has no place in a setting. A line feed may be part of a
// description or of a key in PEM.
func control(r rune) bool { return r < 0x20 && r != '\n' || r == 0x7f }

// quote shows a value, unless ${…} put something into it that is not to be seen.
func (p place) quote(text string) string {
	if p.derived {
		return "the value of " + p.written
	}
	return fmt.Sprintf("%q", text)
}

func (d *decoder) boolean(key string, n *yaml.Node, v reflect.Value, text string) {
	p := d.places[key]
	if (n.ShortTag() != "!!bool" && !p.derived) || text != "true" && text != "false" {
		d.say(p, key, "is "+describe(n)+", not true or false", "write true or false")
		return
	}
	v.SetBool(text == "true")
}

func (d *decoder) duration(key string, v reflect.Value, text string) {
	p := d.places[key]
	value, err := time.ParseDuration(text)
	if err != nil {
		d.say(p, key, "is "+p.quote(text)+", which is not a duration", "write hours, minutes or seconds, such as 24h, 30m or 90s")
		return
	}
	v.SetInt(int64(value))
}
