package stdio

//lint:file-ignore SA1019 what a newer version deprecates, older ones still have, and it has to pass

import (
	"bufio"
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

func TestEveryFeatureWorksWithoutASession(t *testing.T) {
	d := bridgeTo(t, "sdk")
	l, options := newListener()
	cs := d.connect(t, "ada", "", options)
	if got := cs.InitializeResult().ProtocolVersion; got != "2026-07-28" {
		t.Fatalf("speaks %s", got)
	}
	callsWork(t, cs, l)
	if got := callTool(t, cs, "elicit", nil); got != "accept blue" {
		t.Errorf("elicit: %q", got)
	}
	callTool(t, cs, "grow", nil)
	next(t, l.lists) // by subscriptions/listen
	_, err := cs.CallTool(t.Context(), &mcp.CallToolParams{
		Meta: mcp.Meta{mcp.MetaKeyLogLevel: "info"}, Name: "say", Arguments: map[string]any{"log": "careful"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := next(t, l.logs); got != "careful" {
		t.Errorf("log: %q", got)
	}
}

func TestAPersonHasOneChildHoweverManyClients(t *testing.T) {
	d := bridgeTo(t, "sdk")
	first, second := d.connect(t, "ada", "", nil), d.connect(t, "ada", "", nil)
	eve := d.connect(t, "eve", "", nil)
	a, b, e := callTool(t, first, "pid", nil), callTool(t, second, "pid", nil), callTool(t, eve, "pid", nil)
	if a != b || a == e {
		t.Errorf("ada has %s and %s, eve %s", a, b, e)
	}
}

func TestNobodyInParticularSharesNoChild(t *testing.T) {
	d := bridgeTo(t, "sdk")
	cs := d.connect(t, "", "", nil)
	a, b := callTool(t, cs, "pid", nil), callTool(t, cs, "pid", nil)
	if a == b {
		t.Errorf("two requests reached child %s", a)
	}
}

func TestClientsOfOnePersonMayUseTheSameIDs(t *testing.T) {
	d := bridgeTo(t, "sdk")
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			x := modernCall("1", "tools/call", fmt.Sprintf(
				`"_meta":{"progressToken":"same"},"name":"count","arguments":{"i":%d}`, i))
			x.header["Mcp-Name"] = "count"
			status, body, _ := d.do(t, x)
			if status != http.StatusOK || strings.Count(body, `"progressToken":"same"`) != 3 || !strings.Contains(body, `"id":1,`) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
	wg.Wait()
}

func TestWhatPassesWithoutASessionStaysAsItIs(t *testing.T) {
	d := bridgeTo(t, "mirror")
	for _, id := range []string{`1`, `"a\"b"`, `9007199254740993`} {
		const rest = `,"n":12345678901234567890123,"s":"<&>\u2028é"`
		status, body, header := d.do(t, modernCall(id, "made/up", `"_meta":{"progressToken":7,"a/b":[1.0]}`+rest))
		if status != http.StatusOK || header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d %s", status, body)
		}
		var got struct {
			ID     json.RawMessage
			Extra  bool
			Result struct {
				Big  json.RawMessage
				Read struct {
					Method string
					Params map[string]json.RawMessage
				}
			}
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		read := got.Result.Read
		for what, pair := range map[string][2]string{
			"id":     {string(got.ID), id},
			"big":    {string(got.Result.Big), "12345678901234567890.0123456789"},
			"n":      {string(read.Params["n"]), "12345678901234567890123"},
			"s":      {string(read.Params["s"]), `"<&>\u2028é"`},
			"method": {read.Method, "made/up"},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s is %s, want %s", what, pair[0], pair[1])
			}
		}
		if !got.Extra || !strings.Contains(string(read.Params["_meta"]), `"a/b":[1.0]`) {
			t.Errorf("something is lost: %s", body)
		}
	}
}

func TestAnOlderServerSendsModernClientsBack(t *testing.T) {
	for kind, versions := range map[string]string{
		"silent":  `["2025-11-25","2025-06-18","2025-03-26"]`,
		"sdk-old": `["2025-11-25","2025-06-18","2025-03-26","2024-11-05"]`,
	} {
		t.Run(kind, func(t *testing.T) {
			d := bridgeTo(t, kind, func(b *Bridge) { b.limits.patience = 50 * time.Millisecond })
			for range 2 { // found out, and remembered
				status, body, _ := d.do(t, modernCall("4", "server/discover", ""))
				want := `{"jsonrpc":"2.0","id":4,"error":{"code":-32022,"message":"this MCP server speaks older versions only, beginning with initialize",` +
					`"data":{"requested":"2026-07-28","supported":` + versions + `}}}`
				if status != http.StatusBadRequest || body != want {
					t.Errorf("%d\n%s, want\n%s", status, body, want)
				}
			}
			d.log.waitFor(t, "stdio server ended")
			if n := strings.Count(d.log.waitFor(t, ""), "stdio server started"); n != 1 {
				t.Errorf("%d children were started to find out", n)
			}
			cs := d.connect(t, "ada", "", nil)
			if got := cs.InitializeResult().ProtocolVersion; got != "2025-11-25" {
				t.Errorf("fell back to %s", got)
			}
		})
	}
}

func TestHeadersHaveToAgreeWithTheBody(t *testing.T) {
	d := bridgeTo(t, "sdk")
	good := func() exchange {
		x := modernCall("1", "tools/call", `,"name":"say","arguments":{"text":"hé"}`)
		x.header["Mcp-Name"] = "=?base64?c2F5?="
		return x
	}
	if status, body, _ := d.do(t, good()); status != http.StatusOK || !strings.Contains(body, "hé") {
		t.Fatalf("%d %s", status, body)
	}
	for name, c := range map[string]struct {
		header, value string
		code          string
	}{
		"another version":    {headerVersion, "2026-07-29", "-32020"},
		"an older version":   {headerVersion, "2025-11-25", "-32020"},
		"no version":         {headerVersion, "", "-32020"},
		"another method":     {"Mcp-Method", "tools/list", "-32020"},
		"no method":          {"Mcp-Method", "", "-32020"},
		"another tool":       {"Mcp-Name", "pid", "-32020"},
		"a name not decoded": {"Mcp-Name", "=?base64?*?=", "-32020"},
	} {
		t.Run(name, func(t *testing.T) {
			x := good()
			x.header[c.header] = c.value
			if status, body, _ := d.do(t, x); status != http.StatusBadRequest || !strings.Contains(body, c.code) {
				t.Errorf("%d %s", status, body)
			}
		})
	}
}

func TestTheStatusFollowsFromTheAnswer(t *testing.T) {
	d := bridgeTo(t, "sdk")
	for _, c := range []struct {
		x      exchange
		status int
		code   string
	}{
		{modernCall("1", "no/such/method", ""), http.StatusNotFound, "-32601"},
		{modernCall("1", "initialize", ""), http.StatusNotFound, "-32601"},
		{modernCall("1", "resources/templates/list", ""), http.StatusOK, `"result"`},
		{exchange{body: `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}`,
			header: map[string]string{headerVersion: "2026-07-28", "Mcp-Method": "tools/list"}}, http.StatusBadRequest, "-32602"},
		{exchange{body: `[]`, header: map[string]string{headerVersion: "2026-07-28"}}, http.StatusBadRequest, "-32700"},
		{exchange{body: `{"jsonrpc":"2.0","id":1,"result":{}}`, header: map[string]string{headerVersion: "2026-07-28"}}, http.StatusBadRequest, "-32600"},
		{exchange{body: `{"jsonrpc":"2.0","method":"n/x"}`, header: map[string]string{headerVersion: "2026-07-28"}}, http.StatusAccepted, ""},
		{exchange{method: "GET", header: map[string]string{headerVersion: "2026-07-28"}}, http.StatusMethodNotAllowed, ""},
		{exchange{method: "DELETE", header: map[string]string{headerVersion: "2026-07-28"}}, http.StatusMethodNotAllowed, ""},
	} {
		if status, body, _ := d.do(t, c.x); status != c.status || !strings.Contains(body, c.code) {
			t.Errorf("%s %s: %d %s, want %d %s", c.x.method, c.x.body, status, body, c.status, c.code)
		}
	}
}

func TestGoingAwayCancelsAtOnceWithoutASession(t *testing.T) {
	d := bridgeTo(t, "sdk")
	ctx, leave := context.WithCancel(t.Context())
	x := modernCall("1", "tools/call", `"_meta":{"progressToken":"p"},"name":"wait","arguments":{}`)
	x.header["Mcp-Name"] = "wait"
	res := d.start(t, ctx, x)
	readEvents(t, bufio.NewReader(res.Body), "notifications/progress")
	leave()
	res.Body.Close()
	d.log.waitFor(t, "the call was cancelled")
}

func TestACallOfAChildThatDiesIsAnsweredAndTheNextOneStartsAnother(t *testing.T) {
	d := bridgeTo(t, "sdk")
	cs := d.connect(t, "ada", "", nil)
	before := callTool(t, cs, "pid", nil)
	_, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: "die", Arguments: map[string]any{}})
	if err == nil || !strings.Contains(err.Error(), "ended before it answered") {
		t.Errorf("the call says %v", err)
	}
	if after := callTool(t, cs, "pid", nil); after == before {
		t.Error("the dead child answers")
	}
}

func TestAServerThatCannotRunIsABadGateway(t *testing.T) {
	for kind, want := range map[string]int{"crash": http.StatusBadGateway, "mute": http.StatusGatewayTimeout, "absent": http.StatusBadGateway} {
		t.Run(kind, func(t *testing.T) {
			d := bridgeTo(t, kind, func(b *Bridge) {
				b.limits.start = 300 * time.Millisecond
				if kind == "absent" {
					b.o.Command = []string{"/no/such/program", "secret-argument"}
				}
				if kind == "crash" {
					b.limits.start = 20 * time.Second
				}
			})
			for _, x := range []exchange{{body: hello}, modernCall("1", "tools/list", "")} {
				status, body, header := d.do(t, x)
				if status != want || !json.Valid([]byte(body)) || strings.Contains(body, "secret") || header.Get(headerSession) != "" {
					t.Errorf("%d %s", status, body)
				}
			}
		})
	}
}

func TestAClientThatCancelsHearsNoMore(t *testing.T) {
	d := bridgeTo(t, "sdk")
	l, options := newListener()
	cs := d.connect(t, "ada", "", options)
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
}
