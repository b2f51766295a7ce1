package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/apps/github"
	"github.com/sallyport-dev/sallyport/apps/intent"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/oauth"
)

// go test ./cmd/sallyport -run TestToolsAreWhatTheTableSays -write-tools
var writeTools = flag.Bool("write-tools", false, "write testdata/tools.md anew")

// TestToolsAreWhatTheTableSays: testdata/tools.md is all that clients are told of each
// tool of the built-in servers, to be read by people. What a tool must say and leaves
// out, or says twice and differently, is an error besides.
func TestToolsAreWhatTheTableSays(t *testing.T) {
	board := chess.New(chess.Options{Stockfish: "none"})
	t.Cleanup(func() { board.Close() })
	hub, err := github.New(github.Options{Token: func(context.Context) (oauth.Secret, error) { return "", nil }})
	if err != nil {
		t.Fatal(err)
	}
	intents, err := intent.New(intent.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, s := range []struct {
		name string
		http.Handler
	}{{"demo", demo.New(demo.Options{})}, {"github", hub}, {"chess", board}, {"intent", intents}} {
		fmt.Fprintf(&got, "# app: %s\n\n", s.name)
		for _, tool := range listTools(t, s.Handler) {
			got.WriteString(describeTool(t, s.name, tool))
		}
	}
	path := filepath.Join("testdata", "tools.md")
	if *writeTools {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wants, gots := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	for i := range max(len(wants), len(gots)) {
		if i >= len(wants) || i >= len(gots) || wants[i] != gots[i] {
			t.Fatalf("%s, line %d, has\n%s\nand clients are told\n%s", path, i+1, lineAt(wants, i), lineAt(gots, i))
		}
	}
}

func lineAt(lines []string, i int) string {
	if i >= len(lines) {
		return "(nothing)"
	}
	return lines[i]
}

// listTools asks as a client does, and keeps what the SDK's would drop.
func listTools(t *testing.T, h http.Handler) []map[string]any {
	t.Helper()
	const ask = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",` +
		`"io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`
	r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(ask))
	r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
		"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/list"}}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if _, event, ok := bytes.Cut(body, []byte("data: ")); ok {
		body = event
	}
	var answer struct {
		Result struct{ Tools []map[string]any }
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Result.Tools) == 0 {
		t.Fatalf("tools/list is answered %d %s: %v", w.Code, body, err)
	}
	return answer.Result.Tools
}

var pageDigest = regexp.MustCompile(`\.[0-9a-f]{12}\.`)

// describeTool is what a tool says of itself, a line for each kind.
func describeTool(t *testing.T, server string, tool map[string]any) string {
	t.Helper()
	name, _ := tool["name"].(string)
	wrong := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s of %s: %s", name, server, fmt.Sprintf(format, args...))
	}
	hints, _ := tool["annotations"].(map[string]any)
	meta, _ := tool["_meta"].(map[string]any)
	if tool["title"] == "" || tool["title"] == nil || hints["title"] != tool["title"] {
		wrong("its titles are %v and %v", tool["title"], hints["title"])
	}
	if words, _ := tool["description"].(string); len(words) < 20 {
		wrong("its description is %q", words)
	}
	schemes, _ := tool["securitySchemes"].([]any)
	if len(schemes) == 0 || !reflect.DeepEqual(tool["securitySchemes"], meta["securitySchemes"]) {
		wrong("it needs %v, and %v in _meta", tool["securitySchemes"], meta["securitySchemes"])
	}
	ui, _ := meta["ui"].(map[string]any)
	page, _ := ui["resourceUri"].(string)
	if old, _ := meta["openai/outputTemplate"].(string); old != page {
		wrong("its pages are %q and %q", page, old)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %v\n  needs  %s\n  is     %s\n", name, tool["title"], needsOf(schemes), mannerOf(hints, wrong))
	switch pages := meta["openai/widgetAccessible"] == true; {
	case page != "":
		for _, when := range []string{"invoking", "invoked"} { // ChatGPT cuts them at 64
			if words, _ := meta["openai/toolInvocation/"+when].(string); words == "" || len(words) > 64 {
				wrong("%s, ChatGPT says %q", when, words)
			}
		}
		fmt.Fprintf(&b, "  shown  %s\n", pageDigest.ReplaceAllString(page, "."))
	case pages:
		b.WriteString("  shown  no; pages call it\n")
	}
	for _, side := range []struct{ word, key string }{{"takes", "inputSchema"}, {"gives", "outputSchema"}} {
		schema, _ := tool[side.key].(map[string]any)
		if schema["type"] != "object" {
			wrong("its %s is %v", side.key, schema)
		}
		fmt.Fprintf(&b, "  %s  %s\n", side.word, membersOf(schema))
	}
	return b.String() + "\n"
}

