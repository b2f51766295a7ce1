package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/token"
)

// settingsIn are the defaults, with a data directory of their own.
func settingsIn(dir string, accessTTL time.Duration) *config.Config {
	c := config.Default()
	c.Override("data", "--data", dir)
	c.Tokens.AccessTTL = accessTTL
	return c
}

func openDoor(t *testing.T, c *config.Config) *door {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	in, err := open(t.Context(), c, log, true)
	if err != nil {
		t.Fatal(err)
	}
	d, err := build(t.Context(), in, log)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *door) shut(t *testing.T) {
	t.Helper()
	if err := d.close(); err != nil {
		t.Error(err)
	}
	if err := d.in.close(); err != nil {
		t.Error(err)
	}
}

// past is the database as it would be written some time ago.
func past(t *testing.T, c *config.Config, ago time.Duration) *sqlstore.Store {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{Path: databaseFile(c), Now: func() time.Time { return time.Now().Add(-ago) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

// Who shortens access_ttl, perhaps because of what happened, and starts the
// server again must not thereby let in those whom they had thrown out.
func TestARevocationOutlivesEveryTokenThatTheSettingsEverAllowed(t *testing.T) {
	c := settingsIn(t.TempDir(), 24*time.Hour)
	d := openDoor(t, c)
	p, err := localLogin(d.in).Create(t.Context(), login.New{Username: "ada", Password: "correct horse battery"})
	if err != nil {
		t.Fatal(err)
	}
	resource, now := c.ProtectedResources()[0], time.Now()
	g := oauth.Grant{ID: "g_ada", CodeID: oauth.NewDigest(), Subject: p.ID, ClientID: "c", Resource: resource.ID, Scope: resource.Known(),
		Created: now, Expires: now.Add(time.Hour), Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1}, RotatedAt: now}
	if err := d.in.store.Create(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	raw, err := d.in.keys.MintAccess(token.FormatJWT, token.ES256, token.Access{Issuer: c.PublicURL, Subject: p.ID, Audience: resource.ID,
		ClientID: "c", GrantID: g.ID, Scope: g.Scope, IssuedAt: now.Add(-4 * time.Hour), Expires: now.Add(20 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	call := func(d *door) int {
		r := httptest.NewRequest(http.MethodPost, resource.ID, strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		r.Header.Set("Authorization", "Bearer "+string(raw))
		w := httptest.NewRecorder()
		d.handler().ServeHTTP(w, r)
		return w.Code
	}
	if status := call(d); status == http.StatusUnauthorized {
		t.Fatalf("before the revocation: status %d", status)
	}
	d.shut(t)
	if _, err := past(t, c, 3*time.Hour).Revoke(t.Context(), store.GrantFilter{ID: g.ID}, "revoked"); err != nil {
		t.Fatal(err)
	}
	d = openDoor(t, settingsIn(c.Data, time.Minute))
	defer d.shut(t)
	if status := call(d); status != http.StatusUnauthorized {
		t.Errorf("three hours after the revocation: status %d", status)
	}
}

// The row of a revoked grant is how a gateway that starts knows.
func TestPruningKeepsRevocationsForAsLongAsATokenMayLive(t *testing.T) {
	var out, errs bytes.Buffer
	status := run(t.Context(), []string{"db", "prune", "--data", t.TempDir(), "--older-than", "23h"}, terminal{out: &out, err: &errs, env: os.LookupEnv})
	if status != exitUsage || !strings.Contains(errs.String(), "too short") {
		t.Errorf("status %d, %s%s", status, &out, &errs)
	}
}

// One address may register faster than one round of the pruner removes.
func TestThePrunerKeepsUpWithStrangers(t *testing.T) {
	c := settingsIn(t.TempDir(), time.Hour)
	d := openDoor(t, c)
	defer d.shut(t)
	long := past(t, c, 2*keepEnded)
	at := time.Now().Add(-2 * keepEnded)
	var all sync.WaitGroup
	for i := range 2*pruneLimit + 1 {
		all.Go(func() {
			id := fmt.Sprint("sp_cl_", i)
			if _, err := long.Register(t.Context(), oauth.Client{ID: id, Source: oauth.FromRegistration, Created: at, LastUsed: at}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	d.pruneAll(t.Context())
	if n, err := d.in.store.CountRegistered(t.Context()); n != 0 || err != nil {
		t.Errorf("%d are left, %v", n, err)
	}
}

// The numbers are nobody's business, and a proxy on the same computer that says
// nothing of whom it speaks for must not give them away, nor a page whose host
// was made to point here.
func TestMetricsAreForThisComputer(t *testing.T) {
	h := newMetrics().onMain(config.Default())
	for _, c := range []struct {
		from, host, forwarded string
		status                int
	}{
		{"127.0.0.1:1000", "localhost:8080", "", http.StatusOK},
		{"[::1]:1000", "127.0.0.1:8080", "", http.StatusOK},
		{"192.0.2.1:1000", "localhost:8080", "", http.StatusNotFound},
		{"127.0.0.1:1000", "localhost:8080", "192.0.2.1", http.StatusNotFound},
		{"127.0.0.1:1000", "mcp.example.com", "", http.StatusNotFound},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr, r.Host = c.from, c.host
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status {
			t.Errorf("from %s for %s, forwarded %q: status %d", c.from, c.host, c.forwarded, w.Code)
		}
	}
}

// A fault must not look as if all had gone well: whoever starts the program
// again when it fails would not.
func TestAFaultIsNotTakenForAnExit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sallyport.yaml")
	if err := os.WriteFile(file, []byte("public_url: ${URL}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the fault is gone")
		}
	}()
	run(t.Context(), []string{"config", "check", "--config", file}, terminal{out: io.Discard, err: io.Discard,
		env: func(string) (string, bool) { panic("a fault") }})
}

// Whatever is answered, it is answered after the body has come: HTTP/1.1 is like
// that. A stranger must not be able to wait with it for ever, at any path.
func TestNobodyWaitsForEverWithTheirBody(t *testing.T) {
	d := &door{stopping: t.Context()}
	h := d.streams(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }))
	for _, head := range []string{
		"POST //mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
		"GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			ours, theirs := net.Pipe()
			server := &http.Server{Handler: h}
			over := make(chan struct{})
			go func() {
				defer close(over)
				_ = server.Serve(&visited{by: theirs, over: make(chan struct{})})
			}()
			go func() { _, _ = io.WriteString(ours, head) }()
			if line, err := bufio.NewReader(ours).ReadString('\n'); err != nil || !strings.Contains(line, "404") {
				t.Errorf("%s%q, %v", head, line, err)
			}
			_ = ours.Close()
			_ = server.Close()
			<-over
		})
	}
}

// visited is a listener to which one client has come.
type visited struct {
	by     net.Conn
	closed sync.Once
	over   chan struct{}
}

func (v *visited) Accept() (net.Conn, error) {
	if v.by == nil {
		<-v.over
		return nil, net.ErrClosed
	}
	c := v.by
	v.by = nil
	return c, nil
}

func (v *visited) Close() error {
	v.closed.Do(func() { close(v.over) })
	return nil
}

func (v *visited) Addr() net.Addr { return &net.TCPAddr{} }
