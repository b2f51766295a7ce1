// Package storetest is the contracts of package store as tests. Whoever
// implements them runs all of it:
//
//	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Store {
//		…open an empty store whose clock is now, closed by t.Cleanup…
//	})
package storetest

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// A Store is everything that package store asks for.
type Store interface {
	store.Grants
	store.Clients
	signIn
	store.Consents
	store.Assertions
	store.Keys
	traces
	store.Pruner
}

type signIn interface {
	store.People
	store.Passwords
	store.Sessions
	store.Identities
	store.Connections
	store.Passkeys
}

// traces are what is kept for people to look at, or for built-in servers.
type traces interface {
	store.Events
	store.Flows
	store.Belongings
}

// Open returns a store with nothing in it, whose clock is now.
type Open func(t *testing.T, now func() time.Time) Store

// A rule is one sentence of a contract, and what would be false without it.
type rule struct {
	says string
	test func(t *testing.T, w *world)
}

// Run tests a store against every sentence of the contracts.
func Run(t *testing.T, open Open) {
	rules := slices.Concat(grantRules(), rotationRules(), revocationRules(), listingRules(),
		clientRules(), peopleRules(), identityRules(), passkeyRules(), connectionRules(), belongingRules(), disablingRules(), sessionRules(), consentRules(),
		assertionRules(), keyRules(), eventRules(), flowRules(), pruneRules())
	for _, r := range rules {
		t.Run(r.says, func(t *testing.T) {
			w := &world{t: t, now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			w.Store = open(t, w.time)
			r.test(t, w)
		})
	}
}

// A world is a store, its clock, and short ways to fill it.
type world struct {
	Store
	t *testing.T

	mu  sync.Mutex // guards now
	now time.Time
}

func (w *world) time() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time go by.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// person adds someone called id.
func (w *world) person(id string) oauth.Person {
	w.t.Helper()
	p := oauth.Person{ID: id, Username: id + "-name", Name: "A. " + id, Email: id + "@example.com",
		PasswordHash: "$argon2id$" + id, Created: w.time()}
	w.ok(w.AddPerson(w.t.Context(), p))
	return p
}

// agreed is a grant that was not saved yet, for an hour.
func (w *world) agreed(id, subject, client string) oauth.Grant {
	return oauth.Grant{
		ID: id, CodeID: oauth.NewDigest(), Subject: subject, ClientID: client,
		Resource: "https://mcp.example.com/mcp", Scope: oauth.NewScope("read", "write"),
		RedirectHost: "chat.example.com", AuthTime: w.time().Add(-time.Minute), Created: w.time(),
		Expires: w.time().Add(time.Hour), Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1},
	}
}

// grant saves a grant.
func (w *world) grant(id, subject, client string) oauth.Grant {
	w.t.Helper()
	g := w.agreed(id, subject, client)
	w.ok(w.Create(w.t.Context(), g))
	return g
}

// consent makes subject be remembered by client for g's resource and host.
func (w *world) consent(g oauth.Grant) oauth.Consent {
	w.t.Helper()
	c := oauth.Consent{Subject: g.Subject, ClientID: g.ClientID, RedirectHost: g.RedirectHost,
		Resource: g.Resource, Scope: g.Scope, At: w.time()}
	w.ok(w.Remember(w.t.Context(), c))
	return c
}

// remembers checks what a consent's key is remembered with.
func (w *world) remembers(c oauth.Consent, want ...string) {
	w.t.Helper()
	got, err := w.Remembered(w.t.Context(), c)
	w.ok(err)
	if got.String() != oauth.NewScope(want...).String() {
		w.t.Errorf("remembered %q, want %q", got, want)
	}
}

// registered saves a client that came by registration.
func (w *world) registered(id string) oauth.Client {
	w.t.Helper()
	c, err := w.Register(w.t.Context(), oauth.Client{
		ID: id, Metadata: metadata(), Source: oauth.FromRegistration, Created: w.time(), LastUsed: w.time(),
	})
	w.ok(err)
	return c
}

func metadata() oauth.ClientMetadata {
	return oauth.ClientMetadata{
		RedirectURIs: []string{"https://chat.example.com/callback"}, TokenEndpointAuthMethod: oauth.AuthNone,
		GrantTypes: []string{oauth.GrantTypeCode, oauth.GrantTypeRefresh}, ResponseTypes: []string{"code"},
		ClientName: "Chat “ü” 'quoted'", Contacts: []string{"a@example.com"},
	}
}

// session opens a session for an hour.
func (w *world) session(subject string) oauth.Session {
	w.t.Helper()
	s := oauth.Session{ID: oauth.NewDigest(), Subject: subject, Way: "okta", AuthTime: w.time(), Expires: w.time().Add(time.Hour)}
	w.ok(w.OpenSession(w.t.Context(), s))
	return s
}

// signedIn checks whether a session is alive.
func (w *world) signedIn(s oauth.Session, want bool) {
	w.t.Helper()
	switch _, _, err := w.Session(w.t.Context(), s.ID); {
	case want:
		w.ok(err)
	default:
		w.is(err, store.ErrNotFound)
	}
}

// alive checks whether a grant is.
func (w *world) alive(id string, want bool) {
	w.t.Helper()
	switch _, err := w.Grant(w.t.Context(), id); {
	case want:
		w.ok(err)
	default:
		w.is(err, store.ErrNotFound)
	}
}

// ended returns a grant whether it lives or not.
func (w *world) ended(id string) oauth.Grant {
	w.t.Helper()
	list, err := w.Grants(w.t.Context(), store.GrantFilter{ID: id, IncludeEnded: true}, "", 2)
	w.ok(err)
	if len(list) != 1 {
		w.t.Fatalf("%d grants are called %s", len(list), id)
	}
	return list[0]
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\ngot  %+v\nwant %+v", got, want)
	}
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) is(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("got %v, want %v", err, want)
	}
}

func (w *world) count(got int64, want int64, what string) {
	w.t.Helper()
	if got != want {
		w.t.Errorf("%s: %d, want %d", what, got, want)
	}
}

// crowd runs n calls that start together, and returns how many succeeded. Any
// error but the expected one fails the test.
func (w *world) crowd(n int, expected error, call func(i int) error) int64 {
	w.t.Helper()
	start := make(chan struct{})
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	wg.Wait()
	var won int64
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, expected):
			w.t.Fatal(err)
		}
	}
	return won
}
