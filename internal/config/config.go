package config

import (
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Config is every setting. [Load] and [Default] return one that is complete:
// each default is filled in and nothing is left to be derived.
type Config struct {
	PublicURL      string       `yaml:"public_url" absent:"http://localhost and the port of listen" doc:"The issuer: where people and clients reach this server. https, except on this computer; no path, query or trailing slash. It is never derived from a request."`
	Listen         string       `yaml:"listen" default:":8080" doc:"Where the server listens, host:port. Without a host it listens on every interface."`
	Data           string       `yaml:"data" default:"./sallyport-data" doc:"The directory of the SQLite file and the encryption key. Made with mode 0700."`
	Database       oauth.Secret `yaml:"database" absent:"empty" doc:"Empty: SQLite in data. Otherwise the URL of a PostgreSQL database, postgres://user:password@host/name."`
	EncryptionKey  oauth.Secret `yaml:"encryption_key" absent:"empty" doc:"Seals the signing keys in the database: base64 of 32 random bytes. Empty: made in data. Required with PostgreSQL, where every replica needs the same one."`
	KeyElsewhere   KeyElsewhere `yaml:"key_service" optional:"true" doc:"Has the encryption key wrapped by a Transit engine, of HashiCorp Vault or OpenBao: it is in the database then, of no use without the engine, and nowhere in plain text. The engine is asked when the server starts."`
	TLS            TLS          `yaml:"tls" doc:"How the main listener speaks TLS."`
	TrustedProxies []string     `yaml:"trusted_proxies" absent:"none" doc:"Addresses or CIDR ranges of the proxies whose X-Forwarded-For is believed, for logs and limits only."`
	MetricsListen  string       `yaml:"metrics_listen" absent:"empty" doc:"A listener for /metrics alone, host:port. Empty: /metrics is on the main listener and answers only this computer, when no proxy forwarded the request."`
	Site           Site         `yaml:"site" doc:"What pages look like."`
	Flows          Flows        `yaml:"flows" doc:"The flow trace: what is kept of attempts to connect, for sallyport flows."`
	LogLevel       string       `yaml:"log_level" default:"info" enum:"debug|info|warn|error" doc:"The least severe log line that is written."`
	Tokens         Tokens       `yaml:"tokens" doc:"What tokens are and how long they live."`
	Registration   Registration `yaml:"registration" doc:"How clients that nobody configured become known."`
	Login          []Login      `yaml:"login" absent:"local" doc:"How people prove who they are."`
	Resources      []Resource   `yaml:"resources" absent:"the built-in demo at /mcp" doc:"The MCP servers behind the door."`
	Aliases        []string     `yaml:"aliases" absent:"none" optional:"true" enum:"/authorize/complete|/token/introspect|/oauth/jwks.json|/.well-known/oauth-authorization-server/register" doc:"Paths of servers that this one takes the place of, where it is to answer too. /authorize/complete takes from a login_url as JSON what a callback takes as a form; the others are introspection, the key set and registration."`
	Clients        []Client     `yaml:"clients" absent:"none" doc:"Clients that are known without registering."`

	file   string
	places map[string]place
}

// KeyElsewhere is the key key_service.
type KeyElsewhere struct {
	Type    string       `yaml:"type" absent:"transit" optional:"true" enum:"transit" doc:"What it is. transit: the Transit engine of HashiCorp Vault or OpenBao."`
	Address string       `yaml:"address" absent:"none" optional:"true" doc:"Where it answers, such as https://vault.example.com:8200. https, except on this computer."`
	Mount   string       `yaml:"mount" absent:"transit" optional:"true" doc:"Where the engine is mounted; with namespaces, namespace/transit."`
	Key     string       `yaml:"key" absent:"none" optional:"true" doc:"The name of the engine's key. It has to exist."`
	Token   oauth.Secret `yaml:"token" absent:"none" optional:"true" doc:"A token that may update encrypt, decrypt and rewrap of that key; best ${file:…}, of a file that an agent renews."`
	CA      string       `yaml:"ca" absent:"the system's authorities" optional:"true" doc:"A PEM file of the authorities that its certificate is checked by."`
}

// TLS is the key tls.
type TLS struct {
	Mode string `yaml:"mode" default:"off" enum:"off|files" later:"acme" doc:"off: plain HTTP, for this computer or behind a proxy that speaks TLS. files: the certificate and key below."`
	Cert string `yaml:"cert" absent:"none" optional:"true" doc:"A PEM file with the certificate and its chain. With mode: files."`
	Key  string `yaml:"key" absent:"none" optional:"true" doc:"A PEM file with the certificate's private key. With mode: files."`
}

// Site is the key site.
type Site struct {
	Name    string `yaml:"name" default:"Sallyport" doc:"What stands at the top of every page: your own name. At most 60 characters."`
	LogoURL string `yaml:"logo_url" absent:"none" optional:"true" doc:"An image: a base64 data: URL, or a path on this host that a proxy in front serves, such as /logo.svg. Pages ask no other host for anything."`
	Accent  string `yaml:"accent" absent:"a dark teal" optional:"true" doc:"The colour of what can be pressed, such as #0f6674. Where it is read as text it is shaded until it can be."`
}

// Flows is the key flows.
type Flows struct {
	Keep time.Duration `yaml:"keep" default:"168h" doc:"How long an attempt is kept: 1h to 2160h (90 days), or 0s to keep nothing. Of the newest, 5,000 each of strangers, of known clients and of people are kept."`
}

// Tokens is the key tokens.
type Tokens struct {
	Format           string        `yaml:"format" default:"jwt" enum:"jwt|opaque" doc:"What access tokens are. jwt: RFC 9068, checked locally. opaque: checked by introspection."`
	SigningAlgorithm string        `yaml:"signing_algorithm" default:"auto" enum:"auto|RS256|PS256|ES256|EdDSA" doc:"What signs access tokens. auto: ES256 where Sallyport itself checks the token, RS256 where someone else's code does."`
	AccessTTL        time.Duration `yaml:"access_ttl" default:"1h" doc:"How long an access token lives: 1m to 24h."`
	RefreshTTL       time.Duration `yaml:"refresh_ttl" default:"2160h" doc:"How long a grant lives after its last refresh: 1h to 8760h (a year), and longer than access_ttl."`
	CodeTTL          time.Duration `yaml:"code_ttl" default:"1m" doc:"How long an authorization code lives: 10s to 10m."`
	KeyRotation      time.Duration `yaml:"key_rotation" default:"720h" doc:"How long a signing key signs before its successor does: 1h to 8760h (a year), and no less than access_ttl."`
}

// Registration is the key registration.
type Registration struct {
	Dynamic        string       `yaml:"dynamic" default:"open" enum:"open|token|off" doc:"Who may register a client (RFC 7591). open: anyone. token: who presents the token below. off: no one."`
	Token          oauth.Secret `yaml:"token" absent:"none" optional:"true" doc:"The initial access token, at least 16 characters. With dynamic: token."`
	PrivateSchemes []string     `yaml:"private_schemes" default:"cursor vscode vscode-insiders windsurf claude" doc:"Private-use URI schemes that a redirect URI may have, besides those with a dot in them, such as com.example.app (RFC 8252 §7.1)."`
	// draft-ietf-oauth-client-id-metadata-document
	MetadataDocuments string   `yaml:"metadata_documents" default:"open" enum:"open|allow-list|off" doc:"Which clients may name themselves by the URL of a client ID metadata document. open: any. allow-list: those below. off: none."`
	AllowedDocuments  []string `yaml:"allowed_documents" absent:"the hosts of the vendors whose documents are built in" doc:"Hosts, such as claude.ai, or whole URLs of documents. With metadata_documents: allow-list no others are taken. A whole URL, here or with open, may be at a private address; what others name may not."`
}

// Resource is one entry of the key resources: an MCP server behind the door.
// The upstream, the command and the built-in server exclude one another; with
// none of them the resource is guarded elsewhere by a library.
type Resource struct {
	Name              string        `yaml:"name" required:"true" doc:"What logs, metrics and commands call it: lower-case letters, digits, -, _ and dots, at most 63 characters."`
	Title             string        `yaml:"title" absent:"the name" doc:"What people read when they are asked."`
	Host              string        `yaml:"host" absent:"that of public_url" optional:"true" doc:"A host of its own, such as tickets.example.com."`
	Path              string        `yaml:"path" absent:"/mcp where there is a host; required otherwise" doc:"Where it is, such as /tickets/mcp."`
	Upstream          string        `yaml:"upstream" absent:"none" optional:"true" doc:"The URL of the running MCP server that is guarded."`
	Command           []string      `yaml:"command" absent:"none" optional:"true" doc:"A stdio MCP server to start and guard: the program and its arguments."`
	Env               []Variable    `yaml:"env" absent:"none" optional:"true" doc:"Environment variables of the command, by name. Besides these it sees PATH, HOME, LANG and TMPDIR, and nothing else of the server's own."`
	BuiltIn           string        `yaml:"app" absent:"none" optional:"true" enum:"demo|github|chess|intent" doc:"An MCP server that ships with Sallyport. Without upstream, command and app the resource is guarded elsewhere by a library."`
	Scopes            []Scope       `yaml:"scopes" absent:"one scope with the resource's name" doc:"What a client can ask for, by name, in the order in which people read them."`
	Tools             []Tool        `yaml:"tools" absent:"none" optional:"true" doc:"What each tool needs, by its name."`
	DefaultToolScopes []string      `yaml:"default_tool_scopes" absent:"every scope" optional:"true" doc:"What a tool needs that is not under tools."`
	Logins            []string      `yaml:"logins" absent:"any" optional:"true" doc:"The names of the logins of which a person has to come by one. Who is signed in by another is asked to sign in again."`
	Identity          string        `yaml:"identity" absent:"jwt" optional:"true" enum:"jwt|headers|none" doc:"What the upstream learns of the person: a signed token, plain headers, or nothing."`
	SigningAlgorithm  string        `yaml:"signing_algorithm" absent:"that of tokens" optional:"true" enum:"auto|RS256|PS256|ES256|EdDSA" doc:"What signs this resource's access tokens."`
	TokenFormat       string        `yaml:"token_format" absent:"that of tokens" optional:"true" enum:"jwt|opaque" doc:"What this resource's access tokens are."`
	Backend           string        `yaml:"backend" absent:"one in this process, for trying" optional:"true" doc:"app: intent: the URL of the discovery protocol's API, which gets the person's own token."`
	BackendTime       time.Duration `yaml:"backend_timeout" absent:"60s" optional:"true" doc:"app: intent: how long the API may take to answer: 1s to 5m."`
	Connection        Connection    `yaml:"connection" optional:"true" doc:"The person's own token of another service, which the upstream gets with each of their calls as Authorization. People who sign in by that login on their way to this resource bring it; others are asked to connect it when they connect a client."`
}

// Connection is the key connection of a resource.
type Connection struct {
	Login  string   `yaml:"provider" absent:"none" optional:"true" doc:"The name of the login whose token it is; of any type but local. That of privy is kept until it ends, for an hour at most; then the person signs in again."`
	As     string   `yaml:"as" absent:"bearer, or env with a command" optional:"true" enum:"bearer|env" doc:"How it is handed over. bearer: an upstream gets it with each call, as Authorization: Bearer. env: a command gets it when its process starts, in the environment variable below. A built-in server asks for it when it needs one."`
	Env    string   `yaml:"env" absent:"none; required with a command" optional:"true" doc:"With a command: the name of the environment variable in which it expects the token, such as GITHUB_TOKEN. When the token is replaced, the person's process ends, and their client opens another session."`
	Scopes []string `yaml:"scopes" absent:"none" optional:"true" doc:"What the token has to permit, in the words of the other service, such as repo. They are asked for on the way to this resource only, besides what signing in needs."`
}

// Scope is one entry of a resource's scopes.
type Scope struct {
	Name        string   `yaml:",key"`
	Title       string   `yaml:"title" absent:"the scope's name" doc:"What it permits, as a person would say it: Read your tickets."`
	Description string   `yaml:"description" absent:"none" optional:"true" doc:"More about it, in a sentence."`
	Default     bool     `yaml:"default" default:"false" doc:"Granted when a request names no scope. Where no scope is a default one, all are."`
	Implies     []string `yaml:"implies" absent:"none" optional:"true" doc:"Other scopes of the resource that come with it."`
}

// Variable is one entry of a resource's env.
type Variable struct {
	Name  string       `yaml:",key"`
	Value oauth.Secret `yaml:",value"`
}

// Tool is one entry of a resource's tools.
type Tool struct {
	Name   string   `yaml:",key"`
	Scopes []string `yaml:"scopes" absent:"none" optional:"true" doc:"The scopes that a call needs, all of them."`
	Public bool     `yaml:"public" default:"false" optional:"true" doc:"Callable without signing in."`
}

// Client is one entry of the key clients.
type Client struct {
	ID           string       `yaml:"client_id" required:"true" doc:"What the client sends as client_id."`
	Secret       oauth.Secret `yaml:"client_secret" absent:"none" optional:"true" doc:"At least 16 characters. A client without one, and without keys, is public."`
	Keys         string       `yaml:"jwks" absent:"none" optional:"true" doc:"The public keys by which it authenticates with private_key_jwt (RFC 7523 §2.2): a JWK set as text, or as ${file:/path}."`
	KeysURI      string       `yaml:"jwks_uri" absent:"none" optional:"true" doc:"Or where they can be fetched, also at a private address."`
	Name         string       `yaml:"name" absent:"the client_id" doc:"What people read when they are asked."`
	RedirectURIs []string     `yaml:"redirect_uris" absent:"none, for a client that only serves" doc:"Where answers may go, compared octet by octet; only the port of an http URI on this computer is not. A client without serves needs one."`
	AuthMethod   string       `yaml:"token_endpoint_auth_method" absent:"private_key_jwt with keys, client_secret_basic with a client_secret, otherwise none" enum:"none|client_secret_basic|client_secret_post|private_key_jwt" doc:"How the client authenticates at the token endpoint (RFC 7591 §2)."`
	Serves       []string     `yaml:"serves" absent:"none" optional:"true" doc:"The names of the resources of which it is the server: it may ask about their access tokens at the introspection endpoint (RFC 7662), and exchange them for what exchange says. It needs a client_secret, or keys."`
	Exchanges    []Exchange   `yaml:"exchange" absent:"none" optional:"true" doc:"What it may have, at the token endpoint, for an access token that was presented to a resource that it serves (RFC 8693). docs/login.md has examples."`
	Scope        string       `yaml:"scope" absent:"any" optional:"true" doc:"The most that it may have, separated by spaces, with what those scopes imply. What else it asks for is left out."`
}

// Exchange is one entry of a client's exchange: login, or resource and scopes.
type Exchange struct {
	Login    string   `yaml:"login" absent:"none" optional:"true" doc:"The name of the login that the resource has a connection to: the person's own token there."`
	Resource string   `yaml:"resource" absent:"none" optional:"true" doc:"The name of another resource, at which it then acts for the person. They are told so when they allow a client."`
	Scopes   []string `yaml:"scopes" absent:"none" optional:"true" doc:"With resource, and required: the most that it may do there."`
}
