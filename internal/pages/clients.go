package pages

import (
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A guide is how one client is told about an MCP server.
type guide struct {
	Client string
	// Needs says what stands in the way; the steps are of no use before it is
	// solved. Empty: nothing.
	Needs string
	// Link opens the client and asks there whether to add the server. Empty:
	// the client has none.
	Link  template.URL
	Steps []guideStep
}

// A guideStep is a sentence, in which text between backquotes is code, and what
// to copy.
type guideStep struct {
	Text string
	Copy string
}

// guides tells how to add a server, first the clients that can reach it.
func guides(v ResourcePage) []guide {
	name := plainName(v.Name)
	hosted, here := hostedGuides(v.URL), hereGuides(name, v.URL)
	u, err := url.Parse(v.URL)
	if err != nil || !oauth.IsLoopbackHost(u.Hostname()) {
		return append(hosted, here...)
	}
	for i := range hosted {
		hosted[i].Needs = hosted[i].Client + " connects from its own servers and cannot reach `" + u.Host +
			"`, which is this computer. Give the server a public https address first."
	}
	return append(here, hosted...)
}

// hostedGuides is for the clients that connect from their own servers.
func hostedGuides(mcpURL string) []guide {
	const last = "Choose “Connect”. You come back here to sign in and to say what it may do."
	return []guide{
		{Client: "Claude", Steps: []guideStep{
			{Text: "In the settings, open Connectors and choose “Add custom connector”."},
			{Text: "Enter this URL and choose “Add”.", Copy: mcpURL},
			{Text: last},
		}},
		{Client: "ChatGPT", Steps: []guideStep{
			{Text: "In the settings, open the connectors (“Apps” in newer versions) and switch on developer mode under Advanced."},
			{Text: "Choose “Create”, enter this as the URL of the MCP server, and choose OAuth.", Copy: mcpURL},
			{Text: last},
		}},
	}
}

// hereGuides is for the clients that run on the person's computer.
func hereGuides(name, mcpURL string) []guide {
	server := map[string]string{"type": "http", "url": mcpURL}
	return []guide{
		{Client: "Claude Code", Steps: []guideStep{
			{Text: "In a terminal:", Copy: "claude mcp add --transport http " + name + " " + shellWord(mcpURL)},
			{Text: "In Claude Code, type `/mcp`, choose " + name + ", then “Authenticate”."},
		}},
		{Client: "Cursor", Link: cursorLink(name, mcpURL), Steps: []guideStep{
			{Text: "Put this in `.cursor/mcp.json` in your project, or in `~/.cursor/mcp.json` for all of them.",
				Copy: indented(map[string]any{"mcpServers": map[string]any{name: map[string]string{"url": mcpURL}}})},
			{Text: "In Cursor's settings, under MCP, choose “Connect” beside " + name + "."},
		}},
		{Client: "VS Code", Link: codeLink(name, mcpURL), Steps: []guideStep{
			{Text: "Put this in `.vscode/mcp.json` in your project.",
				Copy: indented(map[string]any{"servers": map[string]any{name: server}})},
			{Text: "Choose “Start” above the entry, and allow it to sign in."},
		}},
		{Client: "MCP Inspector", Steps: []guideStep{
			{Text: "In a terminal:", Copy: "npx @modelcontextprotocol/inspector"},
			{Text: "Choose Streamable HTTP, enter this URL, and choose “Connect”.", Copy: mcpURL},
		}},
	}
}

// cursorLink and codeLink are the links that Cursor and VS Code register for.
// All of their parts are the operator's, and encoded.
func cursorLink(name, mcpURL string) template.URL {
	config := base64.StdEncoding.EncodeToString(compact(map[string]string{"url": mcpURL}))
	return template.URL("cursor://anysphere.cursor-deeplink/mcp/install?name=" + name + "&config=" + url.QueryEscape(config))
}

func codeLink(name, mcpURL string) template.URL {
	return template.URL("vscode:mcp/install?" + url.QueryEscape(string(compact(map[string]string{"name": name, "type": "http", "url": mcpURL}))))
}

// compact and indented encode maps of strings, which cannot fail.
func compact(v any) []byte {
	b, _ := json.Marshal(v)
	return b
}

func indented(v any) string {
	b, _ := json.MarshalIndent(v, "", "  ")
	return string(b)
}

var notPlain = regexp.MustCompile(`[^a-z0-9_-]+`)

// plainName is a name that a shell and every client take as it is.
func plainName(name string) string {
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
