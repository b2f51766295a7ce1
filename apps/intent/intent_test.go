package intent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/sallyport-dev/sallyport/apps/intent/backend"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// A guard keeps its people for as long as the program runs.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/maypok86/otter/v2.periodicCleanUp[...]"))
}

// named takes every token for its person's name.
type named struct{}

func (named) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	return token.Access{
		Subject: string(raw), Audience: "https://mcp.example.com/mcp", Issuer: "https://mcp.example.com", GrantID: "g",
		Scope: oauth.NewScope(ScopeRead, ScopeWrite), Expires: time.Now().Add(time.Hour),
	}, nil
}

type as string

func (a as) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(a))
	return http.DefaultTransport.RoundTrip(r)
}

// serve puts the server behind a guard.
func serve(t *testing.T, o Options) string {
	t.Helper()
	h, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	tools := map[string]resource.Tool{}
	for name, scope := range ToolScopes() {
		tools[name] = resource.Tool{Scopes: scope}
	}
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "intent", ID: "https://mcp.example.com/mcp", Scopes: []oauth.ScopeInfo{{Name: ScopeRead}, {Name: ScopeWrite}}},
		Issuer:   "https://mcp.example.com", Verifier: named{}, Tools: tools,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(guard.Wrap(h))
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	return server.URL
}

func connect(t *testing.T, url, person string) *mcp.ClientSession {
	t.Helper()
	s, err := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil).
		Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: url, HTTPClient: &http.Client{Transport: as(person)}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

type args = map[string]any

func call(t *testing.T, s *mcp.ClientSession, tool string, in args) (text string, out args, failed bool) {
	t.Helper()
	result, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: in})
	if err != nil {
		t.Fatalf("%s: %v", tool, err)
	}
	out, _ = result.StructuredContent.(args)
	return result.Content[0].(*mcp.TextContent).Text, out, result.IsError
}

const said = "I moved to Berlin. I am looking for a chess coach, and I want to learn about cryptography."

func TestAPersonIsHeardAndOthersAreFound(t *testing.T) {
	url := serve(t, Options{})
	ada, bo := connect(t, url, "ada"), connect(t, url, "bo")

	text, out, failed := call(t, ada, toolExtract, args{"fullInputText": said})
	if failed || out["intentsGenerated"] != 1.0 || !strings.Contains(text, "I am looking for a chess coach") {
		t.Fatalf("%v %s", out, text)
	}
	id := out["intents"].([]any)[0].(args)["id"].(string)
	if text, _, _ = call(t, ada, toolItems, nil); !strings.Contains(text, "(id: "+id+")") {
		t.Errorf("ada's items: %s", text)
	}
	if _, out, _ = call(t, bo, toolItems, nil); len(out["items"].([]any)) != 0 {
		t.Errorf("bo sees ada's items: %v", out)
	}
	if text, _, failed = call(t, ada, toolItem, args{"id": id, "action": "complete"}); failed || !strings.HasPrefix(text, "Done: [x] ") {
		t.Errorf("completing: %s", text)
	}
	if text, _, failed = call(t, bo, toolItem, args{"id": id, "action": "reopen"}); !failed {
		t.Errorf("bo changed ada's item: %s", text)
	}

	text, out, failed = call(t, ada, toolDiscover, args{"fullInputText": said, "maxConnections": 2})
	people := out["connections"].([]any)
	if failed || len(people) != 2 || out["connectionsFound"] != 2.0 || !strings.Contains(text, "in common") {
		t.Fatalf("%v %s", out, text)
	}
	first := people[0].(args)
	if first["synthesis"] == "" || first["mutualIntentCount"].(float64) < 1 {
		t.Errorf("%v", first)
	}
	who := first["user"].(args)["id"]
	for action, want := range map[string]string{"REQUEST": "PENDING", "CANCEL": "CANCELLED", "ACCEPT": "CONNECTED", "DECLINE": "DECLINED", "SKIP": "SKIPPED"} {
		if _, out, failed := call(t, ada, toolAct, args{"action": action, "userId": who}); failed || out["connectionStatus"] != want {
			t.Errorf("%s: %v", action, out)
		}
	}
	if _, _, failed = call(t, ada, toolAct, args{"action": "MARRY", "userId": who}); !failed {
		t.Error("an action that there is not was done")
	}
}

