// Package standin has stand-ins for the identity services that people sign in
// with: GitHub, Google, Privy, and others that speak OAuth 2.0 in their own
// way. Each is an http.Handler for tests of your own program, made to be served
// by httptest or any listener, and each answers as the vendor documents that it
// does, the odd parts included: an error with status 200, a refresh token that
// comes only once, a list where others have a string.
//
//	github := standin.NewGitHub(standin.Client{ID: "id", Secret: "secret"},
//		standin.GitHubPerson{ID: 1, Login: "ada", Email: "ada@example.com", Verified: true})
//	server := httptest.NewServer(github)
//	github.Redirects("https://door.example/oauth/callback/github")
//
// Every stand-in has a [Front], which counts what came, keeps the last request
// of each endpoint without its secrets, and answers wrongly where it was told
// to ([Front.Fail]).
//
// Nobody is authenticated here, and a stand-in knows one client. It must never
// be reachable by anyone but tests.
package standin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"time"
)

// A Client is the registration of the program under test.
type Client struct {
	ID, Secret string
	Redirects  []string // the registered callback URLs; Front.Redirects sets them later
}

// secret tells whether s is the client's secret.
func (c Client) secret(s string) bool {
	return subtle.ConstantTimeCompare([]byte(c.Secret), []byte(s)) == 1
}

// clock reads a clock that may not have been set.
func clock(now func() time.Time) time.Time {
	if now == nil {
		return time.Now()
	}
	return now()
}

// text is a random value of n letters and digits behind a prefix.
func text(prefix string, n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	value := make([]byte, n)
	rand.Read(value)
	for i, b := range value {
		value[i] = letters[int(b)%len(letters)]
	}
	return prefix + string(value)
}

// An ask is an authorization request that was answered with a code.
type ask struct {
	query    url.Values
	redirect string
	person   string
	expires  time.Time
	first    bool // the person was asked, and did not merely come by
}

func (a ask) get(name string) string { return a.query.Get(name) }

// proves tells whether verifier answers the challenge of the request. RFC 7636
// §4.6. A request without one is not protected.
func (a ask) proves(verifier string) bool {
	challenge := a.get("code_challenge")
	switch {
	case challenge == "":
		return true
	case a.get("code_challenge_method") == "S256":
		sum := sha256.Sum256([]byte(verifier))
		return base64.RawURLEncoding.EncodeToString(sum[:]) == challenge
	}
	return verifier == challenge
}

// join adds parameters to a redirect URI, in the order given: name, value, …
// Values that are empty are left out.
func join(redirect string, pairs ...string) string {
	mark := "?"
	if u, err := url.Parse(redirect); err == nil && u.RawQuery != "" {
		mark = "&"
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			redirect += mark + pairs[i] + "=" + url.QueryEscape(pairs[i+1])
			mark = "&"
		}
	}
	return redirect
}
