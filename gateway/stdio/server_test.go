package stdio

//lint:file-ignore SA1019 what a newer version deprecates, older ones still have, and it has to pass

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// What this test binary is when it is started as a stdio server.
const serverKind = "STDIO_TEST_SERVER"

var servers = map[string]func(){
	"sdk":       func() { sdkServer(nil) },
	"sdk-old":   func() { sdkServer([]string{"2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"}) },
	"mirror":    mirrorServer,
	"silent":    silentServer,
	"mute":      func() { io.Copy(io.Discard, os.Stdin) },
	"stubborn":  stubbornServer,
	"offspring": offspringServer,
	"chatty":    chattyServer,
	"crash":     func() { os.Exit(3) },
}

type tool = func(context.Context, *mcp.CallToolRequest, map[string]any) (*mcp.CallToolResult, any, error)

// sdkServer uses all there is between a server and its client.
func sdkServer(versions []string) {
	s := mcp.NewServer(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ServerOptions{
		SupportedProtocolVersions: versions,
		SubscribeHandler:          func(context.Context, *mcp.SubscribeRequest) error { return nil },
		UnsubscribeHandler:        func(context.Context, *mcp.UnsubscribeRequest) error { return nil },
		RootsListChangedHandler:   func(context.Context, *mcp.RootsListChangedRequest) {},
	})
	s.AddResource(&mcp.Resource{URI: "test://r", Name: "r"},
		func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
			return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: "test://r", Text: "r"}}}, nil
		})
	for name, h := range map[string]tool{
		"pid": func(context.Context, *mcp.CallToolRequest, map[string]any) (*mcp.CallToolResult, any, error) {
			return text(fmt.Sprint(os.Getpid())), nil, nil
		},
		"env": func(context.Context, *mcp.CallToolRequest, map[string]any) (*mcp.CallToolResult, any, error) {
			return text(strings.Join(os.Environ(), "\n")), nil, nil
		},
		"die": func(context.Context, *mcp.CallToolRequest, map[string]any) (*mcp.CallToolResult, any, error) {
			os.Exit(4)
			return nil, nil, nil
		},
		"say":    say,
		"count":  count,
		"wait":   wait,
		"elicit": elicit,
		"sample": sample,
		"roots":  roots,
		"update": func(ctx context.Context, _ *mcp.CallToolRequest, _ map[string]any) (*mcp.CallToolResult, any, error) {
			return text("ok"), nil, s.ResourceUpdated(ctx, &mcp.ResourceUpdatedNotificationParams{URI: "test://r"})
		},
		"grow": func(context.Context, *mcp.CallToolRequest, map[string]any) (*mcp.CallToolResult, any, error) {
			mcp.AddTool(s, &mcp.Tool{Name: "grown"}, say)
			return text("ok"), nil, nil
		},
	} {
		mcp.AddTool(s, &mcp.Tool{Name: name}, h)
	}
	if err := s.Run(context.Background(), &mcp.StdioTransport{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func text(s string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: s}}}
}

func say(ctx context.Context, req *mcp.CallToolRequest, in map[string]any) (*mcp.CallToolResult, any, error) {
	if in["log"] != nil {
		if err := req.Session.Log(ctx, &mcp.LoggingMessageParams{Level: "warning", Data: in["log"]}); err != nil {
			return nil, nil, err
		}
	}
	return text(fmt.Sprint(in["text"])), nil, nil
}

// count reports three steps of progress.
func count(ctx context.Context, req *mcp.CallToolRequest, _ map[string]any) (*mcp.CallToolResult, any, error) {
	for n := 1.0; n <= 3; n++ {
		if err := req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
			ProgressToken: req.Params.GetProgressToken(), Progress: n, Total: 3,
		}); err != nil {
			return nil, nil, err
		}
	}
	return text("counted"), nil, nil
}

// wait makes one step of progress and then waits to be cancelled, which it
// notes on its standard error.
func wait(ctx context.Context, req *mcp.CallToolRequest, _ map[string]any) (*mcp.CallToolResult, any, error) {
	if token := req.Params.GetProgressToken(); token != nil {
		if err := req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{ProgressToken: token, Progress: 1}); err != nil {
			return nil, nil, err
		}
	}
	select {
	case <-ctx.Done():
		fmt.Fprintln(os.Stderr, "the call was cancelled")
		return nil, nil, ctx.Err()
	case <-time.After(time.Minute):
		return text("waited for nothing"), nil, nil
	}
}

