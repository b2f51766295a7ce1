package pages

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// functions is what the templates can call.
var functions = template.FuncMap{
	"visible":   Visible,
	"name":      VisibleName,
	"lookalike": LookAlike,
	"host":      hostSegments,
	"prose":     prose,
	"uri":       uriSegments,
	"strip":     withoutScheme,
	"at":        func(t, now time.Time) moment { return moment{t, now} },
	"ago":       ago,
	"exact":     exact,
	"machine":   machine,
}

func hostSegments(host string) []Segment { return Visible(Host(host)) }

// prose is a sentence in which text between backquotes is code. A backquote
// that a stranger smuggles in changes the typeface and nothing else.
func prose(sentence string) []Segment {
	var out []Segment
	for i, part := range strings.Split(sentence, "`") {
		for _, s := range visible(part) {
			s.Code = i%2 == 1
			out = append(out, s)
		}
	}
	return out
}

// uriLimit is how much of a URI is shown. The host stands at the start; what is
// cut is the end of the path or query.
const uriLimit = 200

// uriSegments shows a URI, its host in the form of [Host].
func uriSegments(uri string) []Segment {
	lead, rest := "", uri
	if scheme, after, found := strings.Cut(uri, "://"); found {
		end := strings.IndexAny(after+"/", "/?#")
		lead, rest = scheme+"://"+Host(after[:end]), after[end:]
	}
	runes := []rune(rest)
	if len(runes) <= uriLimit {
		return Visible(lead + rest)
	}
	out := segments(Visible(lead + string(runes[:uriLimit])))
	out.add("… cut", true)
	return out
}

// withoutScheme is a URL the way people write it down.
func withoutScheme(url string) string {
	_, rest, found := strings.Cut(url, "://")
	if !found {
		return url
	}
	return strings.TrimSuffix(rest, "/")
}

// A party is who receives an answer, for a sentence.
type party struct {
	Host  string
	Local bool // a program on this computer, by address
	Claim bool // a program on this computer, by a private-use scheme
}

func (p party) here() bool { return p.Local || p.Claim }

func partyOf(host string) party {
	return party{
		Host:  host,
		Local: oauth.IsLoopbackHost(host),
		Claim: strings.HasSuffix(host, ":"),
	}
}

// String is for the titles of tabs.
func (p party) String() string {
	if p.here() {
		return "a program on this computer"
	}
	var b strings.Builder
	for _, s := range hostSegments(p.Host) {
		b.WriteString(s.Text)
	}
	return b.String()
}

// A moment is a time and when it is looked at.
type moment struct{ At, Now time.Time }

// ago says how long before now something was.
func ago(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case t.IsZero():
		return "never"
	case d < time.Minute:
		return "just now"
	case d < 24*time.Hour:
		return forHowLong(d) + " ago"
	case d < 48*time.Hour:
		return "yesterday"
	case d < 30*24*time.Hour:
		return plural(int(d/(24*time.Hour)), "day") + " ago"
	}
	return "on " + t.UTC().Format("2 January 2006")
}

func exact(t time.Time) string   { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
func machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// forHowLong is a duration in its largest whole unit, rounded down; a second at
// least.
func forHowLong(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return plural(int(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		return plural(int(d/time.Hour), "hour")
	case d >= time.Minute:
		return plural(int(d/time.Minute), "minute")
	}
	return plural(max(1, int(d/time.Second)), "second")
}

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
