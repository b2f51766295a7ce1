package vault_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

// What a person connected for one resource is not there for another, and each is
// refreshed, ended and forgotten alone.
func TestEachResourceHasAConnectionOfItsOwn(t *testing.T) {
	f := newFixture(t)
	elsewhere := vault.Connection{Person: "ada", Login: "github", Resource: notes}
	f.connect("ada")
	if _, _, err := f.vault.Token(t.Context(), elsewhere); !errors.Is(err, vault.ErrNotConnected) {
		t.Fatal(err)
	}
	p := f.signIn("ada")
	f.ok(f.vault.Keep(t.Context(), elsewhere, p.Identity, p.Tokens))
	if access, _, err := f.vault.Token(t.Context(), elsewhere); err != nil || access != p.Tokens.Access || access == f.token(f.vault, "ada") {
		t.Fatal("they have one token, or", err)
	}
	f.clock.pass(8 * time.Hour)
	f.token(f.vault, "ada")
	if f.refreshes() != 1 {
		t.Errorf("%d refreshes", f.refreshes())
	}
	f.ok(f.vault.Forget(t.Context(), at("ada")))
	access, _, err := f.vault.Token(t.Context(), elsewhere)
	f.ok(err)
	f.got = append(f.got, oauth.UpstreamTokens{Access: access})
	if f.whois(access) != "ada" || f.refreshes() != 2 {
		t.Errorf("%d refreshes", f.refreshes())
	}
}

// A refresh token that did not come again is not taken from another resource: the
// person agreed to something else there.
func TestNoResourceBorrowsARefreshToken(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	p := f.signIn("ada")
	p.Tokens.Refresh = ""
	elsewhere := vault.Connection{Person: "ada", Login: "github", Resource: notes}
	f.ok(f.vault.Keep(t.Context(), elsewhere, p.Identity, p.Tokens))
	f.clock.pass(8 * time.Hour)
	if _, _, err := f.vault.Token(t.Context(), elsewhere); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
	f.token(f.vault, "ada")
}

// What does not answer has ended nothing: a fault is no state.
func TestAPersonSeesHowTheirConnectionsStand(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.connect("bob")
	p := f.signIn("ada")
	p.Tokens.Refresh = ""
	f.ok(f.vault.Keep(t.Context(), vault.Connection{Person: "ada", Login: "github", Resource: notes}, p.Identity, p.Tokens))
	f.sql(`INSERT INTO connections (person, login, resource, name, version, sealed, connected_at)
		SELECT person, 'google', resource, name, version, sealed, connected_at FROM connections WHERE person = 'ada'`)
	stand := func(ended ...bool) {
		t.Helper()
		got, err := f.vault.Connections(t.Context(), "ada")
		f.ok(err)
		if len(got) != 2 || got[0].Resource != notes || got[1].Connection != at("ada") || got[1].Name != "ada" || got[1].Since.IsZero() ||
			got[0].Ended != ended[0] || got[1].Ended != ended[1] {
			t.Fatalf("%+v, not %v", got, ended)
		}
	}
	stand(false, false)
	f.clock.pass(8 * time.Hour)
	stand(true, false) // the one cannot be refreshed
	f.sql(`UPDATE connections SET sealed = 'AAAA' WHERE resource LIKE '%repos%'`)
	stand(true, true)
	f.connect("ada")
	f.sql(`UPDATE connections SET dead_at = 1`)
	stand(true, true)
	if f.refreshes() != 0 {
		t.Error("who looks refreshes")
	}
	f.ok(f.store.Close())
	if got, err := f.vault.Connections(t.Context(), "ada"); err == nil {
		t.Errorf("%+v", got)
	}
	if err := f.vault.Alive(t.Context(), at("ada")); err == nil || errors.Is(err, vault.ErrDead) || errors.Is(err, vault.ErrNotConnected) {
		t.Error(err)
	}
}
