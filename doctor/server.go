package doctor

import (
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
	"github.com/sallyport-dev/sallyport/oauth"
)

var (
	endpointsMissing = Kind{
		ID: "endpoints-missing", Severity: Fault, Step: StepServer, Title: "The metadata lacks an endpoint",
		Rule: "RFC 8414 §2: authorization_endpoint and token_endpoint are REQUIRED.",
		Mend: "Add the missing member, as an absolute address.",
	}
	endpointForm = Kind{
		ID: "endpoint-form", Severity: Fault, Step: StepServer, Title: "An endpoint is not an https address",
		Rule: "MCP 2026-07-28, authorization security: all authorization server endpoints MUST be served over HTTPS. Only on this computer may it be http.",
		Mend: "Make it an absolute https address.",
	}
	pkceMissing = Kind{
		ID: "pkce-not-listed", Severity: Fault, Step: StepServer, Breaks: string(clientbook.NeedPKCEListed), Title: "The metadata does not say that PKCE is supported",
		Rule: "MCP 2026-07-28, authorization security: if code_challenge_methods_supported is absent, clients MUST refuse to proceed. RFC 8414 §2.",
		Mend: "Add code_challenge_methods_supported: [\"S256\"] to both metadata documents, and support it.",
	}
	pkceWeak = Kind{
		ID: "pkce-without-s256", Severity: Fault, Step: StepServer, Title: "PKCE is listed without S256",
		Rule: "draft-ietf-oauth-v2-1 §7.5.2: clients MUST use S256; MCP 2026-07-28, authorization security.",
		Mend: "Support S256 and list it.",
	}
	pkcePlain = Kind{
		ID: "pkce-plain", Severity: Note, Step: StepServer, Title: "PKCE's method plain is offered",
		Rule: "RFC 9700 §2.1.1: S256 is the only method that does not expose the verifier.",
		Mend: "Leave plain out.",
	}
	algorithmsMissing = Kind{
		ID: "signing-algorithms-not-listed", Severity: Caution, Step: StepServer, Breaks: string(clientbook.NeedPrivateKeyJWT), Title: "The metadata does not say how private_key_jwt may be signed",
		Rule: "RFC 8414 §2: token_endpoint_auth_signing_alg_values_supported MUST be present if private_key_jwt is listed. ChatGPT signs with RS256.",
		Mend: "Add token_endpoint_auth_signing_alg_values_supported with RS256, and ES256 where it is supported.",
	}
	codeMissing = Kind{
		ID: "code-not-listed", Severity: Caution, Step: StepServer, Title: "The metadata does not list the response type code",
		Rule: "RFC 8414 §2: response_types_supported is REQUIRED.",
		Mend: "Add response_types_supported: [\"code\"].",
	}
	refreshNotListed = Kind{
		ID: "refresh-not-listed", Severity: Caution, Step: StepServer, Breaks: string(clientbook.NeedRefreshToken), Title: "The metadata does not list the grant refresh_token",
		Rule: "RFC 8414 §2: grant_types_supported; where it is left out it means authorization_code and implicit.",
		Mend: "Issue refresh tokens, and list authorization_code and refresh_token.",
	}
	issNotAdvertised = Kind{
		ID: "iss-not-advertised", Severity: Note, Step: StepServer, Title: "The server does not say that it sends iss",
		Rule: "RFC 9207 §3; MCP 2026-07-28, authorization: servers SHOULD return iss, and a later version is to demand it. With it ChatGPT uses one client_id for everyone.",
		Mend: "Send iss with every answer of the authorization endpoint, errors included, and set authorization_response_iss_parameter_supported: true.",
	}
	offlineNotListed = Kind{
		ID: "offline-access-not-listed", Severity: Note, Step: StepServer, Title: "offline_access is not among the scopes",
		Rule: "MCP 2026-07-28, authorization, refresh tokens: a client MAY add offline_access where the server's metadata lists it.",
		Mend: "List it in the authorization server's scopes_supported, unless refresh tokens come without it.",
	}
)

func checkServer(o *observations) []Finding {
	if o.as == nil {
		return nil
	}
	var all []Finding
	show := func(k Kind, what string) { all = append(all, k.found(what, o.as.exchange)) }
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "registration_endpoint"} {
		at := o.as.str(name)
		switch {
		case at == "" && name == "registration_endpoint":
		case at == "":
			show(endpointsMissing, name+" is not there.")
		case !isAddress(at) || strings.HasPrefix(at, "http:") && !isLoopback(at) && !o.private():
			if !o.inward(at) { // or else checkAddresses has the reason
				show(endpointForm, name+" is "+quote(at)+".")
			}
		}
	}
	switch methods, has := o.as.list("code_challenge_methods_supported"); {
	case !has || len(methods) == 0:
		show(pkceMissing, "code_challenge_methods_supported is not there.")
	case !slices.Contains(methods, "S256"):
		show(pkceWeak, "code_challenge_methods_supported is "+quote(strings.Join(methods, " "))+".")
	case slices.Contains(methods, "plain"):
		show(pkcePlain, "code_challenge_methods_supported is "+quote(strings.Join(methods, " "))+".")
	}
	methods, _ := o.as.list("token_endpoint_auth_methods_supported")
	if algorithms, has := o.as.list("token_endpoint_auth_signing_alg_values_supported"); slices.Contains(methods, "private_key_jwt") && !slices.Contains(algorithms, "RS256") {
		what := "token_endpoint_auth_signing_alg_values_supported is " + quote(strings.Join(algorithms, " ")) + ", without RS256."
		if !has {
			what = "private_key_jwt is listed, and token_endpoint_auth_signing_alg_values_supported is not there."
		}
		show(algorithmsMissing, what)
	}
	if types, _ := o.as.list("response_types_supported"); !slices.Contains(types, "code") {
		show(codeMissing, "response_types_supported is "+quote(strings.Join(types, ", "))+".")
	}
	if grants, _ := o.as.list("grant_types_supported"); !slices.Contains(grants, "refresh_token") {
		show(refreshNotListed, "grant_types_supported is "+quote(strings.Join(grants, " "))+".")
	}
	if !o.as.yes("authorization_response_iss_parameter_supported") {
		show(issNotAdvertised, "authorization_response_iss_parameter_supported is not true.")
	}
	if scopes, has := o.as.list("scopes_supported"); has && !slices.Contains(scopes, "offline_access") {
		show(offlineNotListed, "scopes_supported is "+quote(strings.Join(scopes, " "))+".")
	}
	return all
}

func isLoopback(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && oauth.IsLoopbackHost(u.Hostname())
}
