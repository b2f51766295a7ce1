package standin

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Late is an answer that comes too late: what was asked is done at once, codes and
// refresh tokens are spent, and the answer waits until release is called or the
// client gives up. Each request that was done sends to done.
func Late() (fault Fault, done <-chan struct{}, release func()) {
	finished, open := make(chan struct{}, 1024), make(chan struct{})
	fault.serve = func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		a := take(r, next)
		select {
		case finished <- struct{}{}:
		default: // nobody counts that far
		}
		select {
		case <-open:
			a.send(w, a.body.Len())
		case <-r.Context().Done():
		}
	}
	return fault, finished, sync.OnceFunc(func() { close(open) })
}

// Cut does what was asked, and ends the connection in the middle of the answer.
func Cut() Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		take(r, next).half(w)
		panic(http.ErrAbortHandler)
	}}
}

// Stall does what was asked, begins to answer, and goes silent in the middle until
// the client gives up.
func Stall() Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		take(r, next).half(w)
		<-r.Context().Done()
	}}
}

// Truncated does what was asked, and answers the first half as if it were all.
func Truncated() Fault {
	return Fault{serve: func(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
		a := take(r, next)
		a.send(w, a.body.Len()/2)
	}}
}

// Body answers with a status and a body of that type; both may be empty.
func Body(status int, kind, body string) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		if kind != "" {
			w.Header().Set("Content-Type", kind)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}}
}

// Redirect answers with a redirect to a URL.
func Redirect(status int, to string) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Location", to)
		w.WriteHeader(status)
	}}
}

// Limited answers 429 with Retry-After, in whole seconds. RFC 6585 §4.
func Limited(after time.Duration) Fault {
	return Fault{serve: func(w http.ResponseWriter, _ *http.Request, _ http.HandlerFunc) {
		w.Header().Set("Retry-After", strconv.Itoa(int(after/time.Second)))
		http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
	}}
}

// A taken answer was written by a handler, and not sent.
type taken struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func take(r *http.Request, next http.HandlerFunc) *taken {
	a := &taken{header: http.Header{}, status: http.StatusOK}
	next(a, r)
	return a
}

func (a *taken) Header() http.Header         { return a.header }
func (a *taken) WriteHeader(status int)      { a.status = status }
func (a *taken) Write(b []byte) (int, error) { return a.body.Write(b) }

// send sends the first n octets of the body, as if they were all of it.
func (a *taken) send(w http.ResponseWriter, n int) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(n))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()[:n])
}

// half sends half of the body, of which the header promises the whole.
func (a *taken) half(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()[:a.body.Len()/2])
	_ = http.NewResponseController(w).Flush()
}
