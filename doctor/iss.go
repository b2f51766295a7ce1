package doctor

import "github.com/sallyport-dev/sallyport/internal/clientbook"

var (
	issMissing = Kind{
		ID: "iss-missing", Severity: Fault, Step: StepAuthorize, Breaks: string(clientbook.NeedIss), Title: "iss is promised, and missing",
		Rule: "RFC 9207 §2.3 and MCP 2026-07-28, authorization: where the metadata promises iss, clients MUST reject an answer without it, error answers too.",
		Mend: "Add iss to every redirect back to a client: to errors, and to consent that was remembered. One function should make all of them.",
	}
	issWrong = Kind{
		ID: "iss-wrong", Severity: Fault, Step: StepAuthorize, Breaks: string(clientbook.NeedIss), Title: "iss is not the issuer",
		Rule: "RFC 9207 §2.4: the client MUST compare iss with the issuer by simple string comparison, and MUST reject the answer where they differ.",
		Mend: "Send exactly the issuer of the metadata, octet by octet.",
	}
	issUnannounced = Kind{
		ID: "iss-unannounced", Severity: Caution, Step: StepAuthorize, Title: "iss is sent, and not announced",
		Rule: "MCP 2026-07-28, authorization: a server that sends iss MUST set authorization_response_iss_parameter_supported; RFC 9207 §3.",
		Mend: "Set authorization_response_iss_parameter_supported: true in the metadata.",
	}
	issKinds = []Kind{issMissing, issWrong, issUnannounced}
)

// checkIss looks at every answer that went back to the client, which without
// someone who signs in are errors.
func checkIss(o *observations) []Finding {
	a := o.authorize
	if o.as.str("issuer") == "" {
		return nil
	}
	promised := o.as.yes("authorization_response_iss_parameter_supported")
	for _, x := range []*exchange{a.right, a.noPKCE, a.slash, a.otherPort} {
		if x == nil || x.err != nil {
			continue
		}
		got := outcomeOf(x)
		if !isDoctors(got.to) || !got.back.Has("error") && !got.back.Has("code") {
			continue
		}
		if all := judgeIss(got.back.Get("iss"), o.as.str("issuer"), promised, x); all != nil {
			return all
		}
	}
	return nil
}

func judgeIss(iss, issuer string, promised bool, x *exchange) []Finding {
	switch {
	case iss == "" && promised:
		return []Finding{issMissing.found("The metadata promises it; an answer to the client came without.", x)}
	case iss != "" && iss != issuer:
		return []Finding{issWrong.found("iss is "+quote(iss)+", and the issuer is "+quote(issuer)+".", x)}
	case iss != "" && !promised:
		return []Finding{issUnannounced.found("iss is "+quote(iss)+"; authorization_response_iss_parameter_supported is not true.", x)}
	}
	return nil
}
