package token

import (
	"bytes"
	"cmp"
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
)

// memory keeps rows as the contract of store.Keys says.
type memory struct {
	mu   sync.Mutex
	rows []store.Key
	now  func() time.Time
}

func (m *memory) AddKey(_ context.Context, k store.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, have := range m.rows {
		if have.ID == k.ID || have.Use == k.Use && have.Algorithm == k.Algorithm && have.Slot == k.Slot {
			return store.ErrExists
		}
	}
	m.rows = append(m.rows, k)
	return nil
}

func (m *memory) Keys(context.Context) ([]store.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := slices.DeleteFunc(slices.Clone(m.rows), func(k store.Key) bool {
		return !k.Expires.IsZero() && !m.now().Before(k.Expires)
	})
	slices.SortStableFunc(rows, func(a, b store.Key) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.Slot, b.Slot)) })
	return rows, nil
}

func (m *memory) RetireKey(_ context.Context, id string, signsTo, expires time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.rows {
		if m.rows[i].ID == id {
			m.rows[i].SignsTo, m.rows[i].Expires = signsTo, expires
			return nil
		}
	}
	return store.ErrNotFound
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

func newStore(t testing.TB, c *clock) store.Keys {
	t.Helper()
	return &memory{now: c.now}
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
	s := newStore(t, c)
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
	full := newStore(t, c)
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
			s := &memory{now: c.now}
			open(t, s, c, RS256, ES256, EdDSA)
			tt.change(s.rows)
			if _, err := Open(t.Context(), Options{Store: s, EncryptionKey: testKey, Lifetime: time.Hour, Now: c.now}); err == nil {
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
	s := &memory{now: c.now}
	before := open(t, s, c, ES256).JWKS()
	find(s.rows, ES256).Public = []byte(`{"kty":"EC"}`)
	if after := open(t, s, c).JWKS(); !bytes.Equal(before, after) {
		t.Fatalf("published %s, want %s", after, before)
	}
}

func TestSealedRowsHoldNoPrivateKey(t *testing.T) {
	c := newClock()
	s := &memory{now: c.now}
	k := open(t, s, c, ES256)
	for _, row := range s.rows {
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
