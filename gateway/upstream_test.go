package gateway_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/gateway"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

func TestAnUpstreamThatIsDownOrSilent(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	over := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer silent.Close()
	defer close(over)
	breaks := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer breaks.Close()
	for _, c := range []struct {
		name, at string
		status   int
		says     string
	}{
		{"down", "http://" + gone.Addr().String(), http.StatusBadGateway, "cannot be reached"},
		{"silent", silent.URL, http.StatusGatewayTimeout, "in time"},
		{"broken", breaks.URL, http.StatusBadGateway, "cannot be reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, func(cfg *gateway.Config) {
				cfg.Resources[0].Upstream, _ = url.Parse(c.at)
				cfg.Resources[0].Timeout = 50 * time.Millisecond
			})
			a := f.post(f.token("p_ada"), list)
			if a.status != c.status || !strings.Contains(a.body, c.says) || !strings.Contains(a.body, `"jsonrpc":"2.0"`) {
				t.Errorf("status %d: %s", a.status, a.body)
			}
			if strings.Contains(a.body, "127.0.0.1") || !strings.Contains(f.log.String(), "cause=") {
				t.Errorf("body %s, log %s", a.body, f.log)
			}
		})
	}
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) { c.MaxBody = 100 })
	tok := f.token("p_ada")
	long := `{"jsonrpc":"2.0","id":1,"method":"x","params":{"x":"` + strings.Repeat("a", 100) + `"}}`
	if a := f.post(tok, long); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", a.status)
	}
	// The same without saying its length.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, f.front+"/mcp", io.MultiReader(strings.NewReader(long)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+tok)
	res, err := f.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge || f.upstream.count() != 0 {
		t.Errorf("status %d, %d reached the upstream", res.StatusCode, f.upstream.count())
	}
}

func TestARevokedGrantIsRefusedByEveryReplicaWithinASecond(t *testing.T) {
	f := newFixture(t, nil)
	other := newFixtureOn(t, f)
	err := f.store.Create(t.Context(), oauth.Grant{
		ID: "g_p_ada", CodeID: oauth.NewDigest(), Subject: "p_ada", ClientID: "c", Resource: mcpURL,
		Created: time.Now(), Expires: time.Now().Add(time.Hour), Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	tok := f.token("p_ada")
	for _, replica := range []*fixture{f, other} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			replica.gateway.Run(ctx)
		}()
		defer func() {
			cancel()
			<-done
		}()
		if a := replica.post(tok, list); a.status != http.StatusOK {
			t.Fatalf("status %d", a.status)
		}
	}
	// A stream at the other replica shows when it heard.
	s := newStreaming()
	f.upstream.set(s.ServeHTTP)
	res := other.open(t.Context(), http.MethodGet, "/mcp", tok, "", nil)
	defer res.Body.Close()
	wait(t, "the stream", s.begun)
	if _, err := f.store.Revoke(t.Context(), store.GrantFilter{ID: "g_p_ada"}, "revoked"); err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	wait(t, "the end of the stream", s.ended)
	if took := time.Since(at); took > time.Second {
		t.Errorf("it took %v", took)
	}
	if a := other.post(tok, list); a.status != http.StatusUnauthorized {
		t.Errorf("status %d", a.status)
	}
	// A replica that starts later knows as well.
	if a := newFixtureOn(t, f).post(tok, list); a.status != http.StatusUnauthorized {
		t.Errorf("a new replica: status %d", a.status)
	}
}

// away is a database that cannot be reached.
type away struct{}

func (away) Revoked(context.Context, time.Time) ([]store.Revocation, error) {
	return nil, errors.New("the database is away")
}

func TestBeforeTheRevocationsAreKnownNobodyIsLetIn(t *testing.T) {
	f := newFixture(t, func(c *gateway.Config) { c.Grants = away{} })
	a := f.post(f.token("p_ada"), list)
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || strings.Contains(a.body, "away") || f.upstream.count() != 0 {
		t.Errorf("status %d: %s", a.status, a.body)
	}
}
