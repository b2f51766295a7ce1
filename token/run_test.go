package token

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

func TestAStoreThatFailsTakesNothingFromWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down error
		s := &altered{real: newStore(t, time.Now)}
		s.keys = func(rows []store.Key, err error) ([]store.Key, error) { return rows, errors.Join(err, down) }
		var log bytes.Buffer
		k, err := Open(t.Context(), Options{
			Store: s, EncryptionKey: testKey, Algorithms: []string{ES256}, Lifetime: time.Hour,
			Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		must(t, err)
		log.Reset()
		down = errors.New("the disk is gone")
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { k.Run(ctx) })
		time.Sleep(time.Minute)
		kidOf(t, k, time.Now())
		cancel()
		wg.Wait()
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "the disk is gone") {
			t.Errorf("logged %d errors, want one: %s", n, log.String())
		}
	})
}

// Three replicas rotate on schedule for eight hours. Whatever any of them signs,
// each verifies, and so does a verifier elsewhere that fetches the key set no
// more often than it is allowed to be cached.
func TestReplicasThatRotateOnScheduleNeverDisagree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newStore(t, time.Now)
		var rings []*Keyring
		var wg sync.WaitGroup
		for i := range 3 {
			// The clocks of replicas are apart.
			skew := time.Duration(i-1) * ClockSkew / 2
			k, err := Open(ctx, Options{
				Store: s, EncryptionKey: testKey, Algorithms: []string{ES256},
				RotateEvery: 30 * time.Minute, Lifetime: testLifetime,
				Now: func() time.Time { return time.Now().Add(skew) },
			})
			must(t, err)
			rings = append(rings, k)
			wg.Go(func() { k.Run(ctx) })
		}
		signed := map[string]bool{}
		cached := kids(t, rings[0])
		for minute := range 8 * 60 {
			for _, k := range rings {
				raw, kid := kidOf(t, k, k.now())
				signed[kid] = true
				if !slices.Contains(cached, kid) {
					t.Fatalf("minute %d: %s signs before a cached key set has it", minute, kid)
				}
				for _, other := range rings {
					if _, err := other.VerifyAccess(raw, issuer, resource, other.now()); err != nil {
						t.Fatalf("minute %d: %v", minute, err)
					}
				}
			}
			if minute%4 == 0 {
				cached = kids(t, rings[minute/4%3])
			}
			time.Sleep(time.Minute)
		}
		cancel()
		wg.Wait()
		if len(signed) != 16 && len(signed) != 17 {
			t.Errorf("%d keys signed in eight hours, want two an hour", len(signed))
		}
		if got := kids(t, rings[0]); len(got) > 5 {
			t.Errorf("published are %v: old keys stay", got)
		}
	})
}

func TestNothingIsDueWithoutASchedule(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	c.pass(10 * 365 * 24 * time.Hour)
	must(t, k.tick(t.Context()))
	if got := kids(t, k); len(got) != 1 {
		t.Fatalf("published are %v", got)
	}
}

func TestAScheduleShorterThanThePublicationAddsNoKeyBeforeTheLastHasBegun(t *testing.T) {
	c := newClock()
	k, err := Open(t.Context(), Options{
		Store: newStore(t, c.now), EncryptionKey: testKey, Algorithms: []string{ES256},
		RotateEvery: time.Second, Lifetime: time.Minute, Now: c.now,
	})
	must(t, err)
	for range 100 {
		must(t, k.tick(t.Context()))
		c.pass(reloadEvery)
	}
	if got := kids(t, k); len(got) > 4 {
		t.Fatalf("%d keys are published after ten minutes", len(got))
	}
}
