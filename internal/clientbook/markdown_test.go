package clientbook

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/clients")

const docs = "../../docs/clients"

// docs/clients is written from the same files, for people.
func TestTheGuidesAreCurrent(t *testing.T) {
	want := map[string]string{"README.md": index()}
	for _, c := range Clients() {
		want[c.ID+".md"] = page(c)
	}
	entries, err := os.ReadDir(docs)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, e := range entries {
		if want[e.Name()] == "" {
			t.Errorf("docs/clients/%s belongs to no client", e.Name())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		path := filepath.Join(docs, name)
		if *update {
			if err := os.MkdirAll(docs, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(want[name]), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil || string(got) != want[name] {
			t.Errorf("docs/clients/%s is not current (%v); run go generate ./internal/clientbook", name, err)
		}
	}
}

// example is the server of the guides.
var example = Server{Name: "tickets", URL: "https://mcp.example.com/mcp"}

func index() string {
	var b strings.Builder
	b.WriteString("# Clients\n\nHow to add a server to each MCP client, and how each of them connects. " +
		"These pages are written from the files in [internal/clientbook/clients](../../internal/clientbook/clients) " +
		"by `go generate ./internal/clientbook`; the tests play every one of them against the server. " +
		"A client that is not here is a new file there.\n\n" +
		"Open the URL of your own server in a browser to read the same with its URL filled in.\n\n" +
		"| client | what it is | runs | ways to connect |\n| --- | --- | --- | --- |\n")
	for _, c := range Clients() {
		var kinds []string
		for _, n := range c.Connections {
			if k := kindWords[n.Registration.Kind]; !slices.Contains(kinds, k) {
				kinds = append(kinds, k)
			}
		}
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s | %s |\n", c.Name, c.ID, c.About, placeWords[c.Runs], strings.Join(kinds, ", "))
	}
	b.WriteString("\nEach way says how it is known: **documented** by the vendor, **observed** on the wire by somebody who published it, " +
		"or **assumed**, where nobody has said so.\n")
	return b.String()
}

var (
	kindWords = map[Kind]string{
		Document: "metadata document", Dynamic: "registration", Static: "client ID by hand",
	}
	placeWords = map[Place]string{
		Here: "on your computer", Hosted: "at the vendor", Anywhere: "where you run it",
	}
	reachWords = map[Place]string{
		Here:     "It runs on your computer, and reaches servers there.",
		Hosted:   "It connects from the vendor's servers: the MCP server needs a public https address.",
		Anywhere: "It connects from wherever you run it.",
	}
)

func page(c Client) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s %s\n\n", c.Name, c.About, reachWords[c.Runs])
	fmt.Fprintf(&b, "<!-- Written from internal/clientbook/clients/%s.yaml by go generate ./internal/clientbook. -->\n\n", c.ID)
	fmt.Fprintf(&b, "## Add a server\n\nPut the URL of your MCP server in place of `%s`; opened in a browser, it shows these steps with itself filled in.\n\n", example.URL)
	a := c.Guide(example)
	for i, s := range a.Steps {
		fmt.Fprintf(&b, "%d. %s\n", i+1, s.Text)
		if s.Copy != "" {
			fmt.Fprintf(&b, "\n   ```\n   %s\n   ```\n\n", strings.ReplaceAll(s.Copy, "\n", "\n   "))
		}
	}
	if a.Link != "" {
		fmt.Fprintf(&b, "\nOr open this link:\n\n```\n%s\n```\n", a.Link)
	}
	fmt.Fprintf(&b, "\nThese steps are %s.\n\n", a.Evidence)
	writeTroubles(&b, c)
	writeConnections(&b, c)
	b.WriteString("\n## Where this was learned\n\n")
	for _, s := range c.Sources {
		fmt.Fprintf(&b, "- %s\n", s)
	}
	return strings.ReplaceAll(b.String(), "\n\n\n", "\n\n")
}

func writeTroubles(b *strings.Builder, c Client) {
	if len(c.Troubles) == 0 {
		return
	}
	b.WriteString("## When it does not connect\n\n| what you see | why | what to do |\n| --- | --- | --- |\n")
	for _, t := range c.Troubles {
		fmt.Fprintf(b, "| %s | %s | %s |\n", t.Sees, t.Why, t.Mend)
	}
	b.WriteString("\n")
}

func writeConnections(b *strings.Builder, c Client) {
	b.WriteString("## How it connects\n\nThe first way is the one it takes at a server that supports all of them, as Sallyport does.\n")
	known := Needs()
	for _, n := range c.Connections {
		fmt.Fprintf(b, "\n### %s\n\n| | |\n| --- | --- |\n", n.Title)
		for _, row := range rows(n) {
			fmt.Fprintf(b, "| %s | %s |\n", row[0], row[1])
		}
		if len(n.Needs) > 0 {
			b.WriteString("\nIt cannot do without:\n\n")
			for _, need := range n.Needs {
				fmt.Fprintf(b, "- %s\n", known[need])
			}
		}
	}
}

// rows are what there is to know about a connection, each with its name.
func rows(n Connection) [][2]string {
	code := func(s string) string { return "`" + s + "`" }
	all := [][2]string{{"known", string(n.Evidence)}}
	add := func(name, value string) {
		if value != "" {
			all = append(all, [2]string{name, value})
		}
	}
	add("assumed", strings.Join(n.Assumed, "; "))
	switch n.Registration.Kind {
	case Document:
		add("client ID", code(n.Registration.URL))
	case Dynamic:
		add("client ID", "registers: "+code(strings.Join(strings.Fields(n.Registration.Request), " ")))
	case Static:
		add("client ID", "entered by hand"+map[bool]string{true: ", with a secret"}[n.Registration.Secret])
	}
	add("comes back to", code(n.Redirect))
	add("looks for metadata", strings.Join(append(slices.Clone(n.Discovery.Resource), n.Discovery.Server...), ", then "))
	add("`resource`", n.Authorize.Resource)
	add("`scope`", strings.Join(append([]string{n.Authorize.Scope}, n.Authorize.Also...), " + "))
	add("authenticates with", code(n.Token.Authentication))
	add("speaks MCP", n.Calls.Protocol)
	add("user agent", n.UserAgent)
	add("waits", limits(n.Limits))
	return all
}

func limits(l Limits) string {
	var all []string
	for _, x := range []struct {
		name string
		d    fmt.Stringer
		none bool
	}{
		{"discovery", l.Discovery, l.Discovery == 0}, {"registration", l.Registration, l.Registration == 0},
		{"token", l.Token, l.Token == 0}, {"refresh", l.Refresh, l.Refresh == 0},
	} {
		if !x.none {
			all = append(all, x.name+" "+x.d.String())
		}
	}
	return strings.Join(all, ", ")
}
