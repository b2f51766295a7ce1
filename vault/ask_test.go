package vault_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// left is where a sign-in of a person leaves what one can ask by.
func left(person string) vault.Connection { return vault.Connection{Person: person, Login: "github"} }

// comeIn is a person who signs in where no tool acts as them.
func (f *fixture) comeIn(person string) oauth.Identity {
	f.t.Helper()
	p := f.signIn(person)
	f.ok(f.vault.KeepSignIn(f.t.Context(), person, "github", p.Identity, p.Tokens))
	return p.Identity
}

func (f *fixture) keeps(c vault.Connection) bool {
	f.t.Helper()
	_, err := f.store.Connection(f.t.Context(), store.Connection{Person: c.Person, Login: c.Login, Resource: c.Resource})
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		f.t.Fatal(err)
	}
	return err == nil
}

func TestWhoIsAskedAboutIsWhoTheyAreThereNow(t *testing.T) {
	for name, expiring := range map[string]bool{"with what can be renewed": true, "with what does not end": false} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.github.Expiring = expiring
			was := f.comeIn("ada")
			f.clock.pass(11 * time.Minute)
			f.github.People(standin.GitHubPerson{ID: 1, Login: "countess", Email: "ada@elsewhere.example", Verified: true})
			now, err := f.vault.Ask(t.Context(), "ada", "github", was)
			if err != nil || now.Subject != "1" || now.Standing == nil || now.Standing.Email != "ada@elsewhere.example" {
				t.Errorf("%v, %+v", err, now)
			}
			if all, err := f.vault.Connections(t.Context(), "ada"); err != nil || len(all) > 0 {
				t.Errorf("%v; a tool acts with %v", err, all)
			}
		})
	}
}

// GitHub's refresh tokens are good once: to ask is a refresh like every other.
func TestWhatWasRenewedLatelyIsNotRenewedToAsk(t *testing.T) {
	f := newFixture(t)
	was := f.comeIn("ada")
	_, other := f.replica(f.way)
	if _, err := f.vault.Ask(t.Context(), "ada", "github", was); err != nil || f.refreshes() != 0 {
		t.Errorf("%v, and %d refreshes of what came just now", err, f.refreshes())
	}
	f.clock.pass(11 * time.Minute)
	for range 3 {
		for _, v := range []*vault.Vault{f.vault, other} {
			if _, err := v.Ask(t.Context(), "ada", "github", was); err != nil {
				t.Error(err)
			}
		}
		f.clock.pass(4 * time.Minute)
	}
	if f.refreshes() != 1 {
		t.Errorf("%d refreshes in eight minutes", f.refreshes())
	}
	f.clock.pass(time.Minute)
	if _, err := f.vault.Ask(t.Context(), "ada", "github", was); err != nil || f.refreshes() != 2 {
		t.Errorf("%v, %d refreshes", err, f.refreshes())
	}
}

func TestWhomTheUpstreamRefusesWhenAskedIsToldOf(t *testing.T) {
	for name, expiring := range map[string]bool{"with what can be renewed": true, "with what does not end": false} {
		t.Run(name, func(t *testing.T) {
			f, g := newFixture(t), &told{err: errors.New("the database is away")}
			f.github.Expiring, f.vault.Gone = expiring, g.gone
			was := f.comeIn("ada")
			f.github.Withdraw("ada")
			f.clock.pass(11 * time.Minute)
			if _, err := f.vault.Ask(t.Context(), "ada", "github", was); !errors.Is(err, vault.ErrDown) || errors.Is(err, vault.ErrAsked) {
				t.Errorf("who has to know it does not yet: %v", err)
			}
			g.err = nil
			if _, err := f.vault.Ask(t.Context(), "ada", "github", was); !errors.Is(err, vault.ErrAsked) {
				t.Error(err)
			}
			if _, err := f.vault.Ask(t.Context(), "ada", "github", was); !errors.Is(err, vault.ErrNotConnected) {
				t.Errorf("there is still something to ask by: %v", err)
			}
			if !slices.Equal(g.of, []vault.Connection{left("ada"), left("ada")}) {
				t.Errorf("it was told of %v", g.of)
			}
		})
	}
}

