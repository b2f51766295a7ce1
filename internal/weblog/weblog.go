// Package weblog writes one structured line per HTTP request, with what the
// handlers learned on the way, and never a query string, a header or a body: a
// secret cannot get into the log because nothing that may hold one is written.
package weblog

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

type contextKey struct{}

// An Event gathers what one request was about. Handlers add to it; the
// middleware writes it. All methods are safe on a nil Event and for concurrent use.
type Event struct {
	ID   string
	from netip.Addr

	mu    sync.Mutex
	attrs []slog.Attr
	cause error
	code  oauth.ErrorCode // of the refusal; empty: none
}

// From returns the event of the request that ctx belongs to, or nil.
func From(ctx context.Context) *Event {
	e, _ := ctx.Value(contextKey{}).(*Event)
	return e
}

// From is whom the request came from, as [Options] tell it by what was sent, also
// to those who see the request without the headers that say so. It is zero on a nil
// Event.
func (e *Event) From() netip.Addr {
	if e == nil {
		return netip.Addr{}
	}
	return e.from
}

// Add notes a value. Names and ids only: a secret has no string form.
func (e *Event) Add(key string, value any) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.attrs = append(e.attrs, slog.Any(key, value))
}

// Fail notes why the request was refused or failed. The cause is for the
// operator; what the client was told is in the answer.
func (e *Event) Fail(err *oauth.Error) {
	if e == nil || err == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.attrs = append(e.attrs, slog.String("error", string(err.Code)), slog.String("refusal", err.Description))
	e.cause, e.code = err.Cause, err.Code
}

// Options says where lines go and whom they name.
type Options struct {
	Log     *slog.Logger
	Now     func() time.Time
	Address func(*http.Request) netip.Addr
	// Observe is told about every finished request, for metrics.
	Observe func(route string, status int, took time.Duration)
}

// Wrap logs every request that next answers. The route, not the path, is
// what is logged: paths may hold what strangers wrote.
func Wrap(o Options, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := o.Now()
		event := &Event{ID: oauth.NewID(""), from: o.Address(r)}
		w.Header().Set("X-Request-Id", event.ID)
		rec := &recorder{ResponseWriter: w}
		r = r.WithContext(context.WithValue(r.Context(), contextKey{}, event))
		defer func() {
			fault := recover()
			switch {
			case fault == nil:
			case fault == http.ErrAbortHandler:
				// What was asked for was done, though not all of the answer went out.
				event.Add("cut_off", true)
				defer panic(fault)
			default:
				o.Log.Error("panic", "request_id", event.ID, "fault", fault)
				if rec.status == 0 {
					http.Error(rec, `{"error":"server_error","error_description":"internal error"}`, http.StatusInternalServerError)
				}
			}
			o.write(event, r, rec, o.Now().Sub(began))
		}()
		next.ServeHTTP(rec, r)
	})
}

func (o Options) write(e *Event, r *http.Request, rec *recorder, took time.Duration) {
	route := r.Pattern
	if route == "" {
		route = "none"
	}
	status := rec.status
	if status == 0 {
		status = http.StatusOK
	}
	if o.Observe != nil {
		o.Observe(route, status, took)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	level := slog.LevelInfo
	switch {
	case e.code == oauth.TemporarilyUnavailable:
		// Strangers can bring it about, by a document whose host does not answer, so
		// it must not wake anybody.
		level = slog.LevelWarn
	case status >= 500:
		level = slog.LevelError
	}
	if !o.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", e.ID), slog.String("method", r.Method), slog.String("route", route),
		slog.Int("status", status), slog.Int64("bytes", rec.bytes), slog.Duration("took", took),
		slog.String("from", e.from.String()),
	}
	attrs = append(attrs, e.attrs...)
	if e.cause != nil {
		attrs = append(attrs, slog.String("cause", e.cause.Error()))
	}
	o.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// A recorder remembers the status. It unwraps, so that streaming works through it.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush is for code that asks for http.Flusher itself.
func (r *recorder) Flush() {
	if f, ok := r.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}
