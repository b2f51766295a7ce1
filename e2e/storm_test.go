package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/e2e/person"
)

// TestManyUsesOfOneRefreshTokenMakeOneSuccessor is the race that signs honest
// people out elsewhere: twenty processes of one client refresh at once, ten
// times in a row. Each round has to give all of them the same successor.
func TestManyUsesOfOneRefreshTokenMakeOneSuccessor(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		d := newDoor(t, "")
		storm(t, d, []string{d.URL})
	})
	t.Run("PostgreSQL, two replicas", func(t *testing.T) {
		a, b := twoReplicas(t, "")
		storm(t, a, []string{a.URL, b.at})
	})
}

func storm(t *testing.T, d *door, sites []string) {
	t.Helper()
	const uses, rounds = 20, 10
	c := d.register(t, loopbackRedirect, "none")
	current := c.tokens(t, d.visitor(), "").RefreshToken
	successors := map[string]bool{}
	var last tokenAnswer
	for round := range rounds {
		answers := make([]tokenAnswer, uses)
		errs := make([]error, uses)
		gate := make(chan struct{})
		var all sync.WaitGroup
		for i := range uses {
			at := c
			at.site = sites[i%len(sites)]
			all.Go(func() {
				<-gate
				answers[i], errs[i] = at.refresh(t.Context(), current)
			})
		}
		close(gate)
		all.Wait()
		for i, a := range answers {
			if errs[i] != nil || a.Status != http.StatusOK || a.RefreshToken == "" || a.AccessToken == "" {
				t.Fatalf("round %d, use %d: %+v, %v", round, i, a, errs[i])
			}
			successors[a.RefreshToken] = true
		}
		current, last = answers[0].RefreshToken, answers[0]
	}
	if len(successors) != rounds {
		t.Errorf("%d uses of each of %d tokens made %d successors", uses, rounds, len(successors))
	}
	if ok, err := d.works(t.Context(), last.AccessToken); !ok {
		t.Errorf("the last access token is refused: %v", err)
	}
}

// TestWhatWasAnsweredSurvivesKill kills the server amid refreshes and code
// exchanges. Whoever got an answer can rely on it; whoever got none can ask
// again with what they had.
func TestWhatWasAnsweredSurvivesKill(t *testing.T) {
	d := newDoor(t, "tokens: { code_ttl: 10m }\n")
	c := d.register(t, loopbackRedirect, "none")
	ada := d.visitor()
	const clients, rounds, codes = 6, 4, 8
	held := make([]tokenAnswer, clients) // what each client was answered last
	for i := range held {
		held[i] = c.tokens(t, ada, "")
	}
	for round := range rounds {
		waiting := make([]exchange, codes)
		for i := range waiting {
			waiting[i].code, waiting[i].verifier = c.code(t, ada, "")
		}
		answered := amid(t, d, c, held, waiting)
		d.open()
		t.Logf("round %d: killed after %d answers", round, answered)
		for i := range held {
			held[i] = relies(t, d, c, fmt.Sprintf("round %d, client %d", round, i), held[i])
		}
		for i, x := range waiting {
			x.settle(t, d, c, fmt.Sprintf("round %d, code %d", round, i))
		}
	}
}

// An exchange is a code on its way to becoming tokens.
type exchange struct {
	code, verifier string
	got            *tokenAnswer // nil: no answer came
}

// amid has every client refresh, and every code be redeemed, until the server
// is killed. It returns how many answers were given.
func amid(t *testing.T, d *door, c client, held []tokenAnswer, waiting []exchange) (answered int) {
	t.Helper()
	answers := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for i := range held {
		all.Go(func() {
			for {
				a, err := c.refresh(ctx, held[i].RefreshToken)
				if err != nil {
					return // killed
				}
				if a.Status != http.StatusOK {
					t.Errorf("before the kill, a refresh gives %+v", a)
					return
				}
				held[i] = a
				answers <- struct{}{}
			}
		})
	}
	all.Go(func() {
		for i := range waiting {
			a, err := c.redeem(ctx, waiting[i].code, waiting[i].verifier)
			if err != nil {
				return
			}
			waiting[i].got = &a
			answers <- struct{}{}
		}
	})
	done, dead := make(chan struct{}), make(chan struct{})
	go func() { all.Wait(); close(done) }()
	for {
		select {
		case <-answers:
			if answered++; answered == 25 {
				// In another goroutine: answers that are on their way count.
				go func() { d.kill(); close(dead) }()
			}
		case <-done:
			if answered < 25 {
				t.Fatalf("only %d answers were given", answered)
			}
			<-dead
			return answered
		}
	}
}

