package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"sync"
	"time"
)

// newTransport is for many calls to few servers.
func newTransport() *http.Transport {
	return &http.Transport{
		// No proxy from the environment: upstreams are near.
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          1024,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
		// What the client accepts is what goes upstream: bytes pass unchanged.
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// proxyTo makes the handler that hands requests over to the upstream.
//
// FlushInterval stays 0: [httputil.ReverseProxy] flushes every write of an event
// stream and of an answer of unknown length at once, and has no need to for one
// whose length is known.
func (g *Gateway) proxyTo(p *passage) http.Handler {
	upstream := *p.resource.Upstream
	transport := g.transport
	if p.resource.Timeout > 0 {
		transport = g.transport.Clone()
		transport.ResponseHeaderTimeout = p.resource.Timeout
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			u := upstream
			r.Out.URL, r.Out.Host = &u, ""
			// The proxy adds these back for upgrades and trailers.
			r.Out.Header.Del("Te")
			r.Out.Header.Del("Connection")
			r.Out.Header.Del("Upgrade")
		},
		Transport:    transport,
		BufferPool:   &g.buffers,
		ErrorHandler: p.failed,
		ErrorLog:     slog.NewLogLogger(g.log.Handler(), slog.LevelWarn),
	}
}

// failed answers for an upstream that did not.
func (p *passage) failed(w http.ResponseWriter, r *http.Request, err error) {
	a, ok := w.(*answer)
	if !ok {
		panic("gateway: the proxy answers to someone else")
	}
	var timeout net.Error
	switch {
	case context.Cause(r.Context()) == errRevoked:
		a.refuse(errRevoked)
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// The client is gone, and with it whoever would read an answer.
		a.fail(statusClientGone, "the client went away")
	case errors.As(err, &timeout) && timeout.Timeout():
		p.log(r, slog.LevelError, "the upstream did not answer in time", "cause", err)
		a.fail(http.StatusGatewayTimeout, "the MCP server behind this gateway did not answer in time")
	default:
		p.log(r, slog.LevelError, "the upstream cannot be reached", "cause", err)
		a.fail(http.StatusBadGateway, "the MCP server behind this gateway cannot be reached; it may be down or its address wrong")
	}
}

// statusClientGone is for the log; no client reads it.
const statusClientGone = 499

// A bufferPool keeps what answers are copied with.
type bufferPool struct{ pool sync.Pool }

func (b *bufferPool) Get() []byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return *buf
	}
	return make([]byte, 32<<10)
}

func (b *bufferPool) Put(buf []byte) { b.pool.Put(&buf) }
