package doctor

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	unreachable = Kind{
		ID: "unreachable", Severity: Fault, Step: StepReach, Title: "The server cannot be reached",
		Rule: "MCP 2025-11-25, Streamable HTTP: the server MUST provide a single HTTP endpoint path that supports POST.",
		Mend: "Check the address for a slip, that the name is in DNS, that the server runs, and that no firewall stands between.",
	}
	privateAddress = Kind{
		ID: "private-address", Severity: Note, Step: StepReach, Breaks: string(clientbook.NeedPublicAddress),
		Title: "The address is on this computer or on a private network",
		Rule:  "Hosted clients connect from their vendor's network.",
		Mend:  "To use it from ChatGPT, claude.ai and other hosted clients, give the server a public https address, for example with a tunnel. What is said of them here is what they would see there.",
	}
	noIPv4 = Kind{
		ID: "no-ipv4", Severity: Caution, Step: StepReach,
		Title: "The name has no IPv4 address",
		Rule:  "Claude connects from 160.79.104.0/21, which is IPv4 only. Other vendors do not say.",
		Mend:  "Add an A record.",
	}
	notFound = Kind{
		ID: "not-found", Severity: Fault, Step: StepReach, Title: "There is nothing at this path",
		Rule: "MCP 2025-11-25, Streamable HTTP: the MCP endpoint is one path that supports POST.",
		Mend: "Check the path: it is often /mcp. A server of the old HTTP+SSE transport (/sse) has to be moved to Streamable HTTP.",
	}
	serverError = Kind{
		ID: "server-error", Severity: Fault, Step: StepReach, Title: "The server fails",
		Rule: "RFC 9110 §15.6: a 5xx status says that the server is aware that it has erred.",
		Mend: "Look into the server's log, or that of the proxy in front of it, for the request that is shown here.",
	}
	notMCP = Kind{
		ID: "not-mcp", Severity: Fault, Step: StepReach, Title: "What answers there does not speak MCP",
		Rule: "MCP 2025-11-25, Streamable HTTP: to a request the server answers with application/json or text/event-stream that holds a JSON-RPC response.",
		Mend: "Give the address of the MCP endpoint itself, not that of a website or of its documentation; check that the proxy in front passes POST on.",
	}
	redirectedAway = Kind{
		ID: "redirected-away", Severity: Fault, Step: StepReach, Title: "The address redirects to another host",
		Rule: "MCP 2026-07-28, authorization: the token goes in the Authorization header of every request; HTTP clients drop that header when they are sent to another host.",
		Mend: "Give people the address where it ends, or serve MCP at this one without a redirect.",
	}
	redirected = Kind{
		ID: "redirected", Severity: Fault, Step: StepReach, Breaks: string(clientbook.NeedBothSlashes), Title: "The address redirects",
		Rule: "MCP 2025-11-25, Streamable HTTP: every message is a POST to the MCP endpoint; at a redirect some clients lose the method, the body or the Authorization header.",
		Mend: "Serve MCP at exactly this address. Frameworks that redirect /mcp to /mcp/ have a switch for it (redirect_slashes, strict slash).",
	}
	slashNotServed = Kind{
		ID: "slash-not-served", Severity: Note, Step: StepReach, Title: "With a slash after it the address does not answer",
		Rule: "MCP 2026-07-28, authorization, resource parameter: implementations SHOULD use the form without the trailing slash. People copy addresses with one all the same.",
		Mend: "Serve the same at both, without redirecting.",
	}
	slashMissing = Kind{
		ID: "slash-missing", Severity: Caution, Step: StepReach, Breaks: string(clientbook.NeedBothSlashes), Title: "The address answers only with a slash after it",
		Rule: "MCP 2026-07-28, authorization, resource parameter: implementations SHOULD use the form without the trailing slash, and some clients strip it.",
		Mend: "Serve the same at both, without redirecting.",
	}
	reachKinds = []Kind{unreachable, privateAddress, noIPv4, notFound, serverError, notMCP, redirectedAway, redirected, slashMissing, slashNotServed}
)

func checkReach(o *observations) []Finding {
	x := o.calls.initialize
	switch {
	case o.network.err != nil:
		return []Finding{unreachable.found("The name " + quote(o.target.Hostname()) + " cannot be looked up: " + visible(plainError(o.network.err), false) + ".")}
	case x.err != nil && certificateError(x.err) != "":
		return nil // checkTLS
	case x.err != nil:
		return []Finding{unreachable.found("There is no answer: "+visible(plainError(x.err), false)+".", x)}
	}
	var all []Finding
	if o.private() {
		all = append(all, privateAddress.forOnly(o.hosted(), fmt.Sprintf("%s is %s, which the internet does not reach.", o.target.Hostname(), o.network.addresses[0].Unmap())))
	} else if !o.network.hasIPv4() {
		all = append(all, noIPv4.forOnly([]string{"claude"}, fmt.Sprintf("%s has only IPv6 addresses.", o.target.Hostname())))
	}
	all = append(all, checkRedirect(o)...)
	_, speaks := rpc(x)
	switch {
	case x.status == http.StatusNotFound && !speaks:
		all = append(all, notFound.found("A POST to the address is answered 404.", x))
	case x.status >= 500:
		all = append(all, serverError.found(fmt.Sprintf("A POST to the address is answered %d.", x.status), x))
	case x.status == http.StatusMethodNotAllowed:
		all = append(all, notMCP.found("A POST to the address is answered 405: it takes no POST.", x))
	case x.status == http.StatusOK && !speaks && !o.calls.open():
		all = append(all, notMCP.found("A POST to the address is answered 200 with "+quote(x.mediaType())+", which holds no JSON-RPC response.", x))
	}
	return all
}

func checkRedirect(o *observations) []Finding {
	x, slash := o.calls.initialize, o.calls.slash
	switch {
	case len(x.hops) > 0 && !sameOrigin(x.url, x.end()):
		return []Finding{redirectedAway.found("A POST is sent on to "+quote(x.end())+".", x)}
	case len(x.hops) > 0:
		return []Finding{redirected.found("A POST is sent on to "+quote(x.end())+".", x)}
	case slash == nil || slash.err != nil:
		return nil
	case slash.status >= 300 && slash.status < 400 || slash.status != x.status && (slash.status == http.StatusNotFound || slash.status == http.StatusMethodNotAllowed):
		kind := slashNotServed
		if strings.HasSuffix(o.target.Path, "/") {
			kind = slashMissing
		}
		return []Finding{kind.found(fmt.Sprintf("%s is answered %d, and %s is answered %d.", quote(x.url), x.status, quote(slash.url), slash.status), slash)}
	}
	return nil
}

// hosted are the clients that connect from their vendor's network.
func (o *observations) hosted() []string {
	var all []string
	for _, c := range o.clients {
		for _, n := range c.Connections {
			if slices.Contains(n.Needs, clientbook.NeedPublicAddress) {
				all = append(all, c.ID)
				break
			}
		}
	}
	return all
}
