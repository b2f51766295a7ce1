package resource

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A challenge is a refusal that tells the client how to get a token, or a
// better one. RFC 6750 §3.
type challenge struct {
	refusal *oauth.Error
	scope   oauth.Scope // what to ask for
	bare    bool        // no token was sent: the header carries no error
	caller  *Caller     // whose token was refused; nil: nobody's
}

func (c *challenge) Error() string { return c.refusal.Error() }
func (c *challenge) Unwrap() error { return c.refusal }

func noToken() *oauth.Error {
	return oauth.Refuse(oauth.InvalidToken, "an access token is required")
}

// refuse renders every error of this package, here only.
func (g *Guard) refuse(w http.ResponseWriter, err error) {
	var rpc *rpcError
	if errors.As(err, &rpc) {
		if rpc.status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", allowedMethods)
		}
		write(w, rpc.status, rpc.body())
		return
	}
	ch := g.challengeFor(err)
	switch ch.refusal.Code {
	case oauth.InvalidRequest, oauth.InvalidToken, oauth.InsufficientScope: // RFC 6750 §3.1
		w.Header().Set("WWW-Authenticate", g.challengeHeader(ch))
	}
	if ch.refusal.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(ch.refusal.RetryAfter))
	}
	body, _ := json.Marshal(struct {
		Error       oauth.ErrorCode `json:"error"`
		Description string          `json:"error_description"`
	}{ch.refusal.Code, ch.refusal.Description}) // two strings cannot fail
	write(w, ch.refusal.Code.Status(), body)
}

// challengeFor adds the baseline scope to a refusal that names none.
func (g *Guard) challengeFor(err error) *challenge {
	var ch *challenge
	if errors.As(err, &ch) {
		return ch
	}
	return &challenge{refusal: oauth.AsError(err), scope: g.baseline}
}

// challengeHeader is the WWW-Authenticate field.
//
// RFC 6750 §3: "If the request lacks any authentication information [...], the
// resource server SHOULD NOT include an error code or other error information."
// RFC 9728 §5.1 adds resource_metadata.
func (g *Guard) challengeHeader(ch *challenge) string {
	var b strings.Builder
	b.WriteString("Bearer ")
	if !ch.bare {
		parameter(&b, "error", string(ch.refusal.Code))
		b.WriteString(", ")
	}
	if len(ch.scope) > 0 {
		parameter(&b, "scope", ch.scope.String())
		b.WriteString(", ")
	}
	parameter(&b, "resource_metadata", g.metadataURL)
	if !ch.bare {
		b.WriteString(", ")
		parameter(&b, "error_description", ch.refusal.Description)
	}
	return b.String()
}

// Challenge sets the header that tells a program without a token how to get one.
// It is for an answer that is made elsewhere, such as a page for people: whoever
// gets it is a program after all, more often than one thinks.
func (g *Guard) Challenge(h http.Header) {
	h.Set("WWW-Authenticate", g.challengeHeader(&challenge{scope: g.baseline, bare: true}))
}

// parameter writes name="value". RFC 6750 §3 allows in values only what needs
// no quoting; anything else is left out, so that no value can end its quotes.
func parameter(b *strings.Builder, name, value string) {
	b.WriteString(name)
	b.WriteString(`="`)
	for i := range len(value) {
		if c := value[i]; c >= 0x20 && c <= 0x7e && c != '"' && c != '\\' {
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
}

func write(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone is told nothing
}
