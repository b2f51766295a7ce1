package houserules

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSQLiteRunsOnTheLibcItWasMadeWith: modernc.org/sqlite is C translated
// together with one version of modernc.org/libc, and breaks in ways that no
// compiler sees on another. Any other module can raise that version unasked.
func TestSQLiteRunsOnTheLibcItWasMadeWith(t *testing.T) {
	sqlite, libc := selected(t, "modernc.org/sqlite"), selected(t, "modernc.org/libc")
	text, err := os.ReadFile(sqlite.GoMod)
	if err != nil {
		t.Skip("the go.mod of modernc.org/sqlite is not in the module cache:", err)
	}
	want := ""
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) >= 2 && words[0] == "modernc.org/libc" {
			want = words[1]
		}
	}
	if libc.Version != want {
		t.Errorf("modernc.org/sqlite %s was made with modernc.org/libc %s, and the build selects %s; find out who raised it with: go mod graph | grep modernc.org/libc@", sqlite.Version, want, libc.Version)
	}
}

type selectedModule struct{ Version, GoMod string }

// selected is what the build list has of a module.
func selected(t *testing.T, path string) selectedModule {
	t.Helper()
	cmd := exec.Command("go", "list", "-m", "-json", path)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	out, err := cmd.Output()
	if err != nil {
		t.Skip("the go command cannot list", path, "here:", err)
	}
	var m selectedModule
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
