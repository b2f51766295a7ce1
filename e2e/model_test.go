package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// A model stands in for the language model behind a client: it wants one tool
// called, reads what the tool says, and is content. It speaks as much of each
// vendor's interface as that takes, on this computer.
type model struct {
	URL  string
	tool string // the end of the tool's name: clients put the server's before it
	args string // JSON

	mu    sync.Mutex
	said  []string // what the tool said
	heard transcript
}

func newModel(t *testing.T, tool, args string) *model {
	t.Helper()
	m := &model{tool: tool, args: args}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/messages", m.messages)
	mux.HandleFunc("POST /v1/chat/completions", m.completions)
	mux.HandleFunc("POST /v1beta/models/", m.contents)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(&m.heard, "%s %s\n", r.Method, r.URL)
		http.NotFound(w, r)
	})
	srv := httptest.NewServer(mux)
	m.URL = srv.URL
	t.Cleanup(func() {
		srv.Close()
		if t.Failed() {
			t.Logf("what the model was asked:\n%s", &m.heard)
		}
	})
	return m
}

// told is what the tool said since this was last asked.
func (m *model) told() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	said := strings.Join(m.said, "\n")
	m.said = nil
	return said
}

// next decides: it is the name of the tool to call, if it is among those that
// are offered and has not been called.
func (m *model) next(what string, offered, results []string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	fmt.Fprintf(&m.heard, "%s: offered %v, results %q\n", what, offered, results)
	if len(results) > 0 {
		m.said = append(m.said, results...)
		return ""
	}
	for _, name := range offered {
		if strings.HasSuffix(name, m.tool) {
			return name
		}
	}
	return ""
}

// messages is Anthropic's interface.
func (m *model) messages(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Model    string
		Tools    []struct{ Name string }
		Messages []struct{ Content json.RawMessage }
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var offered, results []string
	for _, t := range asked.Tools {
		offered = append(offered, t.Name)
	}
	for _, msg := range asked.Messages {
		var parts []struct {
			Type    string
			Content json.RawMessage
		}
		_ = json.Unmarshal(msg.Content, &parts) // or a string, which is no result
		for _, p := range parts {
			if p.Type == "tool_result" {
				results = append(results, string(p.Content))
			}
		}
	}
	block, delta, reason := `{"type":"text","text":""}`, `{"type":"text_delta","text":"Done."}`, "end_turn"
	if call := m.next(r.URL.Path, offered, results); call != "" {
		block = fmt.Sprintf(`{"type":"tool_use","id":"toolu_1","name":%q,"input":{}}`, call)
		delta, reason = fmt.Sprintf(`{"type":"input_json_delta","partial_json":%q}`, m.args), "tool_use"
	}
	events(w, [][2]string{
		{"message_start", fmt.Sprintf(`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":%q,`+
			`"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}`, asked.Model)},
		{"content_block_start", `{"type":"content_block_start","index":0,"content_block":` + block + `}`},
		{"content_block_delta", `{"type":"content_block_delta","index":0,"delta":` + delta + `}`},
		{"content_block_stop", `{"type":"content_block_stop","index":0}`},
		{"message_delta", fmt.Sprintf(`{"type":"message_delta","delta":{"stop_reason":%q,"stop_sequence":null},"usage":{"output_tokens":1}}`, reason)},
		{"message_stop", `{"type":"message_stop"}`},
	})
}

// completions is OpenAI's interface, which many others have, too.
func (m *model) completions(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Tools []struct {
			Function struct{ Name string }
		}
		Messages []struct {
			Role    string
			Content json.RawMessage
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var offered, results []string
	for _, t := range asked.Tools {
		offered = append(offered, t.Function.Name)
	}
	for _, msg := range asked.Messages {
		if msg.Role == "tool" {
			results = append(results, string(msg.Content))
		}
	}
	delta, reason := `{"role":"assistant","content":"Done."}`, "stop"
	if call := m.next(r.URL.Path, offered, results); call != "" {
		delta = fmt.Sprintf(`{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function",`+
			`"function":{"name":%q,"arguments":%q}}]}`, call, m.args)
		reason = "tool_calls"
	}
	const chunk = `{"id":"chat_1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}`
	events(w, [][2]string{
		{"", fmt.Sprintf(chunk, delta, "null")},
		{"", fmt.Sprintf(chunk, "{}", `"`+reason+`"`)},
		{"", "[DONE]"},
	})
}

// contents is Google's interface.
func (m *model) contents(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Tools []struct {
			FunctionDeclarations []struct{ Name string }
		}
		Contents []struct {
			Parts []struct {
				FunctionResponse *struct{ Response json.RawMessage }
			}
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var offered, results []string
	for _, t := range asked.Tools {
		for _, f := range t.FunctionDeclarations {
			offered = append(offered, f.Name)
		}
	}
	for _, c := range asked.Contents {
		for _, p := range c.Parts {
			if p.FunctionResponse != nil {
				results = append(results, string(p.FunctionResponse.Response))
			}
		}
	}
	part := `{"text":"Done."}`
	if call := m.next(r.URL.Path, offered, results); call != "" {
		part = fmt.Sprintf(`{"functionCall":{"name":%q,"args":%s}}`, call, m.args)
	}
	answer := `{"candidates":[{"index":0,"content":{"role":"model","parts":[` + part + `]},"finishReason":"STOP"}],` +
		`"usageMetadata":{"promptTokenCount":1,"candidatesTokenCount":1,"totalTokenCount":2}}`
	if strings.HasSuffix(r.URL.Path, ":streamGenerateContent") {
		events(w, [][2]string{{"", answer}})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, answer)
}

// events are server-sent: name and data. A name may be empty.
func events(w http.ResponseWriter, all [][2]string) {
	w.Header().Set("Content-Type", "text/event-stream")
	for _, e := range all {
		if e[0] != "" {
			fmt.Fprintf(w, "event: %s\n", e[0])
		}
		fmt.Fprintf(w, "data: %s\n\n", e[1])
	}
}
