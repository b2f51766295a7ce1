package stdio

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The reference server, which uses all that the protocol has, says the same
// through the bridge as it does without.
func TestTheReferenceServerIsTheSameThroughTheBridge(t *testing.T) {
	modules := os.Getenv("SALLYPORT_TEST_NODE_MODULES")
	if modules == "" {
		t.Skip("SALLYPORT_TEST_NODE_MODULES does not name a node_modules directory with @modelcontextprotocol/server-everything")
	}
	script := filepath.Join(modules, "@modelcontextprotocol", "server-everything", "dist", "index.js")
	if _, err := os.Stat(script); err != nil {
		t.Skipf("there is no reference server: %v", err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skipf("there is no node: %v", err)
	}
	command := []string{node, script, "stdio"}
	direct := talk(t, overPipes(t, command))
	d := bridgeTo(t, "", func(b *Bridge) { b.o.Command, b.o.Env = command, nil })
	bridged := talk(t, overHTTP(t, d))
	compare(t, "answer", direct.answers, bridged.answers)
	compare(t, "question", direct.questions, bridged.questions)
	compare(t, "kind of notification", direct.notices, bridged.notices)
	t.Logf("%d answers, %d questions, kinds of notification: %v", len(direct.answers), len(direct.questions), slices.Sorted(maps.Keys(direct.notices)))
}

func compare(t *testing.T, what string, direct, bridged map[string]string) {
	t.Helper()
	for name, want := range direct {
		if got := bridged[name]; got != want {
			t.Errorf("%s %s through the bridge:\n%.600s\nwithout:\n%.600s", what, name, got, want)
		}
	}
	for name := range bridged {
		if _, ok := direct[name]; !ok {
			t.Errorf("only through the bridge: %s %s", what, name)
		}
	}
}

// A wire carries messages to a server and back.
type wire struct {
	send func(string)
	got  chan string
}

func overPipes(t *testing.T, command []string) wire {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = environment(nil)
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := wire{got: make(chan string, 1000)}
	var reads sync.WaitGroup
	reads.Go(func() {
		for r := bufio.NewReaderSize(out, 1<<20); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			w.got <- line
		}
	})
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		reads.Wait()
		cmd.Wait()
	})
	w.send = func(m string) { io.WriteString(in, m+"\n") }
	return w
}

func overHTTP(t *testing.T, d *door) wire {
	w := wire{got: make(chan string, 1000)}
	header := map[string]string{}
	var reads sync.WaitGroup
	read := func(res *http.Response) {
		defer res.Body.Close()
		body := bufio.NewReaderSize(res.Body, 1<<20)
		if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
			all, _ := io.ReadAll(body)
			w.got <- string(all)
			return
		}
		for {
			line, err := body.ReadString('\n')
			if err != nil {
				return
			}
			if data, ok := strings.CutPrefix(line, "data: "); ok && strings.TrimSpace(data) != "" {
				w.got <- data
			}
		}
	}
	w.send = func(m string) {
		res := d.start(t, t.Context(), exchange{body: m, header: header})
		if id := res.Header.Get(headerSession); id != "" {
			header[headerSession] = id
		}
		if res.StatusCode >= 400 {
			t.Errorf("%.200s: %s", m, res.Status)
		}
		reads.Go(func() { read(res) })
		if strings.Contains(m, "notifications/initialized") {
			own := d.start(t, t.Context(), exchange{method: "GET", header: header})
			reads.Go(func() { read(own) })
		}
	}
	t.Cleanup(func() {
		d.Close()
		reads.Wait()
	})
	return w
}

// What a conversation brought, with what is different every time made the same.
type transcript struct {
	answers, questions, notices map[string]string
}

