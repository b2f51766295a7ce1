package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/config"
)

// running starts serve in this process. What it returns stops it and waits for
// its exit status.
func running(t *testing.T, args ...string) (stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	status := make(chan int, 1)
	var printed bytes.Buffer
	go func() {
		status <- run(ctx, append([]string{"serve"}, args...), terminal{in: strings.NewReader(""), out: io.Discard, err: &printed, env: os.LookupEnv})
	}()
	stop = func() int {
		cancel()
		got := <-status
		status <- got
		return got
	}
	t.Cleanup(func() {
		if stop() != exitDone {
			t.Errorf("serve failed: %s", printed.String())
		}
	})
	return stop
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// awaited asks an address until it answers with a status.
func awaited(t *testing.T, address string, want int) {
	t.Helper()
	within(t, func() error {
		got, _, err := get("http://"+address+"/readyz", nil)
		if err == nil && got != want {
			err = fmt.Errorf("%s answers %d, not %d", address, got, want)
		}
		return err
	})
}

// within tries until there is no error, and gives up after patience.
func within(t *testing.T, try func() error) {
	t.Helper()
	if err := persist(try); err != nil {
		t.Fatal(err)
	}
}

func TestARequestInFlightFinishesWhileTheServerStops(t *testing.T) {
	dir := t.TempDir()
	main, metrics := freeAddress(t), freeAddress(t)
	file := filepath.Join(dir, "sallyport.yaml")
	if err := os.WriteFile(file, []byte("metrics_listen: "+metrics+"\nlisten: "+main+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stop := running(t, "--config", file, "--data", filepath.Join(dir, "data"))
	awaited(t, main, http.StatusOK)

	// Half of a request is on its way. The server has it: it asked for the rest.
	body, writer := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, "http://"+main+"/oauth/register", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Expect", "100-continue")
	type result struct {
		status int
		body   string
		err    error
	}
	answered := make(chan result, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: patience}}
		res, err := client.Do(req)
		if err != nil {
			answered <- result{err: err}
			return
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		answered <- result{res.StatusCode, string(text), err}
	}()
	if _, err := writer.Write([]byte(`{"redirect_uris":`)); err != nil {
		t.Fatal(err)
	}

	ended := make(chan int, 1)
	go func() { ended <- stop() }()
	awaited(t, metrics, http.StatusServiceUnavailable)
	select {
	case status := <-ended:
		t.Fatalf("it ended with %d before the request had finished", status)
	default:
	}
	if _, err := writer.Write([]byte(`["https://client.example/callback"]}`)); err != nil {
		t.Fatal(err)
	}
	writer.Close()
	if got := <-answered; got.err != nil || got.status != http.StatusCreated || !strings.Contains(got.body, `"client_id"`) {
		t.Errorf("the request in flight got %+v", got)
	}
	if status := <-ended; status != exitDone {
		t.Errorf("it ended with %d", status)
	}
}

func TestAServerWhoseDatabaseIsGoneIsNotReady(t *testing.T) {
	c := config.Default()
	c.Override("data", "--data", t.TempDir())
	log := slog.New(slog.DiscardHandler)
	in, err := open(t.Context(), c, log, true)
	if err != nil {
		t.Fatal(err)
	}
	d, err := build(t.Context(), in, log)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	asked := func() int {
		w := httptest.NewRecorder()
		d.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		return w.Code
	}
	if got := asked(); got != http.StatusOK {
		t.Fatalf("with its database it answers %d", got)
	}
	if err := in.close(); err != nil {
		t.Fatal(err)
	}
	if got := asked(); got != http.StatusServiceUnavailable {
		t.Errorf("without its database it answers %d", got)
	}
}

func TestPagesTakeEverySiteThatTheSettingsTake(t *testing.T) {
	for _, site := range []config.Site{
		{Name: "Acme", LogoURL: "/logo.svg", Accent: "#fff"},
		{Name: "Acme", LogoURL: "http://localhost:8080/a/b.png", Accent: "#0F6674"},
		{Name: "<Acme> & Söhne", LogoURL: "data:image/png;base64,iVBORw0KGgo="},
	} {
		c := config.Default()
		c.Override("data", "--data", t.TempDir())
		c.Site = site
		if err := c.Validate(); err != nil {
			t.Errorf("%+v: %v", site, err)
		}
		log := slog.New(slog.DiscardHandler)
		in, err := open(t.Context(), c, log, true)
		if err != nil {
			t.Fatal(err)
		}
		d, err := build(t.Context(), in, log)
		if err != nil {
			t.Errorf("%+v: %v", site, err)
			continue
		}
		d.close()
		in.close()
	}
}

// The effective settings of the socket count: a setting that is ignored is
// found here only.
func TestTheListenerSpeaksTLSOf12AtLeast(t *testing.T) {
	dir := t.TempDir()
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	roots := selfSigned(t, dir)
	settings := "public_url: https://localhost:" + port + "\nlisten: " + address + "\n" +
		"tls: { mode: files, cert: " + filepath.Join(dir, "cert.pem") + ", key: " + filepath.Join(dir, "key.pem") + " }\n"
	file := filepath.Join(dir, "sallyport.yaml")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		t.Fatal(err)
	}
	running(t, "--config", file, "--data", filepath.Join(dir, "data"))
	client := &http.Client{Transport: &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	var res *http.Response
	within(t, func() (err error) { res, err = client.Get("https://localhost:" + port + "/login"); return err })
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
		t.Errorf("got %s over HTTP/%d", res.Status, res.ProtoMajor)
	}
	for _, cookie := range res.Cookies() {
		if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.Secure {
			t.Errorf("the cookie %s is not bound to TLS", cookie.Name)
		}
	}
	for version, accepted := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		c, err := tls.Dial("tcp", address, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version})
		if (err == nil) != accepted {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
		if err == nil {
			c.Close()
		}
	}
}

// selfSigned writes cert.pem and key.pem, for localhost.
func selfSigned(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	certificate, err1 := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	private, err2 := x509.MarshalPKCS8PrivateKey(key)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})
	err = errors.Join(os.WriteFile(filepath.Join(dir, "cert.pem"), public, 0o600),
		os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(public)
	return roots
}

func TestToCloseADoorAgainIsHarmless(t *testing.T) {
	c := settingsIn(t.TempDir(), time.Hour)
	c.Command([]string{"true"})
	d := openDoor(t, c)
	if len(d.bridges) != 1 {
		t.Errorf("there are %d stdio servers to close", len(d.bridges))
	}
	for range 2 {
		d.shut(t)
	}
}
