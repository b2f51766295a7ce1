package doctor

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var update = flag.Bool("update", false, "write the findings into docs/doctor.md")

const (
	manual = "../docs/doctor.md"
	begins = "<!-- written by go generate ./doctor -->\n"
	ends   = "<!-- end -->\n"
)

// docs/doctor.md has every kind of finding.
func TestTheListOfFindingsIsCurrent(t *testing.T) {
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begins)
	_, after, closed := strings.Cut(rest, ends)
	if !ok || !closed {
		t.Fatal("docs/doctor.md has no place for the findings")
	}
	want := before + begins + findings() + ends + after
	if *update {
		if err := os.WriteFile(manual, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(text) {
		t.Error("docs/doctor.md is not current; run go generate ./doctor")
	}
}

// findings is every kind, by the step at which it is found.
func findings() string {
	var b strings.Builder
	step := Step("")
	for _, k := range Kinds() {
		if k.Step != step {
			step = k.Step
			fmt.Fprintf(&b, "\n### To %s\n", step)
		}
		fmt.Fprintf(&b, "\n**`%s`** · %s · %s\n\n", k.ID, k.Severity, escaped(k.Title))
		fmt.Fprintf(&b, "- who: %s\n- rule: %s\n- mend: %s\n", stumbles(k), escaped(k.Rule), escaped(k.Mend))
	}
	b.WriteString("\n")
	return b.String()
}

// escaped keeps a text from being read as Markdown.
func escaped(s string) string {
	return strings.NewReplacer("*", `\*`, "_", `\_`, "<", "&lt;").Replace(s)
}

// stumbles says who, of all the clients that are known.
func stumbles(k Kind) string {
	one := map[string]string{
		agentFiltered.ID:          "the client whose user agent it is",
		registrationRefusedFor.ID: "the client that asks for it",
		redirectsDropped.ID:       "the client that asks for them",
		documentRefused.ID:        "the client whose document it is",
		noIPv4.ID:                 "Claude",
		tooSlow.ID:                "the clients that wait no longer",
		slow.ID:                   "the clients that wait no longer than twice that",
		olderMissing.ID:           "the clients that know the older generation only",
		newerOdd.ID:               "the clients that try the newer generation first",
	}[k.ID]
	switch {
	case one != "":
		return one
	case k.Whom != "":
		return "not the clients, but " + k.Whom
	case k.Severity == Danger:
		return "not the clients, but the people whose data it guards"
	case k.ID == privateAddress.ID:
		return "hosted clients, as long as it is there: " + needing(clientbook.NeedPublicAddress)
	case k.Severity == Note:
		return "nobody"
	case strings.HasPrefix(k.Breaks, "way:"):
		return "the clients that find no other way"
	case k.Breaks != "":
		return cmp.Or(needing(clientbook.Need(k.Breaks)), "nobody")
	}
	return "every client"
}

// needing are the clients that have a need in one of their ways to connect.
func needing(need clientbook.Need) string {
	var names []string
	for _, c := range clientbook.Clients() {
		if slices.ContainsFunc(c.Connections, func(n clientbook.Connection) bool { return slices.Contains(n.Needs, need) }) {
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}
