package doctor

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	authorizeFails = Kind{
		ID: "authorize-fails", Severity: Fault, Step: StepAuthorize, Title: "The person does not get as far as a sign-in page",
		Rule: "draft-ietf-oauth-v2-1 §4.1.1 and §4.1.2: a valid authorization request is answered with a page for the person. The request that is shown has a registered client and redirect URI, PKCE with S256, state and resource.",
		Mend: "Open the address that is shown in a browser, and look into the server's log for why it is refused.",
	}
	resourceRefused = Kind{
		ID: "resource-refused", Severity: Fault, Step: StepAuthorize, Title: "The authorization server does not know its own resource",
		Rule: "RFC 8707 §2 and MCP 2026-07-28, authorization, resource parameter: clients MUST send resource; it is the value that the resource's metadata has.",
		Mend: "Accept as resource the value in the resource's metadata.",
	}
	strangerRedirected = Kind{
		ID: "open-redirect", Severity: Danger, Step: StepAuthorize, Title: "Answers go to addresses that nobody registered",
		Rule: "RFC 6749 §4.1.2.1: if the redirect URI is invalid, the server MUST NOT redirect the browser to it; RFC 9700 §4.1.3: exact matching. Whoever lures a person to a link of their own making gets the code.",
		Mend: "Compare redirect_uri with the registered ones octet by octet, and show a page where it is none of them.",
	}
	portCompared = Kind{
		ID: "port-compared", Severity: Fault, Step: StepAuthorize, Breaks: string(clientbook.NeedAnyPort), Title: "The port of a redirect URI on this computer is compared",
		Rule: "RFC 8252 §7.3: the server MUST allow any port for loopback redirect URIs; desktop clients listen on whichever port is free.",
		Mend: "For http://127.0.0.1, http://[::1] and http://localhost compare everything but the port.",
	}
	slashRefused = Kind{
		ID: "resource-slash-refused", Severity: Note, Step: StepAuthorize, Title: "The resource with a slash after it is refused",
		Rule: "MCP 2026-07-28, authorization, resource parameter; RFC 3986 §6.2.3. URL libraries add the slash, and some clients send what those give them.",
		Mend: "Compare resource without the slash at the end, with scheme and host in lower case.",
	}
	stateChanged = Kind{
		ID: "state-changed", Severity: Fault, Step: StepAuthorize, Title: "state does not come back as it was sent",
		Rule: "RFC 6749 §4.1.2: state is REQUIRED in the answer if it was in the request: the exact value received from the client.",
		Mend: "Send back the decoded octets, encoded anew: + as %2B, / and = as they are or encoded. A plus that becomes a space is the usual cause.",
	}
	stateMissing = Kind{
		ID: "state-missing", Severity: Caution, Step: StepAuthorize, Breaks: nobody, Whom: "people whose request is refused: their client waits in vain", Title: "An error comes back without state",
		Rule: "RFC 6749 §4.1.2.1: state is REQUIRED in an error answer if it was in the request. Without it the client does not know whose error this is, and waits.",
		Mend: "Read state before anything else of the request, and send it back with every error.",
	}
	unknownRedirected = Kind{
		ID: "unknown-client-redirected", Severity: Danger, Step: StepAuthorize, Title: "A client that nobody knows is answered at an address of its own choice",
		Rule: "RFC 6749 §4.1.2.1: if the client identifier is missing or invalid, the server MUST NOT redirect the browser to the redirect URI. Anybody can make a link on this host that leads to theirs.",
		Mend: "Show a page where client_id is not known, before redirect_uri is looked at.",
	}
	nobodyAsked = Kind{
		ID: "nobody-asked", Severity: Danger, Step: StepAuthorize, Title: "A code is given without anybody signing in",
		Rule: "RFC 6749 §3.1: the authorization server MUST first verify the identity of the resource owner; MCP, security best practices: consent for each client that registered itself.",
		Mend: "Show a sign-in page and ask the person before a code is made. Examples of SDKs leave this out; they are not for production.",
	}
	pkceUnchecked = Kind{
		ID: "pkce-not-demanded", Severity: Note, Step: StepAuthorize, Title: "A request without PKCE gets as far as the sign-in page",
		Rule: "draft-ietf-oauth-v2-1 §7.5.2: authorization servers MUST support PKCE, and refuse what lacks it from clients that have no other protection.",
		Mend: "Answer error=invalid_request to a request without code_challenge.",
	}
	formAction = Kind{
		ID: "form-action", Severity: Caution, Step: StepAuthorize, Title: "The page's content security policy may stop the answer",
		Rule: "Content Security Policy Level 3, form-action: Chrome applies it to the redirects that follow a form, so that Allow does nothing when the client's address is not on its list.",
		Mend: "Leave form-action out on the pages that lead back to a client.",
	}
	authorizeKinds = []Kind{authorizeFails, resourceRefused, strangerRedirected, portCompared, slashRefused, stateChanged, stateMissing, unknownRedirected, nobodyAsked, pkceUnchecked, formAction}
)

// An outcome is how far a person got with an authorization request.
type outcome struct {
	page   bool       // a page was shown, as one that goes on
	puzzle bool       // a page that only a browser with scripts gets past
	back   url.Values // the answer that would go to the client; nil: none
	to     string     // where that would go, without the answer
	status int
}

func outcomeOf(x *exchange) outcome {
	o := outcome{status: x.status}
	if x.err != nil {
		return o
	}
	at := x.answer.Get("Location")
	if x.status >= 300 && x.status < 400 && at != "" {
		if base, err := url.Parse(x.end()); err == nil {
			if to, err := base.Parse(at); err == nil {
				o.back = to.Query()
				to.RawQuery = ""
				o.to = to.String()
			}
		}
		return o
	}
	o.page = x.status == http.StatusOK
	o.puzzle = strings.EqualFold(x.answer.Get("Cf-Mitigated"), "challenge")
	return o
}

