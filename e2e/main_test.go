package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the program under test, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	if to := os.Getenv(browserOf); to != "" {
		os.Exit(reportBrowser(to))
	}
	dir, err := os.MkdirTemp("", "sallyport-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	binary = filepath.Join(dir, "sallyport")
	build := exec.Command("go", "build", "-o", binary, "../cmd/sallyport")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	status := 2
	if err := build.Run(); err == nil {
		for _, what := range leftOut() {
			fmt.Println("left out:", what)
		}
		status = m.Run()
	}
	endBrowser()
	os.RemoveAll(dir)
	os.Exit(status)
}

// leftOut says which tests this run skips, and why.
func leftOut() []string {
	var all []string
	for _, n := range []needed{node, chromium, postgres, dexBinary} {
		if os.Getenv(n.variable) == "" {
			all = append(all, n.reason())
		}
	}
	return all
}

// A needed thing is named by the environment; ./check sets it.
type needed struct{ variable, whatFor string }

var (
	node     = needed{"SALLYPORT_TEST_NODE", "foreign clients, servers and the conformance tool"}
	chromium = needed{"SALLYPORT_TEST_CHROMIUM", "the pages in a real browser"}
	postgres = needed{"SALLYPORT_TEST_POSTGRES", "the binary on PostgreSQL"}
	// Of the module in e2e/dex.
	dexBinary = needed{"SALLYPORT_TEST_DEX", "signing in by Dex"}
)

func (n needed) reason() string {
	return fmt.Sprintf("%s: %s is not set; ./check sets it", n.whatFor, n.variable)
}

// or skips the test when the thing is not there.
func (n needed) or(t *testing.T) string {
	t.Helper()
	value := os.Getenv(n.variable)
	if value == "" {
		t.Skip(n.reason())
	}
	return value
}

// nodeModule is the path of a file of an installed npm package.
func nodeModule(t *testing.T, parts ...string) string {
	t.Helper()
	node.or(t)
	path := filepath.Join(append([]string{nodeModules()}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run npm ci in e2e, or ./check", err)
	}
	return path
}

func nodeModules() string {
	dir := os.Getenv("SALLYPORT_TEST_NODE_MODULES")
	if dir == "" {
		dir, _ = filepath.Abs("node_modules")
	}
	return dir
}

// environment is ours without what would make a child behave otherwise than
// at a newcomer's, and with what is given.
func environment(extra ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "SALLYPORT_") && !strings.HasPrefix(kv, "DISPLAY=") && !strings.HasPrefix(kv, "BROWSER=") {
			env = append(env, kv)
		}
	}
	return append(env, extra...)
}
