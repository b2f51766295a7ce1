package authserver_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// manners are what every answer of every script is held to, whatever it is about.
func (s *scene) manners(a *answer) error {
	return errors.Join(s.statusManners(a), s.redirectManners(a), cookieManners(a, s.setting.issuer), crossOriginManners(a), bodyManners(a), s.traceManners(a))
}

func (s *scene) statusManners(a *answer) error {
	var errs []error
	must := func(ok bool, complaint string) {
		if !ok {
			errs = append(errs, errors.New(complaint))
		}
	}
	must(a.status < 500 || s.faulty || busy(a), "a server error")
	must(a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") != "", "a 401 without WWW-Authenticate (RFC 9110 §15.5.2)")
	must(a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "", "a 405 without Allow (RFC 9110 §15.5.6)")
	must(a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "", "a 429 without Retry-After")
	must(a.header.Get("X-Request-Id") != "", "no X-Request-Id")
	return errors.Join(errs...)
}

// busy is a refusal that says when to come again, and not a fault.
func busy(a *answer) bool {
	return a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "" &&
		(strings.Contains(a.body, `"temporarily_unavailable"`) || strings.Contains(a.body, "cannot be made now") || strings.Contains(a.body, "does not answer now") || strings.Contains(a.body, "takes too long to answer"))
}

// redirectManners: a redirect stays here, or is an answer to a client.
func (s *scene) redirectManners(a *answer) error {
	location := a.header.Get("Location")
	if location == "" {
		return nil
	}
	if a.status == http.StatusTemporaryRedirect || a.status == http.StatusMovedPermanently {
		// The mux cleaning a path; it stays here too.
		return stays(location)
	}
	if a.status != http.StatusSeeOther {
		return fmt.Errorf("a redirect with %d; after a form only 303 does not send it again", a.status)
	}
	if a.header.Get("Cache-Control") != "no-store" {
		return errors.New("a redirect without Cache-Control: no-store")
	}
	if strings.HasPrefix(location, "/") {
		return stays(location)
	}
	if a.header.Get("Referrer-Policy") != "no-referrer" {
		return errors.New("an answer to a client without Referrer-Policy: no-referrer")
	}
	u, err := url.Parse(location)
	if err != nil {
		return err
	}
	q := u.Query()
	if name, ok := strings.CutPrefix(strings.NewReplacer("/connect/", "/login/", "/account/ways/", "/login/", "/oauth/callback/", "/login/").Replace(a.path), "/login/"); ok && strings.HasPrefix(location, s.elsewhere[name].url+"/") && name != "" {
		if s.elsewhere[name].privy != nil {
			return frontEndManners(q)
		}
		return departureManners(q)
	}
	switch {
	case len(q["iss"]) != 1 || q.Get("iss") != s.setting.issuer:
		return errors.New("an answer to a client without the iss of RFC 9207 §2")
	case q.Has("code") == q.Has("error"), len(q["code"]) > 1, len(q["error"]) > 1, len(q["state"]) > 1:
		return errors.New("an answer to a client that is neither one code nor one error")
	case q.Has("access_token"), u.Fragment != "":
		return errors.New("an answer to a client with more in it than a code")
	}
	return descriptionManners(q.Get("error_description"))
}

func stays(location string) error {
	if !strings.HasPrefix(location, "/") || strings.HasPrefix(location, "//") || strings.HasPrefix(location, `/\`) {
		return errors.New("a redirect that leaves this server and is no answer to a client")
	}
	return nil
}

// descriptionManners: RFC 6749 §4.1.2.1: error_description "MUST NOT include
// characters outside the set %x20-21 / %x23-5B / %x5D-7E".
func descriptionManners(text string) error {
	for _, r := range text {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return fmt.Errorf("error_description holds %q", r)
		}
	}
	return nil
}

func cookieManners(a *answer, issuer string) error {
	for _, line := range a.header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		switch {
		case err != nil:
			return err
		case !c.HttpOnly, c.Path != "/", c.Domain != "", c.SameSite != http.SameSiteLaxMode:
			return fmt.Errorf("a cookie that is not HttpOnly, SameSite=Lax and of this host alone: %s", c.Name)
		case strings.HasPrefix(issuer, "https:") && (!c.Secure || !strings.HasPrefix(c.Name, "__Host-")):
			return fmt.Errorf("a cookie of an https server that is not __Host- and Secure: %s", c.Name)
		case a.header.Get("Access-Control-Allow-Origin") != "":
			return errors.New("a cookie in an answer that other origins may read")
		}
	}
	return nil
}

// crossOriginManners: draft-ietf-oauth-v2-1 §3.1: no CORS at the authorization
// endpoint; nor on any page.
func crossOriginManners(a *answer) error {
	if a.header.Get("Access-Control-Allow-Credentials") != "" {
		return errors.New("other origins may send cookies")
	}
	isPage := strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.header.Get("Location") != ""
	for _, path := range []string{"/authorize", "/oauth/authorize", "/login", "/consent", "/logout", "/account", "/account/revoke"} {
		isPage = isPage || a.path == path
	}
	if isPage && a.status != http.StatusNotFound && a.header.Get("Access-Control-Allow-Origin") != "" {
		return errors.New("other origins may read a page")
	}
	return nil
}

func bodyManners(a *answer) error {
	if a.body == "" || a.status == http.StatusTemporaryRedirect || a.status == http.StatusMovedPermanently {
		return nil
	}
	kind, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	switch {
	case err != nil:
		return fmt.Errorf("a body whose type is %q", a.header.Get("Content-Type"))
	case kind == "text/html":
		return pageManners(a)
	case kind != "application/json":
		return fmt.Errorf("a body of type %s", kind)
	}
	var members map[string]any
	if err := json.Unmarshal([]byte(a.body), &members); err != nil {
		return fmt.Errorf("a body that is not a JSON object: %w", err)
	}
	if _, refused := members["error"]; refused != (a.status >= 400) {
		return fmt.Errorf("a status of %d, and error %v", a.status, members["error"])
	}
	if public := strings.HasPrefix(a.header.Get("Cache-Control"), "public"); !public && a.header.Get("Cache-Control") != "no-store" {
		return errors.New("a JSON answer without Cache-Control: no-store")
	}
	for _, name := range []string{"client_id", "client_secret", "scope", "refresh_token", "access_token"} {
		if value, ok := members[name]; ok && (value == nil || value == "") {
			return fmt.Errorf("%s is there and empty", name)
		}
	}
	description, _ := members["error_description"].(string)
	return descriptionManners(description)
}

// pageManners: nobody frames a page, keeps it, or learns its address.
func pageManners(a *answer) error {
	policy := a.header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, want) {
			return fmt.Errorf("a page whose content security policy lacks %s", want)
		}
	}
	scripts := strings.Count(strings.ToLower(a.body), "<script")
	if asksDevice := strings.Contains(a.body, `class="passkey"`); asksDevice {
		// The one script there is runs where a device is asked, by a nonce.
		nonce := scriptNonce.FindStringSubmatch(a.body)
		if nonce == nil || scripts != 1 || !strings.Contains(policy, "; script-src 'nonce-"+nonce[1]+"'") || a.path == "/consent" {
			return errors.New("a page that asks a device with another script than its own")
		}
		policy, scripts = strings.Replace(policy, "script-src 'nonce-"+nonce[1]+"'", "", 1), 0
	}
	for _, unwanted := range []string{"unsafe-", "script-src", "*", "http:", "https:"} {
		if strings.Contains(policy, unwanted) {
			return fmt.Errorf("a page whose content security policy has %s", unwanted)
		}
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Frame-Options": "DENY",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if a.header.Get(name) != want {
			return fmt.Errorf("a page without %s: %s", name, want)
		}
	}
	if scripts > 0 {
		return errors.New("a page with a script")
	}
	return nil
}

var scriptNonce = regexp.MustCompile(`<script type="module" src="/assets/passkey-[0-9a-f]+\.js" nonce="([A-Z2-7]{26})"></script>`)

// departureManners: RFC 9700 §2.1.1, §4.7.1: PKCE and a state, whatever the
// upstream; nothing of ours in the address but what it needs.
func departureManners(q url.Values) error {
	if q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || len(q.Get("state")) < 22 || q.Get("response_type") != "code" {
		return errors.New("somebody is sent to an upstream without a challenge or a state")
	}
	if q.Has("client_secret") || q.Has("code_verifier") || q.Has("ix") {
		return errors.New("an upstream's address holds a secret")
	}
	return nil
}

// frontEndManners: a page of the operator's own is told the state, and nothing that
// would be worth something to whoever reads its addresses.
func frontEndManners(q url.Values) error {
	for name := range q {
		if name != "state" && name != "tenant" && name != "login_hint" && name != "prompt" {
			return fmt.Errorf("the front end's address has %s", name)
		}
	}
	if len(q.Get("state")) < 22 {
		return errors.New("somebody is sent to a front end without a state")
	}
	return nil
}

// keepSecrets notes what must not turn up anywhere else.
func (s *scene) keepSecrets(a *answer) {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		s.secrets[c.Value] = true
	}
	if u, err := url.Parse(a.header.Get("Location")); err == nil {
		s.secrets[u.Query().Get("code")] = true
		s.secrets[u.Query().Get("ix")], s.secrets[u.Query().Get("ticket")] = true, true
	}
	for _, name := range []string{"ix", "csrf"} {
		value, _ := field(a.body, name)
		s.secrets[value] = true
	}
	var members map[string]any
	if json.Unmarshal([]byte(a.body), &members) != nil {
		return
	}
	for _, name := range []string{"access_token", "refresh_token", "client_secret"} {
		value, _ := members[name].(string)
		s.secrets[value] = true
	}
}

// gaveNothingAway looks for every secret of the story in the log, and in the
// files of the database: neither codes nor tokens nor secrets are stored.
func (s *scene) gaveNothingAway() {
	s.t.Helper()
	text := []byte(s.log.String())
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(s.file + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.t.Error(err)
		}
		text = append(text, content...)
	}
	for secret := range s.secrets {
		// The end of a long one says as much, and is found much faster: package
		// bytes has machine code for at most 63 bytes.
		end := secret[max(0, len(secret)-60):]
		if len(secret) >= 16 && bytes.Contains(text, []byte(end)) {
			s.t.Errorf("the log or the database holds a secret, %.12s…", secret)
		}
	}
}
