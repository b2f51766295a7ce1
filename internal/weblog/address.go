package weblog

import (
	"net/http"
	"net/netip"
	"strings"
)

// Addresses tells whom a request came from. X-Forwarded-For is believed only
// as far as trusted proxies wrote it: the last entry that none of them is.
// The address is for logs and limits, and decides nothing else.
func Addresses(trusted []netip.Prefix) func(*http.Request) netip.Addr {
	isTrusted := func(a netip.Addr) bool {
		for _, p := range trusted {
			if p.Contains(a) {
				return true
			}
		}
		return false
	}
	return func(r *http.Request) netip.Addr {
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil {
			return netip.Addr{}
		}
		from := peer.Addr().Unmap()
		if len(trusted) == 0 {
			return from
		}
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0 && isTrusted(from); i-- {
			next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			from = next.Unmap()
		}
		return from
	}
}
