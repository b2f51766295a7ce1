package pages_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"html"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/pages"
)

// each runs check on every page in every state.
func each(t *testing.T, say func(string) string, check func(t *testing.T, w *httptest.ResponseRecorder, body string)) {
	p := newPages(t, site)
	for _, s := range samples(say) {
		t.Run(s.name, func(t *testing.T) {
			w := drawn(p, s)
			check(t, w, w.Body.String())
		})
	}
}

func TestEveryPageKeepsToItself(t *testing.T) {
	each(t, plain, func(t *testing.T, w *httptest.ResponseRecorder, body string) {
		referrer := "no-referrer"
		if strings.Contains(body, `class="privy"`) {
			referrer = "same-origin" // its form says to this server where it comes from
		}
		for name, want := range map[string]string{
			"Content-Type":           "text/html; charset=utf-8",
			"Cache-Control":          "no-store",
			"X-Frame-Options":        "DENY",
			"Referrer-Policy":        referrer,
			"X-Content-Type-Options": "nosniff",
			"Content-Length":         fmt.Sprint(len(body)),
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %q, not %q", name, got, want)
			}
		}
		csp := w.Header().Get("Content-Security-Policy")
		for _, directive := range []string{"default-src 'none'", "style-src 'self'", "img-src 'self' data:", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !slices.Contains(strings.Split(csp, "; "), directive) {
				t.Errorf("the content security policy has no %s: %s", directive, csp)
			}
		}
	})
}

func TestTheWayBackToAClientIsOpen(t *testing.T) {
	p := newPages(t, site)
	for _, s := range flowSamples(plain) {
		h := drawn(p, s).Header()
		if strings.Contains(h.Get("Content-Security-Policy"), "form-action") {
			t.Errorf("%s: form-action makes Chrome block the redirect to the client", s.name)
		}
		if h.Get("Cross-Origin-Opener-Policy") != "" {
			t.Errorf("%s: an opener policy cuts a popup off from the client that opened it", s.name)
		}
	}
}

var (
	tag        = regexp.MustCompile(`<([a-z0-9]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*/?>`)
	attribute  = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
	titleText  = regexp.MustCompile(`<title>(.*)</title>`)
	labelFor   = regexp.MustCompile(`<label for="([^"]*)"`)
	idValue    = regexp.MustCompile(`\sid="([^"]*)"`)
	describers = regexp.MustCompile(`aria-describedby="([^"]*)"`)
)

// elements lists the start tags of a page with their attributes.
func elements(body string) []map[string]string {
	var out []map[string]string
	for _, m := range tag.FindAllStringSubmatch(body, -1) {
		e := map[string]string{"": m[1]}
		for _, a := range attribute.FindAllStringSubmatch(m[2], -1) {
			e[a[1]] = a[2]
		}
		out = append(out, e)
	}
	return out
}

func TestEveryFieldHasALabelAndEveryReferenceATarget(t *testing.T) {
	each(t, plain, func(t *testing.T, _ *httptest.ResponseRecorder, body string) {
		var labelled, ids []string
		for _, m := range labelFor.FindAllStringSubmatch(body, -1) {
			labelled = append(labelled, m[1])
		}
		for _, m := range idValue.FindAllStringSubmatch(body, -1) {
			if slices.Contains(ids, m[1]) {
				t.Errorf("the id %q occurs twice", m[1])
			}
			ids = append(ids, m[1])
		}
		for _, e := range elements(body) {
			if e[""] == "input" && e["type"] != "hidden" && !slices.Contains(labelled, e["id"]) {
				t.Errorf("the input %q has no label", e["name"])
			}
		}
		for _, m := range describers.FindAllStringSubmatch(body, -1) {
			for _, id := range strings.Fields(m[1]) {
				if !slices.Contains(ids, id) {
					t.Errorf("nothing has the id %q that describes a field", id)
				}
			}
		}
		if !strings.Contains(body, `<html lang="en">`) || strings.Count(body, "<h1") != 1 {
			t.Error("the page has no language, or not exactly one first heading")
		}
	})
}

// addsToAClient are the links of the client book, which open a client.
var addsToAClient = regexp.MustCompile(`^(cursor://anysphere\.cursor-deeplink/mcp/install\?|vscode:mcp/install\?|goose://extension\?|lmstudio://add_mcp\?|https://claude\.ai/customize/connectors\?)`)

