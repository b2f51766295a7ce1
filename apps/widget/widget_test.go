package widget_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/apps/widget"
)

func board(html string) widget.Page {
	return widget.Page{URI: "ui://widget/board.html", Name: "board", Title: "Board", HTML: html}
}

// serve connects to a server that has a tool for each page.
func serve(t *testing.T, pages ...widget.Page) *mcp.ClientSession {
	t.Helper()
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	for _, p := range pages {
		tool := &mcp.Tool{Name: p.Name}
		p.ShowResultsOf(tool, "Doing", "Done")
		p.AddTo(s, func(context.Context) string { return "https://mcp.example.com/mcp" })
		mcp.AddTool(s, tool, func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{}, nil, nil
		})
	}
	near, far := mcp.NewInMemoryTransports()
	if _, err := s.Connect(t.Context(), far, nil); err != nil {
		t.Fatal(err)
	}
	cs, err := mcp.NewClient(&mcp.Implementation{Name: "client", Version: "1"}, nil).Connect(t.Context(), near, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cs.Close() })
	return cs
}

func TestToolsAndResourcesNameTheSameAddress(t *testing.T) {
	other := widget.Page{URI: "ui://widget/board-of-old.html", Name: "other", HTML: "<p>other"}
	cs := serve(t, board("<p>one"), other)
	tools, err := cs.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resources, err := cs.ListResources(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	listed := []string{}
	for _, r := range resources.Resources {
		listed = append(listed, r.URI)
	}
	if len(listed) != 2 || len(tools.Tools) != 2 {
		t.Fatalf("there are %v and %d tools", listed, len(tools.Tools))
	}
	for _, tool := range tools.Tools {
		ui, _ := tool.Meta["ui"].(map[string]any)
		uri, _ := ui["resourceUri"].(string)
		if tool.Meta["openai/outputTemplate"] != uri || !slices.Contains(listed, uri) {
			t.Errorf("%s says %v, and there are %v", tool.Name, tool.Meta, listed)
		}
		res, err := cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if err != nil || res.TTLMs == 0 || res.Contents[0].URI != uri || res.Contents[0].Meta["openai/widgetDomain"] != "https://mcp.example.com" {
			t.Errorf("%s is answered with %+v, %v", uri, res, err)
		}
	}
}

func TestAnAddressFollowsTheContent(t *testing.T) {
	form := regexp.MustCompile(`^ui://widget/board\.[0-9a-f]{12}\.html$`)
	one := board("<p>one")
	described, bordered := one, one
	described.Description, bordered.Border = "what the model is told", true
	seen := map[string]bool{}
	for _, p := range []widget.Page{one, board("<p>two"), described, bordered} {
		if !form.MatchString(p.Address()) || seen[p.Address()] {
			t.Errorf("%+v is at %s, which something else is, or which is none", p, p.Address())
		}
		seen[p.Address()] = true
	}
	if one.Address() != board("<p>one").Address() {
		t.Error("the same page is at two addresses")
	}
	bare := widget.Page{URI: "ui://board"}
	if !regexp.MustCompile(`^ui://board\.[0-9a-f]{12}$`).MatchString(bare.Address()) {
		t.Error(bare.Address())
	}
}

func TestAPageIsAlsoAtItsEarlierAddresses(t *testing.T) {
	cs := serve(t, board("<p>new"), widget.Page{URI: "ui://widget/board.of.html", Name: "other", HTML: "<p>other"})
	for _, test := range []struct{ name, uri, want string }{
		{"the address of what it was before", board("<p>old").Address(), "<p>new"},
		{"its address without a digest", "ui://widget/board.html", "<p>new"},
		{"another page whose name begins alike", "ui://widget/board.of.html", "<p>other"},
		{"what is no digest", "ui://widget/board.0123456789aX.html", ""},
		{"a digest that is too long", "ui://widget/board.0123456789ab0.html", ""},
		{"a page that never was", "ui://widget/other.html", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			res, err := cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: test.uri})
			switch {
			case test.want == "" && err == nil:
				t.Errorf("it is answered with %+v", res.Contents[0])
			case test.want != "" && test.name != "another page whose name begins alike" && (err != nil || res.TTLMs != 0):
				t.Errorf("it may be kept: %+v, %v", res, err)
			case test.want != "" && (err != nil || res.Contents[0].Text != test.want || res.Contents[0].URI != test.uri):
				t.Errorf("it is answered with %+v, %v", res, err)
			}
		})
	}
}

// What chats are told of a page, in the words of both kinds: what it may load, which is
// nothing, what it shows, and how it wants to be shown.
func TestAPageSaysOfItselfWhatChatsAsk(t *testing.T) {
	page := board("<p>one")
	page.Description, page.Border = "Shows the board.", true
	cs := serve(t, page)
	res, err := cs.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: page.Address()})
	if err != nil {
		t.Fatal(err)
	}
	none := []any{}
	want := mcp.Meta{
		"ui": map[string]any{"prefersBorder": true, "csp": map[string]any{
			"connectDomains": none, "resourceDomains": none, "frameDomains": none, "baseUriDomains": none}},
		"openai/widgetCSP":           map[string]any{"connect_domains": none, "resource_domains": none},
		"openai/widgetDescription":   "Shows the board.",
		"openai/widgetPrefersBorder": true,
		"openai/widgetDomain":        "https://mcp.example.com",
	}
	if c := res.Contents[0]; c.MIMEType != "text/html;profile=mcp-app" || c.Text != "<p>one" || !reflect.DeepEqual(c.Meta, want) {
		t.Errorf("it is %s, and says of itself %v", c.MIMEType, c.Meta)
	}
	tools, err := cs.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	tool := mcp.Meta{
		"ui":                             map[string]any{"resourceUri": page.Address(), "visibility": []any{"model", "app"}},
		"openai/outputTemplate":          page.Address(),
		"openai/widgetAccessible":        true,
		"openai/toolInvocation/invoking": "Doing",
		"openai/toolInvocation/invoked":  "Done",
	}
	if got := tools.Tools[0].Meta; !reflect.DeepEqual(got, tool) {
		t.Errorf("the tool says of it %v", got)
	}
}

// ./check builds what apps/widgets/widgets.mjs lists, and compares. A page that is not
// there would be one that nobody has compared with its sources.
func TestEveryBuiltPageIsComparedWithItsSources(t *testing.T) {
	list, err := os.ReadFile(filepath.Join("..", "widgets", "widgets.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	var built, listed []string
	for _, m := range regexp.MustCompile(`name: '([^']+)', server: '([^']+)'`).FindAllStringSubmatch(string(list), -1) {
		listed = append(listed, filepath.Join("..", m[2], "widgets", "dist", m[1]+".html"))
	}
	for _, pattern := range []string{"*", filepath.Join("*", "*")} {
		found, err := filepath.Glob(filepath.Join("..", "*", "widgets", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			if info, err := os.Stat(f); err == nil && !info.IsDir() {
				built = append(built, f)
			}
		}
	}
	slices.Sort(built)
	slices.Sort(listed)
	if !slices.Equal(built, listed) || len(built) == 0 {
		t.Errorf("there are %v, and compared are %v", built, listed)
	}
}