// Neither an outage, nor a page in between, nor what we lost ourselves is anybody's end.
func TestNobodyIsToldOfWhoCouldNotBeAsked(t *testing.T) {
	for name, fault := range map[string]struct {
		at  standin.Endpoint
		how standin.Fault
	}{
		"the token request fails":    {standin.Token, standin.Status(http.StatusInternalServerError)},
		"the person's request fails": {standin.User, standin.Status(http.StatusBadGateway)},
		"it may not be asked":        {standin.User, standin.Status(http.StatusForbidden)},
		"it is not there":            {standin.User, standin.Status(http.StatusNotFound)},
		"a proxy wants a password":   {standin.User, standin.HTML(http.StatusUnauthorized)},
		"the addresses are not said": {standin.Emails, standin.Status(http.StatusServiceUnavailable)},
	} {
		t.Run(name, func(t *testing.T) {
			f, g := newFixture(t), &told{}
			f.github.Expiring, f.vault.Gone = fault.at == standin.Token, g.gone
			was := f.comeIn("ada")
			f.clock.pass(11 * time.Minute)
			f.github.Fail(fault.at, fault.how)
			if _, err := f.vault.Ask(t.Context(), "ada", "github", was); err == nil || errors.Is(err, vault.ErrAsked) || errors.Is(err, vault.ErrNotConnected) {
				t.Error(err)
			}
			f.github.Heal(fault.at)
			if _, err := f.vault.Ask(t.Context(), "ada", "github", was); err != nil || len(g.of) > 0 {
				t.Errorf("%v, and it was told of %v", err, g.of)
			}
		})
	}
	t.Run("a refresh before was never saved", func(t *testing.T) {
		f, g := newFixture(t), &told{}
		f.vault.Gone = g.gone
		p := f.signIn("ada")
		f.ok(f.vault.KeepSignIn(t.Context(), "ada", "github", p.Identity, p.Tokens))
		f.clock.pass(8 * time.Hour)
		f.leaveOf(left("ada"), p.Tokens, true)
		if _, err := f.vault.Ask(t.Context(), "ada", "github", p.Identity); !errors.Is(err, vault.ErrNotConnected) || len(g.of) > 0 {
			t.Errorf("%v, and it was told of %v", err, g.of)
		}
	})
}

// Some providers give a refresh token with every sign-in, which ends with the session of
// the person there. That it has ended is no word about them.
func TestWhatEndsWithASessionElsewhereIsNotAskedBy(t *testing.T) {
	f, g := newFixture(t), &told{}
	f.vault.Gone = g.gone
	p := f.signIn("ada")
	p.Tokens.Session = true
	f.ok(f.vault.Keep(t.Context(), at("ada"), p.Identity, p.Tokens))
	f.clock.pass(8 * time.Hour)
	f.token(f.vault, "ada") // of which the next one may end as well
	f.github.Withdraw("ada")
	f.clock.pass(8 * time.Hour)
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) || len(g.of) > 0 {
		t.Errorf("%v, and it was told of %v", err, g.of)
	}
}

func TestWhereAToolActsAsThePersonNothingElseIsKept(t *testing.T) {
	f := newFixture(t)
	was := f.comeIn("ada")
	if !f.keeps(left("ada")) {
		t.Fatal("what the sign-in left is not kept")
	}
	f.connect("ada")
	if f.keeps(left("ada")) {
		t.Error("what the sign-in left is kept beside what the tool has")
	}
	f.comeIn("ada")
	if f.keeps(left("ada")) {
		t.Error("what the next sign-in left is kept beside what the tool has")
	}
	f.clock.pass(11 * time.Minute)
	if _, err := f.vault.Ask(t.Context(), "ada", "github", was); err != nil || f.refreshes() != 1 {
		t.Errorf("%v, %d refreshes", err, f.refreshes())
	}
	// What a tool has of somebody else there says nothing of them.
	if _, err := f.vault.Ask(t.Context(), "ada", "github", oauth.Identity{Subject: "2"}); !errors.Is(err, vault.ErrNotConnected) {
		t.Error(err)
	}
}

// Google gives a refresh token on its page of consent only.
func TestASignInThatBringsNothingLeavesWhatThereWas(t *testing.T) {
	f := newFixture(t)
	was := f.comeIn("ada")
	p := f.signIn("ada")
	p.Tokens.Refresh = ""
	f.ok(f.vault.KeepSignIn(t.Context(), "ada", "github", p.Identity, p.Tokens))
	f.clock.pass(9 * time.Hour)
	if _, err := f.vault.Ask(t.Context(), "ada", "github", was); err != nil {
		t.Error(err)
	}
	// Somebody else there is asked about by what is theirs, or not at all.
	bob := f.signIn("bob")
	bob.Tokens.Refresh = ""
	f.ok(f.vault.KeepSignIn(t.Context(), "ada", "github", bob.Identity, bob.Tokens))
	if f.keeps(left("ada")) {
		t.Error("one can still ask about who they were before")
	}
}
