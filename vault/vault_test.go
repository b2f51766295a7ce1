package vault_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

func read(name string) string {
	b, _ := os.ReadFile(name) // what is not there holds nothing
	return string(b)
}

// adas is where ada's connection is kept.
var adas = store.Connection{Person: "ada", Login: "github", Resource: repos}

func TestAPersonHasTheirOwnTokenUntilItEnds(t *testing.T) {
	f := newFixture(t)
	first, bobs := f.connect("ada"), f.connect("bob")
	if got := f.token(f.vault, "ada"); got != first.Access {
		t.Error("it is another token")
	}
	f.clock.pass(8*time.Hour - vault.Margin)
	if got := f.token(f.vault, "bob"); got != bobs.Access || f.refreshes() != 0 {
		t.Error("it was refreshed too early")
	}
	f.clock.pass(time.Second)
	newer := f.token(f.vault, "ada")
	if newer == first.Access || f.refreshes() != 1 {
		t.Errorf("%d refreshes", f.refreshes())
	}
	if f.token(f.vault, "ada") != newer || f.refreshes() != 1 {
		t.Error("what was refreshed was not kept")
	}
	// The refresh token is another one each time.
	f.clock.pass(8 * time.Hour)
	f.token(f.vault, "ada")
}

func TestATokenThatDoesNotEndIsNeverRefreshed(t *testing.T) {
	f := newFixture(t)
	f.github.Expiring = false
	tokens := f.connect("ada")
	f.clock.pass(10_000 * time.Hour)
	access, expires, err := f.vault.Token(t.Context(), at("ada"))
	if err != nil || access != tokens.Access || !expires.IsZero() {
		t.Error(expires, err)
	}
}

// Two replicas, a thousand who ask at once, one refresh: GitHub's refresh tokens
// are good once, and the second refresh would end the connection.
func TestOfAThousandWhoAskAtOnceOneRefreshes(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	_, other := f.replica(f.way)
	f.clock.pass(8 * time.Hour)
	fault, arrived, release := standin.Hold()
	f.github.FailTimes(1, standin.Token, fault)
	start := make(chan struct{})
	tokens := make([]oauth.Secret, 1000)
	errs := make([]error, len(tokens))
	var all sync.WaitGroup
	for i := range tokens {
		v := []*vault.Vault{f.vault, other}[i%2]
		all.Go(func() {
			<-start
			tokens[i], _, errs[i] = v.Token(t.Context(), at("ada"))
		})
	}
	close(start)
	<-arrived
	release()
	all.Wait()
	for i := range tokens {
		if errs[i] != nil || tokens[i] != tokens[0] {
			t.Fatalf("%d: another token, or %v", i, errs[i])
		}
	}
	if f.refreshes() != 1 {
		t.Errorf("%d refreshes", f.refreshes())
	}
	f.token(other, "ada")
}

func TestAnUpstreamThatIsDownEndsNothing(t *testing.T) {
	for name, fault := range map[string]standin.Fault{
		"it resets the connection": standin.Reset(), "it is busy": standin.Unavailable(time.Minute), "it fails": standin.Status(http.StatusInternalServerError),
		"somebody answers with a page": standin.HTML(http.StatusOK), "it limits us": standin.Status(http.StatusTooManyRequests),
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.connect("ada")
			f.clock.pass(8 * time.Hour)
			f.github.Fail(standin.Token, fault)
			for range 2 { // the lease was given back
				_, _, err := f.vault.Token(t.Context(), at("ada"))
				if e := oauth.AsError(err); !errors.Is(err, vault.ErrDown) || e.Code.Status() != http.StatusServiceUnavailable || e.RetryAfter == 0 {
					t.Fatal(err)
				}
				f.ok(f.vault.Alive(t.Context(), at("ada")))
			}
			f.github.Heal(standin.Token)
			f.token(f.vault, "ada")
		})
	}
}

