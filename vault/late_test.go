package vault_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/login/standin"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

// A sluggish upstream has refresh tokens that are good once, and takes its time to
// say so. Too long for it, and whoever asked does not learn the answer.
type sluggish struct {
	vault.Way // of which nothing else is asked
	takes     time.Duration
	current   oauth.Secret
	asked     int
}

// Lasting is as for every upstream that renews.
func (s *sluggish) Lasting(t oauth.UpstreamTokens) bool { return t.Refresh != "" }

func (s *sluggish) Refresh(ctx context.Context, refresh oauth.Secret) (oauth.UpstreamTokens, error) {
	s.asked++
	if refresh != s.current {
		return oauth.UpstreamTokens{}, oauth.Refuse(oauth.InvalidGrant, "the connection to the upstream has ended")
	}
	s.current = oauth.Secret("refresh-after-" + string(refresh)) // it is used now, whoever hears of it
	select {
	case <-ctx.Done():
		return oauth.UpstreamTokens{}, oauth.Refuse(oauth.TemporarilyUnavailable, "the service does not answer").Because(ctx.Err())
	case <-time.After(s.takes):
		return oauth.UpstreamTokens{Access: "access-of-late", Refresh: s.current, Life: 8 * time.Hour}, nil
	}
}

// lateFixture is ada, connected to a sluggish upstream by a token that has ended.
func lateFixture(t *testing.T, takes time.Duration) (*fixture, *sluggish) {
	f := &fixture{t: t, clock: &clock{now: time.Now()}, log: &buffer{}, file: filepath.Join(t.TempDir(), "db")}
	way := &sluggish{takes: takes, current: "the-first-refresh-token"}
	f.store, f.vault = f.replica(way)
	f.ok(f.store.AddPerson(t.Context(), oauth.Person{ID: "ada", Username: "ada"}))
	f.ok(f.vault.Keep(t.Context(), at("ada"), oauth.Identity{Issuer: "https://github.com", Subject: "1"},
		oauth.UpstreamTokens{Access: "access-of-before", Refresh: way.current, Life: time.Second}))
	return f, way
}

// An answer that comes when those who asked were told to come again is kept, and is
// theirs when they do.
func TestAnAnswerThatComesAfterEverybodyGaveUpIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, way := lateFixture(t, 25*time.Second)
		began := time.Now()
		_, _, err := f.vault.Token(t.Context(), at("ada"))
		if e := oauth.AsError(err); !errors.Is(err, vault.ErrDown) || e.Code != oauth.TemporarilyUnavailable || e.RetryAfter == 0 || time.Since(began) != 15*time.Second {
			t.Fatalf("after %s: %v", time.Since(began), err)
		}
		f.ok(f.vault.Alive(t.Context(), at("ada")))
		// Who comes meanwhile has it when it comes.
		if access, _, err := f.vault.Token(t.Context(), at("ada")); err != nil || access != "access-of-late" || time.Since(began) != 25*time.Second {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		if access, _, err := f.vault.Token(t.Context(), at("ada")); err != nil || access != "access-of-late" || way.asked != 1 {
			t.Errorf("it was asked %d times: %v", way.asked, err)
		}
	})
}

// An answer that never comes ends nothing by itself: the connection is dead when the
// upstream says so of the refresh token, which it has used meanwhile.
func TestAnAnswerThatNeverComesEndsTheConnectionOnlyWhenTheUpstreamSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, way := lateFixture(t, time.Hour)
		if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // the lease was given back when it was given up
		f.ok(f.vault.Alive(t.Context(), at("ada")))
		if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) || way.asked != 2 {
			t.Errorf("it was asked %d times: %v", way.asked, err)
		}
		if err := f.vault.Alive(t.Context(), at("ada")); !errors.Is(err, vault.ErrDead) {
			t.Error(err)
		}
		if log := f.log.String(); !strings.Contains(log, "could not be refreshed") || !strings.Contains(log, "has ended a connection") {
			t.Error(log)
		}
	})
}

// A process that is told to stop waits for what an upstream is about to answer, as
// long as it may.
func TestAProcessThatStopsLosesNoAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, _ := lateFixture(t, 20*time.Second)
		began := time.Now()
		f.vault.Settle(t.Context())
		if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		f.vault.Settle(short)
		f.vault.Settle(t.Context())
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("it waited until %s", took)
		}
		_, after := f.replica(&sluggish{})
		if access, _, err := after.Token(t.Context(), at("ada")); err != nil || access != "access-of-late" {
			t.Error(err)
		}
	})
}

// GitHub rotates, and the answer is lost in each way in which it can be: the
// connection lives until GitHub says of the old refresh token that it is used.
func TestAnAnswerThatIsLostOnTheWay(t *testing.T) {
	for name, fault := range map[string]standin.Fault{"it is cut off": standin.Cut(), "another refusal comes for it": standin.Status(502)} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.connect("ada")
			f.clock.pass(8 * time.Hour)
			f.github.FailTimes(1, standin.Token, fault)
			if _, _, err := f.vault.Token(t.Context(), at("ada")); !errors.Is(err, vault.ErrDown) {
				t.Fatal(err)
			}
			f.ok(f.vault.Alive(t.Context(), at("ada")))
			_, _, err := f.vault.Token(t.Context(), at("ada"))
			if rotated := name == "it is cut off"; rotated != errors.Is(err, vault.ErrDead) || rotated != (err != nil) {
				t.Error(err)
			}
			f.connect("ada")
			f.token(f.vault, "ada")
		})
	}
}

// Whoever left, left; what GitHub rotated for them is kept.
func TestAnAnswerIsKeptWhoeverLeft(t *testing.T) {
	f := newFixture(t)
	f.connect("ada")
	f.clock.pass(8 * time.Hour)
	fault, done, release := standin.Late()
	f.github.FailTimes(1, standin.Token, fault)
	leaving, cancel := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, _, err := f.vault.Token(leaving, at("ada"))
		left <- err
	}()
	<-done // GitHub has used the old one
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
