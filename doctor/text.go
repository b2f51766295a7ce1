package doctor

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Paper is what a report is written on.
type Paper struct {
	Width  int  // columns; 0: 100
	Colour bool // ANSI colours
}

// Text writes the report for people: the verdicts, the findings with their
// evidence, and what is as it should be.
func (r Report) Text(w io.Writer, on Paper) error {
	if on.Width <= 0 {
		on.Width = 100
	}
	t := &typist{width: min(on.Width, 110), colour: on.Colour}
	t.line(0, "")
	t.line(2, t.bold("Doctor looked at")+"  "+r.URL+named(r.Server))
	t.line(0, "")
	t.verdicts(r)
	for _, severity := range []Severity{Danger, Fault, Caution, Note} {
		t.findings(r, severity)
	}
	if len(r.Right) > 0 {
		t.line(0, "")
		t.line(2, t.bold("As it should be"))
		for _, s := range r.Right {
			t.wrap(2, t.green("✓")+" ", s)
		}
	}
	t.line(0, "")
	t.wrap(2, "", r.summary())
	t.line(0, "")
	_, err := io.WriteString(w, t.b.String())
	return err
}

func named(server string) string {
	if server == "" {
		return ""
	}
	return "  (" + server + ")"
}

// summary says how many clients connect.
func (r Report) summary() string {
	n := map[Outcome]int{}
	for _, v := range r.Verdicts {
		n[v.Outcome]++
	}
	said := fmt.Sprintf("%d of %d clients connect", n[Connects]+n[Cautioned], len(r.Verdicts))
	switch {
	case n[Cautioned] > 0 && n[Connects] == 0:
		said += " with a caution"
	case n[Cautioned] > 0:
		said += fmt.Sprintf(", %d of them with a caution", n[Cautioned])
	}
	if !r.SignedIn {
		said += ", as far as can be seen without signing in (--sign-in goes on)"
	}
	return fmt.Sprintf("%s. Requests made: %d.", said, r.Requests)
}

// A typist lays text out in columns.
type typist struct {
	b      strings.Builder
	width  int
	colour bool
}

func (t *typist) paint(code, s string) string {
	if !t.colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *typist) bold(s string) string   { return t.paint("1", s) }
func (t *typist) dim(s string) string    { return t.paint("2", s) }
func (t *typist) red(s string) string    { return t.paint("31", s) }
func (t *typist) yellow(s string) string { return t.paint("33", s) }
func (t *typist) green(s string) string  { return t.paint("32", s) }

func (t *typist) line(indent int, s string) {
	t.b.WriteString(strings.TrimRight(strings.Repeat(" ", indent)+s, " ") + "\n")
}

// wrap writes a text that may need several lines, after a mark; the lines that
// follow stand under the first.
func (t *typist) wrap(indent int, mark, text string) {
	hang := indent + printed(mark)
	room := max(t.width-hang, 24)
	for i, line := range folded(text, room) {
		if i == 0 {
			t.line(indent, mark+line)
			continue
		}
		t.line(hang, line)
	}
}

// printed is how many columns a text takes, colours aside.
func printed(s string) int {
	n, escape := 0, false
	for _, r := range s {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		default:
			n++
		}
	}
	return n
}

// folded breaks a text at spaces, and a word that is longer than a line anywhere.
func folded(text string, room int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		for utf8.RuneCountInString(word) > room {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:room])), string(runes[room:])
		}
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	return append(lines, line)
}

func (t *typist) mark(o Outcome) string {
	switch o {
	case Connects:
		return t.green("✓")
	case Cautioned:
		return t.yellow("!")
	}
	return t.red("✗")
}

func (t *typist) verdicts(r Report) {
	longest := 0
	for _, v := range r.Verdicts {
		longest = max(longest, utf8.RuneCountInString(v.Client))
	}
	for _, v := range r.Verdicts {
		name := v.Client + strings.Repeat(" ", longest-utf8.RuneCountInString(v.Client))
		says := r.says(v)
		if v.Step != "" {
			says += "; it gets stuck at “" + string(v.Step) + "”"
		}
		if own := r.own(v); len(own) > 0 {
			says += " (" + strings.Join(own, ", ") + ")"
		}
		t.wrap(2, t.mark(v.Outcome)+" "+t.bold(name)+"  ", says)
	}
	if common := r.common(); len(common) > 0 {
		t.line(0, "")
		t.wrap(2, "", "Every client stumbles over: "+strings.Join(common, ", "))
	}
}

