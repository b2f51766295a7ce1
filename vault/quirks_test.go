package vault_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

// A brief upstream gives access tokens that live for so long only.
type brief struct {
	vault.Way
	life time.Duration
}

func (b brief) Refresh(ctx context.Context, refresh oauth.Secret) (oauth.UpstreamTokens, error) {
	tokens, err := b.Way.Refresh(ctx, refresh)
	tokens.Life = b.life
	return tokens, err
}

// Keycloak's first realm gives them for a minute. No tool can act with that, but who
// somebody is can be asked.
func TestAnUpstreamCanBeAskedWhoseTokensLiveForLessThanTheMargin(t *testing.T) {
	f := newFixture(t)
	was := f.comeIn("ada")
	_, v := f.replica(brief{f.way, 45 * time.Second})
	for range 2 {
		f.clock.pass(11 * time.Minute)
		if _, err := v.Ask(t.Context(), "ada", "github", was); err != nil {
			t.Error(err)
		}
	}
	f.connect("ada")
	f.clock.pass(9 * time.Hour)
	if _, _, err := v.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
		t.Errorf("a tool got what ends under its hands: %v", err)
	}
}

// What another replica renewed a while ago may have ended since.
func TestWhatHasEndedIsNotPresentedToAsk(t *testing.T) {
	f := newFixture(t)
	was := f.comeIn("ada")
	_, one := f.replica(brief{f.way, 5 * time.Minute})
	_, other := f.replica(brief{f.way, 5 * time.Minute})
	f.clock.pass(11 * time.Minute)
	for n, v := range []*vault.Vault{one, other} {
		if _, err := v.Ask(t.Context(), "ada", "github", was); err != nil || f.refreshes() != n+1 {
			t.Errorf("%v, %d refreshes", err, f.refreshes())
		}
		f.clock.pass(6 * time.Minute)
	}
}

// A tool may keep a token until it has ended, and then say that the upstream refuses it.
func TestATokenThatHasEndedIsNoWordOfTheUpstreams(t *testing.T) {
	f, g := newFixture(t), &told{}
	f.vault.Gone = g.gone
	p := f.signIn("ada")
	p.Tokens.Refresh, p.Tokens.Life = "", time.Hour
	f.ok(f.vault.Keep(t.Context(), at("ada"), p.Identity, p.Tokens))
	f.clock.pass(9 * time.Hour)
	if f.whois(p.Tokens.Access) != "" {
		t.Fatal("the upstream still takes it")
	}
	if err := f.vault.Refused(t.Context(), at("ada"), p.Tokens.Access); !errors.Is(err, vault.ErrDead) || len(g.of) > 0 {
		t.Errorf("%v, and it was told of %v", err, g.of)
	}
}

// With another client_id in the settings an upstream takes back nothing of what it gave to
// the one before; a mistake there does not throw everybody out.
func TestWhatWasGivenToAnotherClientIsNobodysEnd(t *testing.T) {
	f, g := newFixture(t), &told{}
	as := func(client string) *vault.Vault {
		_, v := f.replica(f.way)
		u := v.Upstreams["github"]
		u.Client, v.Gone = client, g.gone
		v.Upstreams["github"] = u
		return v
	}
	before, mistaken := as("door"), as("back-door")
	p, q := f.signIn("ada"), f.signIn("ada")
	f.ok(before.KeepSignIn(t.Context(), "ada", "github", p.Identity, p.Tokens))
	f.clock.pass(11 * time.Minute)
	if _, err := mistaken.Ask(t.Context(), "ada", "github", p.Identity); !errors.Is(err, vault.ErrNotConnected) || f.refreshes() != 0 {
		t.Errorf("%v, %d refreshes", err, f.refreshes())
	}
	if _, err := before.Ask(t.Context(), "ada", "github", p.Identity); err != nil {
		t.Error("what was a mistake cannot be made good:", err)
	}
	f.ok(before.Keep(t.Context(), at("ada"), q.Identity, q.Tokens))
	f.github.Withdraw("ada")
	f.clock.pass(9 * time.Hour)
	if _, _, err := mistaken.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) || len(g.of) > 0 {
		t.Errorf("%v, and it was told of %v", err, g.of)
	}
}

func TestWhoDisconnectsWhileTheyAreRefusedIsToldOf(t *testing.T) {
	f, g := newFixture(t), &told{}
	was := f.signIn("ada")
	f.ok(f.vault.Keep(t.Context(), at("ada"), was.Identity, was.Tokens))
	f.github.Withdraw("ada")
	f.clock.pass(11 * time.Minute)
	_, v := f.replica(&reconnecting{Way: f.way, again: func() { f.ok(f.vault.Forget(t.Context(), at("ada"))) }})
	v.Gone = g.gone
	if _, err := v.Ask(t.Context(), "ada", "github", was.Identity); !errors.Is(err, vault.ErrAsked) || !slices.Equal(g.of, []vault.Connection{at("ada")}) {
		t.Errorf("%v, and it was told of %v", err, g.of)
	}
}

func TestAToolThatCannotBeAskedByReplacesNothingThatCan(t *testing.T) {
	f := newFixture(t)
	was := f.comeIn("ada")
	p := f.signIn("ada")
	p.Tokens.Refresh = ""
	f.ok(f.vault.Keep(t.Context(), at("ada"), p.Identity, p.Tokens))
	f.clock.pass(11 * time.Minute)
	if _, err := f.vault.Ask(t.Context(), "ada", "github", was); err != nil {
		t.Error(err)
	}
}

// Only what comes with a renewal may say in which groups somebody is. Who has a tool called
// just before their client refreshes does not escape it.
func TestToRenewForAToolIsNotToAsk(t *testing.T) {
	f := newFixture(t)
	p := f.signIn("ada")
	f.ok(f.vault.Keep(t.Context(), at("ada"), p.Identity, p.Tokens))
	f.clock.pass(9 * time.Hour)
	f.token(f.vault, "ada")
	f.clock.pass(time.Minute)
	for range 2 {
		if _, err := f.vault.Ask(t.Context(), "ada", "github", p.Identity); err != nil || f.refreshes() != 2 {
			t.Errorf("%v, %d refreshes", err, f.refreshes())
		}
	}
}

func TestAWayThatIsRemovedTakesNothingOfAnotherOneThere(t *testing.T) {
	f := newFixture(t)
	was, bob := f.comeIn("ada"), oauth.Identity{Subject: "2"}
	f.ok(f.vault.ForgetSignIn(t.Context(), "ada", "github", bob))
	if !f.keeps(left("ada")) {
		t.Error("what is left cannot be asked by any more")
	}
	f.ok(f.vault.ForgetSignIn(t.Context(), "ada", "github", was))
	if f.keeps(left("ada")) {
		t.Error("it is kept for nobody")
	}
}
