package stdio

import (
	"net/http"
	"strings"
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
