package main

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// A migration makes settings of the environment of a server that this one takes the
// place of.
type migration struct {
	dir               string
	env               map[string]string
	loginURL, protect string

	report     []fate
	became     map[string]string // in place of what the table of variables says
	files      map[string]string // secrets, by the name of their file
	signingKey []byte            // PEM
	algorithm  string            // that the key is for
}

// A fate says what became of a variable.
type fate struct {
	Variable string `json:"variable"`
	Became   string `json:"became"`
}

func (m *migration) say(variable, became string) {
	m.report = append(m.report, fate{variable, became})
}

// A variable is one that is known, and what becomes of it where nothing more has to
// be said.
type variable struct{ name, became string }

const (
	ofTheTools = "left out: the tools need it; give it to the MCP server"
	ofThePage  = "left out: the page at login_url needs it"
)

var variables = []variable{
	{"SERVER_BASE_URL", "public_url"}, {"OAUTH_ISSUER_URL", "public_url"}, {"PORT", "listen"},
	{"PRIVY_APP_ID", "login[0].app_id"}, {"PRIVY_APP_SECRET", "login[0].app_secret, in a file of its own"},
	{"PRIVY_JWT_VERIFICATION_KEY", "login[0].verification_key, in a file of its own"}, {"PRIVY_CLIENT_ID", "login[0].client_id"},
	{"JWT_PRIVATE_KEY", "the signing key, sealed in the database; it signs at once"},
	{"JWT_PUBLIC_KEY", "left out: it follows from JWT_PRIVATE_KEY"},
	{"OAUTH_RESOURCE_INDICATOR", "resources[0].path"},
	{"OAUTH_ACCESS_TOKEN_TTL_SECONDS", "tokens.access_ttl"}, {"OAUTH_REFRESH_TOKEN_TTL_SECONDS", "tokens.refresh_ttl"}, {"OAUTH_CODE_TTL_SECONDS", "tokens.code_ttl"},
	{"OAUTH_SUPPORTED_SCOPES", "resources[0].scopes"}, {"OAUTH_DEFAULT_SCOPES", "default, in resources[0].scopes"},
	{"OAUTH_ALLOWED_CLIENT_IDS", "clients"}, {"OAUTH_ALLOWED_REDIRECT_URIS", "redirect_uris, of each of clients"},
	{"PROTOCOL_API_URL", ofTheTools}, {"PROTOCOL_API_TIMEOUT_MS", ofTheTools}, {"PRIVY_TOKEN_EXCHANGE_TIMEOUT_MS", ofTheTools},
}

// settings is the file, in YAML. Every value is written as JSON, which YAML takes.
func (m *migration) settings() (string, error) {
	m.files, m.became = map[string]string{}, map[string]string{}
	var b strings.Builder
	b.WriteString("# Written by sallyport config import-env; docs/config.md explains every key.\n")
	issuer := strings.TrimSuffix(first(m.env, "SERVER_BASE_URL", "OAUTH_ISSUER_URL"), "/")
	if other := strings.TrimSuffix(m.env["OAUTH_ISSUER_URL"], "/"); other != "" && other != issuer {
		return "", hint(errors.New("SERVER_BASE_URL and OAUTH_ISSUER_URL are not the same"), "there is one issuer: remove the one that clients do not know")
	}
	if issuer != "" {
		fmt.Fprintf(&b, "public_url: %s\n", quoted(issuer))
	}
	if port := m.env["PORT"]; port != "" {
		fmt.Fprintf(&b, "listen: %s\n", quoted(":"+port))
	}
	fmt.Fprintf(&b, "data: %s\n", quoted(filepath.Join(m.dir, "sallyport-data")))
	for _, part := range []func(*strings.Builder) error{m.tokens, m.privy, m.resource, m.clients} {
		if err := part(&b); err != nil {
			return "", err
		}
	}
	// The table is in the order of variables, with what was said besides.
	var table []fate
	for _, v := range variables {
		if m.env[v.name] != "" {
			table = append(table, fate{v.name, cmp.Or(m.became[v.name], v.became)})
		}
	}
	m.report = append(table, m.report...)
	return b.String(), nil
}