// says is an outcome, for people: where the address is private, those who come
// from outside cannot try yet.
func (r Report) says(v Verdict) string {
	private := slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.ID == privateAddress.ID && slices.Contains(f.Hurts, v.ID) })
	if private && v.Outcome != WillNot {
		return string(v.Outcome) + ", once the address is public"
	}
	return string(v.Outcome)
}

// common are the findings that every client stumbles over.
func (r Report) common() []string {
	var all []string
	for _, f := range r.Findings {
		if f.Severity != Note && len(r.Verdicts) > 1 && len(f.Hurts) == len(r.Verdicts) && !slices.Contains(all, f.ID) {
			all = append(all, f.ID)
		}
	}
	return all
}

// own are the findings that decide about a client, and not about every one.
func (r Report) own(v Verdict) []string {
	common := r.common()
	return slices.DeleteFunc(causes(v), func(id string) bool { return slices.Contains(common, id) })
}

// findings writes those of one severity, under a heading.
func (t *typist) findings(r Report, severity Severity) {
	heading := headingOf(severity)
	for i, g := range r.of(severity) {
		if i == 0 {
			t.line(0, "")
			t.line(2, t.bold(heading))
		}
		t.finding(g, r)
	}
}

func (t *typist) finding(f group, r Report) {
	mark := map[Severity]string{Danger: t.red("✗"), Fault: t.red("✗"), Caution: t.yellow("!"), Note: t.dim("·")}[f.Severity]
	t.line(0, "")
	t.wrap(2, mark+" ", t.bold(f.Title)+"  "+t.dim("["+f.ID+"]"))
	for _, seen := range f.Seen {
		t.wrap(4, "", seen)
	}
	if f.Severity != Note || len(f.Hurts) > 0 {
		t.wrap(4, t.dim("who   "), r.who(f.Finding))
		t.wrap(4, t.dim("when  "), string(f.Step))
	}
	t.wrap(4, t.dim("rule  "), f.Rule)
	t.wrap(4, t.dim("mend  "), f.Mend)
	if f.Severity == Note {
		return
	}
	for _, e := range f.Evidence[:min(len(f.Evidence), 3)] {
		t.evidence(e)
	}
	if n := len(f.Evidence); n > 3 {
		t.line(4, t.dim(fmt.Sprintf("seen  and %d more like these", n-3)))
	}
}

// who are the clients that stumble over a finding, for people.
func (r Report) who(f Finding) string {
	switch {
	case f.Severity == Note && len(f.Hurts) == 0:
		return "nobody is stopped by this"
	case f.Whom != "":
		return "not the clients, but " + f.Whom
	case f.Severity == Danger:
		return "not the clients, but the people whose data it guards"
	case len(f.Hurts) == 0:
		return "none of the clients that were looked for"
	case len(f.Hurts) == len(r.Verdicts) && len(r.Verdicts) > 1:
		return "every client"
	}
	return r.names(f.Hurts)
}

// names are the names of clients, in the order of the verdicts.
func (r Report) names(ids []string) string {
	var names []string
	for _, v := range r.Verdicts {
		if slices.Contains(ids, v.ID) {
			names = append(names, v.Client)
		}
	}
	return strings.Join(names, ", ")
}

func (t *typist) evidence(e Exchange) {
	t.wrap(4, t.dim("seen  "), e.Method+" "+e.URL)
	for _, h := range e.Sent {
		t.quoted(h)
	}
	if e.Body != "" {
		t.quoted(e.Body)
	}
	for _, to := range e.Redirects {
		t.wrap(10, t.dim("→ "), to)
	}
	if e.Problem != "" {
		t.wrap(10, t.dim("← "), e.Problem)
		return
	}
	t.wrap(10, t.dim("← "), fmt.Sprintf("%d %s  (%d ms)", e.Status, http.StatusText(e.Status), e.Milliseconds))
	for _, h := range e.Received {
		t.quoted(h)
	}
	if e.Answer != "" {
		t.quoted(shorten(e.Answer, 600))
	}
}

// quoted writes what travelled, indented and at most some lines of it.
func (t *typist) quoted(text string) {
	written := 0
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		for _, part := range folded(line, max(t.width-12, 24)) {
			if written++; written > 12 {
				t.line(12, t.dim("…"))
				return
			}
			t.line(12, t.dim(part))
		}
	}
}
