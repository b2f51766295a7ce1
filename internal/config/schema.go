package config

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// reference is what any value may be instead of itself.
const reference = `\$\{.+\}`

// Schema is the JSON schema of the settings file, for editors. It accepts
// every file that [Load] does, and knows less: contradictions are Load's.
func Schema() ([]byte, error) {
	s := objectSchema(reflect.TypeFor[Config]())
	s.Schema = "https://json-schema.org/draft/2020-12/schema"
	s.Title = "Sallyport settings"
	b, err := json.MarshalIndent(s, "", "  ")
	return append(b, '\n'), err
}

func objectSchema(t reflect.Type) *jsonschema.Schema {
	s := &jsonschema.Schema{
		Type:                 "object",
		Properties:           map[string]*jsonschema.Schema{},
		AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
	}
	fields, _ := fieldsOf(t)
	for _, f := range fields {
		p := valueSchema(t.Field(f.index).Type, f)
		p.Description = f.doc
		p.Default = defaultJSON(t.Field(f.index).Type, f)
		s.Properties[f.key] = p
		s.PropertyOrder = append(s.PropertyOrder, f.key)
		if f.required {
			s.Required = append(s.Required, f.key)
		}
	}
	return s
}

func valueSchema(t reflect.Type, f field) *jsonschema.Schema {
	switch {
	case t.Kind() == reflect.Struct:
		return objectSchema(t)
	case t.Kind() == reflect.Slice && named(t.Elem()):
		if i, ok := valued(t.Elem()); ok {
			return &jsonschema.Schema{Type: "object", AdditionalProperties: valueSchema(t.Elem().Field(i).Type, field{})}
		}
		return &jsonschema.Schema{Type: "object", AdditionalProperties: objectSchema(t.Elem())}
	case t.Kind() == reflect.Slice:
		return &jsonschema.Schema{Type: "array", Items: valueSchema(t.Elem(), field{enum: f.enum})}
	case t.Kind() == reflect.Bool:
		return either(&jsonschema.Schema{Type: "boolean"})
	case t == durationType:
		return &jsonschema.Schema{Type: "string", Pattern: `^[+-]?([0-9]*\.?[0-9]*(ns|us|µs|μs|ms|s|m|h))+$|^0$|` + reference}
	case f.enum != nil:
		s := &jsonschema.Schema{Type: "string"}
		for _, word := range f.enum {
			s.Enum = append(s.Enum, word)
		}
		return either(s)
	}
	return &jsonschema.Schema{Type: "string"}
}

func either(s *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{s, {Type: "string", Pattern: reference}}}
}

func defaultJSON(t reflect.Type, f field) json.RawMessage {
	var value any = f.def
	switch {
	case f.def == "":
		return nil
	case t.Kind() == reflect.Bool:
		value = f.def == "true"
	case t.Kind() == reflect.Slice:
		value = strings.Fields(f.def)
	}
	b, err := json.Marshal(value)
	if err != nil {
		return nil // text, true, false and lists of text always can be written
	}
	return b
}
