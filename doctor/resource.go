package doctor

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
)

var (
	resourceMissing = Kind{
		ID: "resource-metadata-missing", Severity: Fault, Step: StepResource, Breaks: "way:" + string(StepResource), Title: "The resource has no metadata that a client finds",
		Rule: "RFC 9728 §3 and MCP 2026-07-28, authorization server discovery: servers MUST implement protected resource metadata, named by the challenge or at a well-known address.",
		Mend: "Serve it as JSON at /.well-known/oauth-protected-resource followed by the path of the MCP server, and at the same without that path, to everybody.",
	}
	resourceNotExact = Kind{
		ID: "resource-not-exact", Severity: Fault, Step: StepResource, Breaks: string(clientbook.NeedResourceExact), Title: "The metadata's resource is not the address that was entered",
		Rule: "RFC 9728 §3.3: the resource value returned MUST be identical to the protected resource's identifier; if not, the data MUST NOT be used.",
		Mend: "Make resource exactly the address that people enter, byte for byte, without a slash at the end; or have people enter exactly what resource says.",
	}
	resourceElsewhere = Kind{
		ID: "resource-elsewhere", Severity: Fault, Step: StepResource, Title: "The metadata is about another resource",
		Rule: "RFC 9728 §3.3: the resource value returned MUST be identical to the protected resource's identifier; if not, the data MUST NOT be used.",
		Mend: "Make resource the public address of this MCP server, one document for each of them.",
	}
	resourceDiffer = Kind{
		ID: "resource-documents-differ", Severity: Caution, Step: StepResource, Title: "The resource's metadata is not the same everywhere",
		Rule: "RFC 9728 §3: there is one metadata document for a resource; clients look for it at different places.",
		Mend: "Serve the same document at the address in the challenge and at the well-known one.",
	}
	serversMissing = Kind{
		ID: "authorization-servers-missing", Severity: Fault, Step: StepResource, Title: "The metadata names no authorization server",
		Rule: "MCP 2026-07-28, authorization server discovery: the document MUST have authorization_servers with at least one entry.",
		Mend: "Add authorization_servers: [\"https://…\"], the issuer of the authorization server, byte for byte.",
	}
	severalServers = Kind{
		ID: "several-authorization-servers", Severity: Note, Step: StepResource, Title: "There are several authorization servers",
		Rule: "RFC 9728 §7.6 leaves the choice to the client; Claude and VS Code take the first.",
		Mend: "Put the one that all clients can use first.",
	}
	documentType = Kind{
		ID: "document-type", Severity: Caution, Step: StepResource, Title: "A metadata document is not served as JSON",
		Rule: "RFC 9728 §3.2 and RFC 8414 §3.2: the answer MUST use the application/json content type.",
		Mend: "Send Content-Type: application/json.",
	}
	documentMoved = Kind{
		ID: "document-moved", Severity: Caution, Step: StepResource, Title: "A metadata document is behind a redirect",
		Rule: "RFC 9728 §3.2 and RFC 8414 §3.2: a successful answer has the status 200; clients that fear being sent to an address inside do not follow.",
		Mend: "Serve the document at the address itself.",
	}
	resourceKinds = []Kind{resourceMissing, resourceNotExact, resourceElsewhere, resourceDiffer, serversMissing, severalServers, documentType, documentMoved}
)

func checkResource(o *observations) []Finding {
	if !o.reached() || o.calls.open() && o.prm == nil {
		return nil
	}
	if o.prm == nil {
		if o.calls.initialize.status != http.StatusUnauthorized {
			return nil // it did not ask for a token; checkReach or checkChallenge has said so
		}
		var shown []*exchange
		var said []string
		for i := range o.resource {
			shown = append(shown, o.resource[i].exchange)
			said = append(said, placeName(&o.resource[i], o)+": "+state(o.resource[i].exchange))
		}
		return []Finding{resourceMissing.found(strings.Join(said, "; ")+".", shown...)}
	}
	all := checkIdentity(o)
	servers, has := o.prm.list("authorization_servers")
	switch {
	case len(servers) == 0:
		what := "authorization_servers is not there."
		if has {
			what = "authorization_servers is there, and has no text in it."
		}
		all = append(all, serversMissing.found(what, o.prm.exchange))
	case len(servers) > 1:
		all = append(all, severalServers.found(fmt.Sprintf("There are %d; %s is the first.", len(servers), quote(servers[0])), o.prm.exchange))
	}
	for _, places := range [][]place{o.resource, o.server} {
		for i := range places {
			p := &places[i]
			if p.found() && !p.isJSON() {
				all = append(all, documentType.found(quote(p.url)+" is served as "+quote(p.mediaType())+".", p.exchange))
			}
			if p.found() && len(p.hops) > 0 {
				all = append(all, documentMoved.found(quote(p.url)+" is sent on to "+quote(p.end())+".", p.exchange))
			}
		}
	}
	return all
}

// checkIdentity compares resource with the address that was entered.
func checkIdentity(o *observations) []Finding {
	entered, got := o.resourceURL(), o.prm.str("resource")
	var all []Finding
	switch {
	case got == entered:
	case got == "":
		all = append(all, resourceElsewhere.found("resource is not there.", o.prm.exchange))
	case covers(got, entered) && loosely(got) != loosely(entered):
		all = append(all, resourceNotExact.forOnly(o.exact(), "resource is "+quote(got)+", and what was entered is "+quote(entered)+".", o.prm.exchange))
	case loosely(got) == loosely(entered):
		all = append(all, resourceNotExact.found("resource is "+quote(got)+", and what was entered is "+quote(entered)+".", o.prm.exchange))
	case o.inward(got):
		// checkAddresses has the reason.
	default:
		all = append(all, resourceElsewhere.found("resource is "+quote(got)+", and what was entered is "+quote(entered)+".", o.prm.exchange))
	}
	root := o.origin() + "/.well-known/oauth-protected-resource"
	for i := range o.resource {
		p := &o.resource[i]
		if !p.found() || p.exchange == o.prm.exchange {
			continue
		}
		// The document at the root may be about the origin.
		if same := p.str("resource") == got; !same && p.url != root {
			all = append(all, resourceDiffer.found("At "+quote(p.url)+" resource is "+quote(p.str("resource"))+", and at "+quote(o.prm.url)+" it is "+quote(got)+".", p.exchange, o.prm.exchange))
		} else if servers, _ := p.list("authorization_servers"); same && len(servers) > 0 && servers[0] != o.issuer {
			all = append(all, resourceDiffer.found("At "+quote(p.url)+" the authorization server is "+quote(servers[0])+", and at "+quote(o.prm.url)+" it is "+quote(o.issuer)+".", p.exchange, o.prm.exchange))
		}
	}
	return all
}

// exact are the clients for which not even a resource above the address will do.
func (o *observations) exact() []string {
	all := []string{}
	for _, c := range o.clients {
		if slices.ContainsFunc(c.Connections, func(n clientbook.Connection) bool {
			return n.Discovery.Match == "url" && slices.Contains(n.Needs, clientbook.NeedResourceExact)
		}) {
			all = append(all, c.ID)
		}
	}
	return all
}

// loosely is a URL as a lenient client compares it.
func loosely(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return originOf(raw) + strings.TrimSuffix(u.EscapedPath(), "/") + "?" + u.RawQuery
}

// covers reports whether got is the origin, or a path above, of entered.
func covers(got, entered string) bool {
	return sameOrigin(got, entered) && strings.HasPrefix(strings.TrimSuffix(loosely(entered), "?")+"/", strings.TrimSuffix(loosely(got), "?")+"/")
}
