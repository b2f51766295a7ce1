package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync/atomic"
	"syscall"
	"time"
)

// An inside address is one that the public internet does not reach.
func inside(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() ||
		slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// special are more ranges of RFC 6890 that lead inside, or to nowhere.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("100::/64"), netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"),
}

// A network is where the server that is looked at was found.
type network struct {
	host      string
	addresses []netip.Addr
	err       error
	dial      dialFunc // nil: as the system does
}

func lookUp(ctx context.Context, target *url.URL) network {
	host := target.Hostname()
	if a, err := netip.ParseAddr(host); err == nil {
		return network{host: host, addresses: []netip.Addr{a}}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	return network{host: host, addresses: found, err: err}
}

// inside reports whether the server is on this computer or on a private network.
// A name with one address inside and one outside is a stranger's: else it would
// open the inside to whoever publishes 127.0.0.1 beside their own address.
func (n network) inside() bool {
	return len(n.addresses) > 0 && !slices.ContainsFunc(n.addresses, func(a netip.Addr) bool { return !inside(a) })
}

func (n network) hasIPv4() bool {
	return slices.ContainsFunc(n.addresses, func(a netip.Addr) bool { return a.Unmap().Is4() })
}

var errInward = errors.New("a server on the public internet may not send the doctor to an address inside")

// transport is how requests go out. Where the server that is looked at is a
// public one, nothing that it says leads to an address inside: whoever points
// the doctor at a stranger does not want the stranger to look around at home.
func (n network) transport(roots *x509.CertPool) *http.Transport {
	d := net.Dialer{Timeout: 10 * time.Second}
	if !n.inside() {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil || inside(at.Addr()) {
				return fmt.Errorf("%s: %w", address, errInward)
			}
			return nil
		}
	}
	dial := n.pinned(d.DialContext)
	if n.dial != nil {
		dial = n.dial
	}
	return &http.Transport{
		DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second, MaxResponseHeaderBytes: 64 << 10,
	}
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// pinned connects to the server that is looked at only where its name led when
// the examination began. A name that leads inside once and outside the next time
// would let a stranger speak as one from inside.
func (n network) pinned(dial dialFunc) dialFunc {
	var good atomic.Int32 // the address that answered last
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil || host != n.host || len(n.addresses) == 0 {
			return dial(ctx, network, address)
		}
		addresses := slices.Clone(n.addresses)
		if at := int(good.Load()); at > 0 {
			addresses[0], addresses[at] = addresses[at], addresses[0]
		}
		var last error
		for i, a := range addresses {
			c, err := dialOne(ctx, dial, network, net.JoinHostPort(a.Unmap().String(), port), i+1 < len(addresses))
			if err == nil {
				good.Store(int32(slices.Index(n.addresses, a)))
				return c, nil
			}
			last = err
		}
		return nil, last
	}
}

// dialOne connects to one address, quickly where there is another to be tried.
func dialOne(ctx context.Context, dial dialFunc, network, address string, more bool) (net.Conn, error) {
	if more {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
	}
	return dial(ctx, network, address)
}
