package vault_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

func TestATokenThatTheUpstreamRefusesIsReplacedOnce(t *testing.T) {
	f := newFixture(t)
	first := f.connect("ada")
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := f.vault.Refused(t.Context(), at("ada"), first.Access); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if f.refreshes() != 1 {
		t.Errorf("%d refreshes", f.refreshes())
	}
	newer := f.token(f.vault, "ada")
	if newer == first.Access {
		t.Error("it is still the old one")
	}
	// Who says it late does not end the new one.
	if err := f.vault.Refused(t.Context(), at("ada"), first.Access); err != nil || f.token(f.vault, "ada") != newer || f.refreshes() != 1 {
		t.Errorf("%v, %d refreshes", err, f.refreshes())
	}
}

func TestATokenThatWasTakenBackThereIsDead(t *testing.T) {
	for name, expiring := range map[string]bool{"one that would be refreshed": true, "one that does not end": false} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.github.Expiring = expiring
			first := f.connect("ada")
			f.github.Withdraw("ada")
			if err := f.vault.Refused(t.Context(), at("ada"), first.Access); !errors.Is(err, vault.ErrDead) {
				t.Error(err)
			}
			if err := f.vault.Alive(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
				t.Error(err)
			}
		})
	}
}

// A tool that says it of whatever it gets does not have GitHub asked each time.
func TestAToolThatRefusesEverythingHasTheUpstreamAskedOnceAMinute(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	for range 5 {
		f.clock.pass(20 * time.Second)
		now := f.token(f.vault, "ada")
		if err := f.vault.Refused(t.Context(), at("ada"), now); err != nil && (!errors.Is(err, vault.ErrDown) || oauth.AsError(err).RetryAfter > 60) {
			t.Error(err)
		}
	}
	if f.refreshes() != 2 { // after 20 s and 80 s
		t.Errorf("%d refreshes in 100 seconds", f.refreshes())
	}
	if err := f.vault.Alive(t.Context(), at("ada")); err != nil {
		t.Error("the connection is over:", err)
	}
}
