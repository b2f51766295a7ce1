package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// kidOf mints an access token and returns it and the key that signed it.
func kidOf(t testing.TB, k *Keyring, now time.Time) (oauth.Secret, string) {
	t.Helper()
	raw, err := k.MintAccess(FormatJWT, ES256, accessAt(now))
	must(t, err)
	_, kid, err := k.Verify(raw, TypeAccess)
	must(t, err)
	return raw, kid
}

func TestAKeyIsPublishedBeforeItSignsAndAfterItHas(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	k := open(t, s, c, ES256)
	_, old := kidOf(t, k, c.now())

	must(t, k.Rotate(t.Context(), ES256))
	published := kids(t, k)
	if len(published) != 2 || published[0] != old {
		t.Fatalf("published are %v, want %s and a new key", published, old)
	}
	next := published[1]

	c.pass(PublishAhead - time.Second)
	last, kid := kidOf(t, k, c.now())
	if kid != old {
		t.Fatal("the new key signs before its time")
	}
	c.pass(time.Second)
	if _, kid = kidOf(t, k, c.now()); kid != next {
		t.Fatal("the new key does not sign at its time")
	}

	c.pass(time.Hour - 2*time.Second)
	must(t, k.tick(t.Context()))
	if _, err := k.VerifyAccess(last, issuer, resource, c.now()); err != nil {
		t.Fatalf("the old key's last token is refused before it expires: %v", err)
	}
	if got := kids(t, k); !slices.Equal(got, published) {
		t.Fatalf("published are %v while the old key's last token lives", got)
	}

	c.pass(time.Second + ClockSkew) // just short of the old key's expiry
	must(t, k.tick(t.Context()))
	if got := kids(t, k); !slices.Equal(got, published) {
		t.Fatalf("published are %v: the old key went too soon", got)
	}
	c.pass(time.Second)
	must(t, k.tick(t.Context()))
	if got := kids(t, k); !slices.Equal(got, []string{next}) {
		t.Fatalf("published are %v, want %s alone", got, next)
	}
	if _, _, err := k.Verify(last, TypeAccess); err == nil {
		t.Fatal("a key that has expired verifies")
	}
	if again := open(t, s, c); len(again.List()) != 2 {
		t.Fatalf("after a restart there is %+v", again.List())
	}
}

func TestAKeyThatExpiredSinceTheStoreWasReadVerifiesNothing(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	raw, _ := kidOf(t, k, c.now())
	must(t, k.RotateNow(t.Context(), ES256))
	c.pass(testLifetime - time.Second)
	if _, _, err := k.Verify(raw, TypeAccess); err != nil {
		t.Fatalf("a second before: %v", err)
	}
	c.pass(time.Second)
	if _, _, err := k.Verify(raw, TypeAccess); err == nil {
		t.Fatal("it verifies")
	}
}

func TestIdentityTokensOutliveAccessTokensThatAreShorter(t *testing.T) {
	c := newClock()
	k, err := Open(t.Context(), Options{
		Store: newStore(t, c.now), EncryptionKey: testKey, Algorithms: []string{ES256}, Lifetime: time.Minute, Now: c.now,
	})
	must(t, err)
	raw, err := k.MintIdentity(ES256, identityAt(c.now()))
	must(t, err)
	must(t, k.RotateNow(t.Context(), ES256))
	c.pass(MaxIdentityLife)
	must(t, k.tick(t.Context()))
	if _, _, err := k.Verify(raw, TypeIdentity); err != nil {
		t.Fatal(err)
	}
}

func TestRotateNowSignsAtOnceAndReplicasFollow(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	k, replica := open(t, s, c, ES256), open(t, s, c)
	before, old := kidOf(t, replica, c.now())
	must(t, k.RotateNow(t.Context(), ES256))
	raw, kid := kidOf(t, k, c.now())
	if kid == old {
		t.Fatal("the old key still signs")
	}
	// The replica has not read its keys again: it does when it meets this one.
	if _, err := replica.VerifyAccess(raw, issuer, resource, c.now()); err != nil {
		t.Fatalf("another replica refuses the new key: %v", err)
	}
	if _, err := k.VerifyAccess(before, issuer, resource, c.now()); err != nil {
		t.Fatalf("the old key's token is refused: %v", err)
	}
	if _, kid := kidOf(t, replica, c.now()); kid == old {
		t.Fatal("the replica still signs with the old key")
	}
}

func TestRotateNowOvertakesARotationThatWaits(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	must(t, k.Rotate(t.Context(), ES256))
	must(t, k.RotateNow(t.Context(), ES256))
	ids := kids(t, k)
	for range 3 {
		if _, kid := kidOf(t, k, c.now()); kid != ids[2] {
			t.Fatalf("%s signs, want the newest of %v", kid, ids)
		}
		c.pass(PublishAhead)
	}
	var states []string
	for _, info := range k.List() {
		states = append(states, fmt.Sprintln(info.Use, info.State, !info.SignsTo.IsZero(), !info.Expires.IsZero()))
	}
	want := []string{
		"secret current false false\n", "sig verifying true true\n", "sig verifying true true\n", "sig current false false\n",
	}
	if !slices.Equal(states, want) {
		t.Fatalf("states %q, want %q", states, want)
	}
	if first := k.List()[1]; !first.SignsTo.Equal(newClock().now()) {
		t.Fatalf("the first key stopped at %s, want when it was overtaken", first.SignsTo)
	}
}

