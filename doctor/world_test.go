package doctor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// A world is a small MCP server with its authorization server, at
// https://mcp.example.com/mcp on an internet of its own. It is right in every
// way but for the faults that are switched on.
type world struct {
	faults map[string]bool
	base   string // https://mcp.example.com
	url    string // of the MCP server
	roots  *x509.CertPool
	net    network

	mu      sync.Mutex
	clock   time.Time
	clients map[string]map[string]any // by client_id
	codes   map[string]codeIssued
	refresh map[string]grant  // by refresh token
	live    map[string]bool   // access tokens
	scopes  map[string]string // of access tokens
	issued  int
	seen    []string // "METHOD path"
}

const host = "mcp.example.com"

func newWorld(t *testing.T, faults ...string) *world {
	t.Helper()
	w := &world{faults: map[string]bool{}, base: "https://" + host, clock: time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC),
		clients: map[string]map[string]any{}, codes: map[string]codeIssued{}, refresh: map[string]grant{}, live: map[string]bool{}, scopes: map[string]string{}}
	for _, f := range faults {
		for one := range strings.SplitSeq(f, "; ") {
			w.faults[one] = true
		}
	}
	if w.is("by http") {
		w.base = "http://" + host
	}
	w.url = w.base + "/mcp"
	if w.is("only with a slash") {
		w.url += "/"
	}
	certificate, roots := w.certificate(t)
	w.roots = roots
	quiet := log.New(io.Discard, "", 0) // of handshakes that are meant to fail
	secure := httptest.NewUnstartedServer(http.HandlerFunc(w.serve))
	secure.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(plain.Close)
	w.net = network{host: host, addresses: []netip.Addr{w.address()}, dial: func(ctx context.Context, _, at string) (net.Conn, error) {
		to := secure.Listener.Addr().String()
		if strings.HasSuffix(at, ":80") {
			to = plain.Listener.Addr().String()
		}
		if strings.HasSuffix(at, ":9") || w.is("nothing listens") {
			to = "127.0.0.1:1" // nothing listens there
		}
		return (&net.Dialer{}).DialContext(ctx, "tcp", to)
	}}
	return w
}

// tooMany says no to every twentieth request, and no twice to one.
func (w *world) tooMany() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)%20 == 0
}

// address is where the world's host is, as its name says.
func (w *world) address() netip.Addr {
	for fault, at := range map[string]string{
		"only IPv6": "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "on this computer": "127.0.0.1", "on a network": "192.168.1.20",
	} {
		if w.is(fault) {
			return netip.MustParseAddr(at)
		}
	}
	return netip.MustParseAddr("93.184.215.14")
}

func (w *world) is(fault string) bool { return w.faults[fault] }

// config is an examination of this world.
func (w *world) config() Config {
	return Config{URL: w.url, Register: true, Roots: w.roots, network: &w.net, Now: w.now, rest: func(_ context.Context, d time.Duration) { w.dawdle(d) }}
}

// visitor is someone who signs in and allows whatever is asked: the browser goes
// to the server, and from there to the client.
func (w *world) visitor() *SignIn {
	return &SignIn{Open: func(address string) error {
		transport := w.net.transport(w.roots)
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		req, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		req.Header.Set("X-Signed-In", "ada")
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res, err = http.Get(res.Header.Get("Location")); err != nil {
			return err
		}
		return res.Body.Close()
	}}
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

// dawdle lets time go by before an answer.
func (w *world) dawdle(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// certificate is one for this world's host, from an authority of its own.
func (w *world) certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host, "elsewhere.example.com"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: w.clock.Add(80 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if now.After(w.clock) {
		template.NotAfter = now.Add(80 * 24 * time.Hour)
	}
	if w.is("the certificate has expired") {
		template.NotAfter = now.Add(-time.Hour)
	}
	if w.is("the certificate ends soon") {
		template.NotBefore, template.NotAfter = now.Add(-85*24*time.Hour), now.Add(3*24*time.Hour)
		w.clock = now
	}
	if w.is("the certificate is for another host") {
		template.DNSNames = []string{"other.example.com"}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if parsed, err := x509.ParseCertificate(der); err == nil && !w.is("nobody knows who signed the certificate") {
		roots.AddCert(parsed)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// serve routes by hand, so that every path can be wrong.
func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.seen = append(w.seen, r.Method+" "+r.URL.Path)
	w.mu.Unlock()
	path := r.URL.Path
	if w.is("too many for a while") && w.tooMany() {
		rw.WriteHeader(http.StatusTooManyRequests)
		return
	}
	if r.TLS == nil && strings.HasPrefix(path, "/mcp") && !w.is("by http") && !w.is("http is answered too") {
		http.Redirect(rw, r, w.base+path, http.StatusPermanentRedirect)
		return
	}
	if !w.is("no CORS at all") && !strings.HasPrefix(path, "/authorize") && !(w.is("answers have no CORS headers") && r.Method != http.MethodOptions) {
		w.allowOrigin(rw.Header())
	}
	switch {
	case r.Method == http.MethodOptions && path != "/authorize":
		w.preflight(rw)
	case path == "/mcp" && !w.is("only with a slash") || path == "/mcp/" && !w.is("no slash after the path"):
		w.mcp(rw, r)
	case strings.Contains(path, "/.well-known/"):
		w.wellKnown(rw, r)
	case path == "/authorize" && !w.is("no such endpoint") && !w.is("no challenge, no well-known"):
		w.authorize(rw, r)
	case path == "/token":
		w.token(rw, r)
	case strings.HasPrefix(path, "/register"):
		w.register(rw, r)
	case path == "/revoke":
		w.revoke(rw, r)
	case path == "/jwks.json":
		w.keys(rw)
	default:
		notHere(rw)
	}
}

func (w *world) allowOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	if !w.is("the challenge is not exposed") {
		h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, Mcp-Session-Id")
	}
}

func (w *world) preflight(rw http.ResponseWriter) {
	switch {
	case w.is("no CORS at all"), w.is("preflights need a token"):
		reply(rw, http.StatusUnauthorized, object{"error": "invalid_token"})
		return
	case w.is("preflights allow no headers"):
	case w.is("preflights know nothing of the newer generation"):
		rw.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version, Mcp-Session-Id")
	default:
		rw.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name")
	}
	rw.Header().Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	rw.WriteHeader(http.StatusNoContent)
}

type object = map[string]any

func reply(rw http.ResponseWriter, status int, v any) {
	if rw.Header().Get("Content-Type") == "" {
		rw.Header().Set("Content-Type", "application/json")
	}
	rw.WriteHeader(status)
	_ = json.NewEncoder(rw).Encode(v) // to a recorder or to a client that is here
}

func notHere(rw http.ResponseWriter) { reply(rw, http.StatusNotFound, object{"error": "not_found"}) }

func page(rw http.ResponseWriter, status int, text string) {
	rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = io.WriteString(rw, "<!doctype html><title>"+text+"</title>")
}
