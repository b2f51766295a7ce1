package doctor

import (
	_ "embed"
	"html/template"
	"io"
	"net/http"
	"slices"
)

//go:embed report.html
var reportHTML string

// HTML writes the report as one page that needs nothing else: no script, no
// other file, no request. It can be attached to an issue. It has in it what the
// text has: no secrets, and everything of the server's escaped.
func (r Report) HTML(w io.Writer) error {
	page, err := template.New("report").Funcs(template.FuncMap{
		"who": r.who, "status": http.StatusText, "mark": markOf, "slug": slug, "because": r.own, "common": r.common,
		"summary": r.summary, "says": r.says, "of": r.of, "heading": headingOf,
	}).Parse(reportHTML)
	if err != nil {
		return err
	}
	return page.Execute(w, r)
}

// causes are the ids of a verdict, each once.
func causes(v Verdict) []string { return slices.Compact(slices.Clone(v.Because)) }

// A group is what is said of one kind, for people, who read its rule once.
type group struct {
	Finding          // the first, with the hurts and evidence of all
	Seen    []string // what was seen, each time
}

// of are the findings of one severity, by kind.
func (r Report) of(s Severity) []group {
	var all []group
	for _, f := range r.Findings {
		if f.Severity != s {
			continue
		}
		at := slices.IndexFunc(all, func(g group) bool { return g.ID == f.ID })
		if at < 0 {
			at = len(all)
			all = append(all, group{Finding: Finding{Kind: f.Kind, What: f.What}})
		}
		g := &all[at]
		g.Seen = append(g.Seen, r.named(f))
		g.Evidence = append(g.Evidence, f.Evidence...)
		for _, id := range f.Hurts {
			if !slices.Contains(g.Hurts, id) {
				g.Hurts = append(g.Hurts, id)
			}
		}
	}
	for i := range all {
		if len(all[i].Seen) == 1 {
			all[i].Seen[0] = all[i].What
		}
	}
	return all
}

// named is what was seen, with the clients in front where it is about some.
func (r Report) named(f Finding) string {
	if len(f.Hurts) == 0 || len(f.Hurts) == len(r.Verdicts) {
		return f.What
	}
	return r.names(f.Hurts) + ": " + f.What
}

// headingOf is what stands above the findings of a severity.
func headingOf(s Severity) string {
	return map[Severity]string{Danger: "What is dangerous", Fault: "What is wrong", Caution: "What to be careful with", Note: "Worth knowing"}[s]
}

func markOf(o Outcome) string {
	return map[Outcome]string{Connects: "✓", Cautioned: "!", WillNot: "✗"}[o]
}

// slug is an outcome or severity as a class of the page.
func slug(s any) string {
	switch s := s.(type) {
	case Outcome:
		return map[Outcome]string{Connects: "good", Cautioned: "caution", WillNot: "fault"}[s]
	case Severity:
		return string(s)
	}
	return ""
}