// refusal is the error of an answer, for people.
func (o outcome) refusal() string {
	return strings.TrimSpace(o.back.Get("error") + " " + o.back.Get("error_description"))
}

func (o outcome) says(x *exchange) string {
	switch {
	case x.err != nil:
		return "There is no answer: " + visible(plainError(x.err), false)
	case o.back.Get("error") != "":
		return "The answer to the client is " + quote(o.refusal())
	case o.back != nil:
		return "The browser is sent to " + quote(o.to)
	case o.status == http.StatusOK:
		return "A page is shown"
	}
	at, _, _ := strings.Cut(x.end(), "?")
	return fmt.Sprintf("The browser is answered %d at %s", o.status, quote(at))
}

func checkAuthorize(o *observations) []Finding {
	a := o.authorize
	if a.right == nil {
		return nil
	}
	right := outcomeOf(a.right)
	if right.puzzle {
		return nil // what comes after it only a person's browser sees
	}
	var all []Finding
	switch {
	case right.back.Get("error") == "invalid_target":
		all = append(all, resourceRefused.found("With resource "+quote(o.resourceID())+": "+right.says(a.right)+".", a.right))
	case !right.page && !right.asksLater():
		all = append(all, authorizeFails.found(right.says(a.right)+".", a.right))
	default:
		all = checkVariants(o, right)
	}
	return append(all, checkState(a)...)
}

// checkState compares the state that came back with the one that was sent.
func checkState(a authorizations) []Finding {
	for _, x := range []*exchange{a.right, a.noPKCE, a.slash, a.otherPort} {
		got := outcomeOf(x)
		if x.err != nil || got.back == nil || !isDoctors(got.to) {
			continue
		}
		switch came := got.back.Get("state"); {
		case came == a.state:
		case came == "" && x != a.right:
			return []Finding{stateMissing.found("Sent was "+quote(a.state)+", and the error "+quote(got.refusal())+" came without it.", x)}
		default:
			return []Finding{stateChanged.found("Sent was "+quote(a.state)+", and back came "+quote(came)+".", x)}
		}
	}
	return nil
}

// asksLater reports whether the answer is a code or a refusal to go on without
// the person, which is not the request's fault.
func (o outcome) asksLater() bool {
	switch o.back.Get("error") {
	case "login_required", "consent_required", "interaction_required", "access_denied":
		return true
	}
	return o.back.Has("code")
}

// checkVariants looks at requests that differ from the right one in one thing.
func checkVariants(o *observations, right outcome) []Finding {
	a := o.authorize
	var all []Finding
	if got := outcomeOf(a.stranger); strings.HasPrefix(got.to, "https://sallyport-doctor.invalid/") {
		all = append(all, strangerRedirected.found("The browser is sent to "+quote(got.to)+", which was not registered.", a.stranger))
	}
	fails := func(x *exchange) bool {
		got := outcomeOf(x)
		return x.err == nil && right.page && !got.page && x.status != http.StatusTooManyRequests && !got.asksLater()
	}
	if got := outcomeOf(a.unknown); a.unknown != nil && isDoctors(got.to) {
		all = append(all, unknownRedirected.found("With client_id "+quote("sallyport-doctor-nobody")+" the browser is sent to "+quote(got.to)+".", a.unknown))
	}
	if right.back.Has("code") {
		all = append(all, nobodyAsked.found("The first request of a client that had just registered, without a cookie, is answered with a code.", a.right))
	}
	if fails(a.otherPort) {
		all = append(all, portCompared.found("Registered is "+quote(a.redirect)+". With another port: "+outcomeOf(a.otherPort).says(a.otherPort)+".", a.otherPort))
	}
	if fails(a.slash) {
		all = append(all, slashRefused.forOnly(o.sendSlash(), "With resource "+quote(otherSlash(o.resourceID()))+": "+outcomeOf(a.slash).says(a.slash)+".", a.slash))
	}
	if got := outcomeOf(a.noPKCE); got.page && right.page {
		all = append(all, pkceUnchecked.found("It may still be refused later.", a.noPKCE))
	}
	// A page of somebody else's who signs people in is not the last one.
	if policy := formActionOf(a.right); right.page && policy != "" && sameOrigin(a.right.url, a.right.end()) {
		all = append(all, formAction.found("The page at "+quote(a.right.end())+" has "+quote(policy)+".", a.right))
	}
	return all
}

// sendSlash are the clients that send a resource with a slash after it.
func (o *observations) sendSlash() []string {
	var all []string
	for _, c := range o.clients {
		for _, n := range c.Connections {
			if n.Authorize.Resource == "slash" {
				all = append(all, c.ID)
				break
			}
		}
	}
	return all
}

// formActionOf is the directive form-action of a page that does not let the
// doctor's redirect URI through.
func formActionOf(x *exchange) string {
	for _, policy := range x.answer.Values("Content-Security-Policy") {
		for directive := range strings.SplitSeq(policy, ";") {
			words := strings.Fields(directive)
			if len(words) == 0 || !strings.EqualFold(words[0], "form-action") {
				continue
			}
			for _, source := range words[1:] {
				if source == "*" || source == "http:" || strings.HasPrefix(source, "http://127.0.0.1") || strings.HasPrefix(source, "http://localhost") {
					return ""
				}
			}
			return strings.Join(words, " ")
		}
	}
	return ""
}
