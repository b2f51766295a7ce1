package oauth

import (
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
	// Introspects names the resources, by identifier, whose tokens this client may
	// ask about. Only settings can say so. RFC 7662 §2.1.
	Introspects []string
}

// A ClientSource says how a client came to be known.
type ClientSource string

const (
	FromSettings     ClientSource = "settings"   // in the settings file or by the command line; never pruned
	FromRegistration ClientSource = "registered" // RFC 7591
)

// The client authentication methods. RFC 7591 §2.
const (
	AuthNone  = "none"
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
)

// The grant types that are implemented.
const (
	GrantTypeCode    = "authorization_code"
	GrantTypeRefresh = "refresh_token"
)

// ClientMetadata is what a client says of itself. RFC 7591 §2. Members that
// are not named here are ignored and never kept. Not supported: jwks, jwks_uri,
// software_statement, and the members in other languages (client_name#ja).
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

// Public reports whether the client cannot keep a secret.
func (c Client) Public() bool { return c.Metadata.TokenEndpointAuthMethod == AuthNone }

// May reports whether the client registered for a grant type.
func (c Client) May(grantType string) bool {
	return slices.Contains(c.Metadata.GrantTypes, grantType)
}

// CheckSecret compares in constant time. A client without a secret has none
// that matches.
func (c Client) CheckSecret(s Secret) bool {
	return !c.SecretDigest.IsZero() && s.Digest().Equal(c.SecretDigest)
}
