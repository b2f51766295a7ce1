package gateway

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// sessions binds session ids to people, without remembering any: what a client
// holds is the upstream's id and a MAC over it, the person and the resource, so
// that every replica can tell whose it is, after a restart too.
//
// MCP 2025-11-25, security best practices: servers "SHOULD bind session IDs to
// user-specific information". A session is never a proof of who calls: the
// token of every request is.
type sessions struct{ keyring *token.Keyring }

const (
	sessionPurpose = "mcp session"
	maxSessionID   = 1 << 10 // octets of an upstream's
)

var errForeignSession = errors.New("gateway: the session is not known, or someone else's")

// A session is what is known of the session of one request.
type session struct {
	subject  string // whose a new one will be; empty: nobody's
	resource string
	upstream string // the upstream's id; empty: none was sent
	client   string // as the client sent it
	none     bool   // the version has no sessions
	elicits  bool   // its client can ask a person to open a URL
}

// firstWithout is the first version of MCP that has no sessions.
const firstWithout = "2026-07-28"

// take replaces a client's session id, in the headers that go upstream, by the
// upstream's own.
func (s sessions) take(h http.Header, c resource.Caller) (session, error) {
	at := session{subject: c.Subject, resource: c.Resource}
	sent := h["Mcp-Session-Id"]
	if version := h.Get("Mcp-Protocol-Version"); len(version) == len(firstWithout) && version >= firstWithout {
		// MCP 2026-07-28, Streamable HTTP: "An Mcp-Session-Id header on a request:
		// ignore it, and do not mint or echo session IDs."
		at.none = true
		delete(h, "Mcp-Session-Id")
		return at, nil
	}
	switch len(sent) {
	case 0:
		return at, nil
	case 1:
	default:
		return at, errForeignSession
	}
	at.client = sent[0]
	dot := strings.LastIndexByte(at.client, '.')
	if dot < 1 || dot > maxSessionID {
		return at, errForeignSession
	}
	id := at.client[:dot]
	mac, err := base64.RawURLEncoding.Strict().DecodeString(at.client[dot+1:])
	if err != nil || !visible(id) {
		return at, errForeignSession
	}
	// What was opened before signing in may be used after it, by whoever holds
	// the id; never the other way around.
	mine, elicits := s.check(mac, c.Subject, c.Resource, id)
	if !mine {
		mine, elicits = s.check(mac, "", c.Resource, id)
	}
	if !mine {
		return at, errForeignSession
	}
	at.elicits = elicits
	at.upstream = id
	h["Mcp-Session-Id"] = []string{id}
	return at, nil
}

// give turns an upstream's session id into the client's. It is empty where there
// is none or the version has no sessions, and false where it is not allowed.
//
// MCP 2025-11-25, session management: "The session ID MUST only contain visible
// ASCII characters (ranging from 0x21 to 0x7E)."
func (s sessions) give(said []string, at session) (string, bool) {
	if at.none || len(said) == 0 {
		return "", true
	}
	id := said[0]
	switch {
	case len(said) > 1:
		return "", false
	case id == at.upstream:
		return at.client, true
	case len(id) > maxSessionID || !visible(id):
		return "", false
	}
	mac := s.keyring.MAC(sessionPurpose, bound(at.subject, at.resource, id, at.elicits)...)
	return id + "." + base64.RawURLEncoding.EncodeToString(mac), true
}

// check reports whether a session is someone's, and what its client can do.
//
// MCP 2025-11-25, lifecycle: capabilities are said once, when a session is opened.
// What of them matters here is in the MAC, since nothing is remembered.
func (s sessions) check(mac []byte, subject, resource, id string) (mine, elicits bool) {
	for _, elicits := range []bool{false, true} {
		if s.keyring.CheckMAC(sessionPurpose, mac, bound(subject, resource, id, elicits)...) {
			return true, elicits
		}
	}
	return false, false
}

func bound(subject, resource, id string, elicits bool) [][]byte {
	parts := [][]byte{[]byte(subject), []byte(resource), []byte(id)}
	if elicits {
		parts = append(parts, []byte("elicitation in URL mode"))
	}
	return parts
}

func visible(id string) bool {
	for i := range len(id) {
		if id[i] < 0x21 || id[i] > 0x7e {
			return false
		}
	}
	return id != ""
}
