package sqlstore_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
)

// callers is how many goroutines a benchmark runs.
const callers = 64

func benchEach(b *testing.B, bench func(b *testing.B, s *sqlstore.Store)) {
	b.Run("SQLite", func(b *testing.B) { bench(b, open(b, onSQLite(b))) })
	b.Run("PostgreSQL", func(b *testing.B) {
		o := onPostgres(b, postgresServer(b))
		o.Database += "&pool_max_conns=32"
		bench(b, open(b, o))
	})
}

func crowd(b *testing.B, body func(i int64) error) {
	b.SetParallelism((callers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	var next atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		i := next.Add(1) - 1
		for pb.Next() {
			if err := body(i); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
}

func newGrant(subject string) oauth.Grant {
	now := time.Now()
	return oauth.Grant{
		ID: oauth.NewID("g_"), CodeID: oauth.NewDigest(), Subject: subject, ClientID: oauth.NewID("c_"),
		Resource: "https://mcp.example.com/tickets/mcp", Scope: oauth.NewScope("tickets:read", "tickets:write", "offline_access"),
		RedirectHost: "chat.example.com", AuthTime: now, Created: now, Expires: now.Add(90 * 24 * time.Hour),
		Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1},
	}
}

// people adds someone for each caller, and returns their ids.
func people(b *testing.B, s *sqlstore.Store) []string {
	var ids []string
	for range callers {
		p := oauth.Person{ID: oauth.NewID("p_"), Username: oauth.NewID(""), Created: time.Now()}
		if err := s.AddPerson(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	return ids
}

// BenchmarkRotate is a refresh: one conditional update.
func BenchmarkRotate(b *testing.B) {
	benchEach(b, func(b *testing.B, s *sqlstore.Store) {
		var grants []oauth.Grant
		for _, id := range people(b, s) {
			g := newGrant(id)
			if err := s.Create(b.Context(), g); err != nil {
				b.Fatal(err)
			}
			grants = append(grants, g)
		}
		crowd(b, func(i int64) error {
			g := &grants[i]
			to := oauth.Generation{N: g.Generation.N + 1, Parent: g.Generation.N}
			won, err := s.Rotate(b.Context(), g.ID, g.Generation, to, g.Expires)
			if err == nil && !won {
				b.Error("lost against nobody")
			}
			g.Generation = to
			return err
		})
	})
}

// BenchmarkCreate is a code redeemed: one insert.
func BenchmarkCreate(b *testing.B) {
	benchEach(b, func(b *testing.B, s *sqlstore.Store) {
		ids := people(b, s)
		crowd(b, func(i int64) error { return s.Create(b.Context(), newGrant(ids[i])) })
	})
}

// BenchmarkGrant is the read before either, by one caller.
func BenchmarkGrant(b *testing.B) {
	benchEach(b, func(b *testing.B, s *sqlstore.Store) {
		g := newGrant(people(b, s)[0])
		if err := s.Create(b.Context(), g); err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := s.Grant(b.Context(), g.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAppend is a line of the audit log.
func BenchmarkAppend(b *testing.B) {
	benchEach(b, func(b *testing.B, s *sqlstore.Store) {
		crowd(b, func(int64) error { return s.Append(b.Context(), event("bench")) })
	})
}