func first(env map[string]string, names ...string) string {
	for _, name := range names {
		if env[name] != "" {
			return env[name]
		}
	}
	return ""
}

// quoted writes a value in which nothing stands for anything else.
func quoted(value string) string {
	text, _ := json.Marshal(strings.ReplaceAll(value, "${", "$${")) // a text always can be written
	return string(text)
}

func (m *migration) tokens(b *strings.Builder) error {
	var lines []string
	if key := m.env["JWT_PRIVATE_KEY"]; key != "" {
		text, err := pemOf(key)
		if err != nil {
			return hint(fmt.Errorf("JWT_PRIVATE_KEY %w", err), "it is a private key in PEM, or the base64 of one")
		}
		m.signingKey, m.algorithm = []byte(text), algorithmOf(text)
		lines = append(lines, "  signing_algorithm: "+m.algorithm+"\n")
	}
	for _, ttl := range []struct{ name, key string }{{"OAUTH_ACCESS_TOKEN_TTL_SECONDS", "access_ttl"}, {"OAUTH_REFRESH_TOKEN_TTL_SECONDS", "refresh_ttl"}, {"OAUTH_CODE_TTL_SECONDS", "code_ttl"}} {
		if value := m.env[ttl.name]; value != "" {
			lines = append(lines, fmt.Sprintf("  %s: %s\n", ttl.key, quoted(value+"s")))
		}
	}
	if len(lines) > 0 {
		b.WriteString("tokens:\n" + strings.Join(lines, ""))
	}
	return nil
}

// algorithmOf is what a private key can sign with. What is no key at all is left to
// whoever takes it in, who says what is wrong with it.
func algorithmOf(text string) string {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return "RS256"
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil && block.Type == "EC PRIVATE KEY" {
		return "ES256"
	}
	switch key.(type) {
	case *ecdsa.PrivateKey:
		return "ES256"
	case ed25519.PrivateKey:
		return "EdDSA"
	}
	return "RS256"
}

// pemOf reads PEM as environments hold it: in base64, or with \n for line ends.
func pemOf(value string) (string, error) {
	if !strings.Contains(value, "-----BEGIN") {
		text, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(value), ""))
		if err != nil || !strings.Contains(string(text), "-----BEGIN") {
			return "", errors.New("is not PEM")
		}
		value = string(text)
	}
	return strings.TrimSpace(strings.ReplaceAll(value, `\n`, "\n")), nil
}

func (m *migration) privy(b *strings.Builder) error {
	if m.env["PRIVY_APP_ID"] == "" {
		return nil
	}
	fmt.Fprintf(b, "login:\n  - type: privy\n    app_id: %s\n", quoted(m.env["PRIVY_APP_ID"]))
	switch client := m.env["PRIVY_CLIENT_ID"]; {
	case m.loginURL != "":
		fmt.Fprintf(b, "    login_url: %s\n", quoted(m.loginURL))
		m.became["PRIVY_CLIENT_ID"] = ofThePage
	case client != "":
		fmt.Fprintf(b, "    client_id: %s\n", quoted(client))
	}
	if secret := m.env["PRIVY_APP_SECRET"]; secret != "" {
		fmt.Fprintf(b, "    app_secret: %s\n", m.inFile("privy_app_secret", secret))
	}
	if key := m.env["PRIVY_JWT_VERIFICATION_KEY"]; key != "" {
		text, err := pemOf(key)
		if err != nil {
			return hint(fmt.Errorf("PRIVY_JWT_VERIFICATION_KEY %w", err), "copy the verification key of Privy's dashboard")
		}
		fmt.Fprintf(b, "    verification_key: %s\n", m.inFile("privy_verification_key.pem", text))
	}
	b.WriteString("aliases: [/authorize/complete, /token/introspect]\n")
	return nil
}

func (m *migration) inFile(name, secret string) string {
	m.files[name] = secret
	text, _ := json.Marshal("${file:" + filepath.Join(m.dir, name) + "}")
	return string(text)
}

