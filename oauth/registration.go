package oauth

import (
	"encoding/json"
	"strings"
)

// maxDepth is how deep a registration may nest. What is read of one is two
// deep; a key set, which is skipped, four.
const maxDepth = 32

// ParseRegistration reads what a client says of itself: the body of a
// registration request, or a document of the same form. RFC 7591 §2. How long
// it may be is for the caller to say.
//
// Clients differ in how well they know the standard, and a refusal here is the
// end of the connection: so a member that is null, empty or of the wrong type
// is as good as absent, and so is one list element. Two things are refused: what
// is no JSON object, with invalid_client_metadata, and redirect_uris that are no
// list, with invalid_redirect_uri. Of a member that is there twice, the last
// holds.
//
// RFC 7591 §2: "The authorization server MUST ignore any client metadata sent by
// the client that it does not understand".
func ParseRegistration(body []byte) (ClientMetadata, error) {
	var said members
	if nesting(body) > maxDepth {
		return ClientMetadata{}, Refuse(InvalidClientMetadata, "the client metadata is nested too deeply")
	}
	if err := json.Unmarshal(body, &said); err != nil || said == nil {
		return ClientMetadata{}, Refuse(InvalidClientMetadata, "the client metadata is not a JSON object").Because(err)
	}
	redirects, ok := said.list("redirect_uris")
	if !ok {
		return ClientMetadata{}, Refuse(InvalidRedirectURI, "redirect_uris is not a list")
	}
	m := ClientMetadata{
		RedirectURIs:            redirects,
		TokenEndpointAuthMethod: said.text("token_endpoint_auth_method"),
		ApplicationType:         said.text("application_type"),
		ClientName:              said.text("client_name"),
		ClientURI:               said.text("client_uri"),
		LogoURI:                 said.text("logo_uri"),
		Scope:                   said.text("scope"),
		TermsURI:                said.text("tos_uri"),
		PolicyURI:               said.text("policy_uri"),
		SoftwareID:              said.text("software_id"),
		SoftwareVersion:         said.text("software_version"),
	}
	m.GrantTypes, _ = said.list("grant_types")
	m.ResponseTypes, _ = said.list("response_types")
	m.Contacts, _ = said.list("contacts")
	if m.Scope == "" {
		scopes, _ := said.list("scope")
		m.Scope = strings.Join(scopes, " ")
	}
	return m, nil
}

// members are those of a JSON object, by their exact names: a decoder of structs
// would take "Redirect_URIs" too.
type members map[string]json.RawMessage

func (m members) text(name string) string {
	var s string
	if json.Unmarshal(m[name], &s) != nil {
		return ""
	}
	return s
}

// list returns the texts in a list, and whether there is a list or nothing.
func (m members) list(name string) ([]string, bool) {
	raw, ok := m[name]
	if !ok {
		return nil, true
	}
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		return nil, false
	}
	var texts []string
	for _, e := range elements {
		if s := (members{"": e}).text(""); s != "" {
			texts = append(texts, s)
		}
	}
	return texts, true
}

// nesting is how many brackets are open at once, at most.
func nesting(body []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch b := body[i]; {
		case quoted && b == '\\':
			i++
		case b == '"':
			quoted = !quoted
		case quoted:
		case b == '{', b == '[':
			depth++
			deepest = max(deepest, depth)
		case b == '}', b == ']':
			depth--
		}
	}
	return deepest
}
