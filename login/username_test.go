package login

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sallyport-dev/sallyport/oauth"
)

func TestCanonicalUsername(t *testing.T) {
	for _, c := range []struct{ name, raw, want string }{
		{"lower case stays", "ada", "ada"},
		{"upper case folds", "ADA.Lovelace", "ada.lovelace"},
		{"space around it goes", "  ada\t", "ada"},
		{"full-width letters are letters", "ａｄａ", "ada"},
		{"a ligature is its letters", "ﬁona", "fiona"},
		{"a composed letter is composed", "zoe\u0308", "zoë"},
		{"a sharp s folds to two", "Straße", "strasse"},
		{"a final sigma is a sigma", "ΟΔΥΣΣΕΥΣ", "οδυσσευσ"},
		{"Cherokee has two cases too", "ᏣᎳᎩ", "ꮳꮃꭹ"},
		{"the Kelvin sign is a k", "\u212aelvin", "kelvin"},
		{"an e-mail address is a name", "Ada+mcp@Example.com", "ada+mcp@example.com"},
		{"64 letters", strings.Repeat("a", 64), strings.Repeat("a", 64)},
		{"65 letters", strings.Repeat("a", 65), ""},
		{"one that grows past 64", strings.Repeat("ﬃ", 30), ""},
		{"nothing", "", ""},
		{"only space", "   ", ""},
		{"a space inside", "a da", ""},
		{"a slash", "a/b", ""},
		{"a control character", "a\x00b", ""},
		{"a zero-width joiner", "a\u200db", ""},
		{"a soft hyphen", "a\u00adb", ""},
		{"a character that turns the line", "a\u202eb", ""},
		{"markup", "<b>", ""},
		{"an emoji", "🏰", ""},
		{"broken UTF-8", "a\xffb", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := CanonicalUsername(c.raw)
			if got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v; want %q", got, err, c.want)
			}
			if err != nil && oauth.AsError(err).Code != oauth.InvalidRequest {
				t.Error(err)
			}
		})
	}
}

func FuzzCanonicalUsername(f *testing.F) {
	for _, raw := range []string{"ada", "ＡＤＡ", "Straße", "İstanbul", "ǰ", "ΐ", "ﬃ", "\u1fb7", "\u0345a", "\u0390"} {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name, err := CanonicalUsername(raw)
		if err != nil {
			return
		}
		again, err := CanonicalUsername(name)
		if err != nil || again != name {
			t.Errorf("%q became %q and then %q, %v", raw, name, again, err)
		}
		if n := utf8.RuneCountInString(name); n < 1 || n > 64 || strings.ContainsAny(name, " \t\r\n/\\<>\"'") {
			t.Errorf("%q became %q", raw, name)
		}
		// EqualFold would also equate letters that do not come back from upper case.
		lower := strings.ToLower(raw)
		for _, spelling := range []string{strings.ToUpper(raw), lower, " " + raw + " "} {
			if other, err := CanonicalUsername(spelling); err == nil && other != name && lower == strings.ToLower(strings.ToUpper(raw)) {
				t.Errorf("%q is %q, but %q is %q", raw, name, spelling, other)
			}
		}
	})
}
