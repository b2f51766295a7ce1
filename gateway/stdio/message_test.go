package stdio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

func TestIDsAreComparedByValueAndType(t *testing.T) {
	for _, same := range [][2]string{{`1`, `1.0`}, {`1`, `1e0`}, {`"a"`, `"\u0061"`}, {`-3`, `-3.0`}} {
		if a, b := keyOf(json.RawMessage(same[0])), keyOf(json.RawMessage(same[1])); a != b || a == "" {
			t.Errorf("%s and %s differ: %q, %q", same[0], same[1], a, b)
		}
	}
	for _, other := range [][2]string{{`1`, `"1"`}, {`9007199254740993`, `9007199254740992`}, {`"n1"`, `1`}, {`""`, `0`}} {
		if a, b := keyOf(json.RawMessage(other[0])), keyOf(json.RawMessage(other[1])); a == b {
			t.Errorf("%s and %s are both %q", other[0], other[1], a)
		}
	}
	for _, none := range []string{``, `null`, `true`, `{}`, `[1]`} {
		if key := keyOf(json.RawMessage(none)); key != "" {
			t.Errorf("%s has the key %q", none, key)
		}
	}
}

func TestKindsOfMessages(t *testing.T) {
	for line, want := range map[string]kind{
		`{"id":1,"method":"m"}`:                      request,
		`{"id":"x","method":"m","params":[]}`:        request,
		`{"method":"m"}`:                             notification,
		`{"id":1,"result":null}`:                     response,
		`{"id":1,"error":{}}`:                        response,
		`{"id":null,"error":{}}`:                     nonsense,
		`{"id":null,"method":"m"}`:                   nonsense,
		`{"id":1}`:                                   nonsense,
		`{"id":1,"Method":"tools/call"}`:             nonsense,
		`{"id":1,"method":7}`:                        nonsense,
		`{"id":1,"method":"a","METHOD":"b","x":"y"}`: request,
	} {
		m, err := parseOne([]byte(line))
		if err != nil || m.kind() != want {
			t.Errorf("%s: %v, %v", line, m.kind(), err)
		}
	}
	for _, line := range []string{``, `1`, `null`, `"x"`, `{`, `{}{}`, "{\"a\":\"\n\"}"} {
		if _, _, err := parse([]byte(line)); err == nil {
			t.Errorf("%q was taken for a message", line)
		}
	}
}

func TestReplacedChangesOneValueAndNoOther(t *testing.T) {
	const before = `{"b":1.0,"a":{"_meta":{"t":"x","<":12345678901234567890}},"z":[1,2]}`
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"b"}, `{"a":{"_meta":{"t":"x","<":12345678901234567890}},"b":true,"z":[1,2]}`},
		{[]string{"a", "_meta", "t"}, `{"a":{"_meta":{"<":12345678901234567890,"t":true}},"b":1.0,"z":[1,2]}`},
		{[]string{"a", "nope", "t"}, before},
		{[]string{"z", "nope"}, before},
		{[]string{"nope"}, before},
	} {
		got := replaced(json.RawMessage(before), json.RawMessage("true"), c.path...)
		if !sameJSON(t, got, []byte(c.want)) {
			t.Errorf("%v: %s, want %s", c.path, got, c.want)
		}
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	return reflect.DeepEqual(exactly(t, a), exactly(t, b))
}

// exactly decodes with numbers as they are written.
func exactly(t *testing.T, text []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func FuzzAMessageIsOneLineAndTheSameValue(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"m"}`, "{\n\"id\" :\t1e2 ,\r\n\"method\":\"\\u0000\"}", `[{"id":1,"result":{}}]`, `{"a":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		messages, batch, err := parse(body)
		if err != nil {
			return
		}
		for _, m := range messages {
			if bytes.ContainsAny(m.raw, "\n\r") {
				t.Errorf("%q has more than one line", m.raw)
			}
			if !batch && !sameJSON(t, m.raw, body) {
				t.Errorf("%q became %q", body, m.raw)
			}
			again := replaced(m.raw, json.RawMessage("1"), "params", "_meta", "progressToken")
			if !json.Valid(again) {
				t.Errorf("%q became %q", m.raw, again)
			}
		}
	})
}

func TestOfALongStreamTheNewestIsKept(t *testing.T) {
	s := newStream("1", 1)
	for n := range maxEvents + 10 {
		s.put(fmt.Append(nil, n+1))
	}
	at := s.since(0, 0)
	if len(at.events) != maxEvents || at.events[0].n != 11 || string(at.events[maxEvents-1].data) != fmt.Sprint(maxEvents+10) {
		t.Errorf("%d events from number %d", len(at.events), at.events[0].n)
	}
	s.put(make([]byte, maxEventBytes+1))
	if at = s.since(0, 0); len(at.events) != 1 || at.events[0].n != maxEvents+11 {
		t.Errorf("after a very large one, %d events", len(at.events))
	}
}

func TestWhatNobodyWasSentCanMoveToAnotherStream(t *testing.T) {
	s := newStream("0", 1)
	for _, text := range []string{"a", "b", "c"} {
		s.put([]byte(text))
	}
	s.wasSent(1)
	moved := s.takeUnsent()
	if len(moved) != 2 || string(moved[0].data) != "b" || len(s.takeUnsent()) != 0 {
		t.Errorf("moved %v", moved)
	}
	s.put([]byte("d"))
	if at := s.since(0, 1); len(at.events) != 1 || string(at.events[0].data) != "d" {
		t.Errorf("left %v", at.events)
	}
}

func TestAcceptIsReadGenerously(t *testing.T) {
	for _, c := range []struct {
		accept     []string
		plain, sse bool
	}{
		{nil, true, true},
		{[]string{"*/*"}, true, true},
		{[]string{"application/json, text/event-stream;q=0.9"}, true, true},
		{[]string{"application/json", "text/event-stream"}, true, true},
		{[]string{"Application/JSON; charset=utf-8"}, true, false},
		{[]string{"text/event-stream"}, false, true},
		{[]string{"text/html"}, false, true},
	} {
		if plain, sse := accepts(c.accept); plain != c.plain || sse != c.sse {
			t.Errorf("%q: %v, %v", c.accept, plain, sse)
		}
	}
}

func TestEventIDs(t *testing.T) {
	s := newStream("12", 1)
	if name, n, ok := parseEventID(s.idOf(34)); name != "12" || n != 34 || !ok {
		t.Errorf("%q came back as %q, %d, %v", s.idOf(34), name, n, ok)
	}
	for _, bad := range []string{"", "_", "_1", "1", "1_", "1_-1", "1_x", "1_99999999999999999999"} {
		if _, _, ok := parseEventID(bad); ok {
			t.Errorf("%q was taken for an event id", bad)
		}
	}
}
