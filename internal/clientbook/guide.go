package clientbook

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"text/template"
)

// A Server is what a guide is about.
type Server struct {
	// Name is what clients are told to call it. A guide has [PlainName] of it.
	Name string
	URL  string // the MCP URL
}

// Guide returns how to add a server, filled in. Whatever the server is called,
// what there is to copy does no more than it says in a shell, and is whole in
// JSON, TOML and SQL.
//
// Templates that cannot be filled in are a panic: they are part of the program
// and tested with it.
func (c Client) Guide(s Server) Add {
	s.Name = PlainName(s.Name)
	a := Add{Evidence: c.Add.Evidence, Link: fill(c.Add.Link, s)}
	for _, step := range c.Add.Steps {
		a.Steps = append(a.Steps, Step{Text: fill(step.Text, s), Copy: strings.TrimSuffix(fill(step.Copy, s), "\n")})
	}
	return a
}

// fill fills a template of text/template in. It can say .Name and .URL, and
// encode with json (quotes included; TOML reads the same), sql (the inside of a
// string), query, base64 and shell.
func fill(text string, s Server) string {
	if text == "" {
		return ""
	}
	t, err := template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"json":   quoted,
		"sql":    func(s string) string { return strings.ReplaceAll(s, "'", "''") },
		"query":  url.QueryEscape,
		"base64": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
		"shell":  shellWord,
		"origin": origin,
	}).Parse(text)
	if err != nil {
		panic(err)
	}
	var b strings.Builder
	if err := t.Execute(&b, s); err != nil {
		panic(err)
	}
	return b.String()
}

// quoted is a string of JSON. A string cannot fail to be one.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // people read it
	_ = e.Encode(s)
	return strings.TrimSuffix(b.String(), "\n")
}

// origin is the scheme and host of a URL.
func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return u.Scheme + "://" + u.Host
}

var notPlain = regexp.MustCompile(`[^a-z0-9_-]+`)

// PlainName is a name that a shell and every client take as it is.
func PlainName(name string) string {
	name = strings.Trim(notPlain.ReplaceAllString(strings.ToLower(name), "-"), "-")
	if name == "" {
		return "server"
	}
	return name
}

var shellSafe = regexp.MustCompile(`^[A-Za-z0-9%+,./:=@_~-]+$`)

// shellWord quotes for a POSIX shell what is not safe in one as it is: people
// paste it without reading.
func shellWord(s string) string {
	if shellSafe.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