func TestASecretThatAnOperatorMistypedEndsNothing(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.clock.pass(8 * time.Hour)
	_, wrong := f.replica(f.github_("another-secret"))
	if _, _, err := wrong.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
		t.Fatal(err)
	}
	if !strings.Contains(f.log.String(), "incorrect_client_credentials") {
		t.Error("the log does not say why")
	}
	f.token(f.vault, "ada")
}

func TestWhatTheUpstreamEndedIsDeadUntilThePersonConnectsAgain(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.connect("bob")
	f.github.Withdraw("ada")
	f.clock.pass(8 * time.Hour)
	for range 3 {
		_, _, err := f.vault.Token(t.Context(), at("ada"))
		if e := oauth.AsError(err); !errors.Is(err, vault.ErrDead) || e.Code != oauth.InvalidToken {
			t.Fatal(err)
		}
	}
	if f.refreshes() != 1 {
		t.Errorf("it was asked %d times for what is dead", f.refreshes())
	}
	if err := f.vault.Alive(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
	f.token(f.vault, "bob")
	f.connect("ada")
	f.token(f.vault, "ada")
}

func TestATokenThatEndedWithoutARefreshTokenIsDead(t *testing.T) {
	f := newFixture(t)
	p := f.signIn("ada")
	p.Tokens.Refresh = ""
	f.ok(f.vault.Keep(t.Context(), at("ada"), p.Identity, p.Tokens))
	f.token(f.vault, "ada")
	f.clock.pass(8 * time.Hour)
	if err := f.vault.Alive(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
}

// Google gives a refresh token the first time, and none when people come again.
func TestARefreshTokenThatDoesNotComeAgainStays(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	p := f.signIn("ada")
	p.Tokens.Refresh = ""
	f.ok(f.vault.Keep(t.Context(), at("ada"), p.Identity, p.Tokens))
	f.clock.pass(8 * time.Hour)
	f.token(f.vault, "ada")
	// Somebody else's does not.
	other := f.signIn("bob")
	other.Tokens.Refresh = ""
	f.ok(f.vault.Keep(t.Context(), at("ada"), other.Identity, other.Tokens))
	f.clock.pass(8 * time.Hour)
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
}

func TestNobodyHasATokenWhoMayNotSignIn(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.ok(f.store.SetDisabled(t.Context(), "ada", true))
	for _, person := range []string{"ada", "bob", "nobody", ""} {
		if _, _, err := f.vault.Token(t.Context(), at(person)); !errors.Is(err, vault.ErrNotConnected) {
			t.Errorf("%q has a token: %v", person, err)
		}
	}
	f.ok(f.store.SetDisabled(t.Context(), "ada", false))
	for _, other := range []vault.Connection{
		{Person: "ada", Login: "other", Resource: repos}, {Person: "ada", Login: "google", Resource: repos}, {Person: "ada", Login: "GitHub", Resource: repos},
		{Person: "ada", Resource: repos}, {Person: "ada", Login: "github", Resource: notes}, {Person: "ada", Login: "github", Resource: repos + "/"}, {Person: "ada", Login: "github"},
	} {
		if _, _, err := f.vault.Token(t.Context(), other); !errors.Is(err, vault.ErrNotConnected) {
			t.Errorf("there is a token of %+v: %v", other, err)
		}
	}
	f.token(f.vault, "ada")
}

// Whoever can write to the database, but has not the encryption key, cannot have
// one person's token handed out for another, to another upstream's tool, or at
// another resource.
func TestARowThatWasMovedDoesNotOpen(t *testing.T) {
	const row = ` FROM connections WHERE person = 'ada' AND resource LIKE '%repos%')`
	for name, change := range map[string]string{
		"ada's tokens in bob's row":                        `UPDATE connections SET sealed = (SELECT sealed` + row + ` WHERE person = 'bob'`,
		"ada's tokens and their version in bob's row":      `UPDATE connections SET (sealed, version) = (SELECT sealed, version` + row + ` WHERE person = 'bob'`,
		"ada's whole row for bob":                          `UPDATE OR REPLACE connections SET person = 'bob' WHERE person = 'ada'`,
		"bob's tokens for another upstream":                `UPDATE OR REPLACE connections SET login = 'other' WHERE person = 'bob'`,
		"bob's tokens and version in another upstream's":   `UPDATE connections SET (sealed, version) = (SELECT sealed, version FROM connections WHERE person = 'bob' AND login = 'github') WHERE person = 'bob' AND login = 'other'`,
		"bob's tokens for another resource":                `UPDATE OR REPLACE connections SET resource = 'https://door.example/notes/mcp' WHERE person = 'bob'`,
		"ada's tokens and their version for another one":   `UPDATE connections SET (sealed, version) = (SELECT sealed, version` + row + ` WHERE resource LIKE '%notes%'`,
		"login and resource, written one behind the other": `UPDATE connections SET login = 'githubhttps://door.example', resource = '/repos/mcp' WHERE person = 'bob' AND login = 'github'`,
		"an octet changed":                                 `UPDATE connections SET sealed = replace(sealed, substr(sealed, 40, 4), 'AAAA') WHERE person = 'bob'`,
		"no tokens":                                        `UPDATE connections SET sealed = '' WHERE person = 'bob'`,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			whose := map[oauth.Secret]vault.Connection{}
			for _, c := range []vault.Connection{at("ada"), at("bob"), {Person: "ada", Login: "github", Resource: notes}, {Person: "bob", Login: "other", Resource: repos}} {
				p := f.signIn(c.Person)
				f.ok(f.vault.Keep(t.Context(), c, p.Identity, p.Tokens))
				whose[p.Tokens.Access] = c
			}
			f.sql(change)
			opened := 0
			for _, person := range []string{"ada", "bob"} {
				for _, login := range []string{"github", "other"} {
					for _, resource := range []string{repos, notes} {
						c := vault.Connection{Person: person, Login: login, Resource: resource}
						access, _, err := f.vault.Token(t.Context(), c)
						switch {
						case err == nil && whose[access] == c:
							opened++
						case err == nil || !errors.Is(err, vault.ErrDead) && !errors.Is(err, vault.ErrNotConnected):
							t.Errorf("%+v has that of %+v, %v", c, whose[access], err)
						}
					}
				}
			}
			if opened == len(whose) {
				t.Error("nothing was moved")
			}
		})
	}
}

