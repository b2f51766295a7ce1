package pages_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/pages"
)

var styleHref = regexp.MustCompile(`<link rel="stylesheet" href="([^"]*)">`)

func stylesheet(t *testing.T, p *pages.Pages) string {
	t.Helper()
	m := styleHref.FindStringSubmatch(drawn(p, samples(plain)[0]).Body.String())
	if m == nil {
		t.Fatal("the page has no stylesheet")
	}
	return m[1]
}

func fetch(p *pages.Pages, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	p.Assets().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func TestTheStylesheetIsCachedForEverUnderItsHash(t *testing.T) {
	p := newPages(t, site)
	path := stylesheet(t, p)
	w := fetch(p, path)
	if w.Code != 200 || w.Header().Get("Content-Type") != "text/css; charset=utf-8" {
		t.Fatalf("%s: %d %s", path, w.Code, w.Header().Get("Content-Type"))
	}
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control: %q", got)
	}
	for _, never := range []string{"@import", "url(", "http:", "https:"} {
		if strings.Contains(w.Body.String(), never) {
			t.Errorf("the stylesheet holds %s", never)
		}
	}
}

func TestAnotherVersionsStylesheetIsAnsweredButNotKept(t *testing.T) {
	w := fetch(newPages(t, site), "/assets/sallyport-0000000000000000.css")
	if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d, Cache-Control %q", w.Code, w.Header().Get("Cache-Control"))
	}
}

func TestThereIsNothingElse(t *testing.T) {
	for _, path := range []string{"/assets/", "/assets/style.css", "/assets/sallyport-", "/assets/../style.css", "/assets/templates/frame.html"} {
		if w := fetch(newPages(t, site), path); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestTheAccentIsPartOfTheHash(t *testing.T) {
	red := site
	red.Accent = "#c00"
	p := newPages(t, red)
	if stylesheet(t, p) == stylesheet(t, newPages(t, site)) {
		t.Error("two accents share an address")
	}
	if body := fetch(p, stylesheet(t, p)).Body.String(); !strings.Contains(body, "--accent:#cc0000") {
		t.Error("the stylesheet does not hold the accent")
	}
}

func TestASiteThatCannotBeDrawnIsRefused(t *testing.T) {
	for name, s := range map[string]pages.Site{
		"an accent that is no colour":    {PublicURL: "https://a.example", Accent: "red;}"},
		"an accent that is too short":    {PublicURL: "https://a.example", Accent: "#ff"},
		"an accent of other characters":  {PublicURL: "https://a.example", Accent: "#12345g"},
		"an accent with a sign":          {PublicURL: "https://a.example", Accent: "#+12345"},
		"a logo elsewhere":               {PublicURL: "https://a.example", LogoURL: "https://b.example/x.png"},
		"a logo elsewhere by scheme":     {PublicURL: "https://a.example", LogoURL: "//b.example/x.png"},
		"a logo that is a script":        {PublicURL: "https://a.example", LogoURL: "javascript:alert(1)"},
		"a logo that is a document":      {PublicURL: "https://a.example", LogoURL: "data:text/html;base64,PHA+"},
		"a logo on a host with a prefix": {PublicURL: "https://a.example", LogoURL: "https://a.example.b.example/x.png"},
		"no public URL":                  {},
	} {
		if _, err := pages.New(s); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	for name, logo := range map[string]string{
		"a path":        "/logo.png",
		"an own URL":    "https://a.example/logo.png",
		"an image here": "data:image/png;base64,iVBORw0KGgo=",
	} {
		if _, err := pages.New(pages.Site{PublicURL: "https://a.example", LogoURL: logo}); err != nil {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
}
