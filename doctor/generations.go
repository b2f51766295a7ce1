package doctor

import (
	"fmt"
	"net/http"
)

var (
	olderMissing = Kind{
		ID: "older-generation-missing", Severity: Fault, Step: StepCall, Title: "The server does not speak the older generation of MCP",
		Rule: "MCP 2026-07-28, versioning: a server may drop initialize; clients of 2025-11-25 and before know nothing else.",
		Mend: "Serve initialize and sessions as well for as long as your people have such clients.",
	}
	newerOdd = Kind{
		ID: "newer-generation-odd", Severity: Caution, Step: StepCall, Title: "server/discover is answered in a way that stops newer clients",
		Rule: "MCP 2026-07-28, Streamable HTTP: a server that does not know the version or the method answers 400 or 404; the client then begins with initialize.",
		Mend: "Answer an unknown version 400 and an unknown method 404, never with a 5xx and never not at all.",
	}
	newerMissing = Kind{
		ID: "newer-generation-missing", Severity: Note, Step: StepCall, Title: "The server does not speak MCP 2026-07-28",
		Rule: "MCP 2026-07-28, versioning: clients fall back to initialize, at the price of one more request.",
		Mend: "Move to an SDK that knows both generations when it suits you.",
	}
	streamOdd = Kind{
		ID: "stream-odd", Severity: Caution, Step: StepCall, Title: "GET at the MCP server is answered oddly",
		Rule: "MCP 2025-11-25, Streamable HTTP: a GET is answered with text/event-stream, or with 405.",
		Mend: "Answer GET with 405 where the server offers no stream.",
	}
	originUnchecked = Kind{
		ID: "origin-unchecked", Severity: Danger, Step: StepCall, Title: "Any web page may call this server on your computer",
		Rule: "MCP 2025-11-25, Streamable HTTP, security: servers MUST validate the Origin header; where it is there and is not valid the answer is 403. It keeps DNS rebinding away.",
		Mend: "Answer 403 where Origin is there and is not one of your own; most SDKs have a setting for it (allowed hosts, allowed origins).",
	}
	generationKinds = []Kind{olderMissing, newerOdd, newerMissing, streamOdd, originUnchecked}
)

func checkGenerations(o *observations) []Finding {
	c := o.calls
	if !o.reached() || c.discover == nil {
		return nil
	}
	var all []Finding
	speaksOlder, speaksNewer := answers(c.initialize), answers(c.discover)
	switch {
	case speaksNewer && !speaksOlder:
		all = append(all, olderMissing.forOnly(o.olderOnly(), "initialize: "+stateOfCall(c.initialize)+"; server/discover is answered.", c.initialize))
	case c.discover.err != nil, c.discover.status >= 500 && c.initialize.status < 500:
		all = append(all, newerOdd.forOnly(o.newerFirst(), "server/discover: "+stateOfCall(c.discover)+".", c.discover))
	case speaksOlder && !speaksNewer:
		all = append(all, newerMissing.found("server/discover: "+stateOfCall(c.discover)+".", c.discover))
	}
	if x := c.stream; x != nil && c.initialize.status < 500 && (x.err != nil || x.status >= 500) {
		all = append(all, streamOdd.found(stateOfCall(x)+".", x))
	}
	if x := c.rebound; x != nil && x.ok() && c.open() {
		all = append(all, originUnchecked.found("A call with the Origin https://sallyport-doctor.invalid is answered as any other.", x))
	}
	return all
}

// answers reports whether a call was answered with a result.
func answers(x *exchange) bool {
	a, ok := rpc(x)
	return ok && x.ok() && a.Result != nil
}

func stateOfCall(x *exchange) string {
	if x.err != nil {
		return "there is no answer: " + visible(plainError(x.err), false)
	}
	if a, ok := rpc(x); ok && a.Error != nil {
		return fmt.Sprintf("%d, error %d %s", x.status, a.Error.Code, quote(a.Error.Message))
	}
	return fmt.Sprintf("%d %s", x.status, http.StatusText(x.status))
}

// olderOnly are the clients that know nothing but the older generation;
// newerFirst are the others.
func (o *observations) olderOnly() []string  { return o.speaking(false) }
func (o *observations) newerFirst() []string { return o.speaking(true) }

func (o *observations) speaking(modern bool) []string {
	all := []string{}
	for _, c := range o.clients {
		knows := false
		for _, n := range c.Connections {
			knows = knows || n.Calls.Protocol >= newer
		}
		if knows == modern {
			all = append(all, c.ID)
		}
	}
	return all
}
