package doctor

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	signInStopped = Kind{
		ID: "sign-in-stopped", Severity: Note, Step: StepAuthorize, Title: "The sign-in was not completed",
		Rule: "--sign-in needs a person who signs in and allows the doctor.",
		Mend: "Run the doctor again with --sign-in.",
	}
	codeRefused = Kind{
		ID: "code-refused", Severity: Fault, Step: StepToken, Title: "The code is not redeemed",
		Rule: "draft-ietf-oauth-v2-1 §4.1.3: the code, its verifier, the same client_id and redirect_uri; RFC 8707 §2.2: the same resource.",
		Mend: "Look into the authorization server's log for the token request that is shown.",
	}
	tokenIncomplete = Kind{
		ID: "token-incomplete", Severity: Fault, Step: StepToken, Title: "The token response lacks what clients need",
		Rule: "RFC 6749 §5.1: access_token and token_type are REQUIRED.",
		Mend: "Answer with access_token, token_type “Bearer”, expires_in, scope and refresh_token.",
	}
	tokenNoExpiry = Kind{
		ID: "token-without-expiry", Severity: Caution, Step: StepToken, Title: "The token response does not say how long it lasts",
		Rule: "RFC 6749 §5.1: expires_in is RECOMMENDED. Without it clients guess, and refresh too late or all the time.",
		Mend: "Add expires_in, in seconds.",
	}
	tokenStored = Kind{
		ID: "token-cacheable", Severity: Caution, Step: StepToken, Title: "The token response may be stored by caches",
		Rule: "RFC 6749 §5.1: the server MUST include Cache-Control: no-store.",
		Mend: "Send Cache-Control: no-store.",
	}
	tokenAudience = Kind{
		ID: "token-audience", Severity: Caution, Step: StepToken, Title: "The access token is not for this resource",
		Rule: "RFC 8707 §2.2 and MCP 2026-07-28, authorization: the token's audience is the resource that was asked for, and the server MUST reject a token that does not name it.",
		Mend: "Put the resource into aud; an audience shared by several servers lets each of them use the token at the others.",
	}
	scopeNarrowed = Kind{
		ID: "scope-narrowed", Severity: Note, Step: StepToken, Title: "Not everything that was asked for was granted",
		Rule: "RFC 6749 §3.3: the server may grant less than was asked for, and then says so with scope. The person may have left something out.",
		Mend: "Look whether the challenge and scopes_supported name scopes that nobody can get.",
	}
	scopeUntold = Kind{
		ID: "scope-untold", Severity: Caution, Step: StepToken, Title: "The token response does not say that less was granted",
		Rule: "RFC 6749 §5.1: scope is REQUIRED in the answer if it is not identical to what was asked for. Without it the client believes that it has everything.",
		Mend: "Answer each token request with scope.",
	}
	noRefreshToken = Kind{
		ID: "no-refresh-token", Severity: Caution, Step: StepToken, Breaks: string(clientbook.NeedRefreshToken), Title: "There is no refresh token",
		Rule: "RFC 6749 §1.5; MCP 2026-07-28, authorization, refresh tokens. Without one people sign in again whenever the access token ends.",
		Mend: "Issue a refresh token to clients that registered for the grant, with or without offline_access.",
	}
	tokenNotAccepted = Kind{
		ID: "token-not-accepted", Severity: Fault, Step: StepCall, Title: "The MCP server refuses the token that its authorization server issued",
		Rule: "MCP 2026-07-28, authorization: the server accepts tokens that were issued for it.",
		Mend: "Compare what the server expects (issuer, audience, algorithm, key set, scopes) with what is in the token; look at its log. A proxy that removes the Authorization header looks the same.",
	}
	refreshFails = Kind{
		ID: "refresh-fails", Severity: Caution, Step: StepToken, Breaks: string(clientbook.NeedRefreshToken), Title: "Refreshing does not work",
		Rule: "RFC 6749 §6: scope and, at many clients, resource are left out of the request; then those of the grant hold.",
		Mend: "Take a refresh request that has grant_type, refresh_token and client_id only.",
	}
	notRotated = Kind{
		ID: "refresh-not-rotated", Severity: Caution, Step: StepToken, Breaks: string(clientbook.NeedRotated), Title: "The refresh token of a public client is not replaced",
		Rule: "draft-ietf-oauth-v2-1 §4.3.1: refresh tokens of public clients MUST be sender-constrained or rotated.",
		Mend: "Answer each refresh with a new refresh_token.",
	}
	refreshRace = Kind{
		ID: "refresh-race", Severity: Caution, Step: StepToken, Breaks: string(clientbook.NeedConcurrent), Title: "Two windows that refresh at once sign the person out",
		Rule: "RFC 9700 §4.14.2 asks for detection of replayed refresh tokens; parallel refreshes and lost answers of honest clients look the same for a few seconds.",
		Mend: "For 30 to 60 seconds answer the same successor again, and revoke only after that.",
	}
	stepUpChallenge = Kind{
		ID: "step-up-challenge", Severity: Caution, Step: StepUse, Title: "A call that needs more scope does not say which",
		Rule: "MCP 2026-07-28, authorization, scope challenge: 403 with error=\"insufficient_scope\", scope and resource_metadata; RFC 6750 §3.1.",
		Mend: "Answer 403 with WWW-Authenticate: Bearer error=\"insufficient_scope\", scope=\"…\", resource_metadata=\"…\".",
	}
	stepUpFails = Kind{
		ID: "step-up-fails", Severity: Caution, Step: StepUse, Title: "Asking for more scope does not help",
		Rule: "MCP 2026-07-28, authorization, step-up: the client asks for the union of what it had and what the challenge names, and calls again.",
		Mend: "Grant the scopes that the challenge names, and take the new token.",
	}
	revocationIdle = Kind{
		ID: "revocation-without-effect", Severity: Caution, Step: StepToken, Breaks: nobody, Whom: "the people who withdraw what they allowed", Title: "Revoked tokens still work",
		Rule: "RFC 7009 §2: the token is invalidated; revoking a refresh token SHOULD invalidate the access tokens of the grant.",
		Mend: "End the grant when one of its tokens is revoked, and let the MCP server know.",
	}
	codeReplayed = Kind{
		ID: "code-used-twice", Severity: Danger, Step: StepToken, Title: "A code is redeemed twice",
		Rule: "draft-ietf-oauth-v2-1 §4.1.3: the code MUST be used once; a second request MUST be denied, and SHOULD revoke what was issued.",
		Mend: "Spend the code in one atomic step.",
	}
	visitKinds = []Kind{
		signInStopped, codeRefused, tokenIncomplete, tokenNoExpiry, tokenStored, tokenAudience, scopeNarrowed, scopeUntold, noRefreshToken, tokenNotAccepted,
		refreshFails, notRotated, refreshRace, stepUpChallenge, stepUpFails, revocationIdle, codeReplayed,
	}
)