// Three scripts there are, files of ours, with the nonce that the page's own policy
// names: that of copying on the pages at an MCP URL, that of asking devices where there is
// a form for it, and Privy's on the page of its login. Elsewhere none runs.
func TestOnlyOurThreeScriptsRun(t *testing.T) {
	seen := map[string]bool{}
	each(t, plain, func(t *testing.T, w *httptest.ResponseRecorder, body string) {
		policy := w.Header().Get("Content-Security-Policy")
		scripts, want := 0, "/assets/copy-"
		asks := strings.Contains(body, `class="passkey"`)
		if asks {
			want = "/assets/passkey-"
		}
		if strings.Contains(body, `class="privy"`) {
			asks, want = true, "/assets/privy-"
		}
		for _, e := range elements(body) {
			if e[""] != "script" {
				continue
			}
			scripts++
			nonce := e["nonce"]
			if !strings.HasPrefix(e["src"], want) || len(nonce) < 22 || seen[nonce] || !strings.HasSuffix(policy, "; script-src 'nonce-"+nonce+"'") &&
				!strings.Contains(policy, "; script-src 'nonce-"+nonce+"';") {
				t.Errorf("the script %v runs under %s", e, policy)
			}
			seen[nonce] = true
		}
		if has := asks || strings.Contains(body, "<h2>Add it to</h2>"); has != (scripts == 1) || has != strings.Contains(policy, "script-src") {
			t.Errorf("%d scripts, %s", scripts, policy)
		}
	})
}

func TestNothingInlineRunsAndNothingIsFetchedFromOthers(t *testing.T) {
	each(t, plain, func(t *testing.T, _ *httptest.ResponseRecorder, body string) {
		for _, e := range elements(body) {
			if e[""] == "style" || e[""] == "iframe" || e[""] == "base" {
				t.Errorf("there is a %s element", e[""])
			}
			for name, value := range e {
				if name == "style" || strings.HasPrefix(name, "on") {
					t.Errorf("%s has the attribute %s", e[""], name)
				}
				own := value == "" || strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//") || strings.HasPrefix(value, site.PublicURL+"/") ||
					e[""] == "a" && (addsToAClient.MatchString(value) || strings.HasPrefix(html.UnescapeString(value), wayBack))
				if (name == "src" || name == "href" || name == "action") && !own {
					t.Errorf("%s refers to %s", e[""], value)
				}
			}
		}
	})
}

var ownScript = regexp.MustCompile(`<script type="module" src="/assets/(?:copy|passkey|privy)-[0-9a-f]+\.js" nonce="[A-Z2-7]+"></script>`)

func TestWhatStrangersWriteStaysText(t *testing.T) {
	hostile := func(s string) string { return `"><script>alert(1)</script>'` + "`" + `{{.}}<!--` + s }
	var shapes []string
	p := newPages(t, site)
	for _, s := range samples(plain) {
		shapes = append(shapes, shape(ownScript.ReplaceAllString(drawn(p, s).Body.String(), "")))
	}
	p = newPages(t, pages.Site{Name: hostile("Acme"), PublicURL: site.PublicURL})
	for i, s := range samples(hostile) {
		body := ownScript.ReplaceAllString(drawn(p, s).Body.String(), "")
		if strings.Contains(body, "<script") || strings.Contains(body, "<!--") {
			t.Errorf("%s: a script or a comment got in", s.name)
		}
		if strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: a value stands where it may not", s.name)
		}
		if got := shape(body); got != shapes[i] {
			t.Errorf("%s: the elements of the page depend on what was written:\n%s\n%s", s.name, shapes[i], got)
		}
	}
}

// shape is the sequence of elements that may not depend on what strangers
// write. Typefaces may.
func shape(body string) string {
	var out []string
	for _, e := range elements(body) {
		if e[""] != "code" && e[""] != "span" && e["class"] != "note" && !slices.Contains([]string{"svg", "path", "p"}, e[""]) {
			out = append(out, e[""]+" "+e["name"]+" "+e["type"])
		}
	}
	return strings.Join(out, "\n")
}

func TestPagesAreSmall(t *testing.T) {
	p := newPages(t, site)
	style := fetch(p, stylesheet(t, p)).Body.Bytes()
	for _, s := range samples(plain) {
		body := drawn(p, s).Body.Bytes()
		if n := gzipped(body) + gzipped(style); n > 20<<10 {
			t.Errorf("%s: %d bytes with its stylesheet, compressed", s.name, n)
		} else {
			t.Logf("%s: %d bytes, %d compressed, with its stylesheet %d", s.name, len(body), gzipped(body), n)
		}
	}
}

func gzipped(b []byte) int {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Len()
}

func TestTitlesTellTabsApart(t *testing.T) {
	p := newPages(t, site)
	seen := map[string]string{}
	for _, name := range []string{
		"sign in", "sign in with others only", "first run", "consent to a proved client", "consent to a program here",
		"a problem with a remedy", "account", "confirm", "signed out", "welcome", "resource",
	} {
		i := slices.IndexFunc(samples(plain), func(s sample) bool { return s.name == name })
		title := titleText.FindStringSubmatch(drawn(p, samples(plain)[i]).Body.String())[1]
		if other, ok := seen[title]; ok {
			t.Errorf("%s and %s have the title %q", name, other, title)
		}
		if !strings.HasSuffix(title, " · Acme") {
			t.Errorf("%s: the title %q does not end with the operator's name", name, title)
		}
		seen[title] = name
	}
}