// An older value alone does not open, also where its token is as good as ever: the
// person connected again, and agreed to something else. A whole older row does open: the
// vault knows nothing but the row; of an upstream that rotates refresh tokens it is dead.
func TestAnOlderValueDoesNotOpenInANewerRow(t *testing.T) {
	f := newFixture(t)
	f.github.Expiring = false
	older := f.connect("ada")
	f.sql(`CREATE TABLE kept AS SELECT sealed, version FROM connections`)
	f.connect("ada")
	f.sql(`UPDATE connections SET sealed = (SELECT sealed FROM kept)`)
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
	f.sql(`UPDATE connections SET version = (SELECT version FROM kept), dead_at = NULL`)
	if access, _, err := f.vault.Token(t.Context(), at("ada")); access != older.Access || err != nil {
		t.Errorf("nothing was put back: %v", err)
	}
	f.github.Expiring = true
	f.connect("ada")
	f.sql(`DELETE FROM kept`)
	f.sql(`INSERT INTO kept SELECT sealed, version FROM connections`)
	f.clock.pass(8 * time.Hour)
	f.token(f.vault, "ada")
	f.sql(`UPDATE connections SET (sealed, version) = (SELECT sealed, version FROM kept)`)
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
}

// The settings give the name of a login to another server. What the first one gave is
// not for it, and it is asked for nothing.
func TestTheNameOfALoginIsNotItsUpstream(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	_, other := f.replica(f.way)
	other.Upstreams = map[string]vault.Upstream{"github": {Issuer: "https://another.example", Way: f.way}}
	if err := other.Alive(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Error(err)
	}
	f.clock.pass(8 * time.Hour)
	if access, _, err := other.Token(t.Context(), at("ada")); access != "" || !errors.Is(err, vault.ErrDead) || f.refreshes() != 0 {
		t.Errorf("%v, and it was asked %d times", err, f.refreshes())
	}
}