// A protocol is the API, with what a test puts before it.
func protocol(t *testing.T, before http.HandlerFunc) string {
	t.Helper()
	b := backend.New(time.Now)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answered := &watch{ResponseWriter: w}
		before(answered, r)
		if !answered.did {
			b.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

type watch struct {
	http.ResponseWriter
	did bool
}

func (w *watch) WriteHeader(status int)      { w.did = true; w.ResponseWriter.WriteHeader(status) }
func (w *watch) Write(p []byte) (int, error) { w.did = true; return w.ResponseWriter.Write(p) }

func tokenOf(name string) func(context.Context) (oauth.Secret, error) {
	return func(context.Context) (oauth.Secret, error) { return oauth.Secret(name), nil }
}

func TestWhatGoesWrongIsSaidInWords(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	elsewhere := 0
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer thief.Close()
	status := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); fmt.Fprint(w, body) }
	}
	for name, c := range map[string]struct {
		change func(*Options)
		before http.HandlerFunc
		want   string
	}{
		"the API does not answer in time": {func(o *Options) { o.Patience = 50 * time.Millisecond }, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body); <-r.Context().Done() }, "Protocol API timeout"},
		"the API is not there":            {func(o *Options) { o.API = gone.URL }, nil, "Failed to extract intent: the protocol's API is not there now. Try again later."},
		"the API has a fault":             {nil, status(http.StatusBadGateway, "<html>secret"), "Failed to extract intent: the protocol's API is not there now. Try again later."},
		"the API refuses":                 {nil, status(http.StatusBadRequest, `{"error":"secret"}`), "Failed to extract intent: the protocol's API refused, or answered something that is not understood."},
		"the API answers no JSON":         {nil, status(200, "<html>secret"), "Failed to extract intent: the protocol's API refused, or answered something that is not understood."},
		"the API answers without end":     {nil, status(200, strings.Repeat("x", maxAnswer+10)), "Failed to extract intent: the protocol's API refused, or answered something that is not understood."},
		"the API sends us elsewhere": {nil, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		}, "Failed to extract intent: the protocol's API refused, or answered something that is not understood."},
		"the person may not":          {nil, status(http.StatusForbidden, `{"error":"not on the list"}`), "Failed to extract intent: the protocol's API refused, or answered something that is not understood."},
		"the token is dead":           {nil, status(http.StatusUnauthorized, `{"error":"Invalid or expired access token"}`), "Authentication required."},
		"the token is dead, with 403": {nil, status(http.StatusForbidden, `{"error":"Invalid or expired access token"}`), "Authentication required."},
		"there is no token": {func(o *Options) {
			o.Token = func(context.Context) (oauth.Secret, error) { return "", errors.New("Connect Privy first.") }
		}, nil, "Connect Privy first."},
		"the token does not come in time": {func(o *Options) {
			o.Waiting = 50 * time.Millisecond
			o.Token = func(ctx context.Context) (oauth.Secret, error) { <-ctx.Done(); return "", ctx.Err() }
		}, nil, "The person's token could not be had in time. Try again."},
	} {
		t.Run(name, func(t *testing.T) {
			if c.before == nil {
				c.before = func(http.ResponseWriter, *http.Request) {}
			}
			o := Options{API: protocol(t, c.before), Token: tokenOf("ada")}
			if c.change != nil {
				c.change(&o)
			}
			text, _, failed := call(t, connect(t, serve(t, o), "ada"), toolExtract, args{"fullInputText": said})
			if !failed || text != c.want {
				t.Errorf("%v: %s", failed, text)
			}
		})
	}
	if elsewhere != 0 {
		t.Error("the person's token went to another host")
	}
}

func TestADeadTokenIsToldOf(t *testing.T) {
	var told oauth.Secret
	o := Options{
		API:     protocol(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }),
		Token:   tokenOf("privy's"),
		Refused: func(_ context.Context, token oauth.Secret) error { told = token; return errors.New("Connect again.") },
	}
	for _, tool := range []string{toolExtract, toolDiscover} {
		told = ""
		if text, _, failed := call(t, connect(t, serve(t, o), "ada"), tool, args{"fullInputText": said}); !failed || text != "Connect again." || told != "privy's" {
			t.Errorf("%s: %s", tool, text)
		}
	}
}

