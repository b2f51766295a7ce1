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
		"summary": r.summary, "of": r.of, "heading": headingOf,
	}).Parse(reportHTML)
	if err != nil {
		return err
	}
	return page.Execute(w, r)
}

// causes are the ids of a verdict, each once.
func causes(v Verdict) []string { return slices.Compact(slices.Clone(v.Because)) }

// of are the findings of one severity.
func (r Report) of(s Severity) []Finding {
	var all []Finding
	for _, f := range r.Findings {
		if f.Severity == s {
			all = append(all, f)
		}
	}
	return all
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
