package gateway_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/gateway"
)

// streaming is an upstream that sends each event when it is told to, and says
// when its client is gone.
type streaming struct {
	events chan string
	begun  chan struct{}
	ended  chan struct{}
}

func newStreaming() *streaming {
	return &streaming{events: make(chan string), begun: make(chan struct{}, 1), ended: make(chan struct{}, 1)}
}

func (s *streaming) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	_ = http.NewResponseController(w).Flush()
	s.begun <- struct{}{}
	defer func() { s.ended <- struct{}{} }()
	for {
		select {
		case e := <-s.events:
			_, _ = io.WriteString(w, "data: "+e+"\n\n")
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// wait fails a test instead of hanging it.
func wait[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not happen", what)
		panic("unreachable")
	}
}

// bothKinds shows that it makes no difference whether the MCP server is
// elsewhere or in this process.
func bothKinds(t *testing.T, change func(*gateway.Config), test func(*testing.T, *fixture, *streaming)) {
	for name, inProcess := range map[string]bool{"through an upstream": false, "through a handler in this process": true} {
		t.Run(name, func(t *testing.T) {
			s := newStreaming()
			f := newFixture(t, func(c *gateway.Config) {
				if inProcess {
					c.Resources[0].Upstream, c.Resources[0].Handler = nil, s
				}
				if change != nil {
					change(c)
				}
			})
			f.upstream.set(s.ServeHTTP)
			test(t, f, s)
		})
	}
}

func TestEventsAreDeliveredWhenTheyHappen(t *testing.T) {
	bothKinds(t, nil, func(t *testing.T, f *fixture, s *streaming) {
		for _, method := range []string{http.MethodPost, http.MethodGet} {
			res := f.open(t.Context(), method, "/mcp", f.token("p_ada"), list, nil)
			wait(t, "the stream", s.begun)
			if res.Header.Get("Content-Type") != "text/event-stream" || res.Header.Get("X-Accel-Buffering") != "no" {
				t.Errorf("%s: header %v", method, res.Header)
			}
			lines := bufio.NewReader(res.Body)
			for _, event := range []string{"one", "two", "three"} {
				s.events <- event // the next one is sent only after this one was read
				if line, err := lines.ReadString('\n'); err != nil || line != "data: "+event+"\n" {
					t.Fatalf("%s: %q, %v", method, line, err)
				}
				_, _ = lines.ReadString('\n')
			}
			_ = res.Body.Close()
			wait(t, "the end of the upstream's request", s.ended)
		}
	})
}

func TestTheLastEventIdGoesUpstream(t *testing.T) {
	f := newFixture(t, nil)
	f.send(http.MethodGet, "/mcp", f.token("p_ada"), "", http.Header{"Last-Event-Id": {"e7"}})
	if got := f.upstream.last(t); got.method != http.MethodGet || got.header.Get("Last-Event-Id") != "e7" {
		t.Errorf("the upstream got %+v", got)
	}
}

// hanging is an upstream that answers nothing until its client is gone.
func hanging() (h http.HandlerFunc, begun, ended chan struct{}) {
	begun, ended = make(chan struct{}), make(chan struct{})
	return func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(ended)
	}, begun, ended
}

func TestAClientThatGoesAwayEndsTheUpstreamsRequest(t *testing.T) {
	f := newFixture(t, nil)
	h, begun, ended := hanging()
	f.upstream.set(h)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.front+"/mcp", strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+f.token("p_ada"))
	done := make(chan error, 1)
	go func() {
		_, err := f.client.Do(req)
		done <- err
	}()
	wait(t, "the upstream's request", begun)
	cancel()
	wait(t, "the end of the upstream's request", ended)
	if err := wait(t, "the client's error", done); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestARevokedGrantEndsItsStreams(t *testing.T) {
	bothKinds(t, nil, func(t *testing.T, f *fixture, s *streaming) {
		res := f.open(t.Context(), http.MethodPost, "/mcp", f.token("p_ada"), list, nil)
		defer res.Body.Close()
		wait(t, "the stream", s.begun)
		f.gateway.Notify("g_p_bob") // someone else's
		s.events <- "one"
		one := make([]byte, len("data: one\n\n"))
		if _, err := io.ReadFull(res.Body, one); err != nil {
			t.Fatal(err)
		}
		f.gateway.Notify("g_p_ada")
		wait(t, "the end of the upstream's request", s.ended)
		// It ends as a stream ends, not as a connection that broke.
		if b, err := io.ReadAll(res.Body); err != nil || len(b) != 0 {
			t.Errorf("%q, %v", b, err)
		}
		if a := f.post(f.token("p_ada"), list); a.status != http.StatusUnauthorized {
			t.Errorf("status %d", a.status)
		}
	})
}

func TestACallWhoseGrantIsRevokedWhileItRunsIsRefused(t *testing.T) {
	for name, inProcess := range map[string]bool{"through an upstream": false, "through a handler in this process": true} {
		t.Run(name, func(t *testing.T) {
			h, begun, ended := hanging()
			f := newFixture(t, func(c *gateway.Config) {
				if inProcess {
					c.Resources[0].Upstream, c.Resources[0].Handler = nil, h
				}
			})
			f.upstream.set(h)
			tok := f.token("p_ada")
			answers := make(chan answer, 1)
			go func() { answers <- f.post(tok, list) }()
			wait(t, "the upstream's request", begun)
			f.gateway.Notify("g_p_ada")
			a := wait(t, "the answer", answers)
			if a.status != http.StatusUnauthorized || !strings.Contains(a.header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("status %d, header %v", a.status, a.header)
			}
			wait(t, "the end of the upstream's request", ended)
		})
	}
}

func TestAStreamToListenEndsWithItsToken(t *testing.T) {
	bothKinds(t, func(c *gateway.Config) {
		// For the gateway almost an hour has passed since the token was made, however
		// long the stream takes to begin.
		almost := time.Now().Add(time.Hour - 1500*time.Millisecond)
		c.Now = func() time.Time { return almost }
	}, func(t *testing.T, f *fixture, s *streaming) {
		res := f.open(t.Context(), http.MethodGet, "/mcp", f.token("p_ada"), "", nil)
		defer res.Body.Close()
		wait(t, "the stream", s.begun)
		wait(t, "the end of the upstream's request", s.ended)
		if b, err := io.ReadAll(res.Body); err != nil || len(b) != 0 {
			t.Errorf("%q, %v", b, err)
		}
	})
}
