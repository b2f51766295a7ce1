package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func clientRules() []rule {
	return []rule{
		{"a client comes back as it was registered", func(t *testing.T, w *world) {
			want := oauth.Client{
				ID: "c1", Metadata: metadata(), SecretDigest: oauth.Secret("s").Digest(),
				Source: oauth.FromSettings, Created: w.time(), LastUsed: w.time(),
				Serves: []string{"https://mcp.example.com/mcp", "https://other.example.com"},
			}
			got, err := w.Register(t.Context(), want)
			w.ok(err)
			same(t, got, want)
			got, err = w.Client(t.Context(), "c1")
			w.ok(err)
			same(t, got, want)
			if !got.CheckSecret("s") || got.CheckSecret("") {
				t.Error("the secret is not what it was")
			}
		}},
		{"a public client comes back without a secret", func(t *testing.T, w *world) {
			if c := w.registered("c1"); !c.SecretDigest.IsZero() {
				t.Errorf("digest %v", c.SecretDigest)
			}
		}},
		{"an unknown client is not found", func(t *testing.T, w *world) {
			_, err := w.Client(t.Context(), "c1")
			w.is(err, store.ErrNotFound)
			w.is(w.Touch(t.Context(), "c1"), store.ErrNotFound)
			w.is(w.RemoveClient(t.Context(), "c1"), store.ErrNotFound)
		}},
		{"a name that is not even text is not found", func(t *testing.T, w *world) {
			w.registered("c")
			for _, name := range []string{"", "c\x00", "c\xff", "'; DROP TABLE clients; --", "%", strings.Repeat("c", 1<<20)} {
				_, err := w.Client(t.Context(), name)
				w.is(err, store.ErrNotFound)
				_, err = w.PersonByUsername(t.Context(), name)
				w.is(err, store.ErrNotFound)
				w.alive(name, false)
			}
		}},
		{"identical registrations meet in one row", func(t *testing.T, w *world) {
			first := w.registered("c1")
			created := w.time()
			w.pass(time.Hour)
			second, err := w.Register(t.Context(), oauth.Client{
				ID: "c1", Metadata: oauth.ClientMetadata{ClientName: "someone else"},
				SecretDigest: oauth.NewDigest(), Source: oauth.FromSettings, Created: w.time(), LastUsed: w.time(),
			})
			w.ok(err)
			if !second.Created.Equal(created) {
				t.Errorf("created %v, want %v", second.Created, created)
			}
			second.LastUsed = first.LastUsed
			same(t, second, first)
			n, err := w.CountRegistered(t.Context())
			w.ok(err)
			w.count(n, 1, "registered")
		}},
		{"of many identical registrations all get the same client", func(t *testing.T, w *world) {
			won := w.crowd(64, nil, func(i int) error {
				_, err := w.Register(t.Context(), oauth.Client{ID: "c1", Metadata: metadata(), Source: oauth.FromRegistration,
					Created: w.time(), LastUsed: w.time()})
				return err
			})
			w.count(won, 64, "answered")
			list, err := w.Clients(t.Context(), "", 10)
			w.ok(err)
			w.count(int64(len(list)), 1, "clients")
		}},
		{"a client that registers again after long is in use", func(t *testing.T, w *world) {
			w.registered("c1")
			w.pass(100 * 24 * time.Hour)
			c := w.registered("c1")
			if !c.LastUsed.Equal(w.time()) {
				t.Errorf("last used %v, want %v", c.LastUsed, w.time())
			}
		}},
		{"touching a client says that it is in use now", func(t *testing.T, w *world) {
			w.registered("c1")
			w.pass(48 * time.Hour)
			w.ok(w.Touch(t.Context(), "c1"))
			c, err := w.Client(t.Context(), "c1")
			w.ok(err)
			if !c.LastUsed.Equal(w.time()) {
				t.Errorf("last used %v, want %v", c.LastUsed, w.time())
			}
		}},
		{"clients are listed a page at a time, in the order of their ids", func(t *testing.T, w *world) {
			for _, id := range []string{"c3", "c1", "c2"} {
				w.registered(id)
			}
			w.pages(2, []string{"c1", "c2", "c3"}, func(after string, limit int) ([]string, error) {
				list, err := w.Clients(t.Context(), after, limit)
				return ids(list, func(c oauth.Client) string { return c.ID }), err
			})
		}},
		{"only clients that came by registration count as registered", func(t *testing.T, w *world) {
			w.registered("c1")
			w.registered("c2")
			_, err := w.Register(t.Context(), oauth.Client{ID: "c3", Metadata: metadata(), Source: oauth.FromSettings})
			w.ok(err)
			n, err := w.CountRegistered(t.Context())
			w.ok(err)
			w.count(n, 2, "registered")
		}},
		{"registered clients without a grant make room, idle for longest first, and no others", func(t *testing.T, w *world) {
			w.person("ada")
			_, err := w.Register(t.Context(), oauth.Client{ID: "settings", Metadata: metadata(), Source: oauth.FromSettings, Created: w.time(), LastUsed: w.time()})
			w.ok(err)
			for _, id := range []string{"c9", "granted", "c1", "c5", "ended", "touched", "c3"} {
				w.registered(id)
				w.pass(time.Minute)
			}
			w.grant("g1", "ada", "granted")
			w.grant("g2", "ada", "ended")
			w.revoke(store.GrantFilter{ID: "g2"}, 1)
			forgotten := oauth.Consent{Subject: "ada", ClientID: "c9", Resource: "r", Scope: oauth.NewScope("read")}
			w.ok(w.Remember(t.Context(), forgotten))
			cutoff := w.time()
			w.pass(time.Minute)
			w.ok(w.Touch(t.Context(), "touched"))
			left := func(want ...string) {
				t.Helper()
				list, err := w.Clients(t.Context(), "", 10)
				w.ok(err)
				same(t, ids(list, func(c oauth.Client) string { return c.ID }), want)
			}
			w.makeRoom(cutoff, 0, 0)
			w.makeRoom(cutoff, 2, 2)
			left("c3", "c5", "ended", "granted", "settings", "touched")
			w.ok(w.Create(t.Context(), w.holding(forgotten)))
			w.remembers(forgotten)
			w.makeRoom(cutoff, 10, 2)
			w.makeRoom(cutoff, 10, 0)
			left("ended", "granted", "settings", "touched")
			w.alive("g1", true)
		}},
		{"among many clients with grants those without are found", func(t *testing.T, w *world) {
			w.person("ada")
			w.crowd(2500, nil, func(i int) error {
				id := fmt.Sprintf("c%04d", i)
				c := oauth.Client{ID: id, Metadata: metadata(), Source: oauth.FromRegistration, Created: w.time(), LastUsed: w.time()}
				if _, err := w.Register(t.Context(), c); err != nil || i%500 == 7 {
					return err
				}
				return w.Create(t.Context(), w.agreed("g"+id, "ada", id))
			})
			w.pass(time.Hour)
			w.makeRoom(w.time(), 3, 3)
			w.makeRoom(w.time(), 3, 2)
			w.makeRoom(w.time(), 3, 0)
			n, err := w.CountRegistered(t.Context())
			w.ok(err)
			w.count(n, 2495, "registered")
		}},
		{"of many who make room at once, each client goes once", func(t *testing.T, w *world) {
			for i := range 100 {
				w.registered(fmt.Sprint("c", i))
			}
			w.pass(time.Hour)
			var removed atomic.Int64
			w.crowd(16, nil, func(int) error {
				n, err := w.RemoveIdle(t.Context(), w.time(), 3)
				removed.Add(n)
				return err
			})
			left, err := w.CountRegistered(t.Context())
			w.ok(err)
			w.count(left+removed.Load(), 100, "left and removed")
		}},
		{"removing a client revokes its grants and forgets consents to it, and no others", func(t *testing.T, w *world) {
			w.person("ada")
			w.registered("c1")
			w.registered("c2")
			gone := w.consent(w.grant("g1", "ada", "c1"))
			kept := w.consent(w.grant("g2", "ada", "c2"))
			w.ok(w.RemoveClient(t.Context(), "c1"))
			_, err := w.Client(t.Context(), "c1")
			w.is(err, store.ErrNotFound)
			w.alive("g1", false)
			w.alive("g2", true)
			w.grant("g1 anew", "ada", "c1")
			w.remembers(gone)
			w.remembers(kept, "read", "write")
		}},
		{"removing a client that is not there changes nothing", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.consent(w.grant("g1", "ada", "https://client.example.com/metadata"))
			w.is(w.RemoveClient(t.Context(), c.ClientID), store.ErrNotFound)
			w.alive("g1", true)
			w.remembers(c, "read", "write")
		}},
	}
}

func (w *world) makeRoom(cutoff time.Time, limit int, want int64) {
	w.t.Helper()
	n, err := w.RemoveIdle(w.t.Context(), cutoff, limit)
	w.ok(err)
	w.count(n, want, "removed")
}
