package login

import (
	"hash/maphash"
	"math"
	"net/netip"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A limit allows burst failures at once and then one more every period. It is
// the generic cell rate algorithm: one time for each key, and a key whose time
// has passed is as good as none.
type limit struct {
	burst  int
	period time.Duration
}

// Three limits hold at once. The narrow one, for one name from one network, is
// what someone who guesses meets first; it is theirs alone, so the owner, who is
// elsewhere, does not notice. The other two are for guesses at many names from
// one network, and at one name from many networks; by these a stranger could
// keep an owner out, so their fuses are longer, and a network from which a name
// has signed in during the last 30 days is held, for that name, to the narrow
// one only. None is a lock: each gives another try after its period, and a
// passkey is slowed by none of them. Behind a proxy that is not named in trusted_proxies
// everyone has the proxy's address, and whoever guesses slows everyone.
//
// NIST SP 800-63B-4 §3.2.2: "the verifier SHALL implement controls to protect
// against online guessing attacks".
var (
	perPair    = limit{burst: 5, period: 30 * time.Second}
	perNetwork = limit{burst: 20, period: 15 * time.Second}
	perName    = limit{burst: 50, period: time.Minute}
)

const (
	maxKeys  = 1 << 16 // of each kind of memory; about 2 MB
	knownFor = 30 * 24 * time.Hour
)

// slowing remembers failures, and from where each name signed in. It belongs to
// one process: n replicas allow n times as much.
type slowing struct {
	seed maphash.Seed

	mu    sync.Mutex
	until map[uint64]time.Time // key of a limit → when its last failure will have been worked off
	known map[uint64]time.Time // name and network → until when that counts as home
}

func newSlowing() *slowing {
	return &slowing{seed: maphash.MakeSeed(), until: map[uint64]time.Time{}, known: map[uint64]time.Time{}}
}

// A try is one attempt to sign in, counted as a failure until it succeeds.
// Counting comes first, so that many at once are not all the first.
type try struct {
	pair, network, name uint64
	counted             []charge
}

type charge struct {
	key uint64
	limit
}

// begin counts a try, or refuses it with too_many_requests and counts nothing.
func (s *slowing) begin(username string, address netip.Addr, now time.Time) (try, error) {
	network := networkOf(address)
	t := try{
		pair:    maphash.Comparable(s.seed, [3]string{"pair", username, network}),
		network: maphash.Comparable(s.seed, [3]string{"network", network}),
		name:    maphash.Comparable(s.seed, [3]string{"name", username}),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.counted = []charge{{t.pair, perPair}}
	if !s.known[t.pair].After(now) {
		t.counted = append(t.counted, charge{t.network, perNetwork}, charge{t.name, perName})
	}
	var wait time.Duration
	for _, c := range t.counted {
		full := now.Add(time.Duration(c.burst-1) * c.period)
		wait = max(wait, s.until[c.key].Sub(full))
	}
	if wait > 0 {
		refusal := oauth.Refuse(oauth.TooManyRequests, "Too many tries. Try again later.")
		refusal.RetryAfter = int(math.Ceil(wait.Seconds()))
		return try{}, refusal
	}
	makeRoom(s.until, now)
	for _, c := range t.counted {
		s.until[c.key] = later(s.until[c.key], now).Add(c.period)
	}
	return t, nil
}

// takeBack forgets that a try was made: it was never decided.
func (s *slowing) takeBack(t try) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveBack(t)
}

// succeeded forgets the failures of the name, there and everywhere, and
// remembers the network. The failures of the network at other names stay:
// whoever can sign in here must not thereby have more tries at others.
func (s *slowing) succeeded(t try, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.giveBack(t)
	delete(s.until, t.pair)
	delete(s.until, t.name)
	makeRoom(s.known, now)
	s.known[t.pair] = now.Add(knownFor)
}

// giveBack is called with mu held.
func (s *slowing) giveBack(t try) {
	for _, c := range t.counted {
		if until, ok := s.until[c.key]; ok {
			s.until[c.key] = until.Add(-c.period)
		}
	}
}

// makeRoom drops what has passed and, where that is not enough, some of the
// rest, whichever comes. To be forgotten by that, one has to fill the whole
// table first, through the limits and the queue in front of argon2id.
func makeRoom(m map[uint64]time.Time, now time.Time) {
	if len(m) < maxKeys-3 {
		return
	}
	for key, until := range m {
		if !until.After(now) {
			delete(m, key)
		}
	}
	for key := range m {
		if len(m) < maxKeys*7/8 {
			return
		}
		delete(m, key)
	}
}

// networkOf is whom an address belongs to, as far as one can tell: an IPv4
// address, or the /64 of an IPv6 address, of which any subscriber has a whole.
// Where no address is known, all of those are one.
func networkOf(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	bits := 64
	if address.Is4() {
		bits = 32
	}
	network, err := address.Prefix(bits)
	if err != nil || !network.IsValid() {
		return ""
	}
	return network.String()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
