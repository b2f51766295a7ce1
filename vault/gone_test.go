package vault_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// told notes whom it is told about, and fails while it is to.
type told struct {
	of  []vault.Connection
	err error
}

func (g *told) gone(_ context.Context, c vault.Connection, subject string) error {
	g.of = append(g.of, c)
	if subject != "1" {
		return errors.New("the subject is " + subject)
	}
	return g.err
}

func TestWhoHasToKnowIsToldBeforeAConnectionIsDead(t *testing.T) {
	f, g := newFixture(t), &told{err: errors.New("the database is away")}
	f.vault.Gone = g.gone
	f.connect("ada")
	f.github.Withdraw("ada")
	f.clock.pass(9 * time.Hour)
	// What fails is done again: nothing is marked, and the lease is given back.
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) || errors.Is(err, vault.ErrDead) {
		t.Errorf("%v", err)
	}
	if err := f.vault.Alive(t.Context(), at("ada")); err != nil {
		t.Errorf("%v", err)
	}
	g.err = nil
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Errorf("%v", err)
	}
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Errorf("%v", err)
	}
	if !slices.Equal(g.of, []vault.Connection{at("ada"), at("ada")}) {
		t.Errorf("it was told of %v", g.of)
	}
}

func TestNobodyIsToldOfAnUpstreamThatIsDownOrRefusesThisServer(t *testing.T) {
	f, g := newFixture(t), &told{}
	f.connect("ada")
	f.clock.pass(9 * time.Hour)
	_, mistyped := f.replica(f.github_("another secret"))
	mistyped.Gone, f.vault.Gone = g.gone, g.gone
	if _, _, err := mistyped.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
		t.Errorf("%v", err)
	}
	f.github.Fail(standin.Token, standin.Status(500))
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
		t.Errorf("%v", err)
	}
	if len(g.of) > 0 {
		t.Errorf("it was told of %v", g.of)
	}
}

// A token that ended, and that nothing can renew, is no word of the upstream's.
func TestNobodyIsToldOfATokenThatEnds(t *testing.T) {
	f, g := newFixture(t), &told{}
	f.vault.Gone = g.gone
	p := f.signIn("ada")
	p.Tokens.Refresh = ""
	f.ok(f.vault.Keep(t.Context(), at("ada"), p.Identity, p.Tokens))
	f.clock.pass(9 * time.Hour)
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) || len(g.of) > 0 {
		t.Errorf("%v, and it was told of %v", err, g.of)
	}
}

// What we lost ourselves is no word of the upstream's either.
func TestNobodyIsToldOfARefreshThatWasNeverSaved(t *testing.T) {
	f, g := newFixture(t), &told{}
	f.vault.Gone = g.gone
	old := f.connect("ada")
	f.clock.pass(8 * time.Hour)
	f.leave(old, true)
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) || len(g.of) > 0 {
		t.Errorf("%v, and it was told of %v", err, g.of)
	}
}

// reconnecting is GitHub, where the person connects again while it refuses.
type reconnecting struct {
	vault.Way
	again func()
}

func (r *reconnecting) Refresh(ctx context.Context, refresh oauth.Secret) (oauth.UpstreamTokens, error) {
	tokens, err := r.Way.Refresh(ctx, refresh)
	if err != nil {
		r.again()
	}
	return tokens, err
}

func TestWhoConnectedAgainMeanwhileIsNotWhoWasRefused(t *testing.T) {
	f, g := newFixture(t), &told{}
	f.connect("ada")
	f.github.Withdraw("ada")
	f.clock.pass(9 * time.Hour)
	again := f.signIn("ada")
	once := &reconnecting{Way: f.way, again: func() { f.ok(f.vault.Keep(t.Context(), at("ada"), again.Identity, again.Tokens)) }}
	_, v := f.replica(once)
	v.Gone = g.gone
	f.token(v, "ada")
	if len(g.of) > 0 {
		t.Errorf("it was told of %v", g.of)
	}
	if c, err := f.store.Connection(t.Context(), store.Connection{Person: "ada", Login: "github", Resource: repos}); err != nil || !c.Dead.IsZero() {
		t.Errorf("%v, dead at %v", err, c.Dead)
	}
}