// resource is the one MCP server that was there.
func (m *migration) resource(b *strings.Builder) error {
	path := "/mcp"
	if indicator := m.env["OAUTH_RESOURCE_INDICATOR"]; indicator != "" {
		u, err := url.Parse(indicator)
		if err != nil || u.Host == "" {
			return hint(errors.New("OAUTH_RESOURCE_INDICATOR is not an absolute URL"), "it is the address of the MCP server, as clients know it")
		}
		if p := strings.TrimSuffix(u.Path, "/"); p != "" {
			path = p
		}
	}
	fmt.Fprintf(b, "resources:\n  - name: mcp\n    path: %s\n", quoted(path))
	if m.protect != "" {
		fmt.Fprintf(b, "    upstream: %s\n", quoted(m.protect))
		if m.env["PRIVY_APP_ID"] != "" && m.env["PROTOCOL_API_URL"] != "" {
			b.WriteString("    connection: { provider: privy }\n")
			m.say("PROTOCOL_API_URL", "its tools act with the person's Privy token, which each call brings them now: resources[0].connection")
		}
	} else if m.env["PRIVY_APP_ID"] != "" && m.env["PROTOCOL_API_URL"] != "" {
		m.intents(b)
		return nil
	}
	scopes, defaults := words(m.env["OAUTH_SUPPORTED_SCOPES"]), words(m.env["OAUTH_DEFAULT_SCOPES"])
	if len(scopes) == 0 {
		scopes, defaults = []string{"read"}, []string{"read"}
	}
	b.WriteString("    scopes:\n")
	n := 0
	for _, scope := range scopes {
		switch {
		case slices.Contains([]string{"openid", "profile", "email", "address", "phone", "offline_access"}, scope):
			m.say("OAUTH_SUPPORTED_SCOPES "+scope, "left out of the scopes: it is the server's own")
		case scope == "privy:token:exchange":
			m.say("OAUTH_SUPPORTED_SCOPES "+scope, "left out of the scopes: no client gets a person's Privy token, unless you add hand_out: true to the login")
		default:
			n++
			fmt.Fprintf(b, "      %s: { default: %t }\n", quoted(scope), slices.Contains(defaults, scope))
		}
	}
	if n == 0 {
		b.WriteString("      read: { default: true }\n")
	}
	return nil
}

// intents lets the built-in server take the place of the tools that were in the same
// program: it has those of both generations, and its own scopes, read and write.
func (m *migration) intents(b *strings.Builder) {
	fmt.Fprintf(b, "    app: intent\n    backend: %s\n    connection: { provider: privy }\n", quoted(strings.TrimSuffix(m.env["PROTOCOL_API_URL"], "/")))
	m.became["PROTOCOL_API_URL"] = "resources[0].backend: the built-in server has those tools"
	if ms := m.env["PROTOCOL_API_TIMEOUT_MS"]; ms != "" {
		fmt.Fprintf(b, "    backend_timeout: %s\n", quoted(ms+"ms"))
		m.became["PROTOCOL_API_TIMEOUT_MS"] = "resources[0].backend_timeout"
	}
	m.became["PRIVY_TOKEN_EXCHANGE_TIMEOUT_MS"] = "left out: nothing is exchanged any more; a person's token is waited for 10 s at most"
	const own = "left out: the built-in server has its own, read and write"
	m.became["OAUTH_SUPPORTED_SCOPES"], m.became["OAUTH_DEFAULT_SCOPES"] = own, own+"; read is the default"
}

// words are separated by spaces or commas.
func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ' ' || r == ',' })
}

// clients are those that were known without registering. All of them had all of the
// redirect URIs.
func (m *migration) clients(b *strings.Builder) error {
	ids, uris := words(m.env["OAUTH_ALLOWED_CLIENT_IDS"]), words(m.env["OAUTH_ALLOWED_REDIRECT_URIS"])
	if len(ids) == 0 {
		return nil
	}
	list, _ := json.Marshal(uris) // a list of texts always can be written
	b.WriteString("clients:\n")
	for _, id := range ids {
		fmt.Fprintf(b, "  - client_id: %s\n    redirect_uris: %s\n", quoted(id), strings.ReplaceAll(string(list), "${", "$${"))
	}
	return nil
}
