package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is kept of one registration, so that a stranger's row stays small.
const (
	maxRedirectURIs = 20
	maxContacts     = 5
	maxName         = 200  // bytes
	maxURI          = 2048 // bytes
	maxScopeText    = 2048 // bytes
)

// Complete returns what the server holds of a client that said m, which is also
// what a registration is answered with. It is the same when it is applied twice.
//
//   - A redirect URI that [CheckRedirectURI] refuses is left out, and so is any
//     after the twentieth. Only when none is left is the whole refused, with
//     invalid_redirect_uri and the first reason: several clients register one URI
//     that few servers take together with others that all do.
//   - Grant types are the code and its refresh, asked for or not, and no other.
//     Many clients forget to ask for refresh_token, and are then signed out every
//     hour; what they ask for beyond, they may not have by merely asking.
//   - The authentication method stays if it is none, client_secret_basic or
//     client_secret_post. Any other, private_key_jwt included, counts as not said:
//     no keys are kept of a registration to check it by.
//   - Where it is not said, a native client, which is also one that is reached on
//     this computer only, is public: a secret in a program that is handed out is
//     none (RFC 8252 §8.5). Any other gets a secret, as RFC 7591 §2 has it.
//   - The scope is for people to read. It limits nothing: clients register fewer
//     scopes than they ask for later.
//
// RFC 7591 §2: "The authorization server MAY reject or replace any of the
// client's requested metadata values and substitute them with suitable values".
func (m ClientMetadata) Complete(privateSchemes []string) (ClientMetadata, error) {
	redirects, err := usable(m.RedirectURIs, privateSchemes)
	if err != nil {
		return ClientMetadata{}, err
	}
	c := ClientMetadata{
		RedirectURIs:            redirects,
		TokenEndpointAuthMethod: m.TokenEndpointAuthMethod,
		GrantTypes:              []string{GrantTypeCode, GrantTypeRefresh},
		ResponseTypes:           []string{"code"},
		ApplicationType:         m.ApplicationType,
		ClientName:              legible(m.ClientName, maxName),
		ClientURI:               webPage(m.ClientURI),
		LogoURI:                 webPage(m.LogoURI),
		Scope:                   scopeText(m.Scope),
		TermsURI:                webPage(m.TermsURI),
		PolicyURI:               webPage(m.PolicyURI),
		SoftwareID:              legible(m.SoftwareID, maxName),
		SoftwareVersion:         legible(m.SoftwareVersion, maxName),
	}
	for _, contact := range m.Contacts {
		if contact = legible(contact, maxName); contact != "" && len(c.Contacts) < maxContacts {
			c.Contacts = append(c.Contacts, contact)
		}
	}
	if c.ApplicationType != "web" && c.ApplicationType != "native" {
		c.ApplicationType = "web"
		if onThisComputer(redirects) {
			c.ApplicationType = "native"
		}
	}
	switch c.TokenEndpointAuthMethod {
	case AuthNone, AuthBasic, AuthPost:
	default:
		c.TokenEndpointAuthMethod = AuthBasic
		if c.ApplicationType == "native" || onThisComputer(redirects) {
			c.TokenEndpointAuthMethod = AuthNone
		}
	}
	return c, nil
}

func usable(redirectURIs, privateSchemes []string) ([]string, error) {
	var kept []string
	var reason error
	for _, uri := range redirectURIs {
		err := CheckRedirectURI(uri, privateSchemes)
		switch {
		case err != nil && reason == nil:
			reason = err
		case err == nil && len(kept) < maxRedirectURIs && !slices.Contains(kept, uri):
			kept = append(kept, uri)
		}
	}
	switch {
	case len(kept) > 0:
		return kept, nil
	case reason != nil:
		return nil, reason
	}
	return nil, Refuse(InvalidRedirectURI, "redirect_uris is missing or empty")
}

// onThisComputer reports whether every answer stays on the person's computer.
func onThisComputer(redirectURIs []string) bool {
	return !slices.ContainsFunc(redirectURIs, func(uri string) bool {
		target := TargetOf(uri)
		return !target.Loopback && !target.Private
	})
}

// legible is what a person can be shown of a text that anyone may have written:
// without the characters that are not seen, but turn, hide or imitate what
// stands beside them, and at most size bytes long.
func legible(text string, size int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, r == '\u2800', !unicode.IsGraphic(r), unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= size {
		return text
	}
	for !utf8.RuneStart(text[size]) {
		size--
	}
	return strings.TrimSpace(text[:size])
}

// webPage returns a URI that a page may link to, and "" for any other.
func webPage(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || !strings.HasPrefix(raw, "https://") || u.Hostname() == "" || u.User != nil || len(raw) > maxURI || !uriCharacters(raw) {
		return ""
	}
	return raw
}

func scopeText(wire string) string {
	var kept []string
	size := 0
	for token := range strings.FieldsSeq(wire) {
		if size += len(token) + 1; validScopeToken(token) && size <= maxScopeText {
			kept = append(kept, token)
		}
	}
	return NewScope(kept...).String()
}

// PublicID returns the id of a public client that registered m, which is what
// [ClientMetadata.Complete] returned. The same registration, however often it is
// sent, has the same id and so one row: many clients register anew at each
// start.
//
// The id covers everything that is held, so that no one can put another name or
// logo under the id of an honest client by being first. It does not cover the
// port of a loopback URI, which is never compared and with many clients is
// another each time. So the row may hold another port than m: a registration is
// answered with m, not with the row.
//
// An id is no secret, never begins with https:// and so is never a metadata
// document's, and never is a subject. Its 132 bits are a digest: to find a
// second registration with a given id takes 2^132 tries.
func (m ClientMetadata) PublicID() string {
	m.RedirectURIs = slices.Clone(m.RedirectURIs)
	for i, uri := range m.RedirectURIs {
		if u, err := url.Parse(uri); err == nil && u.Scheme == "http" && isRedirectLoopback(u) {
			m.RedirectURIs[i] = withoutPort(u, uri)
		}
	}
	slices.Sort(m.RedirectURIs)
	m.RedirectURIs = slices.Compact(m.RedirectURIs)
	text, err := json.Marshal(m)
	if err != nil {
		panic(err) // a struct of strings can always be written
	}
	sum := sha256.Sum256(text)
	return "sp_cl_" + base64.RawURLEncoding.EncodeToString(sum[:])[:22]
}
