package stdio

//lint:file-ignore SA1019 what a newer version deprecates, older ones still have, and it has to pass

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

var legacy = []string{"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}

// listener is a client that takes everything a server can send.
type listener struct {
	progress, logs, updates, lists chan string
}

func newListener() (*listener, *mcp.ClientOptions) {
	l := &listener{make(chan string, 100), make(chan string, 100), make(chan string, 100), make(chan string, 100)}
	return l, &mcp.ClientOptions{
		ProgressNotificationHandler: func(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
			l.progress <- fmt.Sprint(r.Params.ProgressToken, " ", r.Params.Progress)
		},
		LoggingMessageHandler: func(_ context.Context, r *mcp.LoggingMessageRequest) { l.logs <- fmt.Sprint(r.Params.Data) },
		ResourceUpdatedHandler: func(_ context.Context, r *mcp.ResourceUpdatedNotificationRequest) {
			l.updates <- r.Params.URI
		},
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) { l.lists <- "tools" },
		ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"colour": "blue"}}, nil
		},
		CreateMessageHandler: func(context.Context, *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
			return &mcp.CreateMessageResult{Model: "m", Role: "assistant", Content: &mcp.TextContent{Text: "sampled"}}, nil
		},
	}
}

func next(t *testing.T, from chan string) string {
	t.Helper()
	select {
	case s := <-from:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		return ""
	}
}

func TestEveryFeatureWorksInASession(t *testing.T) {
	for _, version := range legacy {
		t.Run(version, func(t *testing.T) {
			d := bridgeTo(t, "sdk")
			l, options := newListener()
			client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, options)
			client.AddRoots(&mcp.Root{URI: "file:///here"})
			cs, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{
				Endpoint: d.url, HTTPClient: &http.Client{Transport: person("ada")},
			}, &mcp.ClientSessionOptions{ProtocolVersion: version})
			if err != nil {
				t.Fatal(err)
			}
			defer cs.Close()
			if got := cs.InitializeResult().ProtocolVersion; got != version {
				t.Fatalf("speaks %s", got)
			}
			callsWork(t, cs, l)
			questionsWork(t, cs, version)
			noticesWork(t, cs, l)
		})
	}
}

// callsWork tries answers, errors and progress.
func callsWork(t *testing.T, cs *mcp.ClientSession, l *listener) {
	t.Helper()
	if got := callTool(t, cs, "say", map[string]any{"text": "hi"}); got != "hi" {
		t.Errorf("say: %q", got)
	}
	if _, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: "no such tool"}); err == nil {
		t.Error("called a tool that is not there")
	}
	params := &mcp.CallToolParams{Name: "count", Arguments: map[string]any{}}
	params.SetProgressToken("tok")
	if _, err := cs.CallTool(t.Context(), params); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 3; n++ {
		if got := next(t, l.progress); got != fmt.Sprint("tok ", n) {
			t.Errorf("progress %q", got)
		}
	}
}

// questionsWork tries what the server asks its client.
func questionsWork(t *testing.T, cs *mcp.ClientSession, version string) {
	t.Helper()
	answers := map[string]string{"sample": "sampled", "roots": "file:///here", "elicit": "accept blue"}
	if version < "2025-06-18" {
		delete(answers, "elicit")
	}
	for tool, want := range answers {
		if got := callTool(t, cs, tool, nil); got != want {
			t.Errorf("%s: %q", tool, got)
		}
	}
}

// noticesWork tries what the server tells its client.
func noticesWork(t *testing.T, cs *mcp.ClientSession, l *listener) {
	t.Helper()
	if err := cs.SetLoggingLevel(t.Context(), &mcp.SetLoggingLevelParams{Level: "info"}); err != nil {
		t.Fatal(err)
	}
	callTool(t, cs, "say", map[string]any{"text": "hi", "log": "careful"})
	if got := next(t, l.logs); got != "careful" {
		t.Errorf("log: %q", got)
	}
	if err := cs.Subscribe(t.Context(), &mcp.SubscribeParams{URI: "test://r"}); err != nil {
		t.Fatal(err)
	}
	callTool(t, cs, "update", nil)
	if got := next(t, l.updates); got != "test://r" {
		t.Errorf("update: %q", got)
	}
	callTool(t, cs, "grow", nil)
	next(t, l.lists)
}

func TestWhatPassesStaysAsItIs(t *testing.T) {
	d := bridgeTo(t, "mirror")
	header := d.session(t)
	const params = `{"n":12345678901234567890123,"f":1.10,"e":1e400,"dup":1,"dup":2,"s":"<&>\u2028é","nested":{"_meta":{"a/b":[]}},"_meta":{"progressToken":9007199254740993,"x":null}}`
	for _, id := range []string{`1`, `"a\"b"`, `9007199254740993`, `-5`} {
		sent := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"method":"made/up","params":%s,"unknown":[1.0]}`, id, params)
		header["Accept"] = "application/json"
		spaced := strings.ReplaceAll(sent, `,"method"`, ",\r\n\t\"method\"")
		status, body, _ := d.do(t, exchange{body: spaced, header: header})
		want := fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":{"read":%s,"big":12345678901234567890.0123456789,"_meta":{"x/y":1}},"extra":true}`, id, sent)
		if status != http.StatusOK || body != want {
			t.Errorf("id %s: %d\n%s, want\n%s", id, status, body, want)
		}
	}
}

