package login

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/sallyport-dev/sallyport/oauth"
)

// PasswordMin is how long a password has to be, in characters: Unicode code
// points, in NFKC.
const PasswordMin = 10

const maxPassword = 1024 // bytes, as typed

// common are the passwords that are guessed first, of those long enough to pass.
var common = []string{
	"0123456789", "1234567890", "12345678910", "0987654321", "123456789a", "a123456789",
	"abcdefghij", "qwertyuiop", "qwerty12345", "1q2w3e4r5t", "1qaz2wsx3edc", "asdfghjkl1",
	"password12", "password123", "password1234", "password123!", "passw0rd123", "p@ssw0rd123",
	"iloveyou12", "iloveyou123", "welcome123", "letmein123", "administrator", "changeme123",
	"sallyport1", "sallyport123",
}

// checkPassword applies the rules to a password that someone chooses, and
// returns the form that is hashed.
//
// NIST SP 800-63B-4 §3.1.1.2 asks for length, for a list of what is guessed
// first, and for no rule of composition. It wants 15 characters where nothing
// but the password protects the account. Here ten are enough: whoever guesses at
// the door is slowed to a try a minute, and whoever stole the database needs,
// for ten random lower-case letters, 700 times as long as for eight.
func checkPassword(password oauth.Secret, personal ...string) (string, error) {
	text, ok := passwordText(password)
	switch {
	case !ok && len(password) > maxPassword:
		return "", oauth.Refuse(oauth.InvalidRequest, "That password is longer than 1024 bytes.")
	case !ok:
		return "", oauth.Refuse(oauth.InvalidRequest, "A password is text, without control characters.")
	case utf8.RuneCountInString(text) < PasswordMin:
		return "", oauth.Refuse(oauth.InvalidRequest, "A password has at least 10 characters.")
	}
	folded := fold(text)
	for _, guess := range personal {
		if guess != "" && folded == fold(guess) {
			return "", oauth.Refuse(oauth.InvalidRequest, "A password is not the name or the address of its owner.")
		}
	}
	for _, guess := range common {
		if folded == guess {
			return "", oauth.Refuse(oauth.InvalidRequest, "That password is one of those that are guessed first.")
		}
	}
	if first, size := utf8.DecodeRuneInString(folded); strings.Trim(folded[size:], string(first)) == "" {
		return "", oauth.Refuse(oauth.InvalidRequest, "A password is more than one character repeated.")
	}
	return text, nil
}

// passwordText is the form that is hashed, and whether the password is one that
// can be hashed at all. Keyboards differ in how they compose the same letter.
//
// NIST SP 800-63B-4 §3.1.1.2: "the verifier SHOULD apply the normalization
// process for stabilized strings using either the NFKC or NFKD normalization".
func passwordText(password oauth.Secret) (string, bool) {
	s := string(password)
	if len(s) > maxPassword || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", false
	}
	return norm.NFKC.String(s), true
}
