package gateway

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// A route is where a resource is served.
type route struct {
	path     string // without a trailing slash, except "/" alone
	host     string // empty: under any
	resource oauth.ProtectedResource
	guard    *resource.Guard
	handler  http.Handler // behind the guard
}

// routes finds by path what may be served there.
type routes map[string][]*route

func (rs routes) add(r *route) error {
	if r.path != "/" {
		r.path = strings.TrimSuffix(r.path, "/")
	}
	if r.path == "" {
		r.path = "/"
	}
	if !strings.HasPrefix(r.path, "/") || nearest(r.path) != r.path {
		return fmt.Errorf("the path %q is not a plain absolute path", r.path)
	}
	r.host = canonicalHost(r.host)
	for _, other := range rs[r.path] {
		if other.host == r.host {
			return fmt.Errorf("the path %q is taken by %q", r.path, other.resource.Name)
		}
	}
	rs[r.path] = append(rs[r.path], r)
	return nil
}

// find returns the route of a request, or nil, and whether the request's path
// only resembles one: such a path is nobody's, because a handler further on
// could clean it and serve, or redirect to, what it resembles.
//
// Paths are compared as octets, before any decoding: what two parsers could
// read in two ways has no business here.
func (rs routes) find(r *http.Request) (at *route, lookalike bool) {
	raw := r.URL.EscapedPath()
	if at := rs.at(trimSlash(raw), r.Host); at != nil {
		return at, false
	}
	if near := nearest(raw); near != trimSlash(raw) && rs.at(near, r.Host) != nil {
		return nil, true
	}
	return nil, false
}

func (rs routes) at(path, host string) *route {
	var anywhere *route
	for _, r := range rs[path] {
		switch r.host {
		case "":
			anywhere = r
		case canonicalHost(host):
			return r
		}
	}
	return anywhere
}

// trimSlash takes one slash from the end: a resource is served with and without
// it. A redirect from one to the other loses the Authorization header at some
// clients.
func trimSlash(p string) string {
	if len(p) > 1 && p[len(p)-1] == '/' {
		return p[:len(p)-1]
	}
	return p
}

// nearest is what the most generous server would make of a path.
func nearest(raw string) string {
	if isPlain(raw) {
		return trimSlash(raw)
	}
	return unravel(raw)
}

func unravel(raw string) string {
	p := raw
	for range 3 {
		next, err := url.PathUnescape(p)
		if err != nil || next == p {
			break
		}
		p = next
	}
	p = strings.ReplaceAll(p, `\`, "/")
	segments := strings.Split(p, "/")
	for i, s := range segments {
		s, _, _ = strings.Cut(s, ";")
		segments[i] = strings.TrimSpace(strings.Trim(s, "\x00"))
	}
	return path.Clean("/" + strings.Join(segments, "/"))
}

// isPlain reports whether a path means the same to everybody. Nearly all do, and
// every request comes by here.
func isPlain(raw string) bool {
	for i := range len(raw) {
		switch c := raw[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '~', c == '.':
		case c == '/':
			rest := raw[i+1:]
			if strings.HasPrefix(rest, "/") || rest == "." || rest == ".." || strings.HasPrefix(rest, "./") || strings.HasPrefix(rest, "../") {
				return false
			}
		default:
			return false
		}
	}
	return strings.HasPrefix(raw, "/")
}

func canonicalHost(host string) string {
	host = strings.ToLower(host)
	if name, port, err := net.SplitHostPort(host); err == nil && (port == "443" || port == "80") {
		return name
	}
	return host
}
