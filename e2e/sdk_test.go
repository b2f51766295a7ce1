package e2e

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// demoTools are what every client of the demo is shown.
var demoTools = []string{"count-slowly", "echo", "get-items", "perform-item-action", "whoami"}

func TestTheOfficialTypeScriptSDKsTravel(t *testing.T) {
	node.or(t)
	// The SDKs take documents at https only. This one is built in, and its redirect
	// URI on this computer has any port.
	const document = "https://claude.ai/oauth/claude-code-client-metadata"
	for name, c := range map[string]struct{ script, generation, document, version string }{
		"version 1":                   {"sdk-v1.mjs", "", "", "2025-11-25"},
		"version 2, older generation": {"sdk-v2.mjs", "legacy", "", "2025-11-25"},
		"version 2, newer generation": {"sdk-v2.mjs", "modern", "", "2026-07-28"},
		"version 1, with a document":  {"sdk-v1.mjs", "", document, "2025-11-25"},
		"version 2, with a document":  {"sdk-v2.mjs", "modern", document, "2026-07-28"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, "")
			ada := d.visitor()
			ada.Leaves = []string{"demo:write"}
			args := []string{c.generation}
			if c.document != "" {
				args = append(args, c.document)
			}
			j := d.travel(ada, c.script, args...)
			checkJourney(t, j, c.version)
			var connected struct{ Registered string }
			if j.into("connected", &connected); c.document != "" && connected.Registered != c.document {
				t.Errorf("it is known as %s", connected.Registered)
			}
			if got := fmt.Sprint(ada.Seen); got != "[/login /consent /consent]" {
				t.Errorf("the person saw %s", got)
			}
		})
	}
}

// checkJourney is what every journey of an SDK has to have seen.
func checkJourney(t *testing.T, j traveller, version string) {
	t.Helper()
	var connected struct{ Version, Scope, Registered string }
	j.into("connected", &connected)
	if connected.Version != version {
		t.Errorf("speaks %s, want %s", connected.Version, version)
	}
	if connected.Scope != "demo:read" {
		t.Errorf("was granted %q at first, want demo:read", connected.Scope)
	}
	var tools []string
	j.into("tools", &tools)
	slices.Sort(tools)
	if !slices.Equal(tools, demoTools) {
		t.Errorf("sees the tools %v", tools)
	}
	if got := j.text("echo"); got != "grüß dich" {
		t.Errorf("echo says %q", got)
	}
	for _, step := range []string{"whoami", "whoami after refresh", "whoami after restart"} {
		if got := j.text(step); !strings.Contains(got, username) || !strings.Contains(got, connected.Registered) {
			t.Errorf("%s says %q", step, got)
		}
	}
	var refreshed struct {
		Access, Refresh bool
		Asked           int
	}
	j.into("refreshed", &refreshed)
	if !refreshed.Access || !refreshed.Refresh || refreshed.Asked != 1 {
		t.Errorf("refreshed: %+v, want both tokens new and no question", refreshed)
	}
	var stepped struct {
		Scope string
		Asked int
	}
	j.into("stepped up", &stepped)
	if !slices.Contains(strings.Fields(stepped.Scope), "demo:write") || stepped.Asked != 2 {
		t.Errorf("stepped up: %+v", stepped)
	}
	if got := j.text("acted"); !strings.Contains(got, "Done: [x]") {
		t.Errorf("acted: %q", got)
	}
	var asked int
	if j.into("asked", &asked); asked != 2 {
		t.Errorf("the person was asked %d times, want 2", asked)
	}
}