// What an upstream answered, and could not be written, is handed to nobody; the log
// says so, and the person connects again.
func TestWhatCouldNotBeSavedIsNotHandedOut(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.clock.pass(8 * time.Hour)
	f.sql(`CREATE TRIGGER full BEFORE UPDATE OF sealed ON connections BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
	access, _, err := f.vault.Token(t.Context(), at("ada"))
	if access != "" || !errors.Is(err, vault.ErrDown) {
		t.Fatal(err)
	}
	if !strings.Contains(f.log.String(), "could not be saved and are lost; the person may have to connect again") {
		t.Error("the log does not say it")
	}
	f.sql(`DROP TRIGGER full`)
	f.clock.pass(2 * time.Minute)
	if _, _, err = f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Fatal(err)
	}
	f.connect("ada")
	f.token(f.vault, "ada")
}

// A replica that died with the lease holds others up for no longer than that.
func TestWhoDiesWhileTheyRefreshHoldsOthersUpForAWhile(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.clock.pass(8 * time.Hour)
	c, err := f.store.Connection(t.Context(), adas)
	f.ok(err)
	won, err := f.store.LeaseConnection(t.Context(), c, f.clock.Now().Add(70*time.Second))
	if err != nil || !won {
		t.Fatal(won, err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, _, err := f.vault.Token(short, at("ada")); !errors.Is(err, vault.ErrDown) {
		t.Fatal(err)
	}
	if f.refreshes() != 0 {
		t.Error("two refreshed")
	}
	f.clock.pass(70 * time.Second)
	f.token(f.vault, "ada")
}

// Who leaves does not take with them what others wait for, or what rotated.
func TestWhoLeavesDoesNotEndTheRefresh(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.clock.pass(8 * time.Hour)
	fault, arrived, release := standin.Hold()
	f.github.FailTimes(1, standin.Token, fault)
	leaving, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, _, err := f.vault.Token(leaving, at("ada"))
		left <- err
	}()
	<-arrived
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	release()
	f.token(f.vault, "ada")
	if f.refreshes() != 1 {
		t.Errorf("%d refreshes", f.refreshes())
	}
}

// Who connects again while a refresh is under way has the new connection.
func TestWhoConnectsAgainMeanwhileHasTheNewConnection(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.clock.pass(8 * time.Hour)
	fault, arrived, release := standin.Hold()
	f.github.FailTimes(1, standin.Token, fault)
	done := make(chan oauth.Secret)
	go func() {
		access, _, err := f.vault.Token(t.Context(), at("ada"))
		if err != nil {
			t.Error(err)
		}
		done <- access
	}()
	<-arrived
	newer := f.connect("ada")
	release()
	if got := <-done; got != newer.Access {
		t.Error("the older connection came back")
	}
	if got := f.token(f.vault, "ada"); got != newer.Access {
		t.Error("the older connection stayed")
	}
}

func TestWhoDisconnectsHasNoTokenAnyMore(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.ok(f.vault.Forget(t.Context(), at("ada")))
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrNotConnected) {
		t.Error(err)
	}
	if _, err := f.store.Connection(t.Context(), adas); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// Keys are rotated, and what was sealed before goes on being good.
func TestARotatedKeyLosesNoConnection(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.ok(f.vault.Keys.RotateSecret(t.Context()))
	f.clock.pass(time.Hour)
	f.token(f.vault, "ada")
	f.clock.pass(8 * time.Hour)
	f.token(f.vault, "ada")
	_, other := f.replica(f.way)
	f.token(other, "ada")
}