func (v *visit) completed() bool { return v != nil && str(v.granted, "access_token") != "" }

func (v *visit) first() *exchange {
	if v == nil {
		return nil
	}
	return v.call
}

func checkVisit(o *observations) []Finding {
	v := o.visit
	if v == nil {
		return nil
	}
	if v.problem != "" {
		return []Finding{signInStopped.found(strings.ToUpper(v.problem[:1])+v.problem[1:]+".", v.answer)}
	}
	var all []Finding
	back := outcomeOf(v.answer).back
	if got := back.Get("state"); got != v.sent {
		all = append(all, stateChanged.found("Sent was "+quote(v.sent)+", and back came "+quote(got)+".", v.answer))
	}
	if o.as.str("issuer") != "" {
		all = append(all, judgeIss(back.Get("iss"), o.as.str("issuer"), o.as.yes("authorization_response_iss_parameter_supported"), v.answer)...)
	}
	if str(v.granted, "access_token") == "" {
		return append(all, codeRefused.found(stateOfToken(v.token)+".", v.token))
	}
	all = append(all, checkTokenResponse(o, v)...)
	if v.call != nil && !answers(v.call) && !answers(o.catalogue.listed) {
		all = append(all, tokenNotAccepted.found("A call with the token: "+stateOfCall(v.call)+".", v.call))
	}
	all = append(all, checkRefreshed(v)...)
	all = append(all, checkStepUp(v)...)
	return append(all, checkEnd(v)...)
}

func stateOfToken(x *exchange) string {
	if x == nil {
		return "Nobody asked"
	}
	if x.err != nil {
		return "There is no answer: " + visible(plainError(x.err), false)
	}
	members := newMembers(x)
	return fmt.Sprintf("It is answered %d: %s", x.status, quote(strings.TrimSpace(str(members, "error")+" "+str(members, "error_description"))))
}

