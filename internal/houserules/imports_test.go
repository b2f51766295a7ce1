package houserules

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path of this module.
const module = "github.com/sallyport-dev/sallyport/"

// A policy is imports.txt.
type policy struct {
	rooms       map[string][]string // room or folder/* → the rooms it may import
	tests       map[string][]string // the same, besides, for tests
	modules     map[string][]string // module → the rooms that may import it
	testModules map[string][]string // module → the rooms whose tests may
	used        map[string]bool     // module + " " + room
}

// readPolicy reads the table. Each line is a key and the words that it allows.
func readPolicy(text string) (*policy, error) {
	p := &policy{
		rooms: map[string][]string{}, tests: map[string][]string{},
		modules: map[string][]string{}, testModules: map[string][]string{},
		used: map[string]bool{},
	}
	sections := map[string]map[string][]string{
		"[rooms]": p.rooms, "[tests]": p.tests, "[modules]": p.modules, "[test modules]": p.testModules,
	}
	var section map[string][]string
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		switch {
		case line == "":
		case line[0] == '[':
			if section = sections[line]; section == nil {
				return nil, fmt.Errorf("imports.txt:%d: there is no section %s", i+1, line)
			}
		case section == nil:
			return nil, fmt.Errorf("imports.txt:%d: a line stands before the first section", i+1)
		case section[words[0]] != nil:
			return nil, fmt.Errorf("imports.txt:%d: %s has a line already", i+1, words[0])
		default:
			section[words[0]] = append([]string{}, words[1:]...)
		}
	}
	return p, nil
}

// room is the room that a folder of this module belongs to, and the key of its
// line: internal/config and internal/*, or gateway for gateway/stdio.
func (p *policy) room(dir string) (room, key string) {
	for at := dir; at != ""; at = at[:max(strings.LastIndex(at, "/"), 0)] {
		if _, ok := p.rooms[at]; ok {
			return at, at
		}
		above := at[:max(strings.LastIndex(at, "/"), 0)] + "/*"
		if _, ok := p.rooms[above]; ok {
			return at, above
		}
	}
	return "", ""
}

// imports checks one import of a file. The empty answer is consent.
func (p *policy) imports(s source, path string) (problem, fix string) {
	room, key := p.room(s.dir())
	if room == "" {
		return "is in no room", "add the room " + s.dir() + " to [rooms], with what it may import; change the drawing too"
	}
	first, _, _ := strings.Cut(path, "/")
	switch {
	case strings.HasPrefix(path, module):
		return p.ours(s, room, key, strings.TrimPrefix(path, module))
	case strings.Contains(first, "."):
		return p.theirs(s, room, key, path)
	}
	return "", "" // the standard library
}

func (p *policy) ours(s source, room, key, path string) (problem, fix string) {
	other, otherKey := p.room(path)
	allowed := p.rooms[key]
	if s.test() {
		allowed = append(slices.Clone(allowed), p.tests[key]...)
	}
	switch {
	case other == "":
		return "imports " + path + ", which is in no room", "add that room to [rooms]"
	case other == room || slices.Contains(allowed, other) || slices.Contains(allowed, otherKey):
		return "", ""
	}
	return "imports " + path + ", which " + key + " may not: arrows point down, and neighbours do not know each other",
		"declare the interface that you need here and let cmd/sallyport pass it in; or, if the drawing is wrong, change it and the line of " + key
}

func (p *policy) theirs(s source, room, key, path string) (problem, fix string) {
	if p.allows(p.modules, path, room, key, !s.test()) || s.test() && p.allows(p.testModules, path, room, key, true) {
		return "", ""
	}
	section := "[modules], with a page in docs/design that says why"
	if s.test() {
		section = "[test modules]"
	}
	return "imports " + moduleOf(path) + ", and no line lets " + room + " do so",
		"do without it, or write under " + section + ":  " + moduleOf(path) + "  " + room
}

