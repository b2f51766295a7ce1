package storetest

import (
	"strings"
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
				Introspects: []string{"https://mcp.example.com/mcp", "https://other.example.com"},
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
