package oauth

import (
	"net/url"
	"slices"
	"strings"
)

// responseParameters are what an answer adds to a redirect URI, here or at
// another server. A registered URI that already has one of them could forge an
// answer.
var responseParameters = []string{
	"code", "state", "iss", "error", "error_description", "error_uri", "response", "access_token", "id_token",
}

// CheckRedirectURI decides whether raw may be registered at all. Allowed are
// https, http on this computer, and the private-use schemes that are given or
// hold a dot (RFC 8252 §7.1: reverse domain names).
//
// RFC 6749 §3.1.2: "The redirection endpoint URI MUST be an absolute URI [...].
// The endpoint URI MUST NOT include a fragment component."
func CheckRedirectURI(raw string, privateSchemes []string) error {
	refuse := func(why string) error { return Refuse(InvalidRedirectURI, why) }
	if len(raw) > 2048 {
		return refuse("a redirect URI is longer than 2048 characters")
	}
	if !uriCharacters(raw) {
		return refuse("a redirect URI holds a character that is not allowed in a URI")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme == "":
		return refuse("a redirect URI is not an absolute URI")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return refuse("a redirect URI has a fragment")
	case u.User != nil:
		return refuse("a redirect URI has userinfo")
	case strings.Contains(u.Host, "*"):
		return refuse("a redirect URI has a wildcard")
	case hasDotSegment(u.Path):
		return refuse("a redirect URI has a dot segment")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || slices.ContainsFunc(responseParameters, query.Has) {
		return refuse("a redirect URI has a query with a parameter of the answer")
	}
	return checkScheme(u, privateSchemes)
}

func checkScheme(u *url.URL, privateSchemes []string) error {
	switch {
	case u.Scheme == "https":
		return checkAuthority(u)
	case u.Scheme == "http":
		// draft-ietf-oauth-v2-1 §2.3.1 asks for https; RFC 8252 §7.3 lets native
		// apps use http on the loopback interface, where nothing crosses a network.
		if !isRedirectLoopback(u) {
			return Refuse(InvalidRedirectURI, "an http redirect URI must be on localhost, 127.0.0.1 or [::1]; use https")
		}
		return checkAuthority(u)
	case slices.Contains(neverSchemes, u.Scheme):
		return Refuse(InvalidRedirectURI, "the scheme of a redirect URI is not allowed")
	case !slices.Contains(privateSchemes, u.Scheme) && !strings.Contains(strings.TrimRight(u.Scheme, "."), "."):
		return Refuse(InvalidRedirectURI, "the private-use scheme of a redirect URI is not on this server's list")
	}
	return nil
}

// checkAuthority makes the authority of an http or https URI one that has a
// single reading, so that what a person is told is where the answer goes.
func checkAuthority(u *url.URL) error {
	if _, ok := plainHost(u); !ok {
		return Refuse(InvalidRedirectURI, "a redirect URI has no host, or one that is not written plainly")
	}
	if port, ok := plainPort(u); !ok || strings.HasPrefix(u.Port(), "0") || port == 0 && strings.HasSuffix(u.Host, ":") {
		return Refuse(InvalidRedirectURI, "the port of a redirect URI is not a number from 1 to 65535")
	}
	return nil
}

// neverSchemes run code or read files in a browser, whatever a settings file says.
var neverSchemes = []string{"javascript", "data", "vbscript", "file", "blob", "about", "view-source", "filesystem", "ws", "wss", "ftp", "mailto", "tel", "intent"}

// ForbiddenScheme reports whether a scheme may never be on the list of
// private-use schemes.
func ForbiddenScheme(scheme string) bool {
	return slices.Contains(neverSchemes, strings.ToLower(scheme))
}

func isRedirectLoopback(u *url.URL) bool {
	switch strings.ToLower(u.Hostname()) {
	case "localhost", "127.0.0.1", "::1":
		return true
	}
	return false
}

// MatchRedirectURI reports whether presented is the registered URI. The octets
// must be equal, except that the port of an http loopback URI is not compared.
//
// RFC 9700 §2.1: "authorization servers MUST ensure that the two URIs are equal
// [...] with the exception of port numbers in localhost redirection URIs of
// native apps".
func MatchRedirectURI(registered, presented string) bool {
	if registered == presented {
		return true
	}
	r, err1 := url.Parse(registered)
	p, err2 := url.Parse(presented)
	if err1 != nil || err2 != nil || r.Scheme != "http" || !isRedirectLoopback(r) {
		return false
	}
	// What is compared is the text: with its own port taken out, each must be
	// the same octets. Parsing alone would forgive what a browser may not.
	return CheckRedirectURI(presented, nil) == nil && withoutPort(r, registered) == withoutPort(p, presented)
}

// withoutPort takes the port out of raw, of which u was parsed and which has no
// userinfo. It is the last thing in the authority; the same digits may stand
// elsewhere, in [::1] for one.
func withoutPort(u *url.URL, raw string) string {
	if u.Port() == "" {
		return raw
	}
	end := len(u.Scheme) + len("://") + len(u.Host)
	return raw[:end-len(":")-len(u.Port())] + raw[end:]
}

// MatchRedirectURI reports whether one of the client's registered URIs matches.
func (m ClientMetadata) MatchRedirectURI(presented string) bool {
	return slices.ContainsFunc(m.RedirectURIs, func(registered string) bool {
		return MatchRedirectURI(registered, presented)
	})
}

// A RedirectTarget is what a person is told about where the answer goes.
type RedirectTarget struct {
	Host     string // "claude.ai", "127.0.0.1", "::1", or the private scheme "cursor:"
	Port     string
	Loopback bool // a program on this computer
	Private  bool // whichever program claimed the scheme
}

// TargetOf describes a redirect URI that CheckRedirectURI let pass.
func TargetOf(redirectURI string) RedirectTarget {
	u, err := url.Parse(redirectURI)
	if err != nil {
		return RedirectTarget{}
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return RedirectTarget{Host: u.Scheme + ":", Private: true}
	}
	host := strings.ToLower(u.Hostname())
	return RedirectTarget{Host: host, Port: u.Port(), Loopback: IsLoopbackHost(host)}
}

// Memorable reports whether consent for this target may be remembered. Any
// program on a computer can listen on its loopback or claim its schemes, so
// there the person is asked every time. draft-ietf-oauth-v2-1 §7.3.
func (t RedirectTarget) Memorable() bool { return !t.Loopback && !t.Private }
