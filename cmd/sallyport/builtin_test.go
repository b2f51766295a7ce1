package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/internal/config"
)

// The settings cannot import the servers, so they say again what these need.
func TestTheSettingsOfChessAreWhatItsToolsDeclare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	if err := os.WriteFile(file, []byte("resources: [{name: chess, path: /chess/mcp, app: chess}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	settings := c.Resources[0]
	for tool, declared := range chess.Tools() {
		if needs, public := settings.ToolScopes(tool); public != declared.Public || needs.String() != declared.Scopes.String() {
			t.Errorf("%s declares %+v and the settings ask for %q, public: %t", tool, declared, needs, public)
		}
	}
	if len(settings.Tools) != len(chess.Tools()) {
		t.Errorf("the settings name %d tools, chess has %d", len(settings.Tools), len(chess.Tools()))
	}
	if got, want := fmt.Sprintf("%+v", c.ProtectedResources()[0].Scopes), fmt.Sprintf("%+v", chess.Scopes()); got != want {
		t.Errorf("the settings have the scopes %s, chess %s", got, want)
	}
}