// A token that was taken back is replaced once in a call, however often the API is
// asked in it; and a call ends where the API refuses the other one, too.
func TestATokenThatTheAPIRefusesIsReplacedOnce(t *testing.T) {
	for name, refuses := range map[string]string{"only the older one": "Bearer old", "every one": "Bearer "} {
		t.Run(name, func(t *testing.T) {
			var now atomic.Value
			now.Store(oauth.Secret("old"))
			var asked, told atomic.Int32
			o := Options{
				API: protocol(t, func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					if strings.HasPrefix(r.Header.Get("Authorization"), refuses) {
						http.Error(w, "Invalid or expired access token", http.StatusForbidden)
					}
				}),
				Token:   func(context.Context) (oauth.Secret, error) { return now.Load().(oauth.Secret), nil },
				Refused: func(context.Context, oauth.Secret) error { told.Add(1); now.Store(oauth.Secret("new")); return nil },
			}
			text, out, failed := call(t, connect(t, serve(t, o), "ada"), toolDiscover, args{"fullInputText": said})
			if told.Load() != 1 {
				t.Errorf("it is told %d times", told.Load())
			}
			if refuses == "Bearer " {
				if !failed || text != "Authentication required." || asked.Load() != 2 {
					t.Errorf("after %d requests: %v %s", asked.Load(), failed, text)
				}
				return
			}
			if failed || out["connectionsFound"].(float64) < 1 {
				t.Errorf("%v %s", failed, text)
			}
		})
	}
}

func TestEachPartOfWhatWasSaidIsCut(t *testing.T) {
	var got string
	url := protocol(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization") + "\n" + r.FormValue("payload")
		r.Body = http.NoBody
	})
	s := connect(t, serve(t, Options{API: url, Token: tokenOf("privy's")}), "ada")
	call(t, s, toolExtract, args{
		"fullInputText": strings.Repeat("é", section+1), "rawText": "a file", "conversationHistory": " ", "userMemory": strings.Repeat("m", section),
	})
	want := "Bearer privy's\n=== Full Input ===\n" + strings.Repeat("é", section) + "…\n\n=== Uploaded File ===\na file\n\n=== User Memory ===\n" + strings.Repeat("m", section)
	if got != want {
		t.Errorf("%d characters went out, beginning with %.80q", len(got), got)
	}
	if text, _, failed := call(t, s, toolExtract, args{"fullInputText": "  "}); !failed || !strings.Contains(text, "fullInputText is empty") {
		t.Errorf("%s", text)
	}
	if text, _, failed := call(t, s, toolDiscover, args{"fullInputText": said, "maxConnections": 51}); !failed || !strings.Contains(text, "maximum") {
		t.Errorf("%s", text)
	}
}

// TestFewSynthesesAreAskedFor: five at most, two at a time, and none that fails
// takes the people away.
func TestFewSynthesesAreAskedFor(t *testing.T) {
	var asked, now, most atomic.Int32
	var limits []int
	second := make(chan struct{})
	api := http.NewServeMux()
	api.HandleFunc("POST /discover/new", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"intents":[{"id":"1","payload":"x","createdAt":"2026-01-01T00:00:00Z"}],"intentsGenerated":1}`)
	})
	api.HandleFunc("POST /discover/filter", func(w http.ResponseWriter, r *http.Request) {
		var asks struct{ Limit int }
		if err := json.NewDecoder(r.Body).Decode(&asks); err != nil {
			t.Error(err)
		}
		limits = append(limits, asks.Limit)
		var all []string
		for i := range 7 {
			all = append(all, fmt.Sprintf(`{"user":{"id":"u%d","name":"U%d","avatar":"javascript:alert(1)"},"intents":[]}`, i, i))
		}
		fmt.Fprintf(w, `{"results":[%s]}`, strings.Join(all, ","))
	})
	api.HandleFunc("POST /synthesis/vibecheck", func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		switch asked.Add(1) {
		case 1: // the second has to come while the first is here
			select {
			case <-second:
			case <-time.After(10 * time.Second):
			}
		case 2:
			close(second)
		}
		now.Add(-1)
		http.Error(w, "no", http.StatusInternalServerError)
	})
	server := httptest.NewServer(api)
	defer server.Close()
	ada := connect(t, serve(t, Options{API: server.URL, Token: tokenOf("t")}), "ada")
	_, out, failed := call(t, ada, toolDiscover, args{"fullInputText": said, "maxConnections": 6})
	people := out["connections"].([]any)
	if failed || len(people) != 6 {
		t.Fatalf("%v", out)
	}
	for _, p := range people {
		if p := p.(args); p["synthesis"] != "" || p["user"].(args)["avatar"] != nil {
			t.Errorf("%v", p)
		}
	}
	if asked.Load() != maxSyntheses || most.Load() != atATime {
		t.Errorf("%d were asked for, %d at a time", asked.Load(), most.Load())
	}
	call(t, ada, toolDiscover, args{"fullInputText": said})
	if !slices.Equal(limits, []int{6, 10}) {
		t.Errorf("so many people were asked for at most: %v", limits)
	}
}

// blocked is an API that never answers.
type blocked struct{}

func (blocked) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// TestPeopleWaitAMinuteForTheAPIAndTenSecondsForTheirToken: where nobody says how long.
func TestPeopleWaitAMinuteForTheAPIAndTenSecondsForTheirToken(t *testing.T) {
	for name, c := range map[string]struct {
		token func(context.Context) (oauth.Secret, error)
		want  string
		after time.Duration
	}{
		"the API":   {tokenOf("ada"), "Protocol API timeout", time.Minute},
		"the token": {func(ctx context.Context) (oauth.Secret, error) { <-ctx.Done(); return "", ctx.Err() }, "could not be had in time", 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, err := New(Options{API: "https://protocol.example.com", Transport: blocked{}, Token: c.token})
				if err != nil {
					t.Fatal(err)
				}
				ask := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/mcp", strings.NewReader(
					`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"extract_intent","arguments":{"fullInputText":"x"},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",`+
						`"io.modelcontextprotocol/clientInfo":{"name":"test","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}}}`))
				ask.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json, text/event-stream"},
					"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"extract_intent"}}
				answer, began := httptest.NewRecorder(), time.Now()
				h.ServeHTTP(answer, ask)
				if took := time.Since(began); took != c.after || !strings.Contains(answer.Body.String(), c.want) {
					t.Errorf("after %s: %s", took, answer.Body)
				}
			})
		})
	}
}

