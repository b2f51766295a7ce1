package gateway

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/resource"
)

// An answer is what an MCP server answers, on its way to the client. It keeps
// back the headers that are not the server's to send, and answers itself where
// the server's status would mislead the client.
type answer struct {
	to      http.ResponseWriter
	header  http.Header // the server's; never the client's own map
	passage *passage
	session session
	request *http.Request

	begun  bool // the status has gone out
	stream bool // it is a stream of events
	failed bool // we answered instead; what the server writes is dropped
}

var errAnswered = errors.New("gateway: the answer was replaced")

// Header is a map of its own: what the server sets after its status, trailers
// for instance, goes nowhere.
func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.begun || status < 200 {
		return // an informational answer speaks of a connection that is not the client's
	}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden, status == http.StatusProxyAuthRequired:
		// The server refuses us, not the client's token: a client that was told so
		// would refresh, or sign in, again and again.
		a.fail(http.StatusBadGateway, "the MCP server behind this gateway refuses the gateway; its operator has to let the gateway in")
		a.passage.log(a.request, slog.LevelError, "the upstream refuses the gateway", "status", status)
		return
	case status >= 300 && status < 400:
		// It would lead the client around the gateway, to an address inside.
		a.fail(http.StatusBadGateway, "the MCP server behind this gateway redirects; its operator has to set its final URL")
		a.passage.log(a.request, slog.LevelError, "the upstream redirects; set upstream to where it redirects to", "status", status, "location", a.header.Get("Location"))
		return
	}
	if len(a.header["Mcp-Session-Id"]) > 0 && a.session.client == "" {
		a.session.elicits = resource.URLElicitation(a.request.Context())
	}
	bound, ok := a.passage.gateway.sessions.give(a.header["Mcp-Session-Id"], a.session)
	if !ok {
		a.fail(http.StatusBadGateway, "the MCP server behind this gateway answers with a session id that is not allowed")
		a.passage.log(a.request, slog.LevelError, "the upstream's session id is not visible ASCII, too long, or there twice")
		return
	}
	// Nothing may fail from here on: the server's Content-Length would stay.
	h := a.to.Header()
	copyAnswer(h, a.header)
	if bound != "" {
		h["Mcp-Session-Id"] = []string{bound}
	}
	h["X-Content-Type-Options"], h["Content-Security-Policy"] = nosniff, inert
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		// MCP 2026-07-28, Streamable HTTP: "When initiating an SSE stream, servers
		// SHOULD include the X-Accel-Buffering: no header".
		h["X-Accel-Buffering"] = unbuffered
		a.stream = true
	}
	a.begun = true
	a.to.WriteHeader(status)
}

var (
	nosniff    = []string{"nosniff"}
	unbuffered = []string{"no"}
	// People sign in and allow at this origin, and an MCP server is not trusted with
	// it: were its answer ever drawn as a page, it would be of no origin and run nothing.
	inert = []string{"default-src 'none'; frame-ancestors 'none'; sandbox"}
)

// fail answers instead of the server.
func (a *answer) fail(status int, sentence string) {
	if a.begun {
		return
	}
	a.begun, a.failed = true, true
	writeError(a.to, status, sentence)
}

// refuse answers instead of the server, with a refusal.
func (a *answer) refuse(err error) {
	if a.begun {
		return
	}
	a.begun, a.failed = true, true
	a.passage.guard.Refuse(a.to, err)
}

func (a *answer) Write(b []byte) (int, error) {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	if a.failed {
		return 0, errAnswered // so that nobody goes on reading what nobody gets
	}
	a.until(time.Now().Add(writeTime))
	defer a.until(time.Time{})
	return a.to.Write(b)
}

// writeTime is how long one write to a client may take. A client that does not
// read must not hold a call, and what stands behind it, for ever. Between two
// writes there is no limit: a stream may have nothing to say.
const writeTime = 30 * time.Second

func (a *answer) until(at time.Time) {
	_ = http.NewResponseController(a.to).SetWriteDeadline(at) // where the connection can
}

// FlushError is what [http.ResponseController] calls.
func (a *answer) FlushError() error {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	a.until(time.Now().Add(writeTime))
	defer a.until(time.Time{})
	return http.NewResponseController(a.to).Flush()
}

// Flush is for handlers that look for an [http.Flusher].
func (a *answer) Flush() { _ = a.FlushError() }

// finish answers for a handler that wrote nothing. What is still on its way to
// the client goes out after it.
func (a *answer) finish() {
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	a.until(time.Now().Add(writeTime))
}

func (p *passage) log(r *http.Request, level slog.Level, message string, args ...any) {
	p.gateway.log.Log(r.Context(), level, message, append([]any{"resource", p.resource.Name}, args...)...)
}
