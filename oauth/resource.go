package oauth

import (
	"net/url"
	"strconv"
	"strings"
)

// CanonicalResource returns the one spelling of a resource identifier by which
// it is compared: scheme and host in lower case, the shortest form of an IPv6
// address, no default port, no slash at the end, no empty query. Path and query
// keep their case. It is its own canonical form.
//
// Refused with invalid_target is what is no absolute http or https URL of at
// most 2048 characters, or has a fragment or userinfo, and also what two servers
// could read as two resources: a path with percent-encoding, empty segments or
// dot segments, and a host that is not plain. An internationalized name is
// written in its ASCII form.
//
// RFC 8707 §2: "Its value MUST be an absolute URI, as specified by Section 4.3
// of [RFC3986]. The URI MUST NOT include a fragment component."
func CanonicalResource(raw string) (string, error) {
	if len(raw) > 2048 || !uriCharacters(raw) {
		return "", Refuse(InvalidTarget, "resource is too long or holds a character that is not allowed in a URI")
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", Refuse(InvalidTarget, "resource is not a URI").Because(err)
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.Opaque != "":
		return "", Refuse(InvalidTarget, "resource is not an absolute http or https URI")
	case strings.Contains(raw, "#"):
		return "", Refuse(InvalidTarget, "resource has a fragment")
	case u.User != nil:
		return "", Refuse(InvalidTarget, "resource has userinfo")
	case u.EscapedPath() != u.Path, strings.Contains(u.Path, "//"), hasDotSegment(u.Path):
		return "", Refuse(InvalidTarget, "resource has an encoded, empty or dot segment in its path")
	}
	host, ok1 := plainHost(u)
	port, ok2 := plainPort(u)
	if !ok1 || !ok2 {
		return "", Refuse(InvalidTarget, "resource has a host or a port that is not written plainly")
	}
	if port != 0 && port != defaultPort(u.Scheme) {
		host += ":" + strconv.Itoa(port)
	}
	// Put together by hand: url.URL would encode signs of the path that need it not.
	canonical := u.Scheme + "://" + host + strings.TrimSuffix(u.Path, "/")
	if u.RawQuery != "" {
		canonical += "?" + u.RawQuery
	}
	return canonical, nil
}

func defaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}
