package vault_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

// A rotating upstream has refresh tokens that are good once. Who brings one again is
// refused, and so is everybody from then on: it takes that for a theft.
type rotating struct {
	vault.Way // of which nothing else is asked

	mu    sync.Mutex
	round int
	asked int
	stole bool
}

// Lasting is as for every upstream that renews.
func (r *rotating) Lasting(t oauth.UpstreamTokens) bool { return t.Refresh != "" }

func (r *rotating) Refresh(_ context.Context, refresh oauth.Secret) (oauth.UpstreamTokens, error) {
	r.mu.Lock()
	r.asked++
	r.stole = r.stole || refresh != named("refresh", r.round)
	if r.stole {
		r.mu.Unlock()
		return oauth.UpstreamTokens{}, oauth.Refuse(oauth.InvalidGrant, "the connection to the upstream has ended")
	}
	r.round++
	tokens := oauth.UpstreamTokens{Access: named("access", r.round), Refresh: named("refresh", r.round), Life: 8 * time.Hour}
	r.mu.Unlock()
	<-time.After(time.Duration(tokens.Access[len(tokens.Access)-1]-'0') * 15 * time.Millisecond) // from none to some looks of who waits
	return tokens, nil
}

func named(what string, round int) oauth.Secret {
	return oauth.Secret(fmt.Sprintf("%s-of-round-%d", what, round))
}

// Two replicas want a newer token at the same moment, a thousand times: each time one of
// them asks, and both have what it got.
func TestTwoReplicasThatRefreshAtOnceAThousandTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fixture{t: t, clock: &clock{now: time.Now()}, log: &buffer{}, file: filepath.Join(t.TempDir(), "db")}
		upstream := &rotating{}
		store, first := f.replica(upstream)
		_, second := f.replica(upstream)
		f.ok(store.AddPerson(t.Context(), oauth.Person{ID: "ada", Username: "ada"}))
		f.ok(first.Keep(t.Context(), at("ada"), oauth.Identity{Issuer: "https://github.com", Subject: "1"},
			oauth.UpstreamTokens{Access: named("access", 0), Refresh: named("refresh", 0), Life: 8 * time.Hour}))
		for round := 1; round <= 1000; round++ {
			f.clock.pass(8 * time.Hour)
			var both sync.WaitGroup
			for name, v := range map[string]*vault.Vault{"first": first, "second": second} {
				both.Go(func() {
					if access, _, err := v.Token(t.Context(), at("ada")); err != nil || access != named("access", round) {
						t.Errorf("in round %d the %s has %q, %v", round, name, access, err)
					}
				})
			}
			both.Wait()
			if upstream.asked != round || t.Failed() {
				t.Fatalf("in round %d the upstream was asked %d times", round, upstream.asked)
			}
		}
	})
}
