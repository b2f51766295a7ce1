package doctor

import "net/http"

var (
	documentRefused = Kind{
		ID: "document-refused", Severity: Fault, Step: StepAuthorize, Title: "The metadata document of a client is refused",
		Rule: "draft-ietf-oauth-client-id-metadata-document §4; MCP 2026-07-28, client registration: the server SHOULD fetch the document, ignores members that it does not know, and checks redirect_uri against it.",
		Mend: "Fetch the document that is the client_id, take plural and singular of the authentication methods, ignore unknown grants, and look whether the vendor's host turns your fetches away.",
	}
	documentKinds = []Kind{documentRefused}
)

func checkDocuments(o *observations) []Finding {
	if right := o.authorize.right; right != nil && (outcomeOf(right).puzzle || !outcomeOf(right).page && !outcomeOf(right).asksLater()) {
		return nil // nobody gets to the sign-in page; checkAuthorize has said so
	}
	var all []Finding
	for _, d := range o.authorize.documents {
		got := outcomeOf(d.exchange)
		if d.err == nil && (got.page || got.puzzle || got.asksLater() || d.status == http.StatusTooManyRequests) {
			continue
		}
		all = append(all, documentRefused.forOnly(d.clients, "With the client_id "+quote(d.url)+": "+got.says(d.exchange)+".", d.exchange))
	}
	return all
}
