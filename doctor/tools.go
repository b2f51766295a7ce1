package doctor

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	toolsMissing = Kind{
		ID: "tools-missing", Severity: Caution, Step: StepUse, Title: "The tools cannot be listed",
		Rule: "MCP 2025-11-25, tools: a server that declares the capability answers tools/list.",
		Mend: "Look into the server's log for the request that is shown.",
	}
	toolName = Kind{
		ID: "tool-name", Severity: Caution, Step: StepUse, Title: "A tool has a name that some clients refuse",
		Rule: "MCP 2025-11-25, tools, tool names: SHOULD be 1 to 128 of the characters A–Z a–z 0–9 _ - . and without spaces; several clients allow 64 and no dot.",
		Mend: "Rename the tool: at most 64 letters, digits, _ and -.",
	}
	toolSchema = Kind{
		ID: "tool-schema", Severity: Caution, Step: StepUse, Title: "A tool has no usable input schema",
		Rule: "MCP 2025-11-25, tools: inputSchema MUST be a valid JSON Schema object with type object.",
		Mend: "Give the tool an inputSchema with \"type\": \"object\"; one without parameters has {\"type\":\"object\",\"additionalProperties\":false}.",
	}
	toolSecurity = Kind{
		ID: "tool-security", Severity: Caution, Step: StepUse, Title: "A tool's securitySchemes cannot be used",
		Rule: "ChatGPT, authentication per tool: securitySchemes is a list of objects whose type is noauth or oauth2, the latter with scopes that the server issues; _meta.securitySchemes says the same.",
		Mend: "Correct the scheme; name only scopes that scopes_supported lists.",
	}
	toolKinds = []Kind{toolsMissing, toolName, toolSchema, toolSecurity}
)

var goodName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func checkTools(o *observations) []Finding {
	c := o.catalogue
	if c.listed == nil {
		return nil
	}
	if a, ok := rpc(c.listed); !ok || a.Error != nil && a.Error.Code != -32601 {
		return []Finding{toolsMissing.found(stateOfCall(c.listed)+".", c.listed)}
	}
	var all []Finding
	var names, schemas []string
	for _, tool := range c.tools {
		name, _ := tool["name"].(string)
		if !goodName.MatchString(name) {
			names = append(names, quote(name))
		}
		if schema, _ := tool["inputSchema"].(map[string]any); schema["type"] != "object" {
			schemas = append(schemas, quote(name))
		}
		if what := o.securityFault(tool); what != "" {
			all = append(all, toolSecurity.found("The tool "+quote(name)+": "+what+".", c.listed))
		}
	}
	if len(names) > 0 {
		all = append(all, toolName.found("Named so: "+some(names)+".", c.listed))
	}
	if len(schemas) > 0 {
		all = append(all, toolSchema.found("Without one: "+some(schemas)+".", c.listed))
	}
	return all
}

// some are a few of many words.
func some(words []string) string {
	if len(words) > 5 {
		return strings.Join(words[:5], ", ") + fmt.Sprintf(" and %d more", len(words)-5)
	}
	return strings.Join(words, ", ")
}

// securityFault says what is wrong with the securitySchemes of a tool.
func (o *observations) securityFault(tool map[string]any) string {
	meta, _ := tool["_meta"].(map[string]any)
	known, _ := o.as.list("scopes_supported")
	more, _ := o.prm.list("scopes_supported")
	known = append(known, more...)
	for _, raw := range []any{tool["securitySchemes"], meta["securitySchemes"]} {
		if raw == nil {
			continue
		}
		schemes, ok := raw.([]any)
		if !ok || len(schemes) == 0 {
			return "securitySchemes is not a list with something in it"
		}
		for _, one := range schemes {
			scheme, _ := one.(map[string]any)
			kind, _ := scheme["type"].(string)
			if kind != "noauth" && kind != "oauth2" {
				return "the type of a scheme is " + quote(kind)
			}
			for _, s := range texts(scheme["scopes"]) {
				if len(known) > 0 && !slices.Contains(known, s) {
					return "the scope " + quote(s) + " is in no scopes_supported"
				}
			}
			if kind == "oauth2" && !o.prm.found() {
				return "it asks for oauth2, and the server has no metadata that says where to sign in"
			}
		}
	}
	return ""
}
