package standin

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Fault is one way to answer wrongly; see [Front.Fail]. The zero Fault is
// none. Faults of the wire go anywhere. Those of tokens ([Alter] and what
// follows it) go to [Token], and change the tokens that are signed next: Google's
// ID tokens, and both of Privy's. [Cancel] goes to [Authorize].
type Fault struct {
	serve  func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc)
	token  func(*draft)
	skew   time.Duration
	cancel bool
}

// Hold is a slow answer: requests wait until release is called or the client
// gives up, and are then answered. Each request that waits sends to arrived.
func Hold() (fault Fault, arrived <-chan struct{}, release func()) {
	waiting, open := make(chan struct{}, 1024), make(chan struct{})
	fault.serve = func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		select {
		case waiting <- struct{}{}:
		default: // nobody counts that far
		}
		select {
		case <-open:
			next(w, r)
		case <-r.Context().Done():
		}
	}
	return fault, waiting, sync.OnceFunc(func() { close(open) })
}

// Reset resets the connection instead of answering. A client may try again by
// itself: Go's does, for a GET on a connection that it had used before.
func Reset() Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // close sends RST
			}
			_ = conn.Close()
			return
		}
		panic(http.ErrAbortHandler)
	}}
}

// Status answers with a status and a line of text.
func Status(code int) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		http.Error(w, http.StatusText(code), code)
	}}
}

// Answer answers by itself.
func Answer(h http.HandlerFunc) Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) { h(w, r) }}
}

// Unavailable answers 503 with Retry-After, in whole seconds. RFC 9110 §10.2.3.
func Unavailable(after time.Duration) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)))
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
	}}
}

// HTML answers with a page where the program expects something else, as proxies
// and captive portals do.
func HTML(status int) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<!DOCTYPE html><html lang=\"en\"><title>Sorry</title><h1>Sorry</h1><p>Please try again later.</p></html>")
	}}
}

// Huge answers with well-formed JSON of about size octets, or of as many as the
// client reads.
func Huge(size int64) Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"padding":"`)
		block := strings.Repeat("a", 32<<10)
		for left := size; left > 0 && r.Context().Err() == nil; left -= int64(len(block)) {
			if _, err := io.WriteString(w, block[:min(left, int64(len(block)))]); err != nil {
				return
			}
		}
		_, _ = io.WriteString(w, `"}`)
	}}
}

// ContentType answers as usual, under another content type.
func ContentType(name string) Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		next(&retyped{w, name}, r)
	}}
}

type retyped struct {
	http.ResponseWriter
	name string
}

func (w *retyped) WriteHeader(status int) {
	w.Header().Set("Content-Type", w.name)
	w.ResponseWriter.WriteHeader(status)
}

func (w *retyped) Write(p []byte) (int, error) {
	w.Header().Set("Content-Type", w.name)
	return w.ResponseWriter.Write(p)
}

// Cancel is the person who says no, whatever page they would have seen.
func Cancel() Fault { return Fault{cancel: true} }

// Alter changes the claims of a token before it is signed: what is deleted is
// missing, what is set is there.
func Alter(change func(claims map[string]any)) Fault {
	return Fault{token: func(d *draft) { change(d.claims) }}
}

// WrongNonce answers a nonce that nobody asked with.
func WrongNonce() Fault { return claim("nonce", "the-nonce-of-another-request") }

// WrongAudience makes tokens for another client.
func WrongAudience() Fault { return claim("aud", "the-client-of-someone-else") }

// WrongIssuer makes tokens in another name.
func WrongIssuer() Fault { return claim("iss", "https://issuer.example") }

func claim(name, value string) Fault {
	return Alter(func(claims map[string]any) { claims[name] = value })
}

// Expired makes tokens that were made a day ago.
func Expired() Fault { return ClockOff(-24 * time.Hour) }

// ClockOff makes tokens by a clock that is ahead of the others by this much, or
// behind them.
func ClockOff(by time.Duration) Fault { return Fault{skew: by} }

// UnknownKey signs with a key that is not in the key set, and names it.
func UnknownKey() Fault { return Fault{token: func(d *draft) { d.stranger = true }} }

// AlgorithmNone leaves tokens unsigned, and says so. RFC 8725 §2.1.
func AlgorithmNone() Fault { return Fault{token: func(d *draft) { d.alg = "none" }} }

// AlgorithmHS256 signs with HMAC, and the public key in PEM for the secret: it
// verifies wherever the token's own header chooses the algorithm. RFC 8725 §2.1.
func AlgorithmHS256() Fault { return Fault{token: func(d *draft) { d.alg = "HS256" }} }
