package login

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// fail makes n wrong tries and returns the code of the last refusal.
func (d *door) fail(t *testing.T, n int, username string, from netip.Addr) (last oauth.ErrorCode) {
	t.Helper()
	for range n {
		last = d.try(t, username, "a wrong password", from)
	}
	return last
}

// other is another network for every n, none of which is home.
func other(n int) netip.Addr {
	return netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::1", n+1))
}

func TestAfterFiveFailuresANameIsSlowedThere(t *testing.T) {
	d := newDoor(t)
	if got := d.fail(t, 5, "ada", home); got != oauth.AccessDenied {
		t.Fatalf("the fifth failure: %q", got)
	}
	runs, lookups := d.Runs(), d.people.lookups.Load()
	_, err := d.SignIn(t.Context(), " Ada", rightPassword, home)
	refusal := oauth.AsError(err)
	if refusal.Code != oauth.TooManyRequests || refusal.RetryAfter != 30 {
		t.Fatalf("the sixth try: %v, again in %d seconds", err, refusal.RetryAfter)
	}
	if d.Runs() != runs || d.people.lookups.Load() != lookups {
		t.Error("a slowed try did work")
	}
	// Tries while slowed do not count, so that they cannot prolong it.
	d.fail(t, 50, "ada", home)
	d.clock = d.clock.Add(29 * time.Second)
	if got := d.try(t, "ada", rightPassword, home); got != oauth.TooManyRequests {
		t.Errorf("a second too early: %q", got)
	}
	d.clock = d.clock.Add(time.Second)
	if got := d.try(t, "ada", rightPassword, home); got != "" {
		t.Errorf("when the time has come: %q", got)
	}
	// Success clears the count.
	if got := d.fail(t, 5, "ada", home); got != oauth.AccessDenied {
		t.Errorf("five failures after a success: %q", got)
	}
}

func TestANameThatNoOneHasIsSlowedAlike(t *testing.T) {
	d := newDoor(t)
	for _, username := range []string{"ada", "nobody"} {
		if got := d.fail(t, 5, username, other(1)); got != oauth.AccessDenied {
			t.Errorf("%s, the fifth: %q", username, got)
		}
		if got := d.fail(t, 1, username, other(1)); got != oauth.TooManyRequests {
			t.Errorf("%s, the sixth: %q", username, got)
		}
	}
}

func TestWhoGuessesElsewhereDoesNotSlowTheOwner(t *testing.T) {
	d := newDoor(t)
	d.fail(t, 100, "ada", other(1))
	if got := d.try(t, "ada", rightPassword, home); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestGuessesFromManyNetworksSlowAName(t *testing.T) {
	d := newDoor(t)
	for n := range perName.burst {
		if got := d.fail(t, 1, "ada", other(n)); got != oauth.AccessDenied {
			t.Fatalf("guess %d: %q", n, got)
		}
	}
	if got := d.try(t, "ada", rightPassword, other(1000)); got != oauth.TooManyRequests {
		t.Errorf("one more network: %q", got)
	}
	if got := d.try(t, "grace", "a wrong password", other(1001)); got != oauth.AccessDenied {
		t.Errorf("another name: %q", got)
	}
	d.clock = d.clock.Add(time.Minute)
	if got := d.try(t, "ada", rightPassword, other(1002)); got != "" {
		t.Errorf("the owner on the road, a minute later: %q", got)
	}
}

func TestTheOwnerIsNotHeldToWhatANeighbourDid(t *testing.T) {
	d := newDoor(t)
	if got := d.try(t, "ada", rightPassword, home); got != "" {
		t.Fatal(got)
	}
	for n := range perNetwork.burst + 10 {
		d.fail(t, 1, fmt.Sprintf("name%d", n), home)
	}
	if got := d.fail(t, 1, "another", home); got != oauth.TooManyRequests {
		t.Errorf("the neighbour: %q", got)
	}
	if got := d.try(t, "ada", rightPassword, home); got != "" {
		t.Errorf("the owner: %q", got)
	}
	if d.fail(t, perPair.burst, "ada", home); d.try(t, "ada", rightPassword, home) != oauth.TooManyRequests {
		t.Error("guesses at the owner from home are not slowed")
	}
}

func TestTheOwnerAtHomeIsNotHeldToTheLimitOnTheName(t *testing.T) {
	d := newDoor(t)
	if got := d.try(t, "ada", rightPassword, home); got != "" {
		t.Fatal(got)
	}
	for n := range perName.burst + 10 {
		d.fail(t, 1, "ada", other(n))
	}
	if got := d.fail(t, 1, "ada", home); got != oauth.AccessDenied {
		t.Errorf("a slip at home: %q", got)
	}
	if got := d.try(t, "ada", rightPassword, home); got != "" {
		t.Errorf("at home: %q", got)
	}
	d.clock = d.clock.Add(31 * 24 * time.Hour)
	for n := range perName.burst {
		d.fail(t, 1, "ada", other(n))
	}
	if got := d.try(t, "ada", rightPassword, home); got != oauth.TooManyRequests {
		t.Errorf("at what was home a month ago: %q", got)
	}
}

func TestANetworkThatTriesManyNamesIsSlowed(t *testing.T) {
	d := newDoor(t)
	for n := range perNetwork.burst {
		// Each from another address of the same /64, which one subscriber has.
		from := netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", n+1))
		if got := d.fail(t, 1, fmt.Sprintf("name%d", n), from); got != oauth.AccessDenied {
			t.Fatalf("name %d: %q", n, got)
		}
	}
	if got := d.fail(t, 1, "another", netip.MustParseAddr("2001:db8::ffff")); got != oauth.TooManyRequests {
		t.Errorf("the same /64: %q", got)
	}
	if got := d.fail(t, 1, "another", netip.MustParseAddr("2001:db8:0:1::1")); got != oauth.AccessDenied {
		t.Errorf("the next /64: %q", got)
	}
}

func TestSigningInDoesNotBuyTriesAtOthers(t *testing.T) {
	d := newDoor(t)
	failures := 0
	for n := range perNetwork.burst + 5 {
		if d.fail(t, 1, fmt.Sprintf("name%d", n), home) == oauth.AccessDenied {
			failures++
		}
		d.try(t, "ada", rightPassword, home)
	}
	if failures != perNetwork.burst {
		t.Errorf("%d tries at others, want %d", failures, perNetwork.burst)
	}
}

func TestNetworkOf(t *testing.T) {
	for _, c := range []struct{ name, a, b string }{
		{"an IPv4 address in IPv6 form is the same", "192.0.2.7", "::ffff:192.0.2.7"},
		{"a zone makes no difference", "fe80::1%eth0", "fe80::1%eth1"},
		{"the host half makes no difference", "2001:db8::1", "2001:db8::dead:beef"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := networkOf(netip.MustParseAddr(c.a)), networkOf(netip.MustParseAddr(c.b))
			if a != b || a == "" {
				t.Errorf("%q and %q", a, b)
			}
		})
	}
	if networkOf(netip.Addr{}) != "" {
		t.Error("the zero address has a network")
	}
}

