package oauth

import (
	"encoding/json"
	"slices"
	"time"
)

// A Client is an application that asks to act for people.
type Client struct {
	ID       string
	Metadata ClientMetadata
	// SecretDigest is zero for a public client. RFC 6749 §2.1.
	SecretDigest Digest
	Source       ClientSource
	Created      time.Time
	LastUsed     time.Time // to the day; what pruning goes by
	// Methods are those by which the client may authenticate, where it may choose
	// between several; empty: Metadata.TokenEndpointAuthMethod alone.
	Methods []string
	// Keys is the client's own key set, a JWK set, and KeysURI where one can be
	// fetched: what private_key_jwt is checked by. RFC 7591 §2, RFC 7517 §5.
	Keys    json.RawMessage
	KeysURI string
	// AssertionAlgorithm is the only one that the client signs with; empty: any.
	AssertionAlgorithm string
	// Serves names the resources, by identifier, of which this client is the server:
	// it may ask about their tokens, and exchange them for what Exchanges says. Only
	// an administrator can say so. RFC 7662 §2.1.
	Serves []string
	// Exchanges is what it may have for a token that was presented to a resource that
	// it serves. Only the settings file can say so.
	Exchanges []Exchange
}

// A ClientSource says how a client came to be known.
type ClientSource string

const (
	FromSettings     ClientSource = "settings"   // in the settings file or by the command line; never pruned
	FromRegistration ClientSource = "registered" // RFC 7591
	FromDocument     ClientSource = "document"   // draft-ietf-oauth-client-id-metadata-document; not in the store
)

// The client authentication methods. RFC 7591 §2.
const (
	AuthNone       = "none"
	AuthBasic      = "client_secret_basic"
	AuthPost       = "client_secret_post"
	AuthPrivateKey = "private_key_jwt" // OpenID Connect Core §9, RFC 7523 §2.2
)

// The grant types that are implemented.
const (
	GrantTypeCode     = "authorization_code"
	GrantTypeRefresh  = "refresh_token"
	GrantTypeExchange = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693 §2.1
)

// ClientMetadata is what a client says of itself. RFC 7591 §2. Members that
// are not named here are ignored and never kept. Not supported: software_statement,
// and the members in other languages (client_name#ja); jwks and jwks_uri are of
// the [Client], and only of one that has a metadata document or is in the settings.
type ClientMetadata struct {
	RedirectURIs            []string `json:"redirect_uris"`
	TokenEndpointAuthMethod string   `json:"token_endpoint_auth_method"`
	GrantTypes              []string `json:"grant_types"`
	ResponseTypes           []string `json:"response_types"`
	ApplicationType         string   `json:"application_type,omitempty"`
	ClientName              string   `json:"client_name,omitempty"`
	ClientURI               string   `json:"client_uri,omitempty"`
	LogoURI                 string   `json:"logo_uri,omitempty"`
	Scope                   string   `json:"scope,omitempty"`
	Contacts                []string `json:"contacts,omitempty"`
	TermsURI                string   `json:"tos_uri,omitempty"`
	PolicyURI               string   `json:"policy_uri,omitempty"`
	SoftwareID              string   `json:"software_id,omitempty"`
	SoftwareVersion         string   `json:"software_version,omitempty"`
}

// Public reports whether the client may come without proving who it is.
func (c Client) Public() bool { return c.Authenticates(AuthNone) }

// Authenticates reports whether the client may authenticate by a method.
func (c Client) Authenticates(method string) bool {
	if len(c.Methods) > 0 {
		return slices.Contains(c.Methods, method)
	}
	return c.Metadata.TokenEndpointAuthMethod == method
}

// May reports whether the client registered for a grant type.
func (c Client) May(grantType string) bool {
	return slices.Contains(c.Metadata.GrantTypes, grantType)
}

// CheckSecret compares in constant time. A client without a secret has none
// that matches.
func (c Client) CheckSecret(s Secret) bool {
	return !c.SecretDigest.IsZero() && s.Digest().Equal(c.SecretDigest)
}