func checkTokenResponse(o *observations, v *visit) []Finding {
	var all []Finding
	show := func(k Kind, what string) { all = append(all, k.found(what, v.token)) }
	if kind := str(v.granted, "token_type"); !strings.EqualFold(kind, "Bearer") && !strings.EqualFold(kind, "DPoP") {
		show(tokenIncomplete, "token_type is "+quote(kind)+".")
	}
	if seconds, ok := v.granted["expires_in"].(float64); !ok || seconds <= 0 {
		show(tokenNoExpiry, fmt.Sprintf("expires_in is %s.", quote(strings.TrimPrefix(fmt.Sprint(v.granted["expires_in"]), "<nil>"))))
	}
	if !strings.Contains(strings.ToLower(v.token.answer.Get("Cache-Control")), "no-store") {
		show(tokenStored, "Cache-Control is "+quote(v.token.answer.Get("Cache-Control"))+".")
	}
	if v.claims != nil && !slices.ContainsFunc(audiences(v.claims), func(a string) bool { return loosely(a) == loosely(o.resourceID()) }) {
		show(tokenAudience, "aud is "+quote(strings.Join(audiences(v.claims), " "))+", and the resource is "+quote(o.resourceID())+".")
	}
	told := str(v.granted, "scope")
	if missing := without(v.asked, told); told != "" && missing != "" {
		show(scopeNarrowed, "Asked for was "+quote(v.asked)+"; granted was "+quote(told)+".")
	}
	if in := str(v.claims, "scope"); told == "" && in != "" && without(v.asked, in) != "" {
		show(scopeUntold, "Asked for was "+quote(v.asked)+"; in the token is "+quote(in)+"; the answer has no scope.")
	}
	if str(v.granted, "refresh_token") == "" {
		show(noRefreshToken, "refresh_token is not there.")
	}
	return all
}

// without are the scopes of asked that are not among those granted.
// offline_access aside, which says whether there is a refresh token.
func without(asked, granted string) string {
	has := strings.Fields(granted)
	return strings.Join(slices.DeleteFunc(strings.Fields(asked), func(s string) bool {
		return s == "offline_access" || slices.Contains(has, s)
	}), " ")
}

func audiences(claims map[string]any) []string {
	if one := str(claims, "aud"); one != "" {
		return []string{one}
	}
	return texts(claims["aud"])
}

func checkRefreshed(v *visit) []Finding {
	if v.refresh == nil {
		return nil
	}
	if str(v.rotated, "access_token") == "" {
		return []Finding{refreshFails.found(stateOfToken(v.refresh)+".", v.refresh)}
	}
	var all []Finding
	if v.after != nil && answers(v.call) && !answers(v.after) {
		all = append(all, refreshFails.found("A call with the refreshed token: "+stateOfCall(v.after)+".", v.after))
	}
	if next := str(v.rotated, "refresh_token"); next == "" || next == str(v.granted, "refresh_token") {
		return append(all, notRotated.found("The answer has no new refresh_token.", v.refresh))
	}
	switch {
	case v.again == nil || !answers(v.after):
	case v.again.err == nil && v.again.status == http.StatusOK && answers(v.survived):
	case answers(v.survived):
		all = append(all, refreshRace.found("The second request gets nothing: "+stateOfToken(v.again)+". The first goes on working.", v.again))
	default:
		all = append(all, refreshRace.found("After the second request the tokens of the first are dead too: "+stateOfCall(v.survived)+".", v.again, v.survived))
	}
	return all
}

func checkStepUp(v *visit) []Finding {
	if v.short == nil {
		return nil
	}
	c, _ := bearer(v.short)
	if c.parameters["error"] != "insufficient_scope" || c.parameters["scope"] == "" {
		return []Finding{stepUpChallenge.found("WWW-Authenticate is "+quote(v.short.answer.Get("WWW-Authenticate"))+".", v.short)}
	}
	if v.widened != nil && (v.widened.status == http.StatusForbidden || v.widened.status == http.StatusUnauthorized) {
		return []Finding{stepUpFails.found("With the wider token: "+stateOfCall(v.widened)+".", v.widened)}
	}
	return nil
}

func checkEnd(v *visit) []Finding {
	var all []Finding
	if v.revoke != nil {
		switch {
		case v.revoke.err != nil || v.revoke.status != http.StatusOK:
			all = append(all, revocationIdle.found("The request to revoke: "+stateOfCall(v.revoke)+".", v.revoke))
		case v.dead != nil && v.dead.ok():
			all = append(all, revocationIdle.found("The revoked refresh token is taken.", v.revoke, v.dead))
		}
	}
	if v.replay != nil && v.replay.ok() && newMembers(v.replay)["access_token"] != nil {
		all = append(all, codeReplayed.found("The second request with the same code is answered 200.", v.replay))
	}
	return all
}
