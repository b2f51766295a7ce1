package flowtrace

import (
	"errors"
	"net/url"
	"strings"
	"unicode"

	"github.com/sallyport-dev/sallyport/oauth"
)

// How long, in characters, what others chose may be.
const (
	maxName  = 60
	maxID    = 200
	maxValue = 200
)

// secrets begin like this. Somebody who puts one where it does not belong should
// not find it kept.
var secrets = []string{oauth.CodePrefix, oauth.RefreshPrefix, oauth.AccessPrefix, oauth.ClientSecret, oauth.SessionPrefix, "eyJ", "Bearer "}

// clean makes one line of what a stranger wrote, of bounded length, and leaves
// nothing in it that a terminal or a page would obey, nor what looks like a secret.
// Backquotes set it apart from our own words, so it has none.
func clean(s string, most int) string {
	for _, prefix := range secrets {
		if strings.Contains(s, prefix) {
			return "(left out, as it looks like a secret)"
		}
	}
	s = strings.ReplaceAll(s, "`", "'")
	if len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if n >= most {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// makes are the clients that are known by name. A hosted one asks from one
// place and sends its person's browser from another: that they are of one make
// is then what shows that they belong together.
var makes = []struct{ word, name string }{
	{"claude-code", "Claude Code"}, {"claude code", "Claude Code"}, {"claude", "Claude"}, {"anthropic", "Claude"},
	{"chatgpt", "ChatGPT"}, {"openai", "ChatGPT"}, {"codex", "Codex"}, {"cursor", "Cursor"},
	{"visual studio code", "VS Code"}, {"vscode", "VS Code"}, {"mcp-remote", "mcp-remote"}, {"inspector", "MCP Inspector"},
	{"gemini", "Gemini CLI"}, {"windsurf", "Windsurf"}, {"goose", "Goose"}, {"zed", "Zed"}, {"copilot", "Copilot"},
}

func makeOf(texts ...string) string {
	for i := range texts {
		texts[i] = strings.ToLower(texts[i])
	}
	for _, m := range makes {
		for _, text := range texts {
			if strings.Contains(text, m.word) {
				return m.name
			}
		}
	}
	return ""
}

// familyOf is the make of a client, by its name, its id and its hosts. Anyone can
// choose a name: it joins steps of a trace, and nothing else.
func familyOf(c oauth.Client) string {
	if c.ID == "" {
		return ""
	}
	texts := []string{c.Metadata.ClientName}
	if u, err := url.Parse(c.ID); err == nil && u.Host != "" {
		texts = append(texts, u.Host)
	}
	return makeOf(append(texts, hostsOf(c)...)...)
}

func familyOfAgent(agent string) string { return makeOf(agent) }

// agentName is how a program that has not said who it is calls itself: its make,
// or the first word of its user agent.
func agentName(agent string) string {
	if name := makeOf(agent); name != "" {
		return name
	}
	word, _, _ := strings.Cut(agent, "/")
	word, _, _ = strings.Cut(word, " ")
	switch word {
	case "":
		return ""
	case "Mozilla":
		return "a browser"
	}
	return clean(word, 30)
}

// nameOf is what a client is called in a trace.
func nameOf(c oauth.Client) string {
	switch {
	case c.Metadata.ClientName != "":
		return clean(c.Metadata.ClientName, maxName)
	case c.ID != "":
		return clean(c.ID, maxName)
	}
	return ""
}

// withoutURL is why something could not be fetched, without from where: a URL
// might have a query.
func withoutURL(err error) string {
	var fetch *url.Error
	if errors.As(err, &fetch) {
		err = fetch.Err
	}
	return err.Error()
}

// claimed is what may be kept of a client id that is not known: ours, and the
// host of a metadata document. Anything else may be a secret in the wrong place.
func claimed(id string) string {
	if oauth.IsDocumentURL(id) {
		u, err := url.Parse(id)
		if err != nil {
			return ""
		}
		return clean("https://"+u.Host+u.Path, maxID)
	}
	if strings.HasPrefix(id, "sp_cl_") && len(id) < 64 {
		return clean(id, maxID)
	}
	return ""
}

// withoutQuery is a resource as it was asked for, as far as it may be kept: what
// is not written like a URL is shown up to where its query would begin.
func withoutQuery(resource string) string {
	resource, _, _ = strings.Cut(resource, "?")
	resource = strings.ReplaceAll(resource, " ", "%20") // so that it is not read as a sentence
	scheme, rest, found := strings.Cut(resource, "://")
	if !found {
		return clean(resource, maxValue)
	}
	authority, path, _ := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		authority = "…" + authority[at:]
	}
	if path != "" || strings.HasSuffix(rest, "/") {
		authority += "/"
	}
	return clean(scheme+"://"+authority+path, maxValue)
}
