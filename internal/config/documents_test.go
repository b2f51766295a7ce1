package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"
	"go.yaml.in/yaml/v3"
)

func TestGeneratedDocuments(t *testing.T) {
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/config.schema.json", string(schema))
	golden(t, "../../docs/config.md", Reference())
}

func TestEveryKeyIsExplained(t *testing.T) {
	eachField(reflect.TypeFor[Config](), func(t2 reflect.Type, f field) {
		name := t2.Name() + "." + f.key
		if !strings.HasSuffix(f.doc, ".") {
			t.Errorf("%s: the doc tag is no sentence", name)
		}
		ft := t2.Field(f.index).Type
		if f.def == "" && f.absent == "" && !f.required && ft.Kind() != reflect.Struct {
			t.Errorf("%s: no tag says what it is when it is absent", name)
		}
		if _, err := time.ParseDuration(f.def); ft == durationType && f.absent == "" && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if f.def != "" && f.enum != nil && !slices.Contains(f.enum, f.def) {
			t.Errorf("%s: the default is not one of the values", name)
		}
	})
}

func eachField(t reflect.Type, visit func(reflect.Type, field)) {
	fields, _ := fieldsOf(t)
	for _, f := range fields {
		visit(t, f)
		ft := t.Field(f.index).Type
		if ft.Kind() == reflect.Slice {
			ft = ft.Elem()
		}
		if ft.Kind() == reflect.Struct {
			eachField(ft, visit)
		}
	}
}

func resolvedSchema(t testing.TB) *jsonschema.Resolved {
	t.Helper()
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	resolved, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// plain is a YAML text as a program of any language would see it.
func plain(text []byte) (any, error) {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return v, json.Unmarshal(b, &v)
}

func TestTheSchemaAcceptsWhatLoads(t *testing.T) {
	schema := resolvedSchema(t)
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*Config{"the default": Default(), "a file": c} {
		for _, redact := range []bool{true, false} {
			text, err := c.YAML(redact)
			if err != nil {
				t.Fatal(err)
			}
			v, err := plain(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); err != nil {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
}

func TestTheSchemaRefusesWhatAnEditorShouldUnderline(t *testing.T) {
	schema := resolvedSchema(t)
	for _, text := range []string{
		"public_ur: x", "listen: 8080", "log_level: verbose", "tokens: { access_ttl: 60 }",
		"tokens: { access_ttl: soon }", "login: [{}]", "resources: [{ name: x, tools: { y: { publik: true } } }]", "resources: [{ name: x, env: { Y: [] } }]",
	} {
		v, err := plain([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(v) == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

func TestShownSettingsGiveNoSecretAway(t *testing.T) {
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	c.Clients[0].Secret = "hunter2 in plain sight"
	shown, err := c.YAML(true)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(shown, []byte("hunter2")) || bytes.Contains(shown, []byte(key)) {
		t.Errorf("a secret is shown:\n%s", shown)
	}
	for _, want := range []string{"client_secret: ${ROBOT_SECRET}", "client_secret: '[secret]'", "--key=${FILES_KEY}", "API_TOKEN: ${FILES_KEY}", "GREETING: '[secret]'", "database: '[secret]'", "access_ttl: 30m\n"} {
		if !bytes.Contains(shown, []byte(want)) {
			t.Errorf("%q is not in\n%s", want, shown)
		}
	}
	if printed := fmt.Sprintf("%v %+v", c, *c); strings.Contains(printed, "hunter2-robot") || strings.Contains(printed, key) {
		t.Error("printing the settings gives a secret away")
	}
}

func TestWrittenSettingsLoadAgain(t *testing.T) {
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	sameAgain(t, c)
	sameAgain(t, Default())
}

// sameAgain fails the test unless what c writes loads as c.
func sameAgain(t *testing.T, c *Config) {
	t.Helper()
	written, err := c.YAML(false)
	if err != nil {
		t.Fatal(err)
	}
	again, mistakes := parse("again.yaml", written, environment)
	if mistakes != nil {
		t.Fatalf("%v\n%s", mistakes, written)
	}
	second, err := again.YAML(false)
	if err != nil || !bytes.Equal(written, second) {
		t.Errorf("written\n%s\nand after loading that\n%s", written, second)
	}
}
