package doctor

import (
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	serverMissing = Kind{
		ID: "server-metadata-missing", Severity: Fault, Step: StepServer, Breaks: "way:" + string(StepServer), Title: "The authorization server has no metadata that a client finds",
		Rule: "RFC 8414 §3, OpenID Connect Discovery 1.0 §4; MCP 2026-07-28, authorization: authorization servers MUST provide at least one of the two.",
		Mend: "Serve the document at /.well-known/oauth-authorization-server of the issuer (with the issuer's path after it), or correct the issuer in authorization_servers.",
	}
	issuerSlash = Kind{
		ID: "issuer-slash", Severity: Fault, Step: StepServer, Breaks: string(clientbook.NeedIssuerExact), Title: "The issuer has two spellings",
		Rule: "RFC 8414 §3.3: the issuer value MUST be identical to the one used to make the address; if not, the data MUST NOT be used. They are compared octet by octet.",
		Mend: "Write the issuer the same in authorization_servers and in issuer, and in iss: one string, without a slash at the end.",
	}
	issuerMismatch = Kind{
		ID: "issuer-mismatch", Severity: Fault, Step: StepServer, Title: "The issuer is not who was asked",
		Rule: "RFC 8414 §3.3: the issuer value MUST be identical to the one used to make the address; if not, the data MUST NOT be used.",
		Mend: "Name in authorization_servers exactly what the metadata says is its issuer, or have the metadata say what was asked for. A document copied from an upstream identity server is the usual cause.",
	}
	issuersDiffer = Kind{
		ID: "server-documents-differ", Severity: Caution, Step: StepServer, Title: "The two metadata documents of the authorization server disagree",
		Rule: "RFC 8414 §5: the documents describe one server; clients read whichever they find first.",
		Mend: "Serve the same content at every place.",
	}
	serverKinds = []Kind{endpointsMissing, endpointForm, pkceMissing, pkceWeak, pkcePlain, algorithmsMissing, codeMissing, refreshNotListed, issNotAdvertised, offlineNotListed}
	issuerKinds = []Kind{serverMissing, issuerSlash, issuerMismatch, issuersDiffer}
)

func checkIssuer(o *observations) []Finding {
	if o.issuer == "" {
		return nil
	}
	if o.as == nil {
		if o.inward(o.issuer) {
			return nil // checkAddresses has the reason
		}
		var said []string
		var shown []*exchange
		for i := range o.server {
			said = append(said, o.server[i].where+": "+state(o.server[i].exchange))
			shown = append(shown, o.server[i].exchange)
		}
		if len(said) == 0 {
			said = []string{quote(o.issuer) + " is no address"}
			shown = append(shown, o.prm.exchange)
		}
		return []Finding{serverMissing.found("The issuer is "+quote(o.issuer)+". "+visible(strings.Join(said, "; "), false)+".", shown...)}
	}
	var all []Finding
	got := o.as.str("issuer")
	what := "The resource's metadata names " + quote(o.issuer) + "; the document at " + quote(o.as.url) + " says that its issuer is " + quote(got) + "."
	switch {
	case got == o.issuer:
	case strings.TrimSuffix(got, "/") == strings.TrimSuffix(o.issuer, "/"):
		all = append(all, issuerSlash.found(what, o.prm.exchange, o.as.exchange))
	default:
		all = append(all, issuerMismatch.found(what, o.prm.exchange, o.as.exchange))
	}
	for i := range o.server {
		p := &o.server[i]
		if !p.found() || p.exchange == o.as.exchange {
			continue
		}
		for _, name := range []string{"issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint", "jwks_uri"} {
			if p.str(name) != o.as.str(name) && p.str(name) != "" {
				all = append(all, issuersDiffer.found(name+" is "+quote(p.str(name))+" at "+quote(p.url)+", and "+quote(o.as.str(name))+" at "+quote(o.as.url)+".", p.exchange, o.as.exchange))
				break
			}
		}
	}
	return all
}

// isAddress reports whether raw is an absolute http or https address.
func isAddress(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}