func TestOfManyConcurrentRotationsOneWins(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	var rings []*Keyring
	for range 8 {
		rings = append(rings, open(t, s, c, ES256))
	}
	var wg sync.WaitGroup
	for _, k := range rings {
		wg.Go(func() {
			if err := k.Rotate(t.Context(), ES256); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, k := range rings {
		if got := kids(t, k); len(got) != 2 || !slices.Equal(got, kids(t, rings[0])) {
			t.Errorf("replica %d publishes %v", i, got)
		}
	}
}

func TestOfManyWhoRotateNowAllDo(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	var wg sync.WaitGroup
	for range 4 {
		k := open(t, s, c, ES256)
		wg.Go(func() {
			if err := k.RotateNow(t.Context(), ES256); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := kids(t, open(t, s, c)); len(got) != 5 {
		t.Errorf("published are %v, want the first and four", got)
	}
}

// A replica that is stopped between adding a key and retiring its predecessor
// leaves that to whoever comes next.
func TestARotationThatWasCutShortIsFinishedByAnother(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	cut := &altered{real: s, retire: func() error { return context.Canceled }}
	k := open(t, cut, c, ES256)
	for range 2 {
		if err := k.Rotate(t.Context(), ES256); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v", err)
		}
		c.pass(time.Minute)
	}
	c.pass(time.Hour)
	other := open(t, s, c)
	_, kid := kidOf(t, other, c.now())
	if kid != kids(t, other)[2] {
		t.Fatal("an old key signs on")
	}
	must(t, other.tick(t.Context()))
	for i, info := range other.List()[1:3] {
		if next := other.List()[i+2]; !info.SignsTo.Equal(next.SignsFrom) {
			t.Errorf("%s stops at %s, its successor begins at %s", info.ID, info.SignsTo, next.SignsFrom)
		}
	}
	c.pass(PublishAhead + ClockSkew)
	must(t, other.tick(t.Context()))
	if got := kids(t, other); !slices.Equal(got, []string{kid}) {
		t.Fatalf("published are %v, want %s", got, kid)
	}
}

func TestAKeyStaysForAsLongAsTheLongestTokenItMaySign(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	must(t, open(t, s, c, ES256).Rotate(t.Context(), ES256))
	expires := func(k *Keyring) time.Time { return k.List()[1].Expires }
	raised, err := Open(t.Context(), Options{Store: s, EncryptionKey: testKey, Lifetime: 24 * time.Hour, Now: c.now})
	must(t, err)
	before := expires(raised)
	must(t, raised.tick(t.Context()))
	if got := expires(raised); !got.Equal(c.now().Add(PublishAhead + 24*time.Hour)) {
		t.Fatalf("it expires at %s, was %s", got, before)
	}
	lowered := open(t, s, c)
	must(t, lowered.tick(t.Context()))
	if got := expires(lowered); !got.Equal(expires(raised)) {
		t.Fatalf("a shorter lifetime took the key from tokens that live: %s", got)
	}
}

func TestAReplicaWhoseClockIsBehindSignsWithTheFirstKeyAllTheSame(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	ahead := open(t, s, c, ES256)
	c.pass(-ClockSkew)
	behind := open(t, s, c, ES256)
	raw, _ := kidOf(t, behind, c.now())
	if _, err := ahead.VerifyAccess(raw, issuer, resource, c.now()); err != nil {
		t.Fatal(err)
	}
	if _, err := ahead.Unseal("p", behind.Seal("p", nil)); err != nil {
		t.Fatal(err)
	}
}

func TestStrangersWhoMakeUpKeyIDsDoNotMakeUsAskTheStore(t *testing.T) {
	c := newClock()
	asked := 0
	s := &altered{real: newStore(t, c.now), keys: func(rows []store.Key, err error) ([]store.Key, error) {
		asked++
		return rows, err
	}}
	k := open(t, s, c, ES256)
	f := newForger(t, k, c)
	asked = 0
	for i := range 1000 {
		made := fmt.Sprintf("AAAA%04d", i)
		raw := f.es256(strings.Replace(f.head(ES256, ""), f.key(ES256).ID, made, 1), f.claims)
		if _, _, err := k.Verify(oauth.Secret(raw), TypeAccess); err == nil {
			t.Fatal("it was accepted")
		}
	}
	if asked != 1 {
		t.Errorf("the store was asked %d times within a second", asked)
	}
	c.pass(time.Second)
	if _, err := k.Unseal("p", "AQAAAAAA"+strings.Repeat("A", 100)); err == nil || asked != 2 {
		t.Errorf("a second later the store was asked %d times in all, want 2", asked)
	}
}
