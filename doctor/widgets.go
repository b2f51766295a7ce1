package doctor

import (
	"net/url"
	"strings"
)

var (
	widgetMissing = Kind{
		ID: "widget-missing", Severity: Caution, Step: StepUse, Title: "A tool names a page that is not there",
		Rule: "MCP Apps 2026-01-26: _meta.ui.resourceUri names a ui:// resource that resources/read returns.",
		Mend: "Register the resource under exactly the address that the tool names.",
	}
	widgetType = Kind{
		ID: "widget-type", Severity: Caution, Step: StepUse, Title: "A page has a media type that hosts do not show",
		Rule: "MCP Apps 2026-01-26: text/html;profile=mcp-app, exactly so. ChatGPT also takes text/html+skybridge.",
		Mend: "Return mimeType text/html;profile=mcp-app.",
	}
	widgetAddress = Kind{
		ID: "widget-address", Severity: Caution, Step: StepUse, Title: "A page is not at a ui:// address",
		Rule: "MCP Apps 2026-01-26: the address of a page MUST begin with ui://.",
		Mend: "Use a ui:// address in the tool and for the resource.",
	}
	widgetPolicy = Kind{
		ID: "widget-policy", Severity: Caution, Step: StepUse, Title: "A page's content security policy does not allow what it needs, or is not one",
		Rule: "MCP Apps 2026-01-26: _meta.ui.csp with connectDomains, resourceDomains and frameDomains, lists of origins; where it is left out nothing may be loaded from elsewhere.",
		Mend: "List each origin that the page loads from or calls, as https://host, without a path.",
	}
	widgetKinds = []Kind{widgetMissing, widgetType, widgetAddress, widgetPolicy}
)

func checkWidgets(o *observations) []Finding {
	var all []Finding
	for _, w := range o.catalogue.widgets {
		if !strings.HasPrefix(w.uri, "ui://") {
			all = append(all, widgetAddress.found("The tool "+quote(w.tool)+" names "+quote(w.uri)+".", o.catalogue.listed))
		}
		if w.content == nil {
			all = append(all, widgetMissing.found("The tool "+quote(w.tool)+" names "+quote(w.uri)+"; "+stateOfCall(w.exchange)+".", w.exchange))
			continue
		}
		if kind, _ := w.content["mimeType"].(string); !shows(kind) {
			all = append(all, widgetType.found(quote(w.uri)+" is "+quote(kind)+".", w.exchange))
		}
		if what := policyFault(w.content); what != "" {
			all = append(all, widgetPolicy.found(quote(w.uri)+": "+what+".", w.exchange))
		}
	}
	return all
}

func shows(kind string) bool {
	return kind == "text/html;profile=mcp-app" || kind == "text/html+skybridge"
}

// policyFault says what is wrong with the policy of a page: an entry that is no
// origin, or something from elsewhere in the page that no entry allows.
func policyFault(content map[string]any) string {
	meta, _ := content["_meta"].(map[string]any)
	ui, _ := meta["ui"].(map[string]any)
	csp, _ := ui["csp"].(map[string]any)
	old, _ := meta["openai/widgetCSP"].(map[string]any)
	var allowed []string
	for _, list := range []any{
		csp["connectDomains"], csp["resourceDomains"], csp["frameDomains"], csp["baseUriDomains"],
		old["connect_domains"], old["resource_domains"], old["frame_domains"], old["redirect_domains"],
	} {
		allowed = append(allowed, texts(list)...)
	}
	for _, entry := range allowed {
		u, err := url.Parse(entry)
		if err != nil || u.Scheme == "" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
			return quote(entry) + " is not an origin"
		}
	}
	page, _ := content["text"].(string)
	for _, from := range sourcesOf(page) {
		if !covered(from, allowed) {
			return "the page loads from " + quote(from) + ", which its policy does not allow"
		}
	}
	return ""
}

// sourcesOf are the origins of the scripts, images and styles that a page names.
func sourcesOf(page string) []string {
	var all []string
	for _, mark := range []string{`src="`, `src='`} {
		for rest := page; ; {
			at := strings.Index(rest, mark)
			if at < 0 {
				break
			}
			rest = rest[at+len(mark):]
			end := strings.IndexAny(rest, `"'`)
			if end < 0 {
				break
			}
			if from := rest[:end]; strings.HasPrefix(from, "https://") || strings.HasPrefix(from, "http://") {
				all = append(all, originOf(from))
			}
		}
	}
	return all
}

func covered(origin string, allowed []string) bool {
	for _, entry := range allowed {
		before, after, wild := strings.Cut(originOf(entry), "*")
		if originOf(entry) == origin || wild && strings.HasPrefix(origin, before) && strings.HasSuffix(origin, after) {
			return true
		}
	}
	return false
}
