package authserver_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// BenchmarkRefresh rotates without a network between: what is left is the
// server's own work and the flush. bench/ measures the whole.
func BenchmarkRefresh(b *testing.B) {
	s := newScene(b, usual())
	if err := s.addPerson("ada"); err != nil {
		b.Fatal(err)
	}
	if err := s.addClient("cli https://cli.example/callback"); err != nil {
		b.Fatal(err)
	}
	mux := http.NewServeMux()
	s.auth.Routes(mux)
	var mu sync.Mutex
	b.SetParallelism(32)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		mu.Lock()
		now := s.clock.Now()
		g := oauth.Grant{ID: oauth.NewID("g_"), CodeID: oauth.NewDigest(), Subject: s.vars["ada"], ClientID: "cli", Resource: usual().resources[0].ID,
			Scope: oauth.NewScope("tickets:read"), RedirectHost: "cli.example", AuthTime: now, Created: now, Expires: now.Add(time.Hour),
			Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1}, RotatedAt: now}
		err := s.store.Create(b.Context(), g)
		mu.Unlock()
		if err != nil {
			b.Error(err)
			return
		}
		refresh := string(s.keys.RefreshToken(g, 1))
		for pb.Next() {
			r := httptest.NewRequest("POST", "/oauth/token", strings.NewReader("grant_type=refresh_token&client_id=cli&refresh_token="+refresh))
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			_, after, _ := strings.Cut(w.Body.String(), `"refresh_token":"`)
			refresh, _, _ = strings.Cut(after, `"`)
			if w.Code != http.StatusOK {
				b.Error(w.Body.String())
				return
			}
		}
	})
}
