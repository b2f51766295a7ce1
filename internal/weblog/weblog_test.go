package weblog

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Who closes the connection before the whole answer has come must not thereby
// leave no trace: what they asked for was done.
func TestARequestWhoseAnswerIsCutOffIsLogged(t *testing.T) {
	var log bytes.Buffer
	observed := 0
	h := Wrap(Options{
		Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: time.Now, Address: Addresses(nil),
		Observe: func(string, int, time.Duration) { observed++ },
	}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		From(r.Context()).Add("subject", "p_ada")
		_, _ = io.WriteString(w, "the beginning")
		panic(http.ErrAbortHandler)
	}))
	defer func() {
		if fault := recover(); fault != http.ErrAbortHandler {
			t.Errorf("the server is told %v", fault)
		}
		line := log.String()
		for _, part := range []string{`"status":200`, `"subject":"p_ada"`, `"cut_off":true`} {
			if !strings.Contains(line, part) {
				t.Errorf("%s is not in %s", part, line)
			}
		}
		if observed != 1 || strings.Count(line, "\n") != 1 {
			t.Errorf("observed %d times: %s", observed, line)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/mcp", nil))
}

// An error is what somebody has to see to. That a stranger's host does not answer,
// or that many ask at once, passes.
func TestWhatPassesIsNoErrorOfTheServer(t *testing.T) {
	for _, c := range []struct {
		refusal *oauth.Error
		status  int
		level   string
	}{
		{oauth.Refuse(oauth.TemporarilyUnavailable, "try again"), http.StatusServiceUnavailable, "WARN"},
		{oauth.Refuse(oauth.ServerError, "internal error"), http.StatusInternalServerError, "ERROR"},
		{nil, http.StatusServiceUnavailable, "ERROR"},
		{oauth.Refuse(oauth.InvalidGrant, "it is wrong"), http.StatusBadRequest, "INFO"},
	} {
		var log bytes.Buffer
		h := Wrap(Options{Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: time.Now, Address: Addresses(nil)},
			http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				From(r.Context()).Fail(c.refusal)
				w.WriteHeader(c.status)
			}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		if !strings.Contains(log.String(), `"level":"`+c.level+`"`) {
			t.Errorf("%v, %d: %s", c.refusal, c.status, &log)
		}
	}
}

func TestAFaultIsLoggedAndAnswered(t *testing.T) {
	var log bytes.Buffer
	h := Wrap(Options{Log: slog.New(slog.NewJSONHandler(&log, nil)), Now: time.Now, Address: Addresses(nil)},
		http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "a fault") || strings.Count(log.String(), "\n") != 2 {
		t.Errorf("%d %s%s", w.Code, w.Body, &log)
	}
}

// Nobody chooses their own address, however they write the header.
func TestOnlyWhatTrustedProxiesWroteIsBelieved(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer, want string
		forwarded  []string
		trusted    []netip.Prefix
	}{
		{"192.0.2.1:1", "192.0.2.1", []string{"198.51.100.1"}, nil},
		{"192.0.2.1:1", "192.0.2.1", []string{"198.51.100.1"}, trusted},
		{"10.0.0.1:1", "198.51.100.1", []string{"198.51.100.1"}, trusted},
		{"[::ffff:10.0.0.1]:1", "198.51.100.1", []string{"198.51.100.1"}, trusted},
		{"[fd00::1]:1", "198.51.100.1", []string{"203.0.113.9, 198.51.100.1"}, trusted},
		{"10.0.0.1:1", "198.51.100.1", []string{"10.9.9.9, 198.51.100.1, 10.0.0.2"}, trusted},
		{"10.0.0.1:1", "198.51.100.1", []string{"203.0.113.9", "198.51.100.1"}, trusted},
		{"10.0.0.1:1", "10.0.0.1", []string{"nonsense"}, trusted},
		{"10.0.0.1:1", "198.51.100.1", []string{"nonsense, 198.51.100.1"}, trusted},
		{"10.0.0.1:1", "10.0.0.1", nil, trusted},
		{"not an address", "invalid IP", []string{"198.51.100.1"}, trusted},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := Addresses(c.trusted)(r).String(); got != c.want {
			t.Errorf("from %s, forwarded for %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestWhomARequestCameFromIsKnownToThoseWhoDoNotSeeItsHeaders(t *testing.T) {
	h := Wrap(Options{
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Address: Addresses([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}),
	}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		r.Header = nil
		if got := From(r.Context()).From().String(); got != "198.51.100.7" {
			t.Errorf("it comes from %s", got)
		}
	}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("X-Forwarded-For", "198.51.100.7")
	h.ServeHTTP(httptest.NewRecorder(), r)
	if From(t.Context()).From().IsValid() {
		t.Error("what is no request comes from somewhere")
	}
}
