package oauth

import (
	"net/netip"
	"net/url"
	"strings"
)

// CanonicalResource returns the one spelling of a resource identifier by which
// it is compared: scheme and host in lower case, no default port, no trailing
// slash. What is no absolute http or https URI, or has a fragment, userinfo or
// dot segments, is refused with invalid_target.
//
// RFC 8707 §2: "Its value MUST be an absolute URI, as specified by Section 4.3
// of [RFC3986]. The URI MUST NOT include a fragment component."
func CanonicalResource(raw string) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", Refuse(InvalidTarget, "resource is not a URI").Because(err)
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.Opaque != "":
		return "", Refuse(InvalidTarget, "resource is not an absolute http or https URI")
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return "", Refuse(InvalidTarget, "resource has a fragment")
	case u.User != nil:
		return "", Refuse(InvalidTarget, "resource has userinfo")
	case u.EscapedPath() != u.Path || hasDotSegment(u.Path):
		return "", Refuse(InvalidTarget, "resource has an encoded or dot segment in its path")
	}
	u.Host = canonicalHost(u)
	u.Path = strings.TrimSuffix(u.Path, "/")
	u.RawPath = ""
	return u.String(), nil
}

func canonicalHost(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch {
	case u.Scheme == "https":
		return strings.TrimSuffix(host, ":443")
	default:
		return strings.TrimSuffix(host, ":80")
	}
}

func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// IsLoopbackHost reports whether host, without a port, is this computer:
// localhost, 127.0.0.0/8 or ::1.
func IsLoopbackHost(host string) bool {
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
