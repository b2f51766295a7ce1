package main

import (
	"testing"

	"github.com/sallyport-dev/sallyport/apps/demo"
	"github.com/sallyport-dev/sallyport/internal/config"
)

// The settings cannot import the demo, so they say again what its tools need.
func TestTheSettingsOfTheDemoAreWhatItsToolsDeclare(t *testing.T) {
	settings := config.Default().Resources[0]
	for tool, declared := range demo.ToolScopes() {
		if needs, public := settings.ToolScopes(tool); public || needs.String() != declared.String() {
			t.Errorf("%s declares %s and the settings ask for %s", tool, declared, needs)
		}
	}
	if len(settings.Tools) != len(demo.ToolScopes()) {
		t.Errorf("the settings name %d tools, the demo has %d", len(settings.Tools), len(demo.ToolScopes()))
	}
}
