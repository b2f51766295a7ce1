package doctor

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	preflightRefused = Kind{
		ID: "preflight-refused", Severity: Fault, Step: StepReach, Breaks: string(clientbook.NeedPreflight), Title: "A browser may not send its request",
		Rule: "Fetch standard, CORS-preflight fetch: OPTIONS is answered with a 2xx status, without authentication, and names origin, method and headers as allowed.",
		Mend: "Answer OPTIONS before anything asks for a token, with Access-Control-Allow-Origin: *, the method, and Access-Control-Allow-Headers with Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name and Last-Event-ID.",
	}
	preflightNewer = Kind{
		ID: "preflight-newer", Severity: Caution, Step: StepReach, Breaks: string(clientbook.NeedPreflight), Title: "A browser may not send the headers of MCP 2026-07-28",
		Rule: "MCP 2026-07-28, Streamable HTTP: Mcp-Method and Mcp-Name stand on every request; Fetch standard, CORS-preflight fetch.",
		Mend: "Add Mcp-Method, Mcp-Name and the Mcp-Param- headers to Access-Control-Allow-Headers.",
	}
	answerUnreadable = Kind{
		ID: "answer-unreadable", Severity: Fault, Step: StepReach, Breaks: string(clientbook.NeedPreflight), Title: "A browser may not read the answer",
		Rule: "Fetch standard, CORS check: every answer needs Access-Control-Allow-Origin, errors too; a preflight that was allowed is not enough.",
		Mend: "Send Access-Control-Allow-Origin: * with every answer, the 401 above all.",
	}
	challengeHidden = Kind{
		ID: "challenge-hidden", Severity: Caution, Step: StepChallenge, Breaks: string(clientbook.NeedPreflight), Title: "A browser may not read the challenge",
		Rule: "Fetch standard, Access-Control-Expose-Headers: a page sees only the headers that are named there. Without the challenge it has to guess where the metadata is, and does not know the scope.",
		Mend: "Send Access-Control-Expose-Headers: WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version with every answer.",
	}
	corsKinds = []Kind{preflightRefused, preflightNewer, answerUnreadable, challengeHidden}
)

func checkPreflights(o *observations) []Finding {
	var all []Finding
	var refused, newerRefused []*exchange
	var why, newerWhy string
	for _, p := range o.preflights {
		if what := p.fault(); what != "" && p.status != http.StatusTooManyRequests {
			what = "For " + p.of + ": " + what
			if strings.Contains(p.of, newer) {
				newerRefused, newerWhy = append(newerRefused, p.exchange), what
				continue
			}
			if why == "" {
				why = what
			}
			refused = append(refused, p.exchange)
		}
	}
	if len(refused) > 0 {
		all = append(all, preflightRefused.found(why+".", refused...))
	} else if len(newerRefused) > 0 {
		all = append(all, preflightNewer.found(newerWhy+".", newerRefused...))
	}
	if x := o.calls.browser; x != nil && x.err == nil {
		hidden := !exposes(x, "WWW-Authenticate") && x.status == http.StatusUnauthorized
		switch {
		case !allowsOrigin(x):
			all = append(all, answerUnreadable.found("The MCP server's answer has Access-Control-Allow-Origin "+quote(x.answer.Get("Access-Control-Allow-Origin"))+".", x))
		case hidden:
			all = append(all, challengeHidden.found("Access-Control-Expose-Headers is "+quote(x.answer.Get("Access-Control-Expose-Headers"))+".", x))
		}
	}
	return append(all, checkReadable(o)...)
}

// checkReadable looks at the answers of the endpoints that a page asks itself.
func checkReadable(o *observations) []Finding {
	for _, x := range []*exchange{o.token.code, o.token.unknown} {
		if x != nil && x.err == nil && x.status < 500 && !allowsOrigin(x) {
			return []Finding{answerUnreadable.found("The token endpoint's answer has Access-Control-Allow-Origin "+quote(x.answer.Get("Access-Control-Allow-Origin"))+".", x)}
		}
	}
	if own := o.ownRegistration(); own.good() && !allowsOrigin(own.exchange) {
		return []Finding{answerUnreadable.found("The registration endpoint's answer has Access-Control-Allow-Origin "+quote(own.answer.Get("Access-Control-Allow-Origin"))+".", own.exchange)}
	}
	return nil
}

// fault says why a browser does not send the request; empty where it does.
func (p preflight) fault() string {
	if p.err != nil {
		return "there is no answer: " + plainError(p.err)
	}
	h := p.answer
	switch {
	case p.status < 200 || p.status > 299:
		return fmt.Sprintf("OPTIONS is answered %d", p.status)
	case !allowsOrigin(p.exchange):
		return "Access-Control-Allow-Origin is " + quote(h.Get("Access-Control-Allow-Origin"))
	}
	if methods := commas(h.Values("Access-Control-Allow-Methods")); p.method != http.MethodPost && p.method != http.MethodGet && !slices.Contains(methods, strings.ToLower(p.method)) {
		return "Access-Control-Allow-Methods is " + quote(h.Get("Access-Control-Allow-Methods"))
	}
	allowed := commas(h.Values("Access-Control-Allow-Headers"))
	for _, name := range p.headers {
		// Fetch standard: * does not stand for Authorization.
		if !slices.Contains(allowed, name) && (name == "authorization" || !slices.Contains(allowed, "*")) {
			return "Access-Control-Allow-Headers lacks " + name
		}
	}
	return ""
}

func commas(fields []string) []string {
	var all []string
	for _, f := range fields {
		for word := range strings.SplitSeq(f, ",") {
			all = append(all, strings.ToLower(strings.TrimSpace(word)))
		}
	}
	return all
}

func allowsOrigin(x *exchange) bool {
	at := x.answer.Get("Access-Control-Allow-Origin")
	return at == "*" || at == browserOrigin
}

func exposes(x *exchange, name string) bool {
	exposed := commas(x.answer.Values("Access-Control-Expose-Headers"))
	return slices.Contains(exposed, strings.ToLower(name)) || slices.Contains(exposed, "*")
}
