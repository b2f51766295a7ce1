package flowtrace

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// What the trace adds to a request, besides what waits to be written.
func BenchmarkTrace(b *testing.B) {
	c := app("one", "Claude Code")
	request := httptest.NewRequest(http.MethodPost, "/", nil)
	request.RemoteAddr = "192.0.2.1:4711"
	request.Header.Set("User-Agent", "claude-code/2.1")
	endpoint := func(rec *Recorder, kind Kind, do func(a *Attempt)) func() {
		h := rec.Wrap(kind, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { do(From(r.Context())) }))
		return func() { h.ServeHTTP(nil, request) }
	}
	for _, bb := range []struct {
		name string
		make func(*Recorder) func()
	}{
		{"guarded call", func(rec *Recorder) func() { return func() { rec.Called("g_1") } }},
		{"metadata", func(rec *Recorder) func() { return func() { rec.Discovered(request, ReadServer) } }},
		{"refresh", func(rec *Recorder) func() {
			return endpoint(rec, Token, func(a *Attempt) { a.Client(c); a.As(Refresh); a.Grant("g_1") })
		}},
		{"code exchange, kept", func(rec *Recorder) func() {
			return endpoint(rec, Token, func(a *Attempt) {
				a.Client(c)
				a.Join(newID())
				a.Grant("g_1")
				a.Did(Token, TokenIssued)
			})
		}},
		{"code exchange, one too many", func(rec *Recorder) func() {
			return endpoint(rec, Token, func(a *Attempt) {
				a.Client(c)
				a.Grant("g_2")
				a.Did(Token, TokenIssued)
			})
		}},
		{"authorization request, one too many", func(rec *Recorder) func() {
			form := url.Values{"client_id": {c.ID}, "redirect_uri": {c.Metadata.RedirectURIs[0]}, "resource": {guarded[0].ID}, "scope": {"tickets:read"}}
			return endpoint(rec, Authorize, func(a *Attempt) {
				a.Asks(form)
				a.Client(c)
				a.At(guarded[0].ID)
				a.Did(Authorize, Asked)
				_ = a.Flow()
			})
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			rec := New(Options{Address: from, Resources: guarded, Now: time.Now, Write: func(context.Context, []Flow) error { return nil }})
			ctx, stop := context.WithCancel(b.Context())
			defer stop()
			go rec.Run(ctx)
			do := bb.make(rec)
			for b.Loop() {
				do()
			}
		})
	}
}
