package safehttp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"code.dny.dev/ssrf"

	"github.com/sallyport-dev/sallyport/internal/safehttp"
)

// special are addresses that no stranger's document can be at, in the
// spellings that a URL can have. RFC 6890.
var special = []string{
	"127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
	"100.64.0.1", "192.0.0.1", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
	"240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]",
	"[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::7f00:1]", "[2001:db8::1]", "[2002:7f00:1::]", "[2001::1]", "[100::1]",
	"[64:ff9b:1::7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[fec0::1]", "[3fff::1]", "[2001:20::1]", "[5f00::1]",
}

func TestNoSpecialAddressIsDialled(t *testing.T) {
	c := safehttp.New(safehttp.Public, nil)
	for _, host := range special {
		_, err := c.Get(t.Context(), "https://"+host+"/client.json", "application/json", 5000)
		if !errors.Is(err, ssrf.ErrProhibitedIP) {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestANameThatResolvesInwardIsRefused(t *testing.T) {
	_, err := safehttp.New(safehttp.Public, nil).Get(t.Context(), "https://localhost/client.json", "application/json", 5000)
	if !errors.Is(err, ssrf.ErrProhibitedIP) {
		t.Errorf("localhost: %v", err)
	}
}

func TestStrangersAreFetchedFromOnePortAndByHTTPSOnly(t *testing.T) {
	c := safehttp.New(safehttp.Public, nil)
	if _, err := c.Get(t.Context(), "https://1.1.1.1:6379/x", "application/json", 5000); !errors.Is(err, ssrf.ErrProhibitedPort) {
		t.Errorf("another port: %v", err)
	}
	for _, u := range []string{"http://1.1.1.1/x", "ftp://1.1.1.1/x", "file:///etc/passwd", "gopher://1.1.1.1/x", "https://a:b@1.1.1.1/x", "//1.1.1.1/x", "\x00"} {
		if _, err := c.Get(t.Context(), u, "application/json", 5000); err == nil || errors.Is(err, ssrf.ErrProhibitedIP) {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestTheLoopbackReachEndsAtThisComputer(t *testing.T) {
	c := safehttp.New(safehttp.Loopback, nil)
	for _, host := range []string{"1.1.1.1", "10.0.0.1", "169.254.169.254", "[2606:4700::1111]", "[fe80::1]"} {
		if _, err := c.Get(t.Context(), "http://"+host+"/x", "application/json", 5000); !errors.Is(err, ssrf.ErrProhibitedIP) {
			t.Errorf("%s: %v", host, err)
		}
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(r.Header.Get("Accept"))) }))
	defer s.Close()
	got, err := c.Get(t.Context(), s.URL, "application/json", 5000)
	if err != nil || got.Status != http.StatusOK || string(got.Body) != "application/json" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestARedirectIsAnAnswerAndIsNotFollowed(t *testing.T) {
	followed := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/there" {
			followed = true
			return
		}
		http.Redirect(w, r, "/there", http.StatusFound)
	}))
	defer s.Close()
	got, err := safehttp.New(safehttp.Anywhere, nil).Get(t.Context(), s.URL+"/here", "*/*", 5000)
	if err != nil || got.Status != http.StatusFound || followed {
		t.Errorf("%+v, %v, followed: %v", got, err, followed)
	}
}

func TestAnAnswerHasABoundHoweverItIsPacked(t *testing.T) {
	packed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		z.Write(bytes.Repeat([]byte(" "), 1<<20))
		z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(small.Bytes())
	}))
	defer packed.Close()
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte(strings.Repeat("x", 5000)))
	}))
	defer plain.Close()
	headers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 64<<10))
	}))
	defer headers.Close()
	c := safehttp.New(safehttp.Anywhere, nil)
	if _, err := c.Get(t.Context(), packed.URL, "*/*", 5000); !errors.Is(err, safehttp.ErrTooLarge) {
		t.Errorf("a megabyte in a kilobyte: %v", err)
	}
	if got, err := c.Get(t.Context(), plain.URL, "*/*", 5000); err != nil || len(got.Body) != 5000 {
		t.Errorf("as much as is read: %d, %v", len(got.Body), err)
	}
	if _, err := c.Get(t.Context(), plain.URL, "*/*", 4999); !errors.Is(err, safehttp.ErrTooLarge) {
		t.Errorf("one octet more: %v", err)
	}
	if _, err := c.Get(t.Context(), headers.URL, "*/*", 5000); err == nil {
		t.Error("64 KB of headers were read")
	}
}

func TestTheTimeIsTheCallersToCutShort(t *testing.T) {
	arrived := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() { <-arrived; cancel() }()
	if _, err := safehttp.New(safehttp.Anywhere, nil).Get(ctx, s.URL, "*/*", 5000); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestACertificateThatNobodySignedIsRefused(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer s.Close()
	s.Config.ErrorLog = nil
	if _, err := safehttp.New(safehttp.Anywhere, x509.NewCertPool()).Get(t.Context(), s.URL, "*/*", 5000); err == nil {
		t.Error("it was taken")
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	if got, err := safehttp.New(safehttp.Anywhere, roots).Get(t.Context(), s.URL, "*/*", 5000); err != nil || got.Status != http.StatusOK {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:9")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:9")
	_, err := safehttp.New(safehttp.Public, nil).Get(t.Context(), "https://10.0.0.1/x", "*/*", 5000)
	if !errors.Is(err, ssrf.ErrProhibitedIP) {
		t.Errorf("%v", err)
	}
}

// The list of the library and net/netip's own notion of what is special agree
// on what must never be reached.
func FuzzAddress(f *testing.F) {
	for _, host := range special {
		addr := netip.MustParseAddr(strings.Trim(host, "[]"))
		f.Add(addr.AsSlice())
	}
	f.Fuzz(func(t *testing.T, octets []byte) {
		addr, ok := netip.AddrFromSlice(octets)
		if !ok {
			return
		}
		err := ssrf.New(ssrf.WithPorts(443)).SafeAddr(addr)
		inward := addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified()
		if inward && err == nil {
			t.Errorf("%s may be dialled", addr)
		}
		if v4 := addr.Unmap(); addr.Is4In6() && !net.IP(v4.AsSlice()).IsGlobalUnicast() && err == nil {
			t.Errorf("%s may be dialled", addr)
		}
	})
}