func TestManyAtOnceAreNotAllTheFirst(t *testing.T) {
	d := newDoor(t)
	var mu sync.Mutex
	count := map[oauth.ErrorCode]int{}
	var wg sync.WaitGroup
	for range 30 {
		wg.Go(func() {
			code := d.try(t, "ada", "a wrong password", home)
			mu.Lock()
			defer mu.Unlock()
			count[code]++
		})
	}
	wg.Wait()
	if count[oauth.AccessDenied] != perPair.burst {
		t.Errorf("%v", count)
	}
}

func TestTheQueueForArgon2idIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLocal(LocalOptions{Concurrent: 1})
		l.slots <- struct{}{} // somebody else's run, which takes as long as the test wants
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, queue)
		for range queue {
			go func() { errs <- l.inSlot(ctx, func() {}) }()
		}
		synctest.Wait()
		if refusal := oauth.AsError(l.inSlot(ctx, func() {})); refusal.Code != oauth.TemporarilyUnavailable || refusal.RetryAfter != 1 {
			t.Errorf("one too many: %v", refusal)
		}
		cancel()
		for range queue {
			if err := <-errs; !errors.Is(err, context.Canceled) {
				t.Errorf("one who left: %v", err)
			}
		}
		<-l.slots
		if err := l.inSlot(t.Context(), func() {}); err != nil || l.waiting.Load() != 0 || l.Runs() != 1 {
			t.Errorf("afterwards: %v, %d waiting, %d runs", err, l.waiting.Load(), l.Runs())
		}
	})
}

func TestATryThatWasNeverDecidedDoesNotCount(t *testing.T) {
	d := newDoor(t)
	d.slots <- struct{}{}
	d.slots <- struct{}{}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 * perNetwork.burst {
		if _, err := d.SignIn(gone, "ada", rightPassword, home); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	<-d.slots
	if got := d.try(t, "ada", rightPassword, home); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s := newSlowing()
	for n := range 2 * maxKeys {
		a := netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
		tr, err := s.begin(fmt.Sprint("name", n), a, started)
		if err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 {
			s.succeeded(tr, started)
		}
		if len(s.until) > maxKeys || len(s.known) > maxKeys {
			t.Fatalf("%d limits and %d homes are remembered", len(s.until), len(s.known))
		}
	}
	// What has passed goes first.
	s.until[1] = started.Add(365 * 24 * time.Hour)
	for n := range maxKeys {
		s.begin(fmt.Sprint("later", n), netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)}), started.Add(time.Duration(n)*time.Second))
	}
	if _, ok := s.until[1]; !ok {
		t.Error("what counts was dropped before what has passed")
	}
}
