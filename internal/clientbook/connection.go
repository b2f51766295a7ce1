package clientbook

import "time"

// A Connection is one way in which a client connects. What a file leaves out is
// what the MCP specification asks for; the comments say what that is.
//
// Paths and URIs are templates: {path} is the path of the MCP URL, {port} a free
// port, {id} what the client makes up for one connection; {scope}, in a
// registration request, what it asks for in the authorization request.
type Connection struct {
	ID       string   `yaml:"id"`    // "document"; unique within the client
	Title    string   `yaml:"title"` // "With its metadata document"
	Evidence Evidence `yaml:"evidence"`
	// Assumed says in words which parts of this nobody has documented or seen.
	Assumed []string `yaml:"assumed"`

	Registration Registration `yaml:"registration"`
	// Redirect is the redirect URI of the authorization request.
	Redirect  string    `yaml:"redirect"`
	Discovery Discovery `yaml:"discovery"`
	Authorize Authorize `yaml:"authorize"`
	Token     Token     `yaml:"token"`
	Refresh   Refresh   `yaml:"refresh"`
	Calls     Calls     `yaml:"calls"`
	Limits    Limits    `yaml:"limits"`
	// UserAgent is sent with every request; empty: not known.
	UserAgent string `yaml:"user_agent"`
	Needs     []Need `yaml:"needs"`
}

// Registration is how the client becomes known to the server.
type Registration struct {
	Kind Kind `yaml:"kind"`
	// URL is where the metadata document is, the client_id. Kind document.
	URL string `yaml:"url"`
	// Document is the metadata document, JSON. Kind document.
	Document string `yaml:"document"`
	// Published says that Document is what the vendor publishes at URL, or as
	// far as is known: it may stand in for it where the URL cannot be reached.
	Published bool `yaml:"published"`
	// Request is the registration request, JSON. Kind dynamic.
	Request string `yaml:"request"`
	// OfferedGrants: of the grant types of Request it sends those that the
	// server's metadata lists. Kind dynamic.
	OfferedGrants bool `yaml:"offered_grants"`
	// Secret: the client is given a secret. Kind static.
	Secret bool `yaml:"secret"`
}

// A Kind of registration.
type Kind string

const (
	// Document: the client_id is the URL of a metadata document.
	Document Kind = "document"
	// Dynamic: the client registers. RFC 7591.
	Dynamic Kind = "dynamic"
	// Static: the operator registers it and gives the person its client_id.
	Static Kind = "static"
)

// Discovery is how the client finds out where to sign in.
type Discovery struct {
	// Resource is where it looks for the metadata of RFC 9728, in order: paths
	// of the MCP URL's origin, and "challenge" for what WWW-Authenticate names.
	// Left out: the challenge, the path with {path}, the path without.
	// The single word "none": it does not look, and takes the origin of the MCP
	// URL for the issuer (MCP 2025-03-26).
	Resource []string `yaml:"resource"`
	// Server is where it looks for the metadata of RFC 8414, in order: paths of
	// the issuer's origin. Left out: RFC 8414, then OpenID Connect.
	// The single word "none": it calls /authorize, /token and /register.
	Server []string `yaml:"server"`
	// Headers are sent with the requests of discovery.
	Headers map[string]string `yaml:"headers"`
	// Match is what the resource of the metadata has to equal: "url", the MCP
	// URL byte for byte; "origin", a path above it or its origin will do; "any". Left out: url.
	Match string `yaml:"match"`
}

// Authorize is what the client puts into the authorization request.
type Authorize struct {
	// Resource: "metadata", as the metadata has it; "url", the MCP URL; "slash",
	// that with a slash after it; "origin", its origin and a slash; "none".
	// Left out: metadata.
	Resource string `yaml:"resource"`
	// Scope: "challenge", that of the challenge, else of the resource's metadata;
	// "all", all that the server's metadata lists; "empty", the parameter without
	// a value; "none"; anything else is sent as it is. Left out: challenge.
	Scope string `yaml:"scope"`
	// Also are scopes that it adds where the server's metadata lists them.
	Also  []string `yaml:"also"`
	State State    `yaml:"state"`
	// Parameters are sent besides, such as prompt.
	Parameters map[string]string `yaml:"parameters"`
}

// State is what the client's state parameter looks like.
type State struct {
	Bytes    int    `yaml:"bytes"`    // random; 0: 32
	Encoding string `yaml:"encoding"` // base64, base64url, hex, or none: no state. Left out: base64url
}

// Token is how the client asks the token endpoint.
type Token struct {
	// Authentication is a name of RFC 7591 §2: none, client_secret_basic,
	// client_secret_post or private_key_jwt. Left out: none.
	Authentication string `yaml:"authentication"`
	// ClientID: "body", client_id is in the body; "absent", it is not.
	// Left out: body.
	ClientID string `yaml:"client_id"`
	// Form: "form" or "json". Left out: form.
	Form string `yaml:"form"`
	// ContentType is sent as it is; empty: what fits the form.
	ContentType string `yaml:"content_type"`
	// Resource is as in Authorize. Left out: the same.
	Resource string `yaml:"resource"`
	// Audience of private_key_jwt: "issuer" or "token_endpoint". Left out: issuer.
	Audience string `yaml:"audience"`
}

// Refresh is how the client refreshes.
type Refresh struct {
	// Resource is as in Authorize. Left out: that of the token request.
	Resource string `yaml:"resource"`
	// Scope: "none"; "granted", as the last answer has it; or "asked", as the
	// authorization request had it. Left out: none.
	Scope string `yaml:"scope"`
	// AtOnce is how many of its processes refresh with one token at a time.
	// 0: one.
	AtOnce int `yaml:"at_once"`
}

// Calls is how the client speaks MCP.
type Calls struct {
	// Protocol is the newest version it asks for. Left out: 2025-06-18.
	Protocol string `yaml:"protocol"`
	// NoHeader: it does not send MCP-Protocol-Version with its calls.
	NoHeader bool   `yaml:"no_header"`
	Accept   string `yaml:"accept"` // left out: application/json, text/event-stream
	// Origin is sent by clients in a browser; empty: none.
	Origin string `yaml:"origin"`
}

// Limits is how long the client waits for each step; 0: not known.
type Limits struct {
	Discovery    time.Duration `yaml:"discovery"`
	Registration time.Duration `yaml:"registration"`
	Token        time.Duration `yaml:"token"`
	Refresh      time.Duration `yaml:"refresh"`
}
