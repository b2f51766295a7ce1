package authserver

import (
	"math"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/sallyport-dev/sallyport/oauth"
)

// limits keep what costs something from being asked for without end.
type limits struct {
	registrations *keyed // new clients, by address
	slowly        *keyed // the same, by neighbourhood, for who has time
	fetches       *keyed // documents and key sets of clients, by address
	fetchesAround *keyed // the same, by neighbourhood
	failuresOf    *keyed // lines of the audit log about failed sign-ins, by name
	failures      *keyed // the same, altogether
	arrivals      *keyed // lines of the audit log about registrations, altogether
	given         *keyed // lines of the audit log about tokens for elsewhere, by grant
	passkeys      *keyed // what proves no passkey, by address
	secrets       *keyed // wrong client secrets, by client and address; wrong initial access tokens, by address
}

func newLimits(now func() time.Time) *limits {
	return &limits{
		// Whole offices, and ChatGPT and Claude, come from few addresses, and
		// identical registrations cost nothing: so this is generous.
		registrations: newKeyed(now, rate.Every(2*time.Second), 60),
		// What is registered and never used stays for 30 days. In that time this is
		// less than defaultMaxClients, so no neighbourhood alone can fill the room
		// and keep everyone else out.
		slowly:  newKeyed(now, rate.Every(30*time.Second), 1000),
		fetches: newKeyed(now, rate.Every(2*time.Second), 60),
		// A host that never answers holds a fetch for five seconds, so that this is
		// ten of [fetchesAtOnce] at most, in the long run.
		fetchesAround: newKeyed(now, rate.Every(500*time.Millisecond), 300),
		failuresOf:    newKeyed(now, rate.Every(time.Minute), 1),
		failures:      newKeyed(now, rate.Every(6*time.Second), 100),
		arrivals:      newKeyed(now, rate.Every(10*time.Second), 1000),
		given:         newKeyed(now, rate.Every(time.Hour), 1),
		secrets:       newKeyed(now, rate.Every(10*time.Second), 10),
		passkeys:      newKeyed(now, rate.Every(15*time.Second), 20),
	}
}

// keyed is one token bucket a key, in bounded memory.
type keyed struct {
	now   func() time.Time
	every rate.Limit
	burst int

	mu      sync.Mutex
	buckets map[string]*rate.Limiter
}

// maxBuckets bounds the memory. When it is reached, the full buckets, which
// say nothing, are dropped; if none is full, all are.
const maxBuckets = 10_000

func newKeyed(now func() time.Time, every rate.Limit, burst int) *keyed {
	return &keyed{now: now, every: every, burst: burst, buckets: map[string]*rate.Limiter{}}
}

// spend takes one and returns how long to wait when there was none.
func (k *keyed) spend(key string) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	b := k.bucket(key, now)
	if b.AllowN(now, 1) {
		return 0
	}
	return k.wait(b, now)
}

// blocked returns how long to wait, and takes nothing.
func (k *keyed) blocked(key string) time.Duration {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	b, ok := k.buckets[key]
	if !ok || b.TokensAt(now) >= 1 {
		return 0
	}
	return k.wait(b, now)
}

func (k *keyed) wait(b *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - b.TokensAt(now)
	return time.Duration(missing / float64(k.every) * float64(time.Second))
}

func (k *keyed) bucket(key string, now time.Time) *rate.Limiter {
	if b, ok := k.buckets[key]; ok {
		return b
	}
	if len(k.buckets) >= maxBuckets {
		for name, b := range k.buckets {
			if b.TokensAt(now) >= float64(k.burst) {
				delete(k.buckets, name)
			}
		}
		if len(k.buckets) >= maxBuckets {
			clear(k.buckets)
		}
	}
	b := rate.NewLimiter(k.every, k.burst)
	k.buckets[key] = b
	return b
}

func tooMany(wait time.Duration) *oauth.Error {
	e := oauth.Refuse(oauth.TooManyRequests, "too many tries; wait as long as Retry-After says")
	e.RetryAfter = int(math.Ceil(wait.Seconds()))
	return e
}

// network is what a limit counts by: an IPv4 address, or the /64 that one
// IPv6 subscriber has.
func network(a netip.Addr) string { return within(a, 32, 64) }

// neighbourhood is what one party can have without being large: an IPv4 /24, or
// an IPv6 /48.
func neighbourhood(a netip.Addr) string { return within(a, 24, 48) }

func within(a netip.Addr, bits4, bits6 int) string {
	a = a.Unmap()
	bits := bits6
	if a.Is4() {
		bits = bits4
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return a.String()
	}
	return p.String()
}