func TestABatchOfAnOlderVersionIsAnsweredAsOne(t *testing.T) {
	d := bridgeTo(t, "mirror")
	header := d.session(t)
	batch := `[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":"1","method":"b"}]`
	header["Accept"] = "application/json"
	status, body, _ := d.do(t, exchange{body: batch, header: header})
	var answers []map[string]any
	if err := json.Unmarshal([]byte(body), &answers); err != nil || status != http.StatusOK || len(answers) != 2 {
		t.Errorf("%d %s", status, body)
	}
	header["Accept"] = "text/event-stream"
	if _, body, _ = d.do(t, exchange{body: batch, header: header}); strings.Count(body, `"result"`) != 2 {
		t.Errorf("as a stream: %s", body)
	}
}

func TestASessionHasOneChildAndOneOwner(t *testing.T) {
	d := bridgeTo(t, "sdk")
	first, second := d.connect(t, "ada", "2025-11-25", nil), d.connect(t, "ada", "2025-11-25", nil)
	a, b := callTool(t, first, "pid", nil), callTool(t, second, "pid", nil)
	if a == b || a != callTool(t, first, "pid", nil) {
		t.Errorf("children %s, %s", a, b)
	}
	status, body, _ := d.do(t, exchange{
		body:   `{"jsonrpc":"2.0","id":1,"method":"ping"}`,
		header: map[string]string{"X-Person": "eve", headerSession: first.ID()},
	})
	if status != http.StatusNotFound || !strings.Contains(body, "-32001") {
		t.Errorf("eve in ada's session: %d %s", status, body)
	}
}

func TestDeleteEndsTheChild(t *testing.T) {
	d := bridgeTo(t, "sdk")
	header := d.session(t)
	if status, _, _ := d.do(t, exchange{method: "DELETE", header: header}); status != http.StatusNoContent {
		t.Errorf("DELETE: %d", status)
	}
	if status, _, _ := d.do(t, exchange{body: `{"jsonrpc":"2.0","id":1,"method":"ping"}`, header: header}); status != http.StatusNotFound {
		t.Errorf("after DELETE: %d", status)
	}
	d.log.waitFor(t, "stdio server ended")
}

func TestAChildThatDiesSaysSoAndIsGone(t *testing.T) {
	d := bridgeTo(t, "sdk")
	cs := d.connect(t, "ada", "2025-11-25", nil)
	_, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: "die", Arguments: map[string]any{}})
	if err == nil || !strings.Contains(err.Error(), "the MCP server ended before it answered") {
		t.Errorf("the call says %v", err)
	}
	d.log.waitFor(t, "exit status 4")
	status, _, _ := d.do(t, exchange{
		body: `{"jsonrpc":"2.0","id":1,"method":"ping"}`, header: map[string]string{headerSession: cs.ID()},
	})
	if status != http.StatusNotFound {
		t.Errorf("afterwards: %d", status)
	}
}

func TestAKilledChildAnswersEveryCallInFlight(t *testing.T) {
	d := bridgeTo(t, "sdk")
	l, options := newListener()
	cs := d.connect(t, "ada", "2025-11-25", options)
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			params := &mcp.CallToolParams{Name: "wait", Arguments: map[string]any{}}
			params.SetProgressToken(fmt.Sprint(i))
			_, err := cs.CallTool(t.Context(), params)
			if err == nil || !strings.Contains(err.Error(), "ended before it answered") {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	for range 5 {
		next(t, l.progress)
	}
	d.mu.Lock()
	for s := range d.seats {
		s.child.cmd.Process.Kill()
	}
	d.mu.Unlock()
	wg.Wait()
}

func TestFiftySessionsAtOnce(t *testing.T) {
	d := bridgeTo(t, "sdk")
	var mu sync.Mutex
	pids := map[string]bool{}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			who := person(fmt.Sprint("p", i))
			cs := d.connect(t, who, "2025-11-25", nil)
			for n := range 5 {
				want := fmt.Sprint(who, n)
				if got := callTool(t, cs, "say", map[string]any{"text": want}); got != want {
					t.Errorf("%s heard %s", want, got)
				}
			}
			pid := callTool(t, cs, "pid", nil)
			mu.Lock()
			defer mu.Unlock()
			pids[pid] = true
		})
	}
	wg.Wait()
	if len(pids) != 50 {
		t.Errorf("%d children", len(pids))
	}
}

func TestACancelledCallIsCancelledInTheChild(t *testing.T) {
	d := bridgeTo(t, "sdk")
	l, options := newListener()
	cs := d.connect(t, "ada", "2025-11-25", options)
	ctx, cancel := context.WithCancel(t.Context())
	params := &mcp.CallToolParams{Name: "wait", Arguments: map[string]any{}}
	params.SetProgressToken("p")
	go func() {
		<-l.progress
		cancel()
	}()
	if _, err := cs.CallTool(ctx, params); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	d.log.waitFor(t, "the call was cancelled")
	if got := callTool(t, cs, "say", map[string]any{"text": "still here"}); got != "still here" {
		t.Error(got)
	}
}
