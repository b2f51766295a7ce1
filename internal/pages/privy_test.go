package pages_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/internal/pages"
)

// The script of the page could do whatever a person can on this origin. So it runs by a
// nonce, speaks with Privy alone, and is on no other page; and the form says to the
// callback from which page it comes.
func TestPrivysScriptSpeaksWithPrivyOnly(t *testing.T) {
	p := newPages(t, site)
	w := httptest.NewRecorder()
	p.Privy(w, 200, pages.Privy{Title: "Privy", Action: "/oauth/callback/privy", State: "s", ID: "cmapp", At: "https://auth.privy.io", BackURL: "/oauth/callback/privy?state=s"})
	policy := w.Header().Get("Content-Security-Policy")
	want := regexp.MustCompile(`^default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; script-src 'nonce-[A-Z2-7]{26}'; connect-src https://auth\.privy\.io$`)
	if !want.MatchString(policy) {
		t.Errorf("its policy is %s", policy)
	}
	if got := w.Header().Get("Referrer-Policy"); got != "same-origin" {
		t.Errorf("its Referrer-Policy is %s", got)
	}
	for _, s := range samples(plain) {
		w := drawn(p, s)
		if s.name != "privy" && (strings.Contains(w.Body.String(), "/assets/privy-") || strings.Contains(w.Header().Get("Content-Security-Policy"), "connect-src")) {
			t.Errorf("%s: it runs there, too", s.name)
		}
	}
}
