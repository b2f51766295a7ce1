package resource

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestABodyIsReadInOneWayOrNotAtAll(t *testing.T) {
	deep := func(n int) string {
		return `{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}}`
	}
	const rest = `"jsonrpc":"2.0","id":1`
	for _, c := range []struct {
		name, body string
		method     string // that is read; empty: refused
		tool       string
	}{
		{"a call", `{` + rest + `,"method":"tools/call","params":{"name":"a"}}`, "tools/call", "a"},
		{"white space", " \t\r\n{ \"method\" : \"tools/call\" , \"params\" : { \"name\" : \"a\" } , " + rest + " } \n", "tools/call", "a"},
		{"escapes", `{` + rest + `,"m\u0065thod":"tools\/call","p\u0061rams":{"n\u0061me":"\u0061\ud83d\ude00"}}`, "tools/call", "a😀"},
		{"params before method", `{"params":{"arguments":{"name":"b"},"name":"a"},"method":"tools/call",` + rest + `}`, "tools/call", "a"},
		{"names in arguments are not the name", `{` + rest + `,"method":"tools/call","params":{"arguments":{"name":"b","Name":"c","method":"d"},"name":"a"}}`, "tools/call", "a"},
		{"a prompt", `{` + rest + `,"method":"prompts/get","params":{"name":"a"}}`, "prompts/get", "a"},
		{"no params", `{` + rest + `,"method":"ping"}`, "ping", ""},
		{"null params", `{` + rest + `,"method":"ping","params":null}`, "ping", ""},
		{"members that nobody knows", `{` + rest + `,"method":"ping","x":1,"x":2}`, "ping", ""},
		{"as deep as is allowed", deep(maxDepth - 2), "x", ""},

		{"nothing", ``, "", ""},
		{"white space alone", ` `, "", ""},
		{"no JSON", `{`, "", ""},
		{"a comma too many", `{` + rest + `,"method":"ping",}`, "", ""},
		{"a comment", `{` + rest + `,/**/"method":"ping"}`, "", ""},
		{"two values", `{` + rest + `,"method":"ping"}{` + rest + `,"method":"ping"}`, "", ""},
		{"a byte order mark", "\ufeff{" + rest + `,"method":"ping"}`, "", ""},
		{"UTF-16", "\xff\xfe{\x00}\x00", "", ""},
		{"bytes that are not UTF-8", `{` + rest + `,"method":"ping","x":"` + "\xff" + `"}`, "", ""},
		{"a string", `"tools/call"`, "", ""},
		{"a number", `1`, "", ""},
		{"an empty batch", `[]`, "", ""},
		{"a batch of strings", `["x"]`, "", ""},
		{"a batch in a batch", `[[{` + rest + `,"method":"ping"}]]`, "", ""},
		{"too deep", deep(maxDepth), "", ""},
		{"no version", `{"id":1,"method":"ping"}`, "", ""},
		{"another version", `{"jsonrpc":"1.0","id":1,"method":"ping"}`, "", ""},
		{"the method twice", `{` + rest + `,"method":"ping","method":"tools/call"}`, "", ""},
		{"the method twice, once in escapes", `{` + rest + `,"method":"ping","m\u0065thod":"tools/call"}`, "", ""},
		{"the method in capitals", `{` + rest + `,"METHOD":"tools/call"}`, "", ""},
		{"the method, and again in capitals", `{` + rest + `,"method":"ping","Method":"tools/call"}`, "", ""},
		{"params with a long s", `{` + rest + `,"method":"tools/call","params":{"name":"a"},"param` + "\u017f" + `":{"name":"b"}}`, "", ""},
		{"params in escapes with a long s", `{` + rest + `,"method":"tools/call","params":{"name":"a"},"param\u017f":{"name":"b"}}`, "", ""},
		{"params twice", `{` + rest + `,"method":"tools/call","params":{"name":"a"},"params":{"name":"b"}}`, "", ""},
		{"the name twice", `{` + rest + `,"method":"tools/call","params":{"name":"a","name":"b"}}`, "", ""},
		{"the name, and again in capitals", `{` + rest + `,"method":"tools/call","params":{"name":"a","NAME":"b"}}`, "", ""},
		{"the name in capitals", `{` + rest + `,"method":"tools/call","params":{"Name":"a"}}`, "", ""},
		{"a name with a NUL", `{` + rest + `,"method":"tools/call","params":{"name":"a\u0000b"}}`, "", ""},
		{"a key with a NUL", `{` + rest + `,"method\u0000":"x","method":"ping"}`, "", ""},
		{"half of a surrogate pair", `{` + rest + `,"method":"tools/call","params":{"name":"a\ud83d"}}`, "", ""},
		{"the other half", `{` + rest + `,"method":"tools/call","params":{"name":"a\ude00"}}`, "", ""},
		{"half of a pair and a letter", `{` + rest + `,"method":"tools/call","params":{"name":"\ud83d\u0061"}}`, "", ""},
		{"a method that is no string", `{` + rest + `,"method":["tools/call"]}`, "", ""},
		{"a method that is empty", `{` + rest + `,"method":""}`, "", ""},
		{"a call without a name", `{` + rest + `,"method":"tools/call","params":{}}`, "", ""},
		{"a call without params", `{` + rest + `,"method":"tools/call"}`, "", ""},
		{"a call whose name is a number", `{` + rest + `,"method":"tools/call","params":{"name":1}}`, "", ""},
		{"a call with params in a list", `{` + rest + `,"method":"tools/call","params":["a"]}`, "", ""},
		{"a request that is a response as well", `{` + rest + `,"method":"ping","result":{}}`, "", ""},
		{"neither a request nor a response", `{` + rest + `}`, "", ""},
		{"an id that is an object", `{"jsonrpc":"2.0","id":{},"method":"ping"}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			env, err := readEnvelope([]byte(c.body))
			if c.method == "" {
				var rpc *rpcError
				if !errors.As(err, &rpc) || rpc.status != http.StatusBadRequest || !json.Valid(rpc.body()) {
					t.Fatalf("read as %+v, error %v", env, err)
				}
				return
			}
			if err != nil || len(env.messages) != 1 || env.messages[0].method != c.method || env.messages[0].name != c.tool {
				t.Fatalf("read as %+v, error %v", env, err)
			}
		})
	}
}

func TestABatchIsReadWhole(t *testing.T) {
	env, err := readEnvelope([]byte(` [ {"jsonrpc":"2.0","id":"a","method":"ping"} , {"jsonrpc":"2.0","id":1,"result":[{}]},{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x","_meta":{"` + metaVersion + `":"2025-11-25"}}}] `))
	if err != nil || !env.batch || len(env.messages) != 3 {
		t.Fatalf("%+v, %v", env, err)
	}
	m := env.messages
	if string(m[0].id) != `"a"` || m[1].method != "" || m[2].name != "x" || m[2].id != nil || m[2].version != "2025-11-25" {
		t.Errorf("%+v", m)
	}
}

// generous is what encoding/json makes of a message: keys in any case, the last
// one wins, numbers and nulls into nothing.
type generous struct {
	Method any
	Params any
}

// FuzzReadEnvelope holds that whatever the generous parser reads as a method or
// a tool's name is what we read, or else we refused.
func FuzzReadEnvelope(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":[1,-2.5e3,true,null,"\u00e9"]}}}`,
		`[{"jsonrpc":"2.0","id":"x","method":"ping"},{"jsonrpc":"2.0","id":1,"result":{}}]`,
		`{"jsonrpc":"2.0","method":"m\u0000","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}`,
		`{"jsonrpc":"2.0","id":1,"METHOD":"x","method":"y","params":{"n\u0061me":"a","Name":"b"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"x","param` + "\u017f" + `":{"name":"b"}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"\ud83d"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		env, err := readEnvelope(body)
		if !bytes.Equal(before, body) {
			t.Fatal("the body was changed")
		}
		if err != nil {
			return
		}
		var list []generous
		if env.batch {
			err = json.Unmarshal(body, &list)
		} else {
			list = make([]generous, 1)
			err = json.Unmarshal(body, &list[0])
		}
		if err != nil || len(list) != len(env.messages) {
			t.Fatalf("%d messages, not %d, error %v", len(env.messages), len(list), err)
		}
		for i, m := range env.messages {
			if method, _ := list[i].Method.(string); method != m.method {
				t.Errorf("the method is %q, not %q", m.method, method)
			}
			checkName(t, m, body, list[i].Params, env.batch)
		}
	})
}

func checkName(t *testing.T, m message, body []byte, params any, batch bool) {
	object, ok := params.(map[string]any)
	if !ok || batch {
		return
	}
	// Into a struct, keys match in any case; into the map above, exactly.
	var named struct {
		Params struct{ Name any }
	}
	if err := json.Unmarshal(body, &named); err != nil {
		t.Fatal(err)
	}
	name, isString := named.Params.Name.(string)
	if m.method != "" && (name != m.name || isString != m.hasName) {
		t.Errorf("the name is %q, not %q", m.name, name)
	}
	if exact, _ := object["name"].(string); m.method != "" && exact != m.name {
		t.Errorf("the name is %q, not %q", m.name, exact)
	}
}
