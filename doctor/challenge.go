package doctor

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	notChallenged = Kind{
		ID: "not-challenged", Severity: Fault, Step: StepChallenge, Title: "A call without a token is not answered 401",
		Rule: "RFC 9110 §15.5.2 and MCP 2026-07-28, authorization: who is not authorized is answered 401; it is the only answer at which clients begin to sign people in.",
		Mend: "Answer 401 with WWW-Authenticate: Bearer resource_metadata=\"…\" before anything else of the request is judged. Look for a firewall or a framework's own 403 as well.",
	}
	challengeMissing = Kind{
		ID: "challenge-missing", Severity: Caution, Step: StepChallenge, Breaks: string(clientbook.NeedChallenge), Title: "The 401 has no WWW-Authenticate: Bearer",
		Rule: "RFC 9110 §11.6.1: a server that answers 401 MUST send WWW-Authenticate; RFC 6750 §3.",
		Mend: "Add WWW-Authenticate: Bearer resource_metadata=\"https://…/.well-known/oauth-protected-resource/…\" to the 401. A proxy may have removed it.",
	}
	challengeNoMetadata = Kind{
		ID: "challenge-without-metadata", Severity: Caution, Step: StepChallenge, Breaks: string(clientbook.NeedChallenge), Title: "The challenge names no resource_metadata",
		Rule: "RFC 9728 §5.1 and MCP 2026-07-28, authorization server discovery: resource_metadata in the challenge, or a well-known address; clients look at the challenge first.",
		Mend: "Add resource_metadata=\"https://…/.well-known/oauth-protected-resource/…\" to the challenge.",
	}
	challengeDead = Kind{
		ID: "challenge-leads-nowhere", Severity: Fault, Step: StepChallenge, Breaks: string(clientbook.NeedChallenge), Title: "The address in the challenge leads to no metadata",
		Rule: "RFC 9728 §5.1; MCP 2026-07-28, authorization server discovery: clients MUST use the resource_metadata of the challenge when it is there.",
		Mend: "Make resource_metadata an absolute https address at which the JSON document is, without authentication and without a redirect.",
	}
	challengeNoScope = Kind{
		ID: "challenge-without-scope", Severity: Note, Step: StepChallenge, Title: "The challenge names no scope",
		Rule: "MCP 2026-07-28, authorization: servers SHOULD include scope in the challenge. Without it clients ask for all of scopes_supported, or for nothing.",
		Mend: "Add scope=\"…\" with what the first calls need.",
	}
	challengeOffline = Kind{
		ID: "challenge-offline-access", Severity: Note, Step: StepChallenge, Title: "The resource asks for offline_access",
		Rule: "MCP 2026-07-28, authorization, refresh tokens: offline_access SHOULD NOT be in the challenge or in the resource's scopes_supported.",
		Mend: "List offline_access in the authorization server's scopes_supported only.",
	}
	behindProxy = Kind{
		ID: "behind-proxy", Severity: Fault, Step: StepResource, Title: "An address that it gives out is not the public one",
		Rule: "RFC 9728 §3.3 and RFC 8414 §3.3: what metadata names must be what the client uses; MCP requires https.",
		Mend: "Tell the server its public address instead of letting it take it from the request: behind a proxy that ends TLS it sees http and a port of its own. (X-Forwarded-Proto and -Host, or a setting such as public_url or BASE_URL.)",
	}
	badTokenAccepted = Kind{
		ID: "bad-token-accepted", Severity: Danger, Step: StepCall, Title: "A token that nobody issued is accepted",
		Rule: "draft-ietf-oauth-v2-1 §5.2 and MCP 2026-07-28, authorization: the server MUST validate access tokens before it processes the request.",
		Mend: "Check signature, issuer, audience and expiry of every token.",
	}
	badTokenError = Kind{
		ID: "bad-token-error", Severity: Note, Step: StepCall, Title: "The 401 for a dead token does not say invalid_token",
		Rule: "RFC 6750 §3: where the request had a token the answer SHOULD have error, and §3.1: invalid_token. With it a client, and a person who reads a log, can tell a dead token from a missing one.",
		Mend: "Answer WWW-Authenticate: Bearer error=\"invalid_token\", resource_metadata=\"…\".",
	}
	badTokenAnswer = Kind{
		ID: "bad-token-answer", Severity: Caution, Step: StepCall, Title: "A dead token is not answered 401",
		Rule: "RFC 6750 §3.1 and MCP 2026-07-28, authorization: invalid or expired tokens MUST receive 401. Clients refresh at a 401 and at nothing else.",
		Mend: "Answer every token failure 401 with WWW-Authenticate: Bearer error=\"invalid_token\", resource_metadata=\"…\", whether it is expired, malformed or revoked.",
	}
	challengeKinds = []Kind{notChallenged, challengeMissing, challengeNoMetadata, challengeDead, challengeNoScope, challengeOffline, behindProxy, badTokenAccepted, badTokenAnswer, badTokenError}
)

