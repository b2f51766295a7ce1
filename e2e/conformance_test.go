package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// revisions are the generations that the conformance tool has requirements for,
// and how the reference server is started for each.
var revisions = map[string][]string{
	"2025-11-25": {"-stateless=false"},
	"2026-07-28": {"-stateless=true"},
}

func conformance(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), node.or(t),
		append([]string{nodeModule(t, "@modelcontextprotocol", "conformance", "dist", "index.js")}, args...)...)
	cmd.Env = environment("NO_COLOR=1")
	return cmd
}

func TestTheAuthorizationServerConforms(t *testing.T) {
	node.or(t)
	for revision := range revisions {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t, "")
			port, out := freePort(t), t.TempDir()
			// The tool uses no secret where the metadata lists "none".
			c := d.register(t, fmt.Sprintf("http://127.0.0.1:%d/callback", port), "none")
			cmd := conformance(t, "authorization", "--url", d.URL, "--client-id", c.ID, "--resource", d.MCP,
				"--port", fmt.Sprint(port), "--output-dir", out, "--spec-version", revision)
			looking := d.onlooker(t, d.visitor())
			cmd.Stdout, cmd.Stderr = looking, looking
			if err := cmd.Run(); err != nil {
				t.Errorf("the tool ends with %v", err)
			}
			succeeded := 0
			for scenario, checks := range results(t, out) {
				for _, c := range checks {
					switch {
					case c.Status == "SUCCESS":
						succeeded++
					case c.Status != "INFO":
						t.Errorf("%s: %s %s: %s %s", scenario, c.Status, c.ID, c.Description, c.Message)
					}
				}
			}
			if succeeded < 2 || looking.asked() != 1 {
				t.Errorf("%d checks succeeded and the person was asked %d times", succeeded, looking.asked())
			}
		})
	}
}

type check struct {
	ID, Name, Description, Status string
	Message                       string `json:"errorMessage"`
}

var stamp = regexp.MustCompile(`-\d{4}-\d\d-\d\dT[\d-]+Z$`)

// results reads what the tool wrote, by scenario.
func results(t *testing.T, dir string) map[string][]check {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "checks.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the tool wrote no results: %v", err)
	}
	all := map[string][]check{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var checks []check
		if err := json.Unmarshal(text, &checks); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		scenario := stamp.ReplaceAllString(filepath.Base(filepath.Dir(file)), "")
		all[scenario] = append(all[scenario], checks...)
	}
	return all
}

func TestAGuardedServerConformsAsMuchAsItDoesAlone(t *testing.T) {
	node.or(t)
	reference := buildReference(t)
	for revision, flags := range revisions {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			alone := serveReference(t, reference, flags...)
			d := newDoor(t, "", "--protect", alone)
			c := d.register(t, loopbackRedirect, "none")
			guarded := withToken(t, d.MCP, c.tokens(t, d.visitor(), "").AccessToken)

			want, got := serverSuite(t, alone, revision), serverSuite(t, guarded, revision)
			passed := 0
			for scenario, checks := range want {
				passed += compareChecks(t, scenario, checks, got[scenario])
			}
			if passed < 60 {
				t.Errorf("only %d checks passed: the reference server is not what it was", passed)
			}
			t.Logf("%d checks of %d scenarios passed, alone and guarded", passed, len(want))
		})
	}
}

// compareChecks wants the same verdicts, and counts those that are good.
func compareChecks(t *testing.T, scenario string, alone, guarded []check) (passed int) {
	t.Helper()
	want, got := verdicts(alone), verdicts(guarded)
	if !slices.Equal(want, got) {
		t.Errorf("%s\n  alone:   %s\n  guarded: %s", scenario, strings.Join(want, "\n           "), strings.Join(got, "\n           "))
		for _, c := range guarded {
			if c.Message != "" {
				t.Logf("guarded, %s: %s", c.ID, c.Message)
			}
		}
	}
	for _, c := range alone {
		if c.Status == "SUCCESS" {
			passed++
		}
	}
	return passed
}

func verdicts(checks []check) []string {
	var all []string
	for _, c := range checks {
		all = append(all, fmt.Sprintf("%s %s %s", c.Status, c.ID, c.Name))
	}
	slices.Sort(all)
	return all
}

func serverSuite(t *testing.T, server, revision string) map[string][]check {
	t.Helper()
	out := t.TempDir()
	cmd := conformance(t, "server", "--url", server, "--requirements", revision, "--output-dir", out)
	// Its status says whether every check passed, which is not the question.
	if text, err := cmd.CombinedOutput(); err != nil && cmd.ProcessState.ExitCode() < 0 {
		t.Fatalf("%v\n%s", err, text)
	}
	return results(t, out)
}
