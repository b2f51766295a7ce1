package resource

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// admit decides on a request: who, then what. It returns the request that goes
// on. Who comes first, so that a client whose token has ended is always told
// just that, and so that strangers cannot make us read bodies.
func (g *Guard) admit(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	switch r.Method {
	case http.MethodPost, http.MethodGet, http.MethodHead, http.MethodDelete:
	default:
		return nil, notAllowed("only POST, GET and DELETE are served")
	}
	v, err := g.authenticate(r)
	if err != nil {
		return nil, err
	}
	v.sent = r.Header.Get("Mcp-Session-Id")
	if r.Method != http.MethodPost {
		return g.admitStream(v, r)
	}
	body, err := g.read(w, r)
	if err != nil {
		return nil, err
	}
	env, err := readEnvelope(body)
	if err != nil {
		return nil, err
	}
	if err := checkMirror(r.Header, env); err != nil {
		return nil, err
	}
	if err := g.permit(v.caller, env, r.Header.Get("Mcp-Protocol-Version")); err != nil {
		return nil, err
	}
	v.env, v.body = env, body
	r = r.WithContext(withVisit(r.Context(), v))
	setBody(r, body)
	return r, nil
}

// admitStream decides on what has no body: the stream of the server's own
// messages, and the end of a session.
func (g *Guard) admitStream(v *visit, r *http.Request) (*http.Request, error) {
	if r.Method == http.MethodHead {
		return nil, notAllowed("only POST, GET and DELETE are served")
	}
	// Whoever opened a session with a public tool may end it.
	if v.caller.Anonymous && r.Method != http.MethodDelete {
		// MCP 2025-11-25, transports: 405 says "that the server does not offer an
		// SSE stream at this endpoint", and clients carry on. A 401 would make
		// them sign in before anyone asked for a tool that needs it.
		return nil, notAllowed("there is no stream for callers who have not signed in")
	}
	r = r.WithContext(withVisit(r.Context(), v))
	setBody(r, nil)
	return r, nil
}

// authenticate decides who calls.
func (g *Guard) authenticate(r *http.Request) (*visit, error) {
	raw, err := bearer(r.Header)
	if err != nil {
		return nil, err
	}
	if raw == "" {
		if !g.anyPublic {
			return nil, &challenge{refusal: noToken(), bare: true, scope: g.baseline}
		}
		return &visit{guard: g, caller: &Caller{Anonymous: true, Resource: g.resource.ID}}, nil
	}
	access, err := g.verifier.Verify(r.Context(), raw)
	if err != nil {
		return nil, tokenError(err)
	}
	// A verifier may be shared or hold on to what it found, so what changes with
	// the time and the place is judged here, on every call.
	//
	// MCP 2026-07-28, token handling: "MCP servers MUST validate that access
	// tokens were issued specifically for them as the intended audience".
	switch {
	case access.Issuer != g.issuer:
		return nil, oauth.Refuse(oauth.InvalidToken, "the access token is from another issuer")
	case access.Audience != g.resource.ID:
		return nil, oauth.Refuse(oauth.InvalidToken, "the access token is for another resource")
	case !g.now().Before(access.Expires):
		return nil, oauth.Refuse(oauth.InvalidToken, "the access token has expired")
	case g.revoked != nil && g.revoked(access.GrantID):
		return nil, oauth.Refuse(oauth.InvalidToken, "the access token was revoked")
	}
	c := &Caller{
		Subject: access.Subject, ClientID: access.ClientID, GrantID: access.GrantID,
		Issuer: access.Issuer, Resource: access.Audience, Scope: access.Scope, Expires: access.Expires,
	}
	if len(access.Actors) > 0 {
		c.Actor = access.Actors[0]
	}
	return &visit{guard: g, caller: c, presented: raw}, g.identify(r.Context(), c)
}

func (g *Guard) identify(ctx context.Context, c *Caller) error {
	if g.people == nil {
		return nil
	}
	p, err := g.people.person(ctx, c.Subject)
	var refusal *oauth.Error
	switch {
	case errors.As(err, &refusal):
		return tokenError(err)
	case err != nil:
		return oauth.Refuse(oauth.TemporarilyUnavailable, "the person could not be looked up; try again").Because(err)
	}
	c.Username, c.Name, c.Email = p.Username, p.Name, p.Email
	return nil
}

// tokenError decides what an error about a token is: an outage of ours keeps
// its code, and everything else is an invalid token. A client that is told
// anything but 401 invalid_token never refreshes.
func tokenError(err error) error {
	var refusal *oauth.Error
	switch {
	case errors.As(err, &refusal):
		if s := refusal.Code.Status(); s >= 500 || s == http.StatusUnauthorized && refusal.Code == oauth.InvalidToken {
			return refusal
		}
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return oauth.Refuse(oauth.TemporarilyUnavailable, "the token could not be checked in time; try again").Because(err)
	}
	return oauth.Refuse(oauth.InvalidToken, "the access token is not valid").Because(err)
}

// bodyTime is how long a client may take to send a body.
const bodyTime = 30 * time.Second

// hurry sets the time by which a body has to be here. Without one a client could
// hold a connection for ever with half a body, also one that is refused before
// it is read: HTTP/1.1 answers after the body. With the server's ReadTimeout
// instead, no stream could outlive it.
func hurry(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime)) // where the connection can
	}
}

// read reads the whole body: it is judged before any of it goes on.
func (g *Guard) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkMedia(r.Header); err != nil {
		return nil, err
	}
	tooLarge := &rpcError{status: http.StatusRequestEntityTooLarge, code: codeInvalidRequest, message: "the body is too large"}
	if r.ContentLength > g.maxBody {
		return nil, tooLarge
	}
	defer func() { _ = http.NewResponseController(w).SetReadDeadline(time.Time{}) }()
	var buf bytes.Buffer
	buf.Grow(int(min(max(r.ContentLength, 512), 64<<10)) + bytes.MinRead)
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, g.maxBody))
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, tooLarge
	case err != nil:
		return nil, &rpcError{status: http.StatusBadRequest, code: codeParseError, message: "the body could not be read"}
	}
	return buf.Bytes(), nil
}

// checkMedia refuses bodies that a parser behind us could read differently: in
// another encoding, compressed, or as a form.
func checkMedia(h http.Header) error {
	types := h["Content-Type"]
	if len(types) != 1 {
		return badMedia("Content-Type must be application/json")
	}
	if types[0] != "application/json" {
		kind, params, err := mime.ParseMediaType(types[0])
		if charset, ok := params["charset"]; err != nil || kind != "application/json" || ok && !strings.EqualFold(charset, "utf-8") {
			return badMedia("Content-Type must be application/json in UTF-8")
		}
	}
	for _, encoding := range h["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return badMedia("compressed bodies are not read")
		}
	}
	return nil
}

// setBody makes body what the next handler reads, as often as it has to. What
// came after it, nobody has judged: over HTTP/2 a proxy would send it on, and
// some servers take a trailer for a header.
func setBody(r *http.Request, body []byte) {
	r.TransferEncoding, r.Trailer = nil, nil
	r.ContentLength = int64(len(body))
	if len(body) == 0 {
		r.Body, r.GetBody = http.NoBody, func() (io.ReadCloser, error) { return http.NoBody, nil }
		return
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	r.Body, _ = r.GetBody()
}

func notAllowed(message string) error {
	return &rpcError{status: http.StatusMethodNotAllowed, code: codeInvalidRequest, message: message}
}
