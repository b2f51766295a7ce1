package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sallyport-dev/sallyport/apps/chess"
	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/apps/github"
	"github.com/sallyport-dev/sallyport/apps/intent"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/oauth"
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

func TestTheSettingsOfServersAreWhatTheirToolsNeed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	if err := os.WriteFile(file, []byte(`
login: [{type: github, client_id: id, client_secret: a-secret-of-github}]
resources: [{name: demo, path: /demo, app: demo}, {name: github, path: /github, app: github}, {name: intent, path: /intent, app: intent}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	for i, declared := range []map[string]oauth.Scope{demo.ToolScopes(), github.ToolScopes(), intent.ToolScopes()} {
		settings := c.Resources[i]
		for tool, scopes := range declared {
			if needs, public := settings.ToolScopes(tool); public || needs.String() != scopes.String() {
				t.Errorf("%s of %s needs %s and the settings ask for %q, public: %t", tool, settings.Name, scopes, needs, public)
			}
		}
		if len(settings.Tools) != len(declared) {
			t.Errorf("the settings name %d tools, %s has %d", len(settings.Tools), settings.Name, len(declared))
		}
	}
	for i, declared := range [][]oauth.ScopeInfo{demo.Scopes(), github.Scopes(), intent.Scopes()} {
		if got, want := fmt.Sprintf("%+v", c.ProtectedResources()[i].Scopes), fmt.Sprintf("%+v", declared); got != want {
			t.Errorf("the settings of %s have the scopes %s, and the server %s", c.Resources[i].Name, got, want)
		}
	}
	if got := c.Resources[1].Connection; got.Login != "github" || fmt.Sprint(got.Scopes) != fmt.Sprint(github.UpstreamScopes()) {
		t.Errorf("the connection of github is %v", got)
	}
}
