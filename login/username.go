package login

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/sallyport-dev/sallyport/oauth"
)

const maxUsername = 64 // runes

// CanonicalUsername returns the one spelling under which a username is stored,
// looked up and counted: without space around it, in NFKC, case folded. It has 1
// to 64 letters, digits and any of . _ - @ +, or is refused with
// invalid_request.
//
// It is the only place that decides whether two spellings are one name. Where
// the sign-in and its limits disagree on that, tries at "ada" and at "ADA" are
// counted apart, and whoever guesses has twice the tries.
func CanonicalUsername(raw string) (string, error) {
	if len(raw) > 4*maxUsername || !utf8.ValidString(raw) {
		return "", oauth.Refuse(oauth.InvalidRequest, "A username has 1 to 64 characters.")
	}
	name := fold(strings.TrimSpace(raw))
	if n := utf8.RuneCountInString(name); n == 0 || n > maxUsername {
		return "", oauth.Refuse(oauth.InvalidRequest, "A username has 1 to 64 characters.")
	}
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-@+", r) {
			return "", oauth.Refuse(oauth.InvalidRequest, "A username is made of letters, digits, and any of . _ - @ +")
		}
	}
	// Of a few characters the fold is not its own fold. A name that could change
	// once more is not canonical.
	if fold(name) != name {
		return "", oauth.Refuse(oauth.InvalidRequest, "A username is made of letters, digits, and any of . _ - @ +")
	}
	return name, nil
}

// fold is the Unicode Standard §3.13 NFKC_Casefold, but for the characters that
// it removes, which are no letters and so refused, and for Cherokee, which is
// lower case like everything else.
func fold(s string) string {
	s = cases.Fold().String(norm.NFD.String(s))
	s = cases.Fold().String(norm.NFKC.String(s))
	return norm.NFKC.String(strings.ToLower(s))
}