func elicit(_ context.Context, req *mcp.CallToolRequest, _ map[string]any) (*mcp.CallToolResult, any, error) {
	if answer, ok := req.Params.InputResponses["q"].(*mcp.ElicitResult); ok {
		return text(fmt.Sprint(answer.Action, " ", answer.Content["colour"])), nil, nil
	}
	return &mcp.CallToolResult{InputRequests: mcp.InputRequestMap{"q": &mcp.ElicitParams{
		Message: "which colour?",
		RequestedSchema: json.RawMessage(
			`{"type":"object","properties":{"colour":{"type":"string"}},"required":["colour"]}`),
	}}}, nil, nil
}

// sample asks even when its own call was cancelled, as servers do.
func sample(ctx context.Context, req *mcp.CallToolRequest, _ map[string]any) (*mcp.CallToolResult, any, error) {
	res, err := req.Session.CreateMessage(context.WithoutCancel(ctx), &mcp.CreateMessageParams{
		MaxTokens: 5, Messages: []*mcp.SamplingMessage{{Role: "user", Content: &mcp.TextContent{Text: "hi"}}},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "sampling failed:", err)
		return nil, nil, err
	}
	return &mcp.CallToolResult{Content: []mcp.Content{res.Content}}, nil, nil
}

func roots(ctx context.Context, req *mcp.CallToolRequest, _ map[string]any) (*mcp.CallToolResult, any, error) {
	res, err := req.Session.ListRoots(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	return text(res.Roots[0].URI), nil, nil
}

// eachLine reads messages from standard input until it is closed.
func eachLine(do func(raw string, m map[string]json.RawMessage)) {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSuffix(line, "\n")
		var m map[string]json.RawMessage
		if json.Unmarshal([]byte(line), &m) != nil {
			fmt.Fprintln(os.Stderr, "not a message:", line)
			os.Exit(5)
		}
		do(line, m)
	}
}

func initialized(id json.RawMessage) {
	fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"t","version":"1"}}}`+"\n", id)
}

// mirrorServer answers every request with the very line it read, and is of both
// generations.
func mirrorServer() {
	eachLine(func(raw string, m map[string]json.RawMessage) {
		switch {
		case m["id"] == nil:
		case string(m["method"]) == `"initialize"`:
			initialized(m["id"])
		case string(m["method"]) == `"server/discover"`:
			fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{"supportedVersions":["2026-07-28"]}}`+"\n", m["id"])
		default:
			fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{"read":%s,"big":12345678901234567890.0123456789,"_meta":{"x/y":1}},"extra":true}`+"\n", m["id"], raw)
		}
	})
}

// silentServer is like older servers in Python: it says nothing to what comes
// before initialize, except for a ping.
func silentServer() {
	eachLine(func(_ string, m map[string]json.RawMessage) {
		switch string(m["method"]) {
		case `"initialize"`:
			initialized(m["id"])
		case `"ping"`:
			fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":{}}`+"\n", m["id"])
		}
	})
}

// parentAddr is where a server of these tests holds a connection for as long as
// it lives.
const parentAddr = "STDIO_TEST_PARENT"

func dialParent() net.Conn {
	conn, err := net.Dial("tcp", os.Getenv(parentAddr))
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(conn, os.Getpid())
	return conn
}

// offspringServer is what the stubborn one starts.
func offspringServer() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	io.Copy(io.Discard, dialParent()) // as long as the test lives
}

// stubbornServer ends neither with its input nor when it is asked to, and has a
// child that does not either.
func stubbornServer() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
	parent := dialParent()
	grandchild := exec.Command(os.Args[0])
	grandchild.Env = append(slices.Clone(os.Environ()), serverKind+"=offspring")
	grandchild.Stdout, grandchild.Stderr = os.Stdout, os.Stderr
	if err := grandchild.Start(); err != nil {
		panic(err)
	}
	eachLine(func(_ string, m map[string]json.RawMessage) {
		if string(m["method"]) == `"initialize"` {
			initialized(m["id"])
		}
	})
	io.Copy(io.Discard, parent)
}

// chattyServer mixes messages with what is none.
func chattyServer() {
	fmt.Println("Welcome to the chatty server!")
	fmt.Fprintln(os.Stderr, strings.Repeat("x", 10_000))
	eachLine(func(_ string, m map[string]json.RawMessage) {
		switch {
		case string(m["method"]) == `"initialize"`:
			fmt.Println("{}")
			initialized(m["id"])
		case string(m["method"]) == `"tools/call"`:
			fmt.Println(strings.Repeat(" ", 20) + "{broken")
			fmt.Printf(`{"jsonrpc":"2.0","id":"nobody asked","result":{}}`+"\n"+
				`[{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}},`+
				`{"jsonrpc":"2.0","id":%s,"result":{"content":[]}}]`+"\n", m["id"])
		case string(m["method"]) == `"huge"`:
			fmt.Printf(`{"jsonrpc":"2.0","id":%s,"result":"%s"}`+"\n", m["id"], strings.Repeat("y", 1<<20))
		}
	})
}
