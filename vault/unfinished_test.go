package vault_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// leave is a process that took the lease and died, after GitHub had rotated or before.
func (f *fixture) leave(old oauth.UpstreamTokens, rotated bool) {
	f.t.Helper()
	f.leaveOf(at("ada"), old, rotated)
}

func (f *fixture) leaveOf(of vault.Connection, old oauth.UpstreamTokens, rotated bool) {
	f.t.Helper()
	c, err := f.store.Connection(f.t.Context(), store.Connection{Person: of.Person, Login: of.Login, Resource: of.Resource})
	f.ok(err)
	won, err := f.store.LeaseConnection(f.t.Context(), c, f.clock.Now().Add(70*time.Second))
	if err != nil || !won {
		f.t.Fatal(won, err)
	}
	if rotated {
		_, err := f.way.Refresh(f.t.Context(), old.Refresh)
		f.ok(err)
	}
	f.clock.pass(70 * time.Second)
}

const (
	saysLost     = "what the upstream gave for it is lost"
	saysUnsaved  = "a refresh of a connection was begun and never saved"
	saysNothing  = "nothing is lost"
	saysOrdinary = "an upstream has ended a connection"
)

// logs checks what the log says, and does not say.
func (f *fixture) logs(says []string, never ...string) {
	f.t.Helper()
	log := f.log.String()
	for _, want := range says {
		if strings.Count(log, want) != 1 {
			f.t.Errorf("the log does not say %q once:\n%s", want, log)
		}
	}
	for _, no := range never {
		if strings.Contains(log, no) {
			f.t.Errorf("the log says %q:\n%s", no, log)
		}
	}
}

func TestARefreshThatWasNeverSavedIsSaidToBeLost(t *testing.T) {
	f := newFixture(t)
	old := f.connect("ada")
	f.clock.pass(8 * time.Hour)
	began := f.clock.Now()
	f.leave(old, true)
	_, _, err := f.vault.Token(t.Context(), at("ada"))
	if e := oauth.AsError(err); !errors.Is(err, vault.ErrDead) || e.Code != oauth.InvalidToken || !strings.Contains(e.Description, "interrupted and is lost") {
		t.Fatal(err)
	}
	f.logs([]string{saysUnsaved, saysLost, "begun=" + began.Format("2006-01-02T15:04:05")}, saysOrdinary, saysNothing)
	// It is dead like any other, until the person connects again.
	_, _, err = f.vault.Token(t.Context(), at("ada"))
	if e := oauth.AsError(err); !errors.Is(err, vault.ErrDead) || strings.Contains(e.Description, "lost") {
		t.Error(err)
	}
	f.connect("ada")
	f.token(f.vault, "ada")
	f.logs([]string{saysLost})
}

func TestARefreshThatWasInterruptedBeforeTheUpstreamActedLosesNothing(t *testing.T) {
	f := newFixture(t)
	old := f.connect("ada")
	f.clock.pass(8 * time.Hour)
	f.leave(old, false)
	f.token(f.vault, "ada")
	f.logs([]string{saysUnsaved, saysNothing}, saysLost)
	f.clock.pass(8 * time.Hour)
	f.token(f.vault, "ada")
	f.logs([]string{saysUnsaved})
}

// What was left behind is still told when the upstream is down at first.
func TestAnOutageDoesNotHideWhatWasLost(t *testing.T) {
	f := newFixture(t)
	old := f.connect("ada")
	f.clock.pass(8 * time.Hour)
	f.leave(old, true)
	f.github.FailTimes(1, standin.Token, standin.Status(http.StatusInternalServerError))
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
		t.Fatal(err)
	}
	f.logs(nil, saysUnsaved)
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Fatal(err)
	}
	f.logs([]string{saysUnsaved, saysLost}, saysOrdinary)
}

// A refresh that failed and gave its lease back is nothing unsaved.
func TestWhatEndsAfterAnOutageIsNotSaidToBeLost(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.clock.pass(8 * time.Hour)
	f.github.FailTimes(1, standin.Token, standin.Status(http.StatusInternalServerError))
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
		t.Fatal(err)
	}
	f.github.Withdraw("ada")
	if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
		t.Fatal(err)
	}
	f.logs([]string{saysOrdinary}, saysUnsaved)
}
