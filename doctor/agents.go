package doctor

import (
	"fmt"
	"net/http"
)

var (
	agentFiltered = Kind{
		ID: "agent-filtered", Severity: Fault, Step: StepReach, Title: "Something turns a client away by its user agent",
		Rule: "The same request gets another answer when the client's own User-Agent stands in it: a bot filter, a firewall's managed rules, or “block AI bots” at the CDN.",
		Mend: "Let the MCP path, /.well-known/ and the OAuth endpoints past the bot rules, for this user agent and for the vendor's published addresses. At Cloudflare: Security → Bots → “Block AI bots”, Browser Integrity Check and Super Bot Fight Mode.",
	}
	acceptRefused = Kind{
		ID: "accept-refused", Severity: Note, Step: StepReach, Title: "Accept: */* is refused",
		Rule: "RFC 9110 §12.5.1: */* means that every media type is acceptable. Clients have to name both types (MCP 2025-11-25, Streamable HTTP); Claude was seen to send */* at times.",
		Mend: "Take */* for both application/json and text/event-stream.",
	}
	limited = Kind{
		ID: "limited", Severity: Note, Step: StepReach, Title: "The server slowed the doctor down",
		Rule: "RFC 6585 §4: 429 says that there were too many requests.",
		Mend: "Some checks saw only the limit; run the doctor again later. Many people's clients share their vendor's addresses: limit by person and client, and by address only generously.",
	}
	agentKinds = []Kind{agentFiltered, acceptRefused, limited}
)

func checkAgents(o *observations) []Finding {
	base := o.calls.initialize
	if !o.reached() {
		return nil
	}
	var all []Finding
	for _, a := range o.calls.agents {
		switch {
		case a.err != nil:
			all = append(all, agentFiltered.forOnly(a.clients, "With the user agent "+quote(a.agent)+" there is no answer: "+plainError(a.err)+".", a.exchange, base))
		case a.status != base.status && a.status != http.StatusTooManyRequests && a.status >= 400:
			all = append(all, agentFiltered.forOnly(a.clients, fmt.Sprintf("With the user agent %s it is answered %d, and without it %d.", quote(a.agent), a.status, base.status), a.exchange, base))
		}
	}
	for _, a := range o.documentAgents {
		before := a.like
		if a.err != nil || a.status != before.status && a.status != http.StatusTooManyRequests && a.status >= 400 {
			all = append(all, agentFiltered.forOnly(a.clients, "With the user agent "+quote(a.agent)+" the metadata at "+quote(a.url)+" is not to be had: "+state(a.exchange)+".", a.exchange, before))
		}
	}
	if x := o.calls.anyAccept; x != nil && x.err == nil && x.status != base.status && (x.status == http.StatusNotAcceptable || x.status == http.StatusBadRequest) {
		all = append(all, acceptRefused.found(fmt.Sprintf("With Accept: */* it is answered %d, and else %d.", x.status, base.status), x))
	}
	for _, x := range o.trace {
		if x.err == nil && x.status == http.StatusTooManyRequests {
			all = append(all, limited.found(quote(x.purpose)+" was answered 429.", x))
			break
		}
	}
	return all
}
