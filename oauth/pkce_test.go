package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
)

// RFC 7636 §B.
const (
	exampleVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	exampleChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestParseChallenge(t *testing.T) {
	for _, c := range []struct {
		name, challenge, method string
		ok                      bool
	}{
		{"the example of the RFC", exampleChallenge, "S256", true},
		{"no challenge", "", "S256", false},
		{"neither", "", "", false},
		{"a challenge without a method, which would be plain", exampleChallenge, "", false},
		{"plain", exampleVerifier, "plain", false},
		{"plain under the name of S256", "a-plain-challenge", "S256", false},
		{"an unknown method", exampleChallenge, "S512", false},
		{"the method in lower case", exampleChallenge, "s256", false},
		{"the method with a space behind", exampleChallenge, "S256 ", false},
		{"two methods", exampleChallenge, "plain S256", false},
		{"padding", exampleChallenge + "=", "S256", false},
		{"the other base64", strings.ReplaceAll(exampleChallenge, "-", "+"), "S256", false},
		{"a character less", exampleChallenge[:42], "S256", false},
		{"a character more", exampleChallenge + "A", "S256", false},
		{"bits that no encoder sets", exampleChallenge[:42] + "N", "S256", false},
		{"a newline behind", exampleChallenge + "\n", "S256", false},
		{"a newline inside", exampleChallenge[:20] + "\r\n" + exampleChallenge[20:], "S256", false},
		{"a space in front", " " + exampleChallenge, "S256", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseChallenge(c.challenge, c.method)
			if c.ok != (err == nil) || c.ok && string(got) != c.challenge {
				t.Errorf("got %q, %v", got, err)
			}
			if err != nil && (AsError(err).Code != InvalidRequest || got != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func challengeOf(verifier string) Challenge {
	sum := sha256.Sum256([]byte(verifier))
	return Challenge(base64.RawURLEncoding.EncodeToString(sum[:]))
}

func TestVerify(t *testing.T) {
	long := strings.Repeat("a", 128)
	for _, c := range []struct {
		name      string
		challenge Challenge
		verifier  string
		want      bool
	}{
		{"the example of the RFC", exampleChallenge, exampleVerifier, true},
		{"128 characters", challengeOf(long), long, true},
		{"every unreserved sign", challengeOf(exampleVerifier + "-._~"), exampleVerifier + "-._~", true},
		{"no verifier", exampleChallenge, "", false},
		{"another verifier", exampleChallenge, exampleVerifier[:42] + "A", false},
		{"the challenge itself, as plain would have it", exampleChallenge, exampleChallenge, false},
		{"no challenge was sent", "", exampleVerifier, false},
		{"neither was sent", "", "", false},
		{"the digest of nothing", challengeOf(""), "", false},
		{"42 characters", challengeOf(exampleVerifier[:42]), exampleVerifier[:42], false},
		{"129 characters", challengeOf(long + "a"), long + "a", false},
		{"a reserved sign", challengeOf(exampleVerifier + "+"), exampleVerifier + "+", false},
		{"a letter beyond ASCII", challengeOf(exampleVerifier + "é"), exampleVerifier + "é", false},
		{"a newline behind", challengeOf(exampleVerifier + "\n"), exampleVerifier + "\n", false},
		{"a challenge that is cut", Challenge(exampleChallenge[:20]), exampleVerifier, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.challenge.Verify(c.verifier); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func FuzzChallenge(f *testing.F) {
	f.Add(exampleChallenge, "S256", exampleVerifier)
	f.Add("", "", "")
	f.Add(exampleChallenge+"\n", "plain", exampleChallenge)
	f.Fuzz(func(t *testing.T, challenge, method, verifier string) {
		c, err := ParseChallenge(challenge, method)
		if err == nil && (method != "S256" || len(challenge) != 43 || string(c) != challenge) {
			t.Errorf("%q by %q passed", challenge, method)
		}
		if c.Verify(verifier) && (err != nil || challengeOf(verifier) != c || len(verifier) < 43 || len(verifier) > 128) {
			t.Errorf("%q answers %q", verifier, challenge)
		}
		if own := challengeOf(verifier); own.Verify(verifier) {
			if _, err := ParseChallenge(string(own), "S256"); err != nil {
				t.Errorf("%q: %v", own, err)
			}
		}
	})
}
