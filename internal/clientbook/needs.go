package clientbook

// A Need is something that a client cannot do without and that servers are
// known to get wrong.
type Need string

const (
	NeedDocuments     Need = "documents"       // client_id_metadata_document_supported
	NeedNone          Need = "none-listed"     // "none" among token_endpoint_auth_methods_supported
	NeedPrivateKeyJWT Need = "private-key-jwt" // the same for "private_key_jwt"
	NeedRegistration  Need = "registration"    // registration_endpoint
	NeedSecret        Need = "secret"          // client_secret in the answer to its registration
	NeedNoNulls       Need = "no-nulls"        // no null and no empty value in that answer
	NeedEveryRedirect Need = "every-redirect"  // every redirect URI it sends is registered
	NeedAnyPort       Need = "any-port"        // the port of a loopback redirect URI is not compared
	NeedIss           Need = "iss"             // iss on the way back, byte for byte the issuer
	NeedIssuerExact   Need = "issuer-exact"    // one spelling of the issuer everywhere
	NeedResourceExact Need = "resource-exact"  // the metadata's resource is the MCP URL
	NeedChallenge     Need = "challenge"       // 401 with resource_metadata
	NeedPKCEListed    Need = "pkce-listed"     // code_challenge_methods_supported has S256
	NeedJSON404       Need = "json-404"        // what is not at a well-known path is a JSON 404
	NeedPreflight     Need = "preflight"       // CORS, preflight included
	NeedRefreshToken  Need = "refresh-token"   // a refresh token
	NeedOffline       Need = "offline-listed"  // offline_access in the server's scopes_supported
	NeedBothSlashes   Need = "both-slashes"    // the MCP URL with and without a slash after it, no redirect
	NeedPublicAddress Need = "public-address"  // a public https address
	NeedConcurrent    Need = "concurrent"      // refreshes at once do not sign the person out
	NeedAnyAccept     Need = "any-accept"      // Accept: */* is no reason for a 406
	NeedRotated       Need = "rotated"         // the new refresh token in the answer that ends the old one
)

// Needs explains each need in a sentence, for people.
func Needs() map[Need]string {
	return map[Need]string{
		NeedDocuments:     "The server's metadata says `client_id_metadata_document_supported: true`.",
		NeedNone:          "The server's metadata lists `none` in `token_endpoint_auth_methods_supported`.",
		NeedPrivateKeyJWT: "The server's metadata lists `private_key_jwt` in `token_endpoint_auth_methods_supported`.",
		NeedRegistration:  "The server's metadata has a `registration_endpoint`, and anyone may register.",
		NeedSecret:        "The answer to its registration has a `client_secret`.",
		NeedNoNulls:       "The answer to its registration has no member that is null or empty.",
		NeedEveryRedirect: "Every redirect URI of its registration is taken; it asks for several at once.",
		NeedAnyPort:       "The port of a redirect URI on this computer is not compared.",
		NeedIss:           "Every answer of the authorization endpoint has `iss`, byte for byte the issuer.",
		NeedIssuerExact:   "The issuer is spelled the same in both metadata documents, to the slash.",
		NeedResourceExact: "The `resource` of the metadata is the URL that was entered, to the slash.",
		NeedChallenge:     "A call without a token is answered 401, with `resource_metadata` in `WWW-Authenticate`.",
		NeedPKCEListed:    "The server's metadata lists `S256` in `code_challenge_methods_supported`.",
		NeedJSON404:       "A well-known path with nothing at it is answered 404, in JSON.",
		NeedPreflight:     "Metadata, registration, token endpoint and MCP server answer a browser's preflight.",
		NeedRefreshToken:  "It is given a refresh token.",
		NeedOffline:       "The server's metadata lists `offline_access` in `scopes_supported`.",
		NeedBothSlashes:   "The MCP server answers with and without a slash after its path, and does not redirect.",
		NeedPublicAddress: "The server has a public https address.",
		NeedConcurrent:    "Several refreshes with one token at a time all succeed.",
		NeedAnyAccept:     "`Accept: */*` is as good as any.",
		NeedRotated:       "The answer to a refresh has the next refresh token in it.",
	}
}