// The last is base64 of a sentence with the time in it.
var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\d{4}-\d\d-\d\dT[\d:.]+Z|\d{1,2}:\d\d:\d\d [AP]M|[0-9a-f]{32}|"UmVzb3VyY2Ug[^"]*`)

func talk(t *testing.T, w wire) transcript {
	said := transcript{map[string]string{}, map[string]string{}, map[string]string{}}
	next := 0
	ask := func(method, params string) json.RawMessage {
		next++
		w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":%q,"params":%s}`, next, method, params))
		return said.until(t, w, next, fmt.Sprintf("%02d %s %s", next, method, params))
	}
	ask("initialize", `{"protocolVersion":"2025-11-25","clientInfo":{"name":"t","version":"1"},"capabilities":{"roots":{"listChanged":true},`+
		`"sampling":{},"elicitation":{"form":{},"url":{}},"tasks":{"list":{},"cancel":{},"requests":{"sampling":{"createMessage":{}},"elicitation":{"create":{}}}}}}`)
	w.send(`{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	ask("logging/setLevel", `{"level":"debug"}`)
	ask("resources/subscribe", `{"uri":"demo://resource/dynamic/text/1"}`)
	for _, list := range []string{"tools", "prompts", "resources"} {
		ask(list+"/list", `{}`)
	}
	ask("resources/templates/list", `{}`)
	ask("resources/read", `{"uri":"demo://resource/dynamic/text/1"}`)
	ask("resources/read", `{"uri":"demo://resource/dynamic/blob/2"}`)
	ask("resources/read", `{"uri":"demo://nope"}`)
	for _, p := range []string{
		`"simple-prompt"`, `"args-prompt","arguments":{"city":"Ulm","state":"BW"}`,
		`"completable-prompt","arguments":{"department":"Sales","name":"David"}`,
		`"resource-prompt","arguments":{"resourceType":"Text","resourceId":"1"}`, `"nope"`,
	} {
		ask("prompts/get", `{"name":`+p+`}`)
	}
	ask("completion/complete", `{"ref":{"type":"ref/prompt","name":"completable-prompt"},"argument":{"name":"department","value":"S"}}`)
	for _, call := range []string{
		`"echo","arguments":{"message":"h\u00e9 \u2028 <&>"}`, `"echo","arguments":{}`, `"nope","arguments":{}`,
		`"get-sum","arguments":{"a":1.5,"b":9007199254740991}`, `"get-env","arguments":{}`, `"get-tiny-image","arguments":{}`,
		`"get-annotated-message","arguments":{"messageType":"error","includeImage":true}`,
		`"get-resource-links","arguments":{"count":3}`, `"get-resource-reference","arguments":{"resourceType":"Text","resourceId":1}`,
		`"get-structured-content","arguments":{"location":"Chicago"}`,
		`"gzip-file-as-resource","arguments":{"name":"a.gz","data":"data:text/plain,hello","outputType":"resource"}`,
		`"trigger-long-running-operation","arguments":{"duration":0.2,"steps":4},"_meta":{"progressToken":"p/1"}`,
		`"trigger-sampling-request","arguments":{"prompt":"hi","maxTokens":5}`,
		`"trigger-elicitation-request","arguments":{}`,
		`"trigger-url-elicitation","arguments":{"url":"https://example.com/x","elicitationId":"e1"}`,
		`"trigger-url-elicitation","arguments":{"url":"https://example.com/y","elicitationId":"e2","errorPath":true}`,
		`"trigger-sampling-request-async","arguments":{"prompt":"hi"}`, `"trigger-elicitation-request-async","arguments":{}`,
		`"get-roots-list","arguments":{}`, `"toggle-simulated-logging","arguments":{}`, `"toggle-subscriber-updates","arguments":{}`,
	} {
		ask("tools/call", `{"name":`+call+`}`)
	}
	said.research(t, ask)
	ask("made/up", `{"x":[1]}`)
	w.send(`{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}`)
	w.send(`{"jsonrpc":"2.0","id":"slow","method":"tools/call","params":{"name":"trigger-long-running-operation","arguments":{"duration":60,"steps":2}}}`)
	w.send(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"slow","reason":"enough"}}`)
	ask("ping", `{}`)
	return said
}

// research runs the tool that is a task, with a question in the middle.
func (s transcript) research(t *testing.T, ask func(method, params string) json.RawMessage) {
	made := ask("tools/call", `{"name":"simulate-research-query","arguments":{"topic":"python","ambiguous":true},"task":{"ttl":60000}}`)
	task, _ := field(made, "task")
	id, _ := field(task, "taskId")
	if textOf(id) == "" {
		t.Fatalf("there is no task: %s", made)
	}
	ask("tasks/result", fmt.Sprintf(`{"taskId":%s}`, id))
	ask("tasks/get", fmt.Sprintf(`{"taskId":%s}`, id))
}

// until answers what the server asks until it has answered a call itself.
func (s transcript) until(t *testing.T, w wire, id int, name string) json.RawMessage {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		var line string
		select {
		case line = <-w.got:
		case <-late:
			t.Fatalf("no answer to %s", name)
		}
		m, err := parseOne([]byte(line))
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch m.kind() {
		case request:
			s.questions[plain(m.method, m.params)] = "asked"
			w.send(fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"result":%s}`, m.id, answerTo(m)))
		case notification:
			s.notices[m.method] = "sent"
			if m.method == "notifications/progress" {
				s.notices[plain(m.method, m.params)] = "sent"
			}
		case response:
			if m.key == fmt.Sprint("n", id) {
				s.answers[plain(name)] = plain("", m.result, m.failed)
				return m.result
			}
		}
	}
}

func plain(name string, parts ...json.RawMessage) string {
	for _, part := range parts {
		name += " " + string(part)
	}
	return changing.ReplaceAllString(name, "*")
}

func answerTo(m message) string {
	switch m.method {
	case "roots/list":
		return `{"roots":[{"uri":"file:///here","name":"here"}]}`
	case "sampling/createMessage":
		return `{"model":"m","role":"assistant","content":{"type":"text","text":"sampled"}}`
	case "elicitation/create":
		return `{"action":"accept","content":{"name":"Ada","interpretation":"technical"}}`
	}
	return `{}`
}
