package config

import (
	"encoding/base64"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files and docs/config.*")

// key is 32 bytes that no test looks into.
var key = base64.StdEncoding.EncodeToString(make([]byte, 32))

// environment is what the test files refer to.
func environment(name string) (string, bool) {
	value, ok := map[string]string{
		"DB_PASSWORD":        "hunter2-database",
		"ENCRYPTION_KEY":     key,
		"REGISTRATION_TOKEN": "hunter2-registration",
		"FILES_KEY":          "hunter2-files",
		"ROBOT_SECRET":       "hunter2-robot-secret",
		"HOST_NAME":          "hunter2 example",
		"LEVEL":              "hunter2",
		"YES":                "true",
		"EMPTY":              "",
	}[name]
	return value, ok
}

// golden compares got with a file, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run go test with -update and read the difference\ngot:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestEveryMistakeOfAFileIsReportedAtOnce(t *testing.T) {
	paths, err := filepath.Glob("testdata/mistakes/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatal("no files", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			_, err := Load(path, environment)
			var mistakes Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("got %v, want mistakes", err)
			}
			for _, m := range mistakes {
				if m.Line == 0 || m.Column == 0 || m.Problem == "" || m.Fix == "" {
					t.Errorf("a mistake is not complete: %#v", m)
				}
			}
			text := strings.ReplaceAll(mistakes.Error(), "testdata/mistakes/", "") + "\n"
			if strings.Contains(text, "hunter2") {
				t.Error("a mistake gives away a secret, or what a variable holds")
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden", text)
		})
	}
}

func TestAFileThatIsRightLoads(t *testing.T) {
	c, err := Load("testdata/good/product.yaml", environment)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(c.Database); got != "postgres://sallyport:hunter2-database@db.internal/sallyport" {
		t.Error("database:", got)
	}
	if len(c.Key()) != 32 {
		t.Error("the encryption key is", len(c.Key()), "bytes")
	}
	if got := c.Resources[1].Command[4]; got != "costs ${5}" {
		t.Error("an escaped reference became", got)
	}
	if got := len(c.Proxies()); got != 3 {
		t.Error("proxies:", got)
	}
	if got := c.Level().String(); got != "WARN" {
		t.Error("level:", got)
	}
}

func TestAFileWithoutSettingsIsTheDefault(t *testing.T) {
	want, err := Default().YAML(false)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "# nothing yet\n", "---\n", "{}\n"} {
		c, mistakes := parse("sallyport.yaml", []byte(text), environment)
		if mistakes != nil {
			t.Errorf("%q: %v", text, mistakes)
		}
		if got, _ := c.YAML(false); string(got) != string(want) {
			t.Errorf("%q: got\n%s", text, got)
		}
	}
}

func TestAMissingFileIsNoMistakeOfTheSettings(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.yaml"), environment)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("got", err)
	}
	c, err := Load("", environment)
	if err != nil || c.Validate() != nil {
		t.Error("no file at all:", err)
	}
}

func TestAReferenceToAFileLosesItsLastLineEnding(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := []byte("registration: { dynamic: token, token: '${file:" + path + "}' }\n")
	write("a-token-from-a-file\r\n")
	c, mistakes := parse("sallyport.yaml", text, environment)
	if mistakes != nil || string(c.Registration.Token) != "a-token-from-a-file" {
		t.Errorf("got %q, %v", string(c.Registration.Token), mistakes)
	}
	for name, bad := range map[string]string{
		"an empty file":           "\n",
		"a file that is not text": "\xff\xfe",
		"a file without end":      strings.Repeat("x", maxReference+1),
	} {
		write(bad)
		if _, mistakes := parse("sallyport.yaml", text, environment); len(mistakes) != 1 {
			t.Errorf("%s gives %v", name, mistakes)
		}
	}
}

func TestAReferenceMayStandForAnyScalar(t *testing.T) {
	c, mistakes := parse("sallyport.yaml", []byte(`
resources:
  - name: tickets
    path: /mcp
    upstream: http://localhost:3001/mcp
    tools: { about: { public: "${YES}" } }
`), environment)
	if mistakes != nil || !c.Resources[0].Tools[0].Public {
		t.Error(mistakes)
	}
}
