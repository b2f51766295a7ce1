package stdio

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// own has each person bring a variable of their own, which changes.
func own(tok *atomic.Value) func(*Bridge) {
	return func(b *Bridge) {
		b.o.EnvOf = func(r *http.Request) []string {
			return []string{"OWN_TOKEN=" + r.Header.Get("X-Person") + "-" + tok.Load().(string)}
		}
	}
}

func TestAChildHasItsPersonsOwnEnvironment(t *testing.T) {
	for _, version := range []string{"2025-11-25", ""} {
		var tok atomic.Value
		tok.Store("first")
		d := bridgeTo(t, "sdk", own(&tok))
		ada, eve := d.connect(t, "ada", version, nil), d.connect(t, "eve", version, nil)
		if env := callTool(t, ada, "env", nil); !strings.Contains(env, "OWN_TOKEN=ada-first") || strings.Contains(env, "eve") {
			t.Errorf("version %q: ada's child sees %s", version, env)
		}
		if env := callTool(t, eve, "env", nil); !strings.Contains(env, "OWN_TOKEN=eve-first") {
			t.Errorf("version %q: eve's child sees %s", version, env)
		}
		tok.Store("second")
		if version == "" {
			// Without a session nobody notices.
			if env := callTool(t, ada, "env", nil); !strings.Contains(env, "OWN_TOKEN=ada-second") {
				t.Errorf("later ada's child sees %s", env)
			}
			continue
		}
		status, body, _ := d.do(t, exchange{
			body:   `{"jsonrpc":"2.0","id":1,"method":"ping"}`,
			header: map[string]string{"X-Person": "ada", headerSession: ada.ID()},
		})
		if status != http.StatusNotFound || !strings.Contains(body, "-32001") {
			t.Errorf("ada's session goes on with what was replaced: %d %s", status, body)
		}
		d.log.waitFor(t, "has been replaced")
		if env := callTool(t, d.connect(t, "ada", version, nil), "env", nil); !strings.Contains(env, "OWN_TOKEN=ada-second") {
			t.Errorf("in a new session ada's child sees %s", env)
		}
		if strings.Contains(d.log.waitFor(t, "started"), "ada-") {
			t.Error("the log has it")
		}
	}
}

// A slowReader takes the answer to a call, and then nothing more until it is let go on.
type slowReader struct {
	*httptest.ResponseRecorder
	has, goOn chan struct{}
	once      sync.Once
}

func (s *slowReader) Write(p []byte) (int, error) {
	n, err := s.ResponseRecorder.Write(p)
	if strings.Contains(string(p), `"result"`) {
		s.once.Do(func() { close(s.has) })
		<-s.goOn
	}
	return n, err
}

// A client that has its answer may ask again before we know that it has.
func TestAChildWithWhatWasReplacedEndsAsSoonAsItHasAnswered(t *testing.T) {
	var tok atomic.Value
	tok.Store("first")
	d := bridgeTo(t, "sdk", own(&tok))
	session := d.session(t)
	call := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/",
		strings.NewReader(`{"jsonrpc":"2.0","id":2,"method":"ping"}`))
	call.Header.Set("X-Person", "ada")
	call.Header.Set("Content-Type", "application/json")
	call.Header.Set("Accept", "application/json, text/event-stream")
	for name, value := range session {
		call.Header.Set(name, value)
	}
	slow := &slowReader{ResponseRecorder: httptest.NewRecorder(), has: make(chan struct{}), goOn: make(chan struct{})}
	var wg sync.WaitGroup
	wg.Go(func() { d.ServeHTTP(slow, call) })
	<-slow.has
	tok.Store("second")
	status, body, _ := d.do(t, exchange{body: `{"jsonrpc":"2.0","id":3,"method":"ping"}`, header: session})
	close(slow.goOn)
	wg.Wait()
	if status != http.StatusNotFound || !strings.Contains(body, "-32001") {
		t.Errorf("the session goes on with what was replaced: %d %s", status, body)
	}
}