// allows looks a third-party import up, and notes that its line is needed.
func (p *policy) allows(table map[string][]string, path, room, key string, note bool) bool {
	name := longest(table, path)
	for _, r := range table[name] {
		if r == room || r == key {
			p.used[name+" "+r] = p.used[name+" "+r] || note
			return true
		}
	}
	return false
}

// moduleOf guesses where in an import path the module ends.
func moduleOf(path string) string {
	parts := strings.Split(path, "/")
	n := 2
	if parts[0] == "github.com" || parts[0] == "golang.org" {
		n = 3
	}
	if len(parts) > n && len(parts[n]) > 1 && parts[n][0] == 'v' && parts[n][1] >= '0' && parts[n][1] <= '9' {
		n++
	}
	return strings.Join(parts[:min(n, len(parts))], "/")
}

// longest is the module of the table that an import path lies in.
func longest(table map[string][]string, path string) string {
	found := ""
	for m := range table {
		if (path == m || strings.HasPrefix(path, m+"/")) && len(m) > len(found) {
			found = m
		}
	}
	return found
}

// check complains of every import of a file that the policy does not have.
func (p *policy) check(s source) []complaint {
	var all []complaint
	for _, i := range s.syntax.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue // the parser lets no such thing pass
		}
		if problem, fix := p.imports(s, path); problem != "" {
			all = append(all, s.complain("import", i.Pos(), "", problem, fix+"  (internal/houserules/imports.txt)"))
		}
	}
	return all
}

// unused names the permissions that nobody needs.
func (p *policy) unused() []string {
	var all []string
	for _, table := range []map[string][]string{p.modules, p.testModules} {
		for name, rooms := range table {
			for _, room := range rooms {
				if !p.used[name+" "+room] {
					all = append(all, room+" on the line of "+name)
				}
			}
			if len(rooms) == 0 {
				all = append(all, "the line of "+name)
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestArrowsPointDown(t *testing.T) {
	text, err := os.ReadFile("imports.txt")
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPolicy(string(text))
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, c := range each(tree(t), p.check) {
		if !said[c.problem+c.fix] { // the other files of the room have the same to say
			t.Error(c)
		}
		said[c.problem+c.fix] = true
	}
	for _, u := range p.unused() {
		t.Errorf("imports.txt: nothing needs %s any more; remove it", u)
	}
}

// TestArrowsPointDownInTheTable keeps the table itself from allowing what the
// drawing does not.
func TestArrowsPointDownInTheTable(t *testing.T) {
	text, err := os.ReadFile("imports.txt")
	if err != nil {
		t.Fatal(err)
	}
	p, err := readPolicy(string(text))
	if err != nil {
		t.Fatal(err)
	}
	levels := [][]string{
		{"oauth"}, {"store"}, {"token", "store/storetest", "store/sqlstore"}, {"login", "vault", "resource"}, {"apps/serving", "apps/shelf", "apps/widget"},
		{"authserver", "gateway", "console", "doctor", "apps/*"}, {"cmd/sallyport", "bench", "e2e"},
	}
	level := func(room string) int {
		return slices.IndexFunc(levels, func(l []string) bool { return slices.Contains(l, room) })
	}
	for room, allowed := range p.rooms {
		for _, other := range allowed {
			switch {
			case room == "internal/*" && other != "oauth":
				t.Errorf("internal packages are leaves and may not import %s", other)
			case strings.HasPrefix(room, "apps/") && strings.HasPrefix(other, "internal/"):
				t.Errorf("%s may not import %s: it is there to be copied into another module, where that cannot be imported", room, other)
			case room == "internal/*" || other == "internal/*":
			case level(room) <= level(other):
				t.Errorf("%s may not import %s, which is beside or above it", room, other)
			case other == "store/sqlstore" && level(room) < level("cmd/sallyport"):
				t.Errorf("only cmd imports sqlstore, not %s", room)
			}
		}
	}
}
