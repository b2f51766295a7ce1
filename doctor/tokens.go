package doctor

import (
	"fmt"
	"net/http"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	tokenUnreachable = Kind{
		ID: "token-unreachable", Severity: Fault, Step: StepToken, Title: "The token endpoint does not work",
		Rule: "RFC 6749 §3.2: the token endpoint takes POST, with a form.",
		Mend: "Check that the address in the metadata is the right one and that POST reaches it.",
	}
	tokenErrorForm = Kind{
		ID: "token-error-form", Severity: Caution, Step: StepToken, Title: "An error of the token endpoint is not one that clients understand",
		Rule: "RFC 6749 §5.2: 400 (or 401) with application/json and an error code.",
		Mend: "Answer errors in JSON with error and the status 400 or 401, never with 200, a page or a 5xx.",
	}
	deadRefresh = Kind{
		ID: "dead-refresh-answer", Severity: Caution, Step: StepToken, Breaks: string(clientbook.NeedRefreshToken), Title: "A dead refresh token is not answered invalid_grant",
		Rule: "RFC 6749 §5.2: invalid_grant, with the status 400, for a refresh token that is invalid, expired or revoked. It is how a client learns that it has to ask the person again.",
		Mend: "Answer 400 {\"error\":\"invalid_grant\"}.",
	}
	unknownClient = Kind{
		ID: "unknown-client-answer", Severity: Caution, Step: StepToken, Breaks: string(clientbook.NeedRegistration), Title: "An unknown client is not answered invalid_client",
		Rule: "RFC 6749 §5.2: invalid_client, with the status 401. It is how a client learns that its registration is gone, and registers again.",
		Mend: "Answer 401 {\"error\":\"invalid_client\"} to a client_id that is not known, before anything else of the request is judged.",
	}
	tokenKinds = []Kind{tokenUnreachable, tokenErrorForm, deadRefresh, unknownClient}
)

func checkToken(o *observations) []Finding {
	t := o.token
	var all []Finding
	for _, x := range []*exchange{t.code, t.refresh, t.unknown} {
		if x == nil {
			continue
		}
		if x.err != nil || x.status == http.StatusNotFound || x.status == http.StatusMethodNotAllowed {
			return []Finding{tokenUnreachable.found("At "+quote(x.url)+": "+state(x)+".", x)}
		}
	}
	formed := true
	for _, x := range []*exchange{t.code, t.refresh, t.unknown} {
		if formed && x != nil && !isOAuthError(x) && x.status != http.StatusTooManyRequests {
			formed = false
			all = append(all, tokenErrorForm.found(fmt.Sprintf("%s is answered %d with %s.", quote(x.purpose), x.status, quote(x.mediaType())), x))
		}
	}
	if x := t.refresh; isOAuthError(x) && (errorCode(x) != "invalid_grant" || x.status != http.StatusBadRequest) {
		all = append(all, deadRefresh.found(fmt.Sprintf("It is answered %d %s.", x.status, quote(errorCode(x))), x))
	}
	if x := t.unknown; isOAuthError(x) && errorCode(x) != "invalid_client" {
		all = append(all, unknownClient.found(fmt.Sprintf("It is answered %d %s.", x.status, quote(errorCode(x))), x))
	}
	return all
}

func errorCode(x *exchange) string {
	p := place{members: newMembers(x)}
	return p.str("error")
}

func isOAuthError(x *exchange) bool {
	return x != nil && x.err == nil && x.status >= 400 && x.status < 500 && errorCode(x) != ""
}
