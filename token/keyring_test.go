package token

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
)

// altered is a store of which a test changes what it says.
type altered struct {
	real   store.Keys
	keys   func(rows []store.Key, err error) ([]store.Key, error) // nil: unchanged
	retire func() error                                           // nil: as it is
}

func (a *altered) AddKey(ctx context.Context, k store.Key) error { return a.real.AddKey(ctx, k) }

func (a *altered) Keys(ctx context.Context) ([]store.Key, error) {
	rows, err := a.real.Keys(ctx)
	if a.keys == nil {
		return rows, err
	}
	return a.keys(rows, err)
}

func (a *altered) RetireKey(ctx context.Context, id string, signsTo, expires time.Time) error {
	if a.retire != nil {
		if err := a.retire(); err != nil {
			return err
		}
	}
	return a.real.RetireKey(ctx, id, signsTo, expires)
}

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

var testKey = bytes.Repeat([]byte{7}, 32)

const testLifetime = time.Hour + ClockSkew

func newStore(t testing.TB, now func() time.Time) store.Keys {
	t.Helper()
	s, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: migrated.File(t), Now: now})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func open(t testing.TB, s store.Keys, c *clock, algorithms ...string) *Keyring {
	t.Helper()
	k, err := Open(t.Context(), Options{
		Store: s, EncryptionKey: testKey, Algorithms: algorithms, Lifetime: testLifetime, Now: c.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	issuer   = "https://as.example"
	resource = "https://as.example/mcp"
)

func accessAt(now time.Time) Access {
	return Access{
		ID: "jti-1", Issuer: issuer, Subject: "u_ada", Audience: resource, ClientID: "cli",
		Scope: oauth.NewScope("b", "a"), GrantID: "g_1", AuthTime: now.Add(-time.Minute),
		IssuedAt: now, Expires: now.Add(time.Hour),
	}
}

// kids are the ids in the published key set, in its order.
func kids(t testing.TB, k *Keyring) []string {
	t.Helper()
	var set struct {
		Keys []struct{ Kid string }
	}
	must(t, json.Unmarshal(k.JWKS(), &set))
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.Kid)
	}
	return ids
}

func TestManyReplicasThatOpenAnEmptyStoreEndWithTheSameKeys(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	rings := make([]*Keyring, 10)
	var wg sync.WaitGroup
	for i := range rings {
		wg.Go(func() {
			k, err := Open(t.Context(), Options{
				Store: s, EncryptionKey: testKey, Algorithms: []string{ES256, EdDSA}, Lifetime: time.Hour, Now: c.now,
			})
			if err != nil {
				t.Error(err)
			}
			rings[i] = k
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	want := fmt.Sprint(rings[0].List())
	if n := len(rings[0].List()); n != 3 {
		t.Fatalf("%d keys, want a secret and two signing keys", n)
	}
	sealed := rings[0].Seal("p", []byte("x"))
	for i, k := range rings {
		if got := fmt.Sprint(k.List()); got != want {
			t.Errorf("replica %d has %s, want %s", i, got, want)
		}
		if _, err := k.Unseal("p", sealed); err != nil {
			t.Errorf("replica %d: %v", i, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	c := newClock()
	full := newStore(t, c.now)
	open(t, full, c, ES256)
	for _, tt := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"an encryption key that is too short", func(o *Options) { o.EncryptionKey = testKey[:31] }, "exactly 32"},
		{"an encryption key that is too long", func(o *Options) { o.EncryptionKey = make([]byte, 33) }, "exactly 32"},
		{"no encryption key", func(o *Options) { o.EncryptionKey = nil }, "exactly 32"},
		{"a lifetime of zero", func(o *Options) { o.Lifetime = 0 }, "Lifetime"},
		{"no store", func(o *Options) { o.Store = nil }, "Store"},
		{"a negative rotation", func(o *Options) { o.RotateEvery = -1 }, "RotateEvery"},
		{"an unknown algorithm", func(o *Options) { o.Algorithms = []string{"HS256"} }, "unknown"},
		{
			"the encryption key of another database", func(o *Options) { o.EncryptionKey = make([]byte, 32) },
			"the encryption key does not open the keys in this database",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Store: full, EncryptionKey: testKey, Lifetime: time.Hour, Now: c.now}
			tt.change(&o)
			_, err := Open(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// What is sealed in a row is bound to the row's id, use and algorithm.
func TestNoRowCanTakeThePlaceOfAnother(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	open(t, s, c, RS256, ES256, EdDSA)
	for _, tt := range []struct {
		name   string
		change func(rows []store.Key)
	}{
		{"one RSA key used with another padding", func(rows []store.Key) { find(rows, RS256).Algorithm = PS256 }},
		{"a key under another's id", func(rows []store.Key) { find(rows, RS256).ID = "AAAAAAAA" }},
		{"two keys exchanged", func(rows []store.Key) {
			a, b := find(rows, ES256), find(rows, EdDSA)
			a.Sealed, b.Sealed = b.Sealed, a.Sealed
		}},
		{"a signing key as a secret key", func(rows []store.Key) { find(rows, ES256).Use = useSecret }},
		{"a flipped bit", func(rows []store.Key) { find(rows, ES256).Sealed[40] ^= 1 }},
		{"a truncated row", func(rows []store.Key) { r := find(rows, ES256); r.Sealed = r.Sealed[:20] }},
		{"an empty row", func(rows []store.Key) { find(rows, ES256).Sealed = nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := &altered{real: s, keys: func(rows []store.Key, err error) ([]store.Key, error) {
				tt.change(rows)
				return rows, err
			}}
			if _, err := Open(t.Context(), Options{Store: bad, EncryptionKey: testKey, Lifetime: time.Hour, Now: c.now}); err == nil {
				t.Fatal("it opened")
			}
		})
	}
}

func find(rows []store.Key, algorithm string) *store.Key {
	i := slices.IndexFunc(rows, func(k store.Key) bool { return k.Algorithm == algorithm })
	return &rows[i]
}

// A public key in the database is for people; what is published follows from the
// private half, which only the encryption key opens.
func TestAPublicKeyExchangedInTheDatabaseIsNotPublished(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	before := open(t, s, c, ES256).JWKS()
	bad := &altered{real: s, keys: func(rows []store.Key, err error) ([]store.Key, error) {
		find(rows, ES256).Public = []byte(`{"kty":"EC"}`)
		return rows, err
	}}
	if after := open(t, bad, c).JWKS(); !bytes.Equal(before, after) {
		t.Fatalf("published %s, want %s", after, before)
	}
}

func TestSealedRowsHoldNoPrivateKey(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	k := open(t, s, c, ES256)
	rows, err := s.Keys(t.Context())
	must(t, err)
	for _, row := range rows {
		if r := k.ring.Load().byID[row.ID].root; r != nil && bytes.Contains(row.Sealed, r.secret) {
			t.Error("the secret key is there in the clear")
		}
		if strings.Contains(string(row.Public), `"d"`) {
			t.Error("the public half holds the private one")
		}
	}
	if strings.Contains(string(k.JWKS()), `"d"`) {
		t.Error("the key set holds a private key")
	}
}
