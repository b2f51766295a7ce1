package oauth

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// plainHost returns the host of an http or https URL in lower case, an IPv6
// address in brackets and in its shortest form, and whether everyone who reads
// the URL reads the same host. A browser reads 0x7f.1 as 127.0.0.1 and decodes
// what is percent-encoded; Go does neither. What only some understand is no host
// to send an answer to, nor to show to a person.
func plainHost(u *url.URL) (string, bool) {
	host := strings.ToLower(u.Hostname())
	if strings.HasPrefix(u.Host, "[") {
		addr, err := netip.ParseAddr(host)
		return "[" + addr.String() + "]", err == nil && addr.Is6() && addr.Zone() == ""
	}
	label := ""
	for label = range strings.SplitSeq(host, ".") {
		if label == "" || strings.ContainsFunc(label, notInHostname) {
			return "", false
		}
	}
	// A host whose last label is a number is an IPv4 address, however it is
	// written: it has to be written in the only way that all agree on.
	if strings.HasPrefix(label, "0x") || !strings.ContainsFunc(label, notDigit) {
		_, err := netip.ParseAddr(host)
		return host, err == nil
	}
	return host, len(host) <= 253
}

func notInHostname(r rune) bool {
	return notDigit(r) && (r < 'a' || r > 'z') && r != '-' && r != '_'
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

// plainPort returns the port, 0 where there is none, and whether it is one.
func plainPort(u *url.URL) (int, bool) {
	digits := u.Port()
	if digits == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	return int(n), err == nil && n > 0
}

// uriCharacters reports whether raw holds none of what browsers drop, as tabs
// and newlines, turn around, as backslashes, or encode, and no broken escape:
// what is compared here must be what they open. RFC 3986 §2.
func uriCharacters(raw string) bool {
	for i := range len(raw) {
		b := raw[i]
		if b <= 0x20 || b >= 0x7f || strings.IndexByte("\\\"<>^`{|}", b) >= 0 {
			return false
		}
		if b == '%' && (i+2 >= len(raw) || !hexDigit(raw[i+1]) || !hexDigit(raw[i+2])) {
			return false
		}
	}
	return true
}

func hexDigit(b byte) bool {
	return '0' <= b && b <= '9' || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F'
}

// hasDotSegment reports whether a decoded path would take some reader of it
// elsewhere. There are servers that split at backslashes, and servers that take
// "..;x" for "..".
func hasDotSegment(path string) bool {
	for segment := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
		name, _, _ := strings.Cut(segment, ";")
		if name == "." || name == ".." {
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
	return err == nil && addr.Unmap().IsLoopback()
}
