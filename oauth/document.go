package oauth

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// ParseDocumentURL checks that a client identifier is the URL of a metadata
// document, and returns it parsed. Loopback lets http://localhost and the
// loopback addresses pass besides: for development, where the server itself has
// no other address.
//
// draft-ietf-oauth-client-id-metadata-document §3: "Client identifier URLs MUST
// have an "https" scheme, MUST contain a path component, MUST NOT contain
// single-dot or double-dot path segments, MUST NOT contain a fragment component
// and MUST NOT contain a username or password."
func ParseDocumentURL(id string, loopback bool) (*url.URL, error) {
	refuse := func(why string) (*url.URL, error) { return nil, Refuse(InvalidRequest, why) }
	u, err := url.Parse(id)
	switch {
	case err != nil || !uriCharacters(id) || !IsDocumentURL(id):
		return refuse("client_id looks like the URL of a metadata document and is no URL")
	case u.Scheme != "https" && !(loopback && u.Scheme == "http" && isRedirectLoopback(u)):
		return refuse("a client_id that is a URL must begin with https://")
	case u.User != nil || strings.Contains(id, "#"):
		return refuse("a client_id that is a URL has no userinfo and no fragment")
	case u.Path == "" || u.Path == "/":
		return refuse("a client_id that is a URL has a path")
	case hasDotSegment(u.Path):
		return refuse("a client_id that is a URL has no dot segments")
	}
	if _, ok := plainHost(u); !ok {
		return refuse("the host of the client_id is not written plainly")
	}
	if _, ok := plainPort(u); !ok {
		return refuse("the port of the client_id is no port")
	}
	return u, nil
}

// IsDocumentURL reports whether a client identifier claims to be the URL of a
// metadata document. Ids that are made here never do.
func IsDocumentURL(id string) bool {
	return strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
}

// OnLoopback reports whether u names this computer.
func OnLoopback(u *url.URL) bool { return isRedirectLoopback(u) }

// ParseDocument reads the client ID metadata document that was found at id. It is
// read as tolerantly as a registration, [ParseRegistration] and
// [ClientMetadata.Complete], but for what makes it that client's and no other's.
// The errors are invalid_client_metadata and invalid_redirect_uri.
//
// Keys that come with the document are returned as they are, to be read by who
// can.
//
// draft-ietf-oauth-client-id-metadata-document §4.1: "The client metadata
// document MUST contain a client_id property whose value MUST match the URL of
// the document using simple string comparison".
func ParseDocument(id string, body []byte, privateSchemes []string) (Client, error) {
	refuse := func(why string) (Client, error) { return Client{}, Refuse(InvalidClientMetadata, why) }
	said, err := ParseRegistration(body)
	if err != nil {
		return Client{}, err
	}
	var extra members
	if err := json.Unmarshal(body, &extra); err != nil {
		return Client{}, err
	}
	m, err := said.Complete(privateSchemes)
	switch {
	case err != nil:
		return Client{}, Refuse(InvalidRedirectURI, "the client's metadata document has no redirect_uris that can be used").Because(err)
	case extra.text("client_id") != id:
		return refuse("the client's metadata document names another client_id than its own URL")
	case m.ClientName == "":
		return refuse("the client's metadata document has no client_name")
	case extra.holds("client_secret") || extra.holds("client_secret_expires_at"):
		// §4.1: "the client_secret and client_secret_expires_at properties MUST NOT
		// be used".
		return refuse("the client's metadata document holds a secret, which everyone can read there")
	}
	c := Client{ID: id, Source: FromDocument, KeysURI: extra.text("jwks_uri"), AssertionAlgorithm: extra.text("token_endpoint_auth_signing_alg")}
	if extra.holds("jwks") {
		c.Keys = extra["jwks"]
	}
	if c.Methods, err = documentMethods(extra, c.KeysURI != "" || c.Keys != nil); err != nil {
		return Client{}, err
	}
	m.TokenEndpointAuthMethod = c.Methods[0]
	c.Metadata = m
	return c, nil
}

// documentMethods are those by which the client may authenticate, the plural
// member before the singular. None of them shares a secret: the document is
// public. Where neither member is there, the client is public.
func documentMethods(said members, keys bool) ([]string, error) {
	offered, ok := said.list("token_endpoint_auth_methods_supported")
	if one := said.text("token_endpoint_auth_method"); (!ok || len(offered) == 0) && one != "" {
		offered = []string{one}
	}
	if len(offered) == 0 {
		return []string{AuthNone}, nil
	}
	var common []string
	for _, method := range []string{AuthPrivateKey, AuthNone} {
		if slices.Contains(offered, method) && (keys || method == AuthNone) {
			common = append(common, method)
		}
	}
	if common == nil {
		return nil, Refuse(InvalidClientMetadata,
			"the client's metadata document offers no way to authenticate that is taken here: none, or private_key_jwt with keys")
	}
	return common, nil
}

// holds reports whether a member is there and is not null.
func (m members) holds(name string) bool {
	raw := bytes.TrimSpace(m[name])
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}
