package main

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// A front is a site that runs Privy's login, and Privy.
type front struct {
	origin string // of the site
	privy  *standin.Privy
	did    string // of who signs in there
}

type frontKey struct{}

// servePrivy serves Privy to a script: "privy NAME APP SECRET ORIGIN". NAME is its URL, and
// NAME.pem the app's verification key; the site that runs its login is at ORIGIN, and
// nothing answers there.
func servePrivy(ts *script, _ bool, args []string) {
	wants(ts, args, 4, "privy NAME APP SECRET ORIGIN")
	const did = "did:privy:cm3np4u9j001rc8b73seqmqqk"
	p := standin.NewPrivy(standin.Client{ID: args[1], Secret: args[2]}, standin.PrivyPerson{DID: did, Linked: []map[string]any{
		{"type": "email", "address": "ada@acme.example", "verified_at": 1, "latest_verified_at": 1}}})
	server := httptest.NewServer(p)
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".pem"), []byte(p.VerificationKey()), 0o600))
	*ts.Value(frontKey{}).(*front) = front{origin: args[3], privy: p, did: did}
}

// firstByPrivy makes the first account with the link, by Privy.
func firstByPrivy(ts *script, _ bool, args []string) {
	wants(ts, args, 2, "first-by-privy SITE LINK")
	f := ts.Value(frontKey{}).(*front)
	_, page, err := f.signIn(newBrowser(), args[0], args[1])
	ts.Check(err)
	fmt.Fprint(ts.Stdout(), page)
}

// allowByPrivy has a person whom Privy signs in allow a client, and keeps NAME_access
// and NAME_refresh: "allow-by-privy NAME SITE CLIENT REDIRECT-URI [SCOPE]".
func allowByPrivy(ts *script, _ bool, args []string) {
	wants(ts, args, 4, "allow-by-privy NAME SITE CLIENT REDIRECT-URI [SCOPE]")
	name, site := args[0], args[1]
	f, b := ts.Value(frontKey{}).(*front), newBrowser()
	verifier := strings.Repeat("v", 43)
	sum := sha256.Sum256([]byte(verifier))
	asked := url.Values{"response_type": {"code"}, "client_id": {args[2]}, "redirect_uri": {args[3]},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}}
	if len(args) > 4 {
		asked.Set("scope", args[4])
	}
	_, page, err := f.signIn(b, site, site+"/oauth/authorize?"+asked.Encode())
	ts.Check(err)
	fields := hiddenFields(page, "/consent")
	fields.Set("decision", "allow")
	to, _, err := b.send(http.MethodPost, site+"/consent", fields, site)
	ts.Check(err)
	back, err := url.Parse(to)
	ts.Check(err)
	if !strings.HasPrefix(to, args[3]) {
		ts.Fatalf("the browser is sent to %q", to)
	}
	ts.Setenv(name+"_client", args[2])
	keep(ts, name, site, url.Values{"grant_type": {"authorization_code"}, "client_id": {args[2]}, "redirect_uri": {args[3]},
		"code": {back.Query().Get("code")}, "code_verifier": {verifier}})
}

// signIn opens a page from which people leave for Privy, signs somebody in there, and
// returns where they end here.
func (f *front) signIn(b *browserOf, site, page string) (at, body string, err error) {
	at, body, err = b.follow(page)
	if err != nil {
		return "", "", err
	}
	there, _, err := b.send(http.MethodPost, site+"/login/privy", hiddenFields(body, "/login/privy"), site)
	if err != nil {
		return "", "", err
	}
	u, err := url.Parse(there)
	if err != nil || u.Scheme+"://"+u.Host != f.origin {
		return "", "", fmt.Errorf("%s leads to %q: %s", at, there, body)
	}
	// The form of that site: no cookie of ours goes with it.
	session := f.privy.SignedIn(f.did)
	back, body, err := newBrowser().send(http.MethodPost, site+"/oauth/callback/privy", url.Values{
		"state": {u.Query().Get("state")}, "privy_token": {session.Access}, "identity_token": {session.Identity}}, f.origin)
	if err != nil || back == "" {
		return "", "", errors.Join(err, fmt.Errorf("the callback says %s", body))
	}
	return b.follow(site + back)
}

// A browserOf keeps cookies.
type browserOf struct{ *http.Client }

func newBrowser() *browserOf {
	jar, _ := cookiejar.New(nil) // it cannot fail
	return &browserOf{&http.Client{Jar: jar, CheckRedirect: direct.CheckRedirect}}
}

// follow opens a page, wherever it is.
func (b *browserOf) follow(page string) (at, body string, err error) {
	for range 8 {
		to, body, err := b.send(http.MethodGet, page, nil, "")
		if err != nil || to == "" {
			return page, body, err
		}
		here, err := url.Parse(page)
		if err != nil {
			return "", "", err
		}
		next, err := here.Parse(to)
		if err != nil {
			return "", "", err
		}
		page = next.String()
	}
	return "", "", errors.New("it goes round in circles")
}

// send makes one request, and returns where it redirects and what it says.
func (b *browserOf) send(method, to string, form url.Values, origin string) (location, body string, err error) {
	r, err := http.NewRequest(method, to, strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", err
	}
	r.Header.Set("Accept", "text/html")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", origin)
	}
	res, err := b.Do(r)
	if err != nil {
		return "", "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode >= 400 {
		err = fmt.Errorf("%s %s answers %s: %s", method, to, res.Status, text)
	}
	return res.Header.Get("Location"), string(text), err
}

var hiddenInput = regexp.MustCompile(`<input[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"`)

// hiddenFields are those of the form that goes to action.
func hiddenFields(page, action string) url.Values {
	_, form, _ := strings.Cut(page, `action="`+action+`"`)
	form, _, _ = strings.Cut(form, "</form>")
	fields := url.Values{}
	for _, m := range hiddenInput.FindAllStringSubmatch(form, -1) {
		fields.Set(m[1], m[2])
	}
	return fields
}

// claims prints header and claims of a JWT; with a file, an RSA key in it has to verify
// it with RS256: "claims TOKEN [PUBLIC-KEY]".
func claims(ts *script, _ bool, args []string) {
	wants(ts, args, 1, "claims TOKEN [PUBLIC-KEY]")
	parts := strings.Split(args[0], ".")
	if len(parts) != 3 {
		ts.Fatalf("it is not a JWT")
	}
	for _, part := range parts[:2] {
		text, err := base64.RawURLEncoding.DecodeString(part)
		ts.Check(err)
		fmt.Fprintf(ts.Stdout(), "%s\n", text)
	}
	if len(args) == 1 {
		return
	}
	block, _ := pem.Decode([]byte(ts.ReadFile(args[1])))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	ts.Check(err)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	ts.Check(err)
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	ts.Check(rsa.VerifyPKCS1v15(key.(*rsa.PublicKey), crypto.SHA256, sum[:], signature))
}
