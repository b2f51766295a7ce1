package clientbook

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
)

// The clients that the product promises to work with.
var promised = []string{
	"antigravity", "chatgpt", "claude", "claude-code", "cline", "codex", "cursor", "gemini-cli", "goose", "grok", "inspector",
	"lm-studio", "m365-copilot", "mcp-remote", "n8n", "opencode", "perplexity", "slack", "snowflake", "vscode", "zed",
}

func TestEveryPromisedClientIsInTheBook(t *testing.T) {
	var ids []string
	for _, c := range Clients() {
		ids = append(ids, c.ID)
	}
	for _, id := range promised {
		if !slices.Contains(ids, id) {
			t.Errorf("there is no clients/%s.yaml", id)
		}
	}
}

func TestRanksAreDistinct(t *testing.T) {
	seen := map[int]string{}
	for _, c := range Clients() {
		if other := seen[c.Rank]; other != "" {
			t.Errorf("%s and %s share rank %d", c.ID, other, c.Rank)
		}
		seen[c.Rank] = c.ID
	}
}

// connections calls check with each connection, as a subtest.
func connections(t *testing.T, check func(t *testing.T, n Connection)) {
	for _, c := range Clients() {
		for _, n := range c.Connections {
			t.Run(c.ID+"/"+n.ID, func(t *testing.T) { check(t, n) })
		}
	}
}

func TestAConnectionComesBackToWhereItRegistered(t *testing.T) {
	connections(t, func(t *testing.T, n Connection) {
		text := n.Registration.Document
		if n.Registration.Kind == Dynamic {
			text = n.Registration.Request
		}
		if n.Registration.Kind == Static {
			return
		}
		fill := strings.NewReplacer("{port}", "49152", "{id}", "x1").Replace
		asked, err := oauth.ParseRegistration([]byte(fill(text)))
		if err != nil {
			t.Fatal(err)
		}
		m, err := asked.Complete([]string{"cursor"})
		if err != nil {
			t.Fatal(err)
		}
		if !m.MatchRedirectURI(fill(n.Redirect)) {
			t.Errorf("%s is not among %s", n.Redirect, m.RedirectURIs)
		}
	})
}

func TestAPublishedDocumentIsWhatItsAddressSays(t *testing.T) {
	all := Documents()
	for address, text := range all {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || len(u.Path) < 2 || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%s is no address of a metadata document", address)
		}
		// draft-ietf-oauth-client-id-metadata-document §6.6 suggests 5 KB.
		if len(text) > 5<<10 {
			t.Errorf("%s has %d bytes", address, len(text))
		}
		var d struct {
			ID        string   `json:"client_id"`
			Name      string   `json:"client_name"`
			Redirects []string `json:"redirect_uris"`
			Secret    *string  `json:"client_secret"`
			Method    string   `json:"token_endpoint_auth_method"`
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(address, err)
		}
		if d.ID != address || d.Name == "" || len(d.Redirects) == 0 || d.Secret != nil {
			t.Errorf("%s: %+v", address, d)
		}
		// A copy that stands in for the vendor's must not be one with which
		// anybody else could get the answer.
		if d.Method != "none" && d.Method != "private_key_jwt" {
			t.Errorf("%s authenticates with %s", address, d.Method)
		}
		for _, r := range d.Redirects {
			if err := oauth.CheckRedirectURI(r, nil); err != nil {
				t.Errorf("%s: %s: %v", address, r, err)
			}
		}
	}
	for _, address := range []string{
		"https://chatgpt.com/oauth/client.json", "https://chatgpt.com/oauth/codex/client.json",
		"https://claude.ai/oauth/mcp-oauth-client-metadata", "https://claude.ai/oauth/claude-code-client-metadata",
		"https://vscode.dev/oauth/client-metadata.json", "https://cursor.com/oauth/mcp-client.json",
		"https://goose-docs.ai/oauth/client-metadata.json", "https://zed.dev/oauth/client-metadata.json",
		"https://opencode.ai/oauth/opencode/client.json", "https://slack.com/.well-known/oauth-client-metadata",
	} {
		if all[address] == nil {
			t.Errorf("there is no document of %s", address)
		}
	}
}

// Two connections with one client_id are one client, and its document one text.
func TestOneAddressHasOneDocument(t *testing.T) {
	seen := map[string][]byte{}
	connections(t, func(t *testing.T, n Connection) {
		if n.Registration.Kind != Document {
			return
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(n.Registration.Document)); err != nil {
			t.Fatal(err)
		}
		if before := seen[n.Registration.URL]; before != nil && !bytes.Equal(before, compact.Bytes()) {
			t.Errorf("%s and %s", before, &compact)
		}
		seen[n.Registration.URL] = compact.Bytes()
	})
}

func TestWhatIsWrongInAFileIsRefused(t *testing.T) {
	good := `
name: A
about: A client.
runs: here
add: {evidence: assumed, steps: [{text: "Do it."}]}
connections:
  - {id: x, title: X, evidence: assumed, redirect: "http://127.0.0.1/", registration: {kind: static}}
`
	if _, err := parse("a.yaml", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"an unknown key":         {"about:", "abuot:"},
		"an unknown place":       {"here", "there"},
		"no evidence":            {"add: {evidence: assumed", "add: {evidence: hearsay"},
		"no steps":               {`steps: [{text: "Do it."}]`, `steps: []`},
		"an unknown kind":        {"kind: static", "kind: magic"},
		"no redirect":            {`redirect: "http://127.0.0.1/", `, ""},
		"a document of another":  {"{kind: static}", `{kind: document, url: "https://a.example/b", document: '{"client_id":"https://a.example/c"}'}`},
		"a request that is none": {"{kind: static}", `{kind: dynamic, request: "[]"}`},
		"an unknown need":        {"title: X", "title: X, needs: [luck]"},
		"an unknown resource":    {"title: X", "title: X, authorize: {resource: some}"},
		"a trouble without why":  {"runs: here", "runs: here\ntroubles: [{sees: a, mend: b}]"},
	} {
		if _, err := parse("a.yaml", []byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestEveryNeedIsExplained(t *testing.T) {
	for need, sentence := range Needs() {
		if !strings.HasSuffix(sentence, ".") {
			t.Errorf("%s: %q is no sentence", need, sentence)
		}
	}
}