func TestEchoSaysItBack(t *testing.T) {
	text, out, failed := call(t, connect(t, serve(t, Options{}), "ada"), toolEcho, args{"text": "grüß dich"})
	if failed || text != "grüß dich" || out["text"] != text {
		t.Errorf("%s, %v", text, out)
	}
}

func TestOptionsThatCannotWorkAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"an API that is no URL":    {API: "protocol", Token: tokenOf("t")},
		"an API with a password":   {API: "https://a:b@example.com", Token: tokenOf("t")},
		"an API without any token": {API: "https://example.com"},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestToolsSayWhatTheyNeedAndDo(t *testing.T) {
	list, err := connect(t, serve(t, Options{}), "ada").ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Tools) != len(ToolScopes()) {
		t.Errorf("%d tools are listed, and %d have scopes", len(list.Tools), len(ToolScopes()))
	}
	for _, tool := range list.Tools {
		if want := ToolScopes()[tool.Name].String(); want == "" || !strings.Contains(fmt.Sprint(tool.Meta["securitySchemes"]), want) {
			t.Errorf("%s says of its scopes %v", tool.Name, tool.Meta)
		}
		if a := tool.Annotations; tool.Title == "" || tool.OutputSchema == nil || a == nil || a.OpenWorldHint == nil {
			t.Errorf("%s leaves something out", tool.Name)
		}
	}
}

func TestResultsHavePages(t *testing.T) {
	s := connect(t, serve(t, Options{}), "ada")
	list, err := s.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{toolExtract: intentsPage().Address(), toolItems: intentsPage().Address(), toolDiscover: connectionsPage().Address()}
	called := map[string]bool{toolExtract: true, toolItems: true, toolItem: true, toolDiscover: true, toolAct: true}
	for _, tool := range list.Tools {
		page, _ := tool.Meta["openai/outputTemplate"].(string)
		if page != shown[tool.Name] {
			t.Errorf("the result of %s is shown by %q", tool.Name, page)
		}
		if callable := tool.Meta["openai/widgetAccessible"] == true; callable != called[tool.Name] {
			t.Errorf("that pages may call %s is %t", tool.Name, callable)
		}
		if page == "" {
			continue
		}
		got, err := s.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: page})
		if err != nil || len(got.Contents) != 1 || !strings.HasPrefix(got.Contents[0].Text, "<!doctype html>") {
			t.Errorf("%s: %v", page, err)
		}
	}
}

func TestAModelReadsTheBeginningOfALongList(t *testing.T) {
	var all []string
	for i := range told + 2 {
		all = append(all, fmt.Sprintf(`{"id":"%d","payload":"thing %d"}`, i, i))
	}
	url := protocol(t, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"intents":[%s],"intentsGenerated":%d}`, strings.Join(all, ","), len(all))
	})
	s := connect(t, serve(t, Options{API: url, Token: tokenOf("t")}), "ada")
	text, out, failed := call(t, s, toolExtract, args{"fullInputText": said})
	if failed || len(out["intents"].([]any)) != told+2 || strings.Contains(text, "thing 50") || !strings.HasSuffix(text, "and 2 more\n") {
		t.Errorf("%d intents, and the text %s", len(out["intents"].([]any)), text)
	}
	if text, _, _ := call(t, s, toolItems, nil); !strings.HasPrefix(text, "52 items:\n[ ] thing 0 (id: 0)\n") {
		t.Errorf("they are kept in another order: %s", text)
	}
}
