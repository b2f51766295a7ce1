package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/console"
	"github.com/sallyport-dev/sallyport/internal/config"
)

func TestATableFitsTheTerminal(t *testing.T) {
	header := []string{"ID", "NAME", "DETAIL"}
	rows := [][]string{{"0123456789", "Ada Lovelace", "a long explanation"}, {"1", "Bob", "short"}}
	for _, test := range []struct {
		name  string
		width int
		want  string
	}{
		{"into a pipe it is as wide as it is", 0, `
ID          NAME          DETAIL
0123456789  Ada Lovelace  a long explanation
1           Bob           short
`}, {"where there is room too", 44, `
ID          NAME          DETAIL
0123456789  Ada Lovelace  a long explanation
1           Bob           short
`}, {"the widest column is cut first", 38, `
ID          NAME          DETAIL
0123456789  Ada Lovelace  a long expl…
1           Bob           short
`}, {"then the next", 30, `
ID          NAME      DETAIL
0123456789  Ada Lov…  a long …
1           Bob       short
`}, {"then the last is left out", 29, `
ID          NAME
0123456789  Ada Lov…
1           Bob
`}, {"the first is never cut: other commands take it", 5, `
ID
0123456789
1
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			copied := [][]string{}
			for _, row := range rows {
				copied = append(copied, append([]string{}, row...))
			}
			if err := (asked{}).show(terminal{out: &out, width: test.width}, nil, append([]string{}, header...), copied); err != nil {
				t.Fatal(err)
			}
			if got := regexp.MustCompile(` +\n`).ReplaceAllString(out.String(), "\n"); got != test.want[1:] {
				t.Errorf("got\n%s", got)
			}
			for line := range strings.Lines(out.String()) {
				if n := len([]rune(strings.TrimRight(line, "\n"))); test.width >= 10 && n > test.width {
					t.Errorf("a line has %d columns: %q", n, line)
				}
			}
		})
	}
}

func TestASecretIsNeverCut(t *testing.T) {
	var out bytes.Buffer
	secret := strings.Repeat("s", 60)
	if err := (asked{}).pairs(terminal{out: &out, width: 20}, nil, [][]string{{"client_secret", secret}}); err != nil || !strings.Contains(out.String(), secret) {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestNoNameSpeaksToTheTerminal(t *testing.T) {
	var out bytes.Buffer
	rows := [][]string{{"x", "\x1b[2J\x1b]0;title\x07Claude\r\nroot\u202e\u0085"}}
	if err := (asked{}).show(terminal{out: &out}, nil, []string{"ID", "NAME"}, rows); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x07\r\u202e\u0085") || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("printed %q", out.String())
	}
}

// The rows of the flow trace are clean; what prints them does not count on it.
func TestNoFlowSpeaksToTheTerminal(t *testing.T) {
	const evil = "\x1b[2J\x1b]0;title\x07Claude\r\nroot\u202e\u0085\u009b31m"
	v := flowView{ID: evil, Result: evil, At: evil, Said: evil, ToDo: evil, ClientID: "id" + evil, ClientName: evil, Resource: evil, Username: evil, GrantID: evil, Grant: &console.FlowGrant{EndedFor: evil, Ended: time.Now()},
		Steps: []console.FlowStep{{Step: evil, Outcome: evil, Said: evil, Error: evil, Told: evil, Facts: []string{evil}}}}
	for _, width := range []int{0, 40, 200} {
		var out bytes.Buffer
		if err := v.print(terminal{out: &out, width: width}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\x07\r\u202e\u0085\u009b") || strings.Contains(out.String(), "\nroot") {
			t.Errorf("printed %q", out.String())
		}
	}
}

// The settings that the documentation shows are right, but for files that are
// not on this machine.
func TestTheSettingsInTheDocumentationAreGood(t *testing.T) {
	found := 0
	for _, page := range []string{"README.md", "docs/quickstart.md", "apps/github/README.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", page))
		if err != nil {
			t.Fatal(err)
		}
		for i, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(text, -1) {
			found++
			dir := t.TempDir()
			pem := filepath.Join(dir, "file.pem")
			settings := regexp.MustCompile(`/etc/sallyport/\S+\.pem`).ReplaceAll(block[1], []byte(pem))
			file := filepath.Join(dir, "sallyport.yaml")
			if err := os.WriteFile(pem, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, settings, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := config.Load(file, func(name string) (string, bool) {
				if name == "ENCRYPTION_KEY" {
					return strings.Repeat("A", 43) + "=", true
				}
				return "set-and-as-long-as-a-secret", true
			})
			if err != nil {
				t.Error(fmt.Errorf("%s, settings %d: %w", page, i+1, err))
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d settings were found", found)
	}
}
