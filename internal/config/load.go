package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds the settings file, in bytes.
const maxFile = 1 << 20

// Load reads a settings file. With the empty path there is no file, and
// everything has its default. env finds environment variables, as os.LookupEnv
// does.
//
// The error is [Mistakes] when the file could be read; one that satisfies
// errors.Is with fs.ErrNotExist when there is none.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	if path == "" {
		return Default(), nil
	}
	text, err := readSmall(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("the settings file cannot be read: %w", err)
	}
	c, mistakes := parse(path, text, env)
	mistakes = append(mistakes, c.missingFiles()...)
	return c, mistakes.orNil()
}

// parse is Load without the file system, but for ${file:…}.
func parse(file string, text []byte, env func(string) (string, bool)) (*Config, Mistakes) {
	c := blank()
	c.file = file
	d := &decoder{file: file, env: env, places: c.places}
	root, err := document(text)
	switch {
	case errors.Is(err, errSeveral):
		d.say(place{file: file, line: 1, column: 1}, "", "the file holds several documents", "keep one, and remove the --- between them")
	case err != nil:
		d.mistakes = append(d.mistakes, syntaxMistake(file, err))
	case root != nil:
		d.decode("", root, reflect.ValueOf(c).Elem(), field{})
	}
	if err == nil {
		c.complete()
		d.mistakes = append(d.mistakes, c.validate(d.mistakes)...)
	}
	return c, d.mistakes
}

var errSeveral = errors.New("several documents")

// document returns the root of the only document, or nil when text holds none.
func document(text []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	}
	switch err := dec.Decode(&more); {
	case errors.Is(err, io.EOF):
	case err != nil:
		return nil, err
	default:
		return nil, errSeveral
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return nil, nil // a file of comments only
	}
	return root, nil
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func syntaxMistake(file string, err error) Mistake {
	m := Mistake{File: file, Fix: "check the indentation, the colons and the quotes around here"}
	text := err.Error()
	if at := yamlLine.FindStringSubmatch(text); at != nil {
		text = strings.TrimPrefix(text, at[0])
		if at[1] != "" {
			m.Line, _ = strconv.Atoi(at[1]) // digits, by the expression
			m.Column = 1
		}
	}
	m.Problem = "this is not YAML: " + text
	return m
}

// missingFiles looks for the files that settings name, so that a check finds
// what a start would stumble over.
func (c *Config) missingFiles() Mistakes {
	var ms Mistakes
	if c.TLS.Mode != "files" {
		return nil
	}
	for _, f := range c.TLS.files() {
		if f.path == "" {
			continue
		}
		if _, err := os.Stat(f.path); err != nil {
			ms = append(ms, c.where(f.key).mistake(f.key, "names a file that "+whyUnreadable(err), "write the path of a PEM file"))
		}
	}
	return ms
}

type namedFile struct{ key, path string }

func (t TLS) files() []namedFile {
	return []namedFile{{"tls.cert", t.Cert}, {"tls.key", t.Key}}
}
