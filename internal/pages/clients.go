package pages

import (
	"encoding/json"
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
	Steps []guideStep
}

// A guideStep is a sentence, in which text between backquotes is code, and what
// to copy.
type guideStep struct {
	Text string
	Copy string
}

// guides tells the clients apart. They are in the order in which people ask for
// them.
func guides(v ResourcePage) []guide {
	name := plainName(v.Name)
	needs := func(client string) string {
		u, err := url.Parse(v.URL)
		if err != nil || !oauth.IsLoopbackHost(u.Hostname()) {
			return ""
		}
		return client + " connects from its own servers and cannot reach `" + u.Host +
			"`, which is this computer. Give the server a public https address first."
	}
	return []guide{
		{"Claude", needs("Claude"), []guideStep{
			{Text: "Open Settings, then Connectors, and choose “Add custom connector”."},
			{Text: "Enter this URL and choose “Add”.", Copy: v.URL},
			{Text: "Choose “Connect”. You come back here to sign in and to say what it may do."},
		}},
		{"ChatGPT", needs("ChatGPT"), []guideStep{
			{Text: "In Settings, open Apps & Connectors, and switch on developer mode under Advanced settings."},
			{Text: "Choose “Create”. Enter this as the MCP server URL, with OAuth as the authentication.", Copy: v.URL},
			{Text: "Choose “Connect”. You come back here to sign in and to say what it may do."},
		}},
		{"Claude Code", "", []guideStep{
			{Text: "In a terminal:", Copy: "claude mcp add --transport http " + name + " " + shellWord(v.URL)},
			{Text: "In Claude Code, type `/mcp`, choose " + name + ", then “Authenticate”."},
		}},
		{"Cursor", "", []guideStep{
			{Text: "Put this in `.cursor/mcp.json` in your project, or in `~/.cursor/mcp.json` for all of them.", Copy: settings("mcpServers", name, map[string]string{"url": v.URL})},
			{Text: "In Cursor's settings, under MCP, choose “Connect” beside " + name + "."},
		}},
		{"VS Code", "", []guideStep{
			{Text: "Put this in `.vscode/mcp.json` in your project.", Copy: settings("servers", name, map[string]string{"type": "http", "url": v.URL})},
			{Text: "Choose “Start” above the entry, and allow the sign-in."},
		}},
		{"MCP Inspector", "", []guideStep{
			{Text: "In a terminal:", Copy: "npx @modelcontextprotocol/inspector"},
			{Text: "Choose Streamable HTTP, enter this URL, and choose “Connect”.", Copy: v.URL},
		}},
	}
}

// settings is the JSON that clients read: {"servers":{"name":{…}}}.
func settings(key, name string, server map[string]string) string {
	b, err := json.MarshalIndent(map[string]any{key: map[string]any{name: server}}, "", "  ")
	if err != nil {
		return "" // maps of strings always encode
	}
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