func needsOf(schemes []any) string {
	var all []string
	for _, one := range schemes {
		s, _ := one.(map[string]any)
		words := fmt.Sprint(s["type"])
		if scopes, ok := s["scopes"].([]any); ok {
			words += " " + strings.Trim(fmt.Sprint(scopes), "[]")
		}
		all = append(all, words)
	}
	return strings.Join(all, ", or ")
}

// mannerOf is what the hints say. What is left out would mean the worst.
func mannerOf(hints map[string]any, wrong func(string, ...any)) string {
	words := []string{"read-only"}
	if hints["readOnlyHint"] != true {
		words[0] = "a change"
		if destroys, ok := hints["destructiveHint"].(bool); !ok {
			wrong("it does not say whether it destroys")
		} else if destroys {
			words[0] = "a change that destroys"
		}
	}
	if hints["idempotentHint"] == true {
		words = append(words, "the same when done twice")
	}
	if open, ok := hints["openWorldHint"].(bool); !ok {
		wrong("it does not say whether it goes elsewhere")
	} else if open {
		words = append(words, "elsewhere")
	}
	return strings.Join(words, ", ")
}

// membersOf is the fields of an object: what is not required in brackets, and what is in
// lists in theirs.
func membersOf(schema map[string]any) string {
	properties, _ := schema["properties"].(map[string]any)
	required, _ := schema["required"].([]any)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		p, _ := properties[name].(map[string]any)
		word := name + kindOf(p)
		if !slices.Contains(required, any(name)) {
			word = "[" + word + "]"
		}
		all = append(all, word)
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, " ")
}

// kindOf is what is in a list (*) or an object, and the limits.
func kindOf(p map[string]any) string {
	var words string
	of, list := p["items"].(map[string]any)
	if list {
		words = "*"
	} else {
		of = p
	}
	if inner, _ := of["properties"].(map[string]any); inner != nil {
		words += "{" + membersOf(of) + "}"
	}
	if choices, ok := p["enum"].([]any); ok {
		words += "=" + strings.ReplaceAll(strings.Trim(fmt.Sprint(choices), "[]"), " ", "|")
	}
	for _, limit := range []struct{ key, sign string }{{"default", ":"}, {"minimum", ">="}, {"maximum", "<="}, {"maxLength", "<="}, {"maxItems", "<="}} {
		if v, ok := p[limit.key]; ok {
			words += fmt.Sprintf("%s%v", limit.sign, v)
		}
	}
	return words
}

// Settings may have scopes of their own, and clients are told of those.
func TestToolsNeedWhatTheSettingsSay(t *testing.T) {
	for server, some := range map[string]map[string]string{
		"demo":   {"perform-item-action": "oauth2 act look", "echo": "noauth"},
		"intent": {"perform-item-action": "oauth2 act look", "echo": "noauth"},
		// Without a position it is about somebody's own game.
		"chess": {"apply_move": "oauth2 act look", "analyze": "noauth, or oauth2 look", "load_puzzle": "noauth"},
	} {
		h, err := (&door{log: slog.New(slog.DiscardHandler), in: &installation{}}).builtIn(config.Resource{BuiltIn: server, DefaultToolScopes: []string{"look"}, Tools: []config.Tool{
			{Name: "perform-item-action", Scopes: []string{"look", "act"}}, {Name: "echo", Public: true},
			{Name: "apply_move", Scopes: []string{"look", "act"}}, {Name: "analyze", Public: true}, {Name: "load_puzzle", Public: true},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for _, tool := range listTools(t, h) {
			schemes, _ := tool["securitySchemes"].([]any)
			if got := needsOf(schemes); got != cmp.Or(some[fmt.Sprint(tool["name"])], "oauth2 look") {
				t.Errorf("%s of %s needs %s", tool["name"], server, got)
			}
		}
	}
}
