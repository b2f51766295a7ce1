package config

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sallyport-dev/sallyport/oauth"
)

// YAML is the settings as a file, with every default written out. With redact
// it is fit to be shown: what came out of ${…} is written as the file has it,
// and other secrets are [secret]. Without, loading it gives the same settings.
func (c *Config) YAML(redact bool) ([]byte, error) {
	r := renderer{Config: c, redact: redact}
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(r.structure("", reflect.ValueOf(c).Elem())); err != nil {
		return nil, err
	}
	err := enc.Close()
	return out.Bytes(), err
}

type renderer struct {
	*Config
	redact bool
}

func (r renderer) structure(key string, v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	fields, _ := fieldsOf(v.Type())
	for _, f := range fields {
		at := v.Field(f.index)
		if f.optional && (at.IsZero() || at.Kind() == reflect.Slice && at.Len() == 0) {
			continue
		}
		n.Content = append(n.Content, text(f.key), r.value(join(key, f.key), at))
	}
	return n
}

func (r renderer) value(key string, v reflect.Value) *yaml.Node {
	switch {
	case v.Kind() == reflect.Struct:
		return r.structure(key, v)
	case v.Kind() == reflect.Slice && named(v.Type().Elem()):
		n := &yaml.Node{Kind: yaml.MappingNode}
		for i := range v.Len() {
			name, at := v.Index(i).Field(0).String(), v.Index(i)
			if value, ok := valued(at.Type()); ok {
				at = at.Field(value)
			}
			n.Content = append(n.Content, text(name), r.value(join(key, name), at))
		}
		return n
	case v.Kind() == reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		if v.Type().Elem().Kind() == reflect.String {
			n.Style = yaml.FlowStyle
		}
		for i := range v.Len() {
			n.Content = append(n.Content, r.value(fmt.Sprintf("%s[%d]", key, i), v.Index(i)))
		}
		return n
	}
	return r.scalar(key, v)
}

func (r renderer) scalar(key string, v reflect.Value) *yaml.Node {
	p := r.places[key]
	switch {
	case r.redact && p.written != "":
		return text(p.written)
	case r.redact && v.Type() == secretType && v.Len() > 0:
		return text(oauth.Secret("").String())
	case v.Type() == durationType:
		return text(short(time.Duration(v.Int())))
	case v.Kind() == reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: fmt.Sprint(v.Bool())}
	}
	return text(strings.ReplaceAll(v.String(), "${", "$${"))
}

func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if strings.Contains(s, "\n") {
		n.Style = yaml.DoubleQuotedStyle // the other styles do not keep every line ending
	}
	return n
}