func checkChallenge(o *observations) []Finding {
	x := o.calls.initialize
	if !o.reached() || x.status >= 500 || x.status == http.StatusNotFound || x.status == http.StatusMethodNotAllowed {
		return nil // checkReach
	}
	if o.calls.open() {
		return nil
	}
	if x.status != http.StatusUnauthorized {
		if x.status == http.StatusOK {
			return checkRefusedInside(o)
		}
		return []Finding{notChallenged.found(fmt.Sprintf("It is answered %d.", x.status), x)}
	}
	c, ok := bearer(x)
	at := c.parameters["resource_metadata"]
	switch {
	case !ok:
		return []Finding{challengeMissing.found("WWW-Authenticate is "+quote(strings.Join(x.answer.Values("WWW-Authenticate"), ", "))+".", x)}
	case at == "":
		return []Finding{challengeNoMetadata.found("WWW-Authenticate is "+quote(x.answer.Get("WWW-Authenticate"))+".", x)}
	}
	var all []Finding
	if u, err := url.Parse(at); err != nil || !u.IsAbs() || u.Host == "" {
		all = append(all, challengeDead.found("resource_metadata is "+quote(at)+", which is not an absolute address.", x))
	} else if p := o.place(clientbook.Challenge); !p.found() && !o.inward(at) {
		all = append(all, challengeDead.found("resource_metadata is "+quote(at)+"; "+state(p.exchange)+".", x, p.exchange))
	}
	scopes := strings.Fields(c.parameters["scope"])
	if listed, _ := o.prm.list("scopes_supported"); len(scopes) == 0 && len(listed) > 0 {
		all = append(all, challengeNoScope.found("The resource's metadata lists "+quote(strings.Join(listed, " "))+"; the challenge names none of them.", x))
	}
	if listed, _ := o.prm.list("scopes_supported"); slices.Contains(scopes, "offline_access") || slices.Contains(listed, "offline_access") {
		all = append(all, challengeOffline.found("offline_access is among the scopes of the challenge or of the resource's metadata.", x))
	}
	return append(all, checkAddresses(o)...)
}

// checkRefusedInside is for a server that answers 200 and refuses in the body.
func checkRefusedInside(o *observations) []Finding {
	a, ok := rpc(o.calls.initialize)
	if !ok || a.Error == nil {
		return nil // checkReach: it does not speak MCP
	}
	return []Finding{notChallenged.found("It is answered 200 with an error in the body: "+quote(a.Error.Message)+".", o.calls.initialize)}
}

// checkAddresses compares the addresses that are given out with the one that
// was reached.
func checkAddresses(o *observations) []Finding {
	var wrong []string
	note := func(what, at string) {
		if at != "" && o.inward(at) {
			wrong = append(wrong, what+" is "+quote(at))
		}
	}
	note("resource_metadata of the challenge", o.challengeMetadata())
	note("resource", o.prm.str("resource"))
	note("the first of authorization_servers", o.issuer)
	for _, name := range []string{"issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint"} {
		note(name, o.as.str(name))
	}
	if len(wrong) == 0 {
		return nil
	}
	var shown []*exchange
	if o.prm != nil {
		shown = append(shown, o.prm.exchange)
	}
	return []Finding{behindProxy.found(strings.Join(wrong, "; ")+".", append([]*exchange{o.calls.initialize}, shown...)...)}
}

// inward reports whether an address is http or on a private host although the
// server is reached by https.
func (o *observations) inward(at string) bool {
	u, err := url.Parse(at)
	if err != nil || o.target.Scheme != "https" || u.Host == "" {
		return false
	}
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "http" && host == o.target.Hostname() || host != o.target.Hostname() && (host == "localhost" || strings.HasPrefix(host, "127.") || host == "::1" || !strings.Contains(host, ".") && !strings.Contains(host, ":"))
}

// place is what was found at a place.
func (o *observations) place(where string) *place {
	for i := range o.resource {
		if o.resource[i].where == where {
			return &o.resource[i]
		}
	}
	return &place{}
}

// state says what an answer was instead of a document.
func state(x *exchange) string {
	switch {
	case x == nil:
		return "nobody asked"
	case x.err != nil:
		return "there is no answer: " + visible(plainError(x.err), false)
	case x.status != http.StatusOK:
		return fmt.Sprintf("it is answered %d", x.status)
	case x.cut:
		return "the answer is longer than 256 KB"
	}
	return "it is answered 200 with " + quote(x.mediaType()) + " that is no JSON object"
}

func checkBadToken(o *observations) []Finding {
	x := o.calls.badToken
	if !o.reached() || o.calls.open() || o.calls.initialize.status != http.StatusUnauthorized || x == nil || x.err != nil {
		return nil
	}
	if len(x.hops) > 0 && !sameOrigin(x.url, x.end()) {
		return nil // the token was not sent there
	}
	first, _ := bearer(o.calls.initialize)
	c, ok := bearer(x)
	switch {
	case x.status == http.StatusOK:
		return []Finding{badTokenAccepted.found("A call with a made-up token is answered 200.", x)}
	case x.status != http.StatusUnauthorized:
		return []Finding{badTokenAnswer.found(fmt.Sprintf("A call with a made-up token is answered %d.", x.status), x)}
	case first.parameters["resource_metadata"] == "":
		return nil // checkChallenge has said so
	case !ok:
		return []Finding{badTokenError.found("A call with a made-up token is answered 401 without a Bearer challenge.", x)}
	case c.parameters["error"] != "invalid_token":
		return []Finding{badTokenError.found("A call with a made-up token is answered 401; error is "+quote(c.parameters["error"])+", not “invalid_token”.", x)}
	}
	return nil
}
