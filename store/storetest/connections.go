package storetest

import (
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// connected saves a connection of a person.
func (w *world) connected(person, login string) store.Connection {
	w.t.Helper()
	return w.connectedFor(store.Connection{Person: person, Login: login, Resource: "https://mcp.example/repos"})
}

func (w *world) connectedFor(which store.Connection) store.Connection {
	w.t.Helper()
	c := store.Connection{Person: which.Person, Login: which.Login, Resource: which.Resource, Name: which.Person + " there", Version: oauth.NewDigest(),
		Sealed: []byte("tokens of " + which.Person), Connected: w.time()}
	w.ok(w.Connect(w.t.Context(), c))
	return c
}

// connection checks what is stored.
func (w *world) connection(want store.Connection) {
	w.t.Helper()
	got, err := w.Connection(w.t.Context(), want)
	w.ok(err)
	same(w.t, got, want)
}

// leased checks whether somebody can reserve c.
func (w *world) leased(c store.Connection, until time.Time, want bool) {
	w.t.Helper()
	won, err := w.LeaseConnection(w.t.Context(), c, until)
	w.ok(err)
	if won != want {
		w.t.Fatalf("leased: %v, want %v", won, want)
	}
}

func connectionRules() []rule {
	return []rule{
		{"a connection is of one person, one login and one resource", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			c := w.connected("ada", "github")
			other := w.connected("ada", "acme")
			notes := w.connectedFor(store.Connection{Person: "ada", Login: "github", Resource: "https://mcp.example/notes"})
			w.connection(c)
			w.connection(notes)
			for _, nobodys := range []store.Connection{
				{Person: "bob", Login: "github", Resource: c.Resource}, {Person: "ada", Login: "google", Resource: c.Resource},
				{Person: "ada", Login: "GitHub", Resource: c.Resource}, {Person: "ada", Login: "acme", Resource: notes.Resource},
				{Person: "ada", Login: "github", Resource: "https://mcp.example/repos/"}, {Person: "ada", Login: "github"},
			} {
				_, err := w.Connection(t.Context(), nobodys)
				w.is(err, store.ErrNotFound)
			}
			list, err := w.Connections(t.Context(), "ada")
			w.ok(err)
			same(t, list, []store.Connection{other, notes, c})
			list, err = w.Connections(t.Context(), "bob")
			w.ok(err)
			w.count(int64(len(list)), 0, "connections of bob")
		}},
		{"who connects again has the new connection, alive and free", func(t *testing.T, w *world) {
			w.person("ada")
			old := w.connected("ada", "github")
			w.leased(old, w.time().Add(time.Minute), true)
			c := w.connected("ada", "github")
			w.connection(c)
			killed, err := w.KillConnection(t.Context(), old)
			w.ok(err)
			if killed {
				t.Error("what was read before still counted")
			}
			if killed, err = w.KillConnection(t.Context(), c); err != nil || !killed {
				t.Fatal(killed, err)
			}
			w.connection(w.connected("ada", "github"))
		}},
		{"nobody who is unknown, disabled or gone has a connection", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.connected("ada", "github")
			w.is(w.Connect(t.Context(), store.Connection{Person: "nobody", Login: "github"}), store.ErrNotFound)
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			_, err := w.Connection(t.Context(), c)
			w.is(err, store.ErrNotFound)
			w.is(w.Connect(t.Context(), c), store.ErrNotFound)
			w.ok(w.SetDisabled(t.Context(), "ada", false))
			w.connection(c)
			w.ok(w.RemovePerson(t.Context(), "ada"))
			w.person("ada")
			_, err = w.Connection(t.Context(), c)
			w.is(err, store.ErrNotFound)
		}},
		{"a lease is one's until it ends or is given back", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.connected("ada", "github")
			until := w.time().Add(time.Minute)
			w.leased(c, until, true)
			w.leased(c, until.Add(time.Second), false)
			w.ok(w.ReleaseConnection(t.Context(), c, until.Add(time.Second)))
			w.leased(c, until, false)
			w.ok(w.ReleaseConnection(t.Context(), c, until))
			w.connection(c)
			w.leased(c, until, true)
			w.pass(time.Minute)
			w.leased(c, w.time().Add(time.Minute), true)
			w.ok(w.ReleaseConnection(t.Context(), c, until)) // the one that ended
			w.leased(c, w.time().Add(time.Minute), false)
		}},
		{"a lease that is given back leaves the one of before, which says that it was left behind", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.connected("ada", "github")
			left := w.time().Add(time.Minute)
			w.leased(c, left, true)
			w.pass(2 * time.Minute)
			until := w.time().Add(time.Minute)
			w.leased(c, until, true)
			c.LeasedUntil = left
			w.ok(w.ReleaseConnection(t.Context(), c, until))
			w.connection(c)
			w.leased(c, until, true)
		}},
		{"of many who would refresh, one may", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.connected("ada", "github")
			won := w.crowd(16, store.ErrInUse, func(int) error {
				won, err := w.LeaseConnection(t.Context(), c, w.time().Add(time.Minute))
				if err == nil && !won {
					return store.ErrInUse
				}
				return err
			})
			w.count(won, 1, "leases")
		}},
		{"what is renewed was read, and is read by nobody else", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.connected("ada", "github")
			w.leased(c, w.time().Add(time.Minute), true)
			to := c
			to.Version, to.Sealed = oauth.NewDigest(), []byte("newer")
			won := w.crowd(8, store.ErrInUse, func(int) error {
				won, err := w.RenewConnection(t.Context(), c.Version, to)
				if err == nil && !won {
					return store.ErrInUse
				}
				return err
			})
			w.count(won, 1, "renewals")
			w.connection(to)
			w.leased(c, w.time().Add(time.Minute), false)
			w.leased(to, w.time().Add(time.Minute), true)
		}},
		{"what is dead holds nothing, and cannot be leased or renewed", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.connected("ada", "github")
			w.pass(time.Second)
			killed, err := w.KillConnection(t.Context(), c)
			if err != nil || !killed {
				t.Fatal(killed, err)
			}
			c.Sealed, c.Dead = []byte{}, w.time()
			w.connection(c)
			w.leased(c, w.time().Add(time.Minute), false)
			if won, err := w.RenewConnection(t.Context(), c.Version, c); won || err != nil {
				t.Error(won, err)
			}
			if killed, err = w.KillConnection(t.Context(), c); killed || err != nil {
				t.Error(killed, err)
			}
		}},
		{"who disconnects is not connected, and nobody else is either by that", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			c, bobs := w.connected("ada", "github"), w.connected("bob", "github")
			notes := w.connectedFor(store.Connection{Person: "ada", Login: "github", Resource: "https://mcp.example/notes"})
			for range 2 {
				w.ok(w.Disconnect(t.Context(), c))
			}
			_, err := w.Connection(t.Context(), c)
			w.is(err, store.ErrNotFound)
			w.leased(c, w.time().Add(time.Minute), false)
			w.connection(bobs)
			w.connection(notes)
		}},
		{"what happens to a connection happens to no other resource's", func(t *testing.T, w *world) {
			w.person("ada")
			c := w.connected("ada", "github")
			other := c
			other.Resource = "https://mcp.example/notes" // and the same version, as a copy of the row has
			w.ok(w.Connect(t.Context(), other))
			until := w.time().Add(time.Minute)
			w.leased(c, until, true)
			w.leased(other, until, true)
			w.ok(w.ReleaseConnection(t.Context(), c, until))
			w.leased(other, until, false)
			to := c
			to.Version, to.Sealed = oauth.NewDigest(), []byte("newer")
			if won, err := w.RenewConnection(t.Context(), c.Version, to); !won || err != nil {
				t.Fatal(won, err)
			}
			if killed, err := w.KillConnection(t.Context(), to); !killed || err != nil {
				t.Fatal(killed, err)
			}
			other.LeasedUntil = until
			w.connection(other)
		}},
	}
}
