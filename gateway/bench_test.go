//go:build unix

package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/gateway"
)

// The goal is at least 85 % of what the bare proxy of the standard library
// carries. Over the network of this computer both spend most of their time in
// the kernel; BenchmarkOwnCost is what the gateway itself adds. client, proxy
// and upstream share the process, so cpu-ns/op counts all three.
//
//	go test -run - -bench Proxied -count 6 -cpu 2 ./gateway
func BenchmarkProxied(b *testing.B) {
	const reply = `{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"forty-two"}],"isError":false}}`
	answer := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, reply)
	}
	behind := httptest.NewServer(http.HandlerFunc(answer))
	defer behind.Close()
	at, err := url.Parse(behind.URL)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("bare", func(b *testing.B) {
		transport := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
		defer transport.CloseIdleConnections()
		front := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(at) },
			Transport: transport,
		})
		defer front.Close()
		drive(b, front.URL, "")
	})
	for _, identity := range []string{gateway.IdentityNone, gateway.IdentityHeaders, gateway.IdentityJWT} {
		b.Run("guarded, identity "+identity, func(b *testing.B) {
			f := newFixture(b, func(c *gateway.Config) {
				c.Resources[0].Upstream, c.Resources[0].Identity = at, identity
			})
			drive(b, f.front, f.token("p_ada", "read", "write"))
		})
	}
}

// drive calls a tool, as often as it can, over connections that stay open.
func drive(b *testing.B, front, tok string) {
	b.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	defer transport.CloseIdleConnections()
	b.ReportAllocs()
	b.SetParallelism(8)
	before := cpuTime(b)
	defer func() { b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op") }()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequest(http.MethodPost, front+"/mcp", strings.NewReader(call("create")))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "application/json, text/event-stream")
			req.Header.Set("Mcp-Protocol-Version", "2025-11-25")
			if tok != "" {
				req.Header.Set("Authorization", "Bearer "+tok)
			}
			res, err := transport.RoundTrip(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusOK {
				b.Errorf("status %d", res.StatusCode)
				return
			}
		}
	})
}

// cpuTime is what this process has used so far: with every core busy, what
// decides how much is carried, and unlike the time that passes it does not
// depend on who else is busy.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkOwnCost is the gateway without any network: the handler answers at
// once, in this process.
func BenchmarkOwnCost(b *testing.B) {
	f := newFixture(b, func(c *gateway.Config) {
		c.Resources[0].Upstream = nil
		c.Resources[0].Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusOK)
		})
	})
	tok, body := f.token("p_ada", "read", "write"), call("create")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header.Set("Authorization", "Bearer "+tok)
		w := httptest.NewRecorder()
		f.gateway.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}
