package chess

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// from is the context of a stranger's call.
func from(t *testing.T, address string) context.Context {
	return context.WithValue(t.Context(), addressKey{}, netip.MustParseAddr(address))
}

// signedIn is the context of a person's call, as their guard makes it.
func signedIn(t *testing.T, name string) (ctx context.Context) {
	t.Helper()
	guard, err := resource.New(resource.Config{
		Resource: oauth.ProtectedResource{Name: "chess", ID: here, Scopes: Scopes()}, Issuer: issuer, Verifier: tokens{},
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", here, nil).WithContext(t.Context())
	r.Header.Set("Authorization", "Bearer "+name)
	guard.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(httptest.NewRecorder(), r)
	return ctx
}

// an order is who was given a turn, one after the other.
type order struct {
	mu  sync.Mutex
	who []string
}

// wants has a call wait for a turn, and keep it for half a second and a little more than
// the one before: of two that end at once nobody knows whose turn is noted first.
func (o *order) wants(t *testing.T, turns *turns, ctx context.Context, name string) {
	go func() {
		leave, err := turns.take(ctx)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		o.mu.Lock()
		time.AfterFunc(time.Second/2+time.Duration(len(o.who))*time.Millisecond, leave)
		o.who = append(o.who, name)
		o.mu.Unlock()
	}()
	synctest.Wait()
}

// soFar is who has had a turn.
func (o *order) soFar() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.who)
}

func TestWhoAsksOftenWaitsBehindThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, o := newTurns(2), &order{}
		for range 4 {
			o.wants(t, turns, from(t, "192.0.2.1"), "greedy")
		}
		o.wants(t, turns, from(t, "192.0.2.2"), "modest")
		o.wants(t, turns, from(t, "2001:db8::1"), "elsewhere")
		o.wants(t, turns, from(t, "2001:db8::2"), "elsewhere") // whoever has a /64 has all of it
		time.Sleep(2 * patience)
		synctest.Wait()
		who := o.soFar()
		if want := []string{"greedy", "modest", "elsewhere", "greedy", "elsewhere", "greedy"}; len(who) < 6 || !slices.Equal(who[:6], want) {
			t.Errorf("the turns were %v", who)
		}
		if len(turns.askers) != 0 || turns.free != 2 || turns.strangers != 1 {
			t.Errorf("afterwards: %+v", turns)
		}
	})
}

func TestWhoAsksAloneHasEveryTurnButOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, o := newTurns(4), &order{}
		for range 4 {
			o.wants(t, turns, from(t, "192.0.2.1"), "stranger")
		}
		if n := len(o.soFar()); n != 3 {
			t.Errorf("a stranger has %d turns", n)
		}
		o.wants(t, turns, signedIn(t, "ada"), "ada")
		if who := o.soFar(); len(who) != 4 || who[3] != "ada" {
			t.Errorf("somebody who is signed in waits behind strangers: %v", who)
		}
		time.Sleep(patience)
	})
}

func TestPeopleWhoAreSignedInAreFairToEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns, o := newTurns(2), &order{}
		ada, bob := signedIn(t, "ada"), signedIn(t, "bob")
		for range 4 {
			o.wants(t, turns, ada, "ada")
		}
		o.wants(t, turns, bob, "bob")
		time.Sleep(patience)
		if want := []string{"ada", "ada", "bob", "ada", "ada"}; !slices.Equal(o.soFar(), want) {
			t.Errorf("the turns were %v", o.soFar())
		}
	})
}

func TestNobodyWaitsForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2)
		leave, err := turns.take(from(t, "192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := turns.take(from(t, "192.0.2.2")); err != errBusy || time.Since(began) != patience {
			t.Errorf("after %s: %v", time.Since(began), err)
		}
		gone, cancel := context.WithCancelCause(from(t, "192.0.2.3"))
		why := errors.New("gone")
		time.AfterFunc(time.Second, func() { cancel(why) })
		if _, err := turns.take(gone); err != why {
			t.Errorf("who went away: %v", err)
		}
		for range waitingOfOne {
			go turns.take(gone)
			go func() {
				if _, err := turns.take(from(t, "192.0.2.4")); err != errBusy {
					t.Error(err)
				}
			}()
		}
		synctest.Wait()
		if _, err := turns.take(from(t, "192.0.2.4")); err != errCrowded {
			t.Errorf("one more of the same: %v", err)
		}
		time.Sleep(patience)
		synctest.Wait()
		leave()
		leave() // once more is nothing
		if len(turns.askers) != 0 || len(turns.waiting) != 0 || turns.free != 2 || turns.strangers != 1 {
			t.Errorf("afterwards: %+v", turns)
		}
	})
}

func TestStrangersFromEverywhereDoNotWaitWithoutEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2)
		leave, err := turns.take(from(t, "192.0.2.1"))
		if err != nil {
			t.Fatal(err)
		}
		defer leave()
		at := netip.MustParseAddr("198.51.100.1")
		for range waitingOfStrangers {
			go turns.take(from(t, at.String()))
			at = at.Next()
		}
		synctest.Wait()
		if _, err := turns.take(from(t, "192.0.2.77")); err != errCrowded {
			t.Errorf("one more: %v", err)
		}
		if leave, err := turns.take(signedIn(t, "ada")); err != nil {
			t.Errorf("somebody who is signed in: %v", err)
		} else {
			leave()
		}
		time.Sleep(patience)
	})
}

// TestAStrangerIsNotWhoeverTheySayTheyAre: whoever writes another address into a
// header with each call is one stranger still.
func TestAStrangerIsNotWhoeverTheySayTheyAre(t *testing.T) {
	seen := map[string]bool{}
	h := knowing(peer, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		key, _ := whoAsks(r.Context())
		seen[key] = true
	}))
	for _, says := range []string{"198.51.100.1", "198.51.100.2", "", "nonsense"} {
		r := httptest.NewRequest("POST", here, nil)
		for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Mcp-Session-Id", "User-Agent"} {
			r.Header.Set(name, says)
		}
		r.Header.Set("Forwarded", "for="+says)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if len(seen) != 1 || !seen["network 192.0.2.1/32"] {
		t.Errorf("one stranger is %v", seen)
	}
}

// TestManyWhoAskAtOnceAreAllAnswered plays it through HTTP, with the search.
func TestManyWhoAskAtOnceAreAllAnswered(t *testing.T) {
	url := serveChess(t, Options{})
	nobody, ada := connect(t, url, "", generations[2]), connect(t, url, "ada", generations[1])
	answers := make(chan string, 2*waitingOfOne)
	ask := func(cs *mcp.ClientSession) {
		res, err := cs.CallTool(t.Context(), &mcp.CallToolParams{Name: toolEngine, Arguments: args{"fen": startFEN, "depth": 1}})
		switch {
		case err != nil:
			answers <- err.Error()
		case res.IsError:
			answers <- res.Content[0].(*mcp.TextContent).Text
		default:
			answers <- ""
		}
	}
	for range waitingOfOne {
		go ask(nobody)
		go ask(ada)
	}
	for range 2 * waitingOfOne {
		if said := <-answers; said != "" && !strings.Contains(said, "try again") {
			t.Error(said)
		}
	}
}