// relies checks that an answer is good, and returns the next one.
func relies(t *testing.T, d *door, c client, who string, a tokenAnswer) tokenAnswer {
	t.Helper()
	if ok, err := d.works(t.Context(), a.AccessToken); !ok {
		t.Errorf("%s: the access token that was answered is refused: %v", who, err)
	}
	next, err := c.refresh(t.Context(), a.RefreshToken)
	if err != nil || next.Status != http.StatusOK {
		t.Fatalf("%s: the refresh token that was answered gives %+v, %v", who, next, err)
	}
	return next
}

// settle finishes an exchange after the kill. One without an answer may be
// tried again, and then succeeds or is told to start anew, cleanly.
func (x exchange) settle(t *testing.T, d *door, c client, who string) {
	t.Helper()
	if x.got != nil {
		if x.got.Status != http.StatusOK {
			t.Errorf("%s: %+v", who, *x.got)
			return
		}
		relies(t, d, c, who, *x.got)
	}
	again, err := c.redeem(t.Context(), x.code, x.verifier)
	if err != nil {
		t.Fatalf("%s: %v", who, err)
	}
	allowed := []string{"invalid_grant"}
	if x.got == nil {
		allowed = append(allowed, "")
	}
	if !slices.Contains(allowed, again.Error) {
		t.Errorf("%s: redeemed again: %+v", who, again)
	}
	if again.Status == http.StatusOK {
		relies(t, d, c, who, again)
	}
}

// TestARevokedGrantIsRefusedByEveryReplica within the second that is promised,
// and half of another for the machine to notice; and so is whoever is disabled or
// removed.
func TestARevokedGrantIsRefusedByEveryReplica(t *testing.T) {
	a, b := twoReplicas(t, "")
	c := a.register(t, loopbackRedirect, "none")
	for _, end := range []struct {
		what string
		does func(name string, tokens tokenAnswer)
	}{
		{"revoked", func(_ string, tokens tokenAnswer) { c.revoke(t, tokens.RefreshToken) }},
		{"disabled", func(name string, _ tokenAnswer) { a.run("", "users", "disable", name) }},
		{"removed", func(name string, _ tokenAnswer) { a.run("", "users", "remove", name) }},
	} {
		name := "to-be-" + end.what
		a.addPerson(name, password)
		who, err := person.New(a.URL, name, password)
		if err != nil {
			t.Fatal(err)
		}
		tokens := c.tokens(t, who, "")
		for _, d := range []*door{a, b} {
			if ok, err := d.works(t.Context(), tokens.AccessToken); !ok {
				t.Fatalf("at %s the token does not work: %v", d.at, err)
			}
		}
		end.does(name, tokens)
		t.Logf("who is %s is refused everywhere after %s", end.what, refusedBy(t, tokens, a, b).Round(time.Millisecond))
		if next, err := c.refresh(t.Context(), tokens.RefreshToken); err != nil || next.Error != "invalid_grant" {
			t.Errorf("%s: a refresh gives %+v, %v", end.what, next, err)
		}
	}
}

// refusedBy returns how long it takes until every door refuses an access token.
func refusedBy(t *testing.T, tokens tokenAnswer, doors ...*door) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var takes []string
		for _, d := range doors {
			ok, err := d.works(t.Context(), tokens.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				takes = append(takes, d.at)
			}
		}
		took := time.Since(began)
		switch {
		case takes == nil:
			return took
		case took > 1500*time.Millisecond:
			t.Fatalf("after %s the token works at %v", took, takes)
		}
		<-tick.C
	}
}
