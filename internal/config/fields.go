package config

import (
	"reflect"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[oauth.Secret]()
)

// A field is one key, as the tags of its struct describe it.
type field struct {
	index    int
	key      string
	doc      string
	def      string   // the default as a file would have it; lists are separated by spaces
	absent   string   // the default in words, where it is derived
	enum     []string // the values it may have; empty: any
	later    []string // values that a later version will have
	required bool
	optional bool // not shown when empty
}

// fieldsOf lists the keys of a struct in their order, without the one that is
// an entry's own name, and the keys that a later version will have.
func fieldsOf(t reflect.Type) (fields []field, later []string) {
	for i := range t.NumField() {
		sf := t.Field(i)
		if sf.Name == "_" {
			later = append(later, list(sf.Tag.Get("later"))...)
			continue
		}
		key := sf.Tag.Get("yaml")
		if key == "" || key[0] == ',' {
			continue
		}
		fields = append(fields, field{
			index:    i,
			key:      key,
			doc:      sf.Tag.Get("doc"),
			def:      sf.Tag.Get("default"),
			absent:   sf.Tag.Get("absent"),
			enum:     list(sf.Tag.Get("enum")),
			later:    list(sf.Tag.Get("later")),
			required: sf.Tag.Get("required") != "",
			optional: sf.Tag.Get("optional") != "",
		})
	}
	return fields, later
}

func list(tag string) []string {
	if tag == "" {
		return nil
	}
	return strings.Split(tag, "|")
}

// named reports whether a list of t is written as a map, from name to entry,
// whose order counts.
func named(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.Field(0).Tag.Get("yaml") == ",key"
}

// valued returns the place of the value of an entry that is a name and a value
// and nothing else.
func valued(t reflect.Type) (index int, ok bool) {
	if t.NumField() != 2 || t.Field(1).Tag.Get("yaml") != ",value" {
		return 0, false
	}
	return 1, true
}

// setDefaults fills in the defaults that tags hold.
func setDefaults(v reflect.Value) {
	fields, _ := fieldsOf(v.Type())
	for _, f := range fields {
		switch at := v.Field(f.index); {
		case at.Kind() == reflect.Struct:
			setDefaults(at)
		case f.def == "" || f.def == "false":
		case at.Type() == durationType:
			d, _ := time.ParseDuration(f.def) // a test reads every tag
			at.SetInt(int64(d))
		case at.Kind() == reflect.Slice:
			at.Set(reflect.ValueOf(strings.Fields(f.def)))
		default:
			at.SetString(f.def)
		}
	}
}

// keyPaths lists every key there is, resources[].path and the like.
func keyPaths(t reflect.Type, prefix string) []string {
	var paths []string
	fields, _ := fieldsOf(t)
	for _, f := range fields {
		path := prefix + f.key
		paths = append(paths, path)
		switch ft := t.Field(f.index).Type; {
		case ft.Kind() == reflect.Struct:
			paths = append(paths, keyPaths(ft, path+".")...)
		case ft.Kind() == reflect.Slice && named(ft.Elem()):
			paths = append(paths, keyPaths(ft.Elem(), path+".NAME.")...)
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct:
			paths = append(paths, keyPaths(ft.Elem(), path+"[].")...)
		}
	}
	return paths
}
