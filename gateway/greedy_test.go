package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/gateway"
)

// A timed connection notes by when what is written has to have gone out.
type timed struct {
	*httptest.ResponseRecorder
	by    time.Time
	wrote []time.Time // by, at each write and flush
}

func (c *timed) SetWriteDeadline(t time.Time) error {
	c.by = t
	return nil
}

func (c *timed) Write(b []byte) (int, error) {
	c.wrote = append(c.wrote, c.by)
	return c.ResponseRecorder.Write(b)
}

func (c *timed) Flush() { c.wrote = append(c.wrote, c.by) }

// A client that does not read would otherwise hold a call for ever, and with it
// what stands behind the gateway. Between two events a stream may be silent for
// as long as it likes.
func TestAClientThatDoesNotReadIsNotWaitedForForEver(t *testing.T) {
	for _, kind := range []string{"application/json", "text/event-stream"} {
		t.Run(kind, func(t *testing.T) {
			conn := &timed{ResponseRecorder: httptest.NewRecorder()}
			f := newFixture(t, func(c *gateway.Config) {
				c.Resources[0].Upstream = nil
				c.Resources[0].Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", kind)
					for range 3 {
						_, _ = io.WriteString(w, "data: x\n\n")
						_ = http.NewResponseController(w).Flush()
						if !conn.by.IsZero() {
							t.Errorf("between two writes the connection ends at %v", conn.by)
						}
					}
				})
			})
			r := httptest.NewRequest(http.MethodPost, mcpURL, strings.NewReader(list))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+f.token("p_ada"))
			began := time.Now()
			f.gateway.ServeHTTP(conn, r)
			if len(conn.wrote) < 6 {
				t.Fatalf("%d writes and flushes: %s", len(conn.wrote), conn.Body)
			}
			for i, by := range append(conn.wrote, conn.by) { // what is left over goes out after the handler
				if by.Before(began) || by.After(time.Now().Add(time.Minute)) {
					t.Errorf("write %d may take until %v", i, by)
				}
			}
		})
	}
}

// One token must not be able to take every connection there is.
func TestHowManyCallsOfOneGrantMayRun(t *testing.T) {
	const most = 256
	begun := make(chan struct{})
	f := newFixture(t, nil)
	f.upstream.set(func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-r.Context().Done()
	})
	tok := f.token("p_ada")
	var running sync.WaitGroup
	for i := range most {
		running.Go(func() {
			if a := f.post(tok, list); a.status != http.StatusUnauthorized {
				t.Errorf("call %d: status %d: %s", i, a.status, a.body)
			}
		})
		wait(t, fmt.Sprint("call ", i), begun)
	}
	a := f.post(tok, list)
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, `"jsonrpc":"2.0"`) {
		t.Errorf("one more: status %d: %s", a.status, a.body)
	}
	f.upstream.set(nil)
	if a := f.post(f.token("p_bob"), list); a.status != http.StatusOK {
		t.Errorf("bob: status %d", a.status)
	}
	f.gateway.Notify("g_p_ada")
	running.Wait()
}
