package person

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/url"
	"slices"
	"strings"
)

// A page is what a person makes of some HTML: its forms and its words.
type page struct {
	forms []*form
	words []string
}

func (p page) text() string {
	return strings.Join(strings.Fields(strings.Join(p.words, " ")), " ")
}

type form struct {
	action string
	fields []field
}

type field struct{ tag, kind, name, value string }

func (f *form) has(name string) bool {
	return slices.ContainsFunc(f.fields, func(x field) bool { return x.tag == "input" && x.name == name })
}

func (f *form) hasButton(name, value string) bool {
	return slices.ContainsFunc(f.fields, func(x field) bool {
		return x.tag == "button" && x.name == name && x.value == value
	})
}

// values are what the form sends when every box is ticked but those named in
// leaves. Buttons send nothing until they are pressed.
func (f *form) values(leaves []string) url.Values {
	v := url.Values{}
	for _, x := range f.fields {
		if x.tag != "input" || x.name == "" || x.kind == "submit" {
			continue
		}
		if x.kind == "checkbox" && slices.Contains(leaves, x.value) {
			continue
		}
		v.Add(x.name, x.value)
	}
	return v
}

// read parses a page leniently, as far as encoding/xml goes: unclosed elements,
// bare attributes and named entities are fine.
func read(html []byte) (page, error) {
	d := xml.NewDecoder(bytes.NewReader(html))
	d.Strict, d.Entity = false, xml.HTMLEntity
	var p page
	var open *form
	for {
		token, err := d.RawToken() // which does not mind what is left open
		if errors.Is(err, io.EOF) {
			return p, nil
		}
		if err != nil {
			return p, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "form":
				open = &form{action: attr(t, "action")}
				p.forms = append(p.forms, open)
			case "input", "button":
				if open != nil {
					open.fields = append(open.fields, field{t.Name.Local, attr(t, "type"), attr(t, "name"), attr(t, "value")})
				}
			}
		case xml.EndElement:
			if t.Name.Local == "form" {
				open = nil
			}
		case xml.CharData:
			p.words = append(p.words, string(t))
		}
	}
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
