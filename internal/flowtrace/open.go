package flowtrace

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// window is how long a flow that nothing names goes on without a request.
const window = 10 * time.Minute

// maxOpen bounds what is remembered of flows that are under way, in keys.
const maxOpen = 4096

// A key is by what a later request of the same flow can be known. Addresses,
// user agents and whatever else is in one are in memory only, and hashed.
type key struct {
	what byte
	addr netip.Addr
	text uint64
}

// The kinds of keys, the most certain first.
const (
	byID      = 'i' // the flow's own id, carried by a sealed value
	byGrant   = 'g'
	byRequest = 'r' // the same authorization request, opened again
	byPlace   = 'p' // the same program at the same network
	byClient  = 'c' // the same client at the same network
	byName    = 'C' // the same client, anywhere
	byNetwork = 'n' // the same network: a program's browser
	byFamily  = 'f' // a client of the same make, anywhere: a hosted one
)

// An open flow is under way.
type open struct {
	id       string
	last     time.Time
	standing int64
	client   string // its id, as soon as that is known
	family   string
	claimed  bool // an authorization request has begun in it
	counts   map[uint64]int64
	keys     []key
}

// board is the flows under way, by their keys. The recorder's lock guards it.
type board struct {
	seed maphash.Seed
	by   map[key]*open
}

func newBoard() board { return board{seed: maphash.MakeSeed(), by: map[key]*open{}} }

func (b *board) key(what byte, addr netip.Addr, text string) key {
	return key{what, addr, maphash.String(b.seed, text)}
}

// find returns the first flow that a key leads to, is not too old, and suits.
func (b *board) find(now time.Time, suits func(*open) bool, keys ...key) *open {
	for _, k := range keys {
		o, ok := b.by[k]
		if !ok || k.what != byID && k.what != byGrant && now.Sub(o.last) > window || !suits(o) {
			continue
		}
		return o
	}
	return nil
}

// link makes keys lead to o from now on.
func (b *board) link(o *open, now time.Time, keys ...key) {
	if len(b.by) >= maxOpen {
		b.sweep(now)
	}
	for _, k := range keys {
		b.by[k] = o
		if !slices.Contains(o.keys, k) && len(o.keys) < 32 {
			o.keys = append(o.keys, k)
		}
	}
}

// unlink makes the keys of some kinds lead nowhere, so that the next request
// they would have led here begins another flow.
func (b *board) unlink(o *open, kinds string) {
	o.keys = slices.DeleteFunc(o.keys, func(k key) bool {
		if !slices.Contains([]byte(kinds), k.what) {
			return false
		}
		if b.by[k] == o {
			delete(b.by, k)
		}
		return true
	})
}

// sweep makes room: it forgets what has not gone on for a while, and if that is
// too little, half: what strangers began before what people are at, and of either
// the oldest. What is forgotten is kept where it was written, and goes on as
// another flow, unless a sealed value says which.
func (b *board) sweep(now time.Time) {
	for k, o := range b.by {
		if now.Sub(o.last) > window {
			delete(b.by, k)
		}
	}
	if len(b.by) < maxOpen {
		return
	}
	type entry struct {
		key
		*open
	}
	all := make([]entry, 0, len(b.by))
	for k, o := range b.by {
		all = append(all, entry{k, o})
	}
	slices.SortFunc(all, func(x, y entry) int {
		return cmp.Or(cmp.Compare(x.standing, y.standing), x.last.Compare(y.last))
	})
	for _, e := range all[:len(all)/2] {
		delete(b.by, e.key)
	}
}

// network is what one subscriber has: an IPv4 address, or an IPv6 /64.
func network(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if !a.Is6() {
		return a
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a
	}
	return p.Addr()
}

// couldBe reports whether an open flow may go on with this client.
func couldBe(id, family string) func(*open) bool {
	return func(o *open) bool {
		return !o.claimed && (o.client == "" || o.client == id) && (o.family == "" || family == "" || o.family == family)
	}
}

func whichever(*open) bool { return true }

// grant is the key of the flow that a grant came of.
func (b *board) grant(id string) key { return b.key(byGrant, netip.Addr{}, id) }

// hostsOf is where a client receives its answers.
func hostsOf(c oauth.Client) []string {
	var hosts []string
	for _, uri := range c.Metadata.RedirectURIs {
		if host := oauth.TargetOf(uri).Host; host != "" && !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// step tells steps apart, without making a text of them.
func (b *board) step(s *Step) uint64 {
	var h maphash.Hash
	h.SetSeed(b.seed)
	for _, part := range append([]string{string(s.Kind), string(s.Outcome), s.Said}, s.Facts...) {
		_, _ = h.WriteString(part) // never fails
		_ = h.WriteByte(0)         // the same
	}
	return h.Sum64()
}
