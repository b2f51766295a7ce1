package stdio

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"
)

const waiting = `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"wait","arguments":{},"_meta":{"progressToken":"p"}}}`

// readEvents reads until an event whose data holds some text, and returns its id.
func readEvents(t *testing.T, r *bufio.Reader, until string) (id string) {
	t.Helper()
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("the stream ended before %q: %v", until, err)
		}
		if after, ok := strings.CutPrefix(line, "id: "); ok {
			id = strings.TrimSpace(after)
		}
		if strings.HasPrefix(line, "data: ") && strings.Contains(line, until) {
			return id
		}
	}
}

func TestAClientThatGoesAwayAndStaysAwayCancelsItsCall(t *testing.T) {
	d := bridgeTo(t, "sdk", func(b *Bridge) { b.limits.resume = 50 * time.Millisecond })
	header := d.session(t)
	ctx, leave := context.WithCancel(t.Context())
	res := d.start(t, ctx, exchange{body: waiting, header: header})
	readEvents(t, bufio.NewReader(res.Body), "notifications/progress")
	leave()
	res.Body.Close()
	d.log.waitFor(t, "the call was cancelled")
}

func TestAClientThatTakesNoStreamCancelsByGoingAway(t *testing.T) {
	d := bridgeTo(t, "sdk")
	header := d.session(t)
	header["Accept"] = "application/json"
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		req, err := http.NewRequestWithContext(ctx, "POST", d.url, strings.NewReader(waiting))
		if err != nil {
			t.Error(err)
			return
		}
		for name, value := range header {
			req.Header.Set(name, value)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Person", "ada")
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			t.Errorf("there was an answer: %s", res.Status)
		}
	}()
	// The progress of such a call is only heard on the session's own stream.
	own := d.start(t, t.Context(), exchange{method: "GET", header: map[string]string{headerSession: header[headerSession]}})
	defer own.Body.Close()
	readEvents(t, bufio.NewReader(own.Body), "notifications/progress")
	leave()
	<-done
	d.log.waitFor(t, "the call was cancelled")
}

func TestAClientThatComesBackHasLostNothing(t *testing.T) {
	d := bridgeTo(t, "sdk")
	header := d.session(t)
	d.do(t, exchange{body: `{"jsonrpc":"2.0","method":"notifications/initialized"}`, header: header})
	ctx, leave := context.WithCancel(t.Context())
	res := d.start(t, ctx, exchange{body: waiting, header: header})
	first := readEvents(t, bufio.NewReader(res.Body), "")
	if first != "1_0" && !strings.HasSuffix(first, "_0") {
		t.Errorf("the first event is %q", first)
	}
	leave()
	res.Body.Close()

	header[headerLast] = first
	res = d.start(t, t.Context(), exchange{method: "GET", header: header})
	defer res.Body.Close()
	r := bufio.NewReader(res.Body)
	readEvents(t, r, "notifications/progress")
	delete(header, headerLast)
	d.do(t, exchange{body: `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`, header: header})
	last := readEvents(t, r, "the client cancelled the call")

	header[headerLast] = last
	if status, body, _ := d.do(t, exchange{method: "GET", header: header}); status != http.StatusNoContent {
		t.Errorf("asked for more after the end: %d %s", status, body)
	}
	header[headerLast] = first
	if _, body, _ := d.do(t, exchange{method: "GET", header: header}); !strings.Contains(body, "notifications/progress") || !strings.Contains(body, "cancelled the call") {
		t.Errorf("read again: %s", body)
	}
}

func TestTheNewestListenerIsTheOneThatHears(t *testing.T) {
	d := bridgeTo(t, "sdk")
	header := d.session(t)
	d.do(t, exchange{body: `{"jsonrpc":"2.0","method":"notifications/initialized"}`, header: header})
	first := d.start(t, t.Context(), exchange{method: "GET", header: header})
	second := d.start(t, t.Context(), exchange{method: "GET", header: header})
	defer second.Body.Close()
	if line, err := bufio.NewReader(first.Body).ReadString('\n'); err == nil {
		t.Errorf("the first still hears %q", line)
	}
	first.Body.Close()
	d.do(t, exchange{body: `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"grow","arguments":{}}}`, header: header})
	readEvents(t, bufio.NewReader(second.Body), "tools/list_changed")
}

func TestAQuestionToAClientThatIsGoneIsAnsweredForIt(t *testing.T) {
	d := bridgeTo(t, "sdk", func(b *Bridge) { b.limits.resume = time.Millisecond })
	withSampling := strings.Replace(hello, `"capabilities":{}`, `"capabilities":{"sampling":{}}`, 1)
	_, _, got := d.do(t, exchange{body: withSampling})
	header := map[string]string{headerSession: got.Get(headerSession)}
	d.do(t, exchange{body: `{"jsonrpc":"2.0","method":"notifications/initialized"}`, header: header})
	ctx, leave := context.WithCancel(t.Context())
	res := d.start(t, ctx, exchange{
		body: `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"sample","arguments":{}}}`, header: header,
	})
	readEvents(t, bufio.NewReader(res.Body), "sampling/createMessage")
	leave()
	res.Body.Close()
	d.log.waitFor(t, "sampling failed: calling \\\"sampling/createMessage\\\": the client went away")
	status, _, _ := d.do(t, exchange{body: `{"jsonrpc":"2.0","id":1,"result":{}}`, header: header})
	if status != http.StatusAccepted {
		t.Errorf("a late answer: %d", status)
	}
}
