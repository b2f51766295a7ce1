package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

var loginName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

func (k *check) logins() {
	if len(k.Login) == 0 {
		k.say("login", "is empty, so nobody could sign in", "add - { type: local }, or remove the line")
	}
	k.insisted()
	names := map[string]int{}
	for i, l := range k.Login {
		key := fmt.Sprintf("login[%d]", i)
		first, twice := names[l.called()]
		switch {
		case l.Type == "local" && twice:
			k.say(key, "is here twice", "keep one of them")
		case l.Name == "" && l.Type != "" && l.Type != "local":
			k.say(key+".name", "is missing", "add a name, such as okta: the callback at the other service is "+k.PublicURL+"/oauth/callback/okta")
		case l.Name != "" && !loginName.MatchString(l.Name):
			k.say(key+".name", "is "+k.quote(key+".name", l.Name)+", which is not a name", "use lower-case letters, digits and -, at most 32")
		case l.Name == "passkey":
			k.say(key+".name", "is passkey, and /login/passkey is where people sign in with one", "use another name")
		case l.called() != "" && twice:
			k.say(key+".name", fmt.Sprintf("is the name of login[%d] too", first), "give each its own")
		}
		keeps := k.Keeps(l.Name)
		switch {
		case l.HandOut && l.Type == "local":
			k.say(key+".hand_out", "means nothing with type local, which brings no token", "remove it")
		case l.HandOut && !keeps && !k.broken["resources"]:
			k.say(key+".hand_out", "has no effect: no resource has a connection to this login, so none of its tokens is kept", "add connection: { provider: "+l.Name+" } to a resource, or remove it")
		}
		names[l.called()] = i
		k.login(key, l)
	}
}

// callbacks checks the paths of their own to which people come back. What one other
// service says must not be taken for what another says, so no two share one.
func (k *check) callbacks() {
	seen := map[string]int{}
	for i, l := range k.Login {
		key := fmt.Sprintf("login[%d].callback_path", i)
		if l.CallbackPath == "" {
			continue
		}
		first, twice := seen[l.CallbackPath]
		seen[l.CallbackPath] = i
		reserved := l.CallbackPath != "/oauth/callback" && slices.ContainsFunc(reservedPaths, func(path string) bool { return under(l.CallbackPath, path) })
		switch {
		case l.Type == "local":
			k.say(key, "means nothing with type local", "remove it")
		case twice:
			k.say(key, fmt.Sprintf("is that of login[%d] too", first), "give each its own")
		case !resourcePath.MatchString(l.CallbackPath):
			k.say(key, "is "+k.quote(key, l.CallbackPath)+", which is not a plain path", "begin with / and use letters, digits, -, ., _ and ~")
		case reserved:
			k.say(key, "is the server's own", "choose another path, such as /oauth/callback or /auth/callback")
		case slices.ContainsFunc(k.Resources, func(r Resource) bool {
			return r.Path != "" && (under(l.CallbackPath, r.Path) || under(r.Path, l.CallbackPath))
		}):
			k.say(key, "is where a resource is", "choose another path")
		}
	}
}

// under reports whether path is base, or below it.
func under(path, base string) bool { return path == base || strings.HasPrefix(path, base+"/") }

// insisted checks what resources say of logins.
func (k *check) insisted() {
	for i, r := range k.Resources {
		for _, name := range r.Logins {
			if !slices.ContainsFunc(k.Login, func(l Login) bool { return l.called() == name }) {
				at := fmt.Sprintf("resources[%d].logins", i)
				k.say(at, "has "+k.quote(at, name)+", which is no login of these settings", "use the name of an entry under login, or local")
			}
		}
	}
}

// called is what has to be different for each.
func (l Login) called() string {
	if l.Type == "local" {
		return "local"
	}
	return l.Name
}

// login checks that what a way in needs is there, and that nothing is that it
// does not look at: people would rely on it.
func (k *check) login(key string, l Login) {
	needs := map[string][]string{
		"local": {}, "github": {"client_id", "client_secret"}, "google": {"client_id", "client_secret"}, "oidc": {"issuer", "client_id"},
		"oauth2": {"client_id", "client_secret", "authorization_url", "token_url", "user_url"}, "privy": {"app_id"},
	}[l.Type]
	may := map[string][]string{
		"github": {"url", "api_url"}, "google": {"issuer", "hosted_domains"}, "oidc": {"client_secret", "scopes", "parameters", "groups_claim", "fields"},
		"oauth2": {"issuer", "scopes", "parameters", "token_endpoint_auth_method", "token_request", "token_at", "token_life", "scope_parameter", "scope_separator", "headers", "fields"},
		"privy":  {"client_id", "app_secret", "auth_url", "login_url", "verification_key", "jwks_url", "api_url", "token_max_age"},
	}[l.Type]
	for _, s := range l.settings() {
		switch name := key + "." + s.key; {
		case slices.Contains(needs, s.key) && s.empty:
			k.say(name, "is missing", "type "+l.Type+" needs it")
		case needs != nil && !s.empty && !slices.Contains(needs, s.key) && !slices.Contains(may, s.key):
			k.say(name, "means nothing with type "+l.Type, "remove it")
		case s.url != "":
			k.upstreamURL(name, s.url)
		}
	}
	for _, p := range l.Parameters {
		if slices.Contains(ours, p.Name) {
			k.say(key+".parameters."+p.Name, "is set by this server", "remove it")
		}
	}
	switch l.Type {
	case "privy":
		k.privy(key, l)
	case "oauth2":
		k.dialect(key, l)
	case "oidc":
		if l.Fields.Subject != "" {
			k.say(key+".fields.subject", "means nothing with type oidc, where it is always sub", "remove it")
		}
		if l.Fields.Groups != "" {
			k.say(key+".fields.groups", "means nothing with type oidc", "say groups_claim instead")
		}
	}
	if l.Type == "local" && !(l.Allow.empty() && l.Deny.empty()) {
		k.say(key+".allow", "means nothing with type local", "remove it: an administrator makes the accounts")
	}
	if l.Type == "google" && l.AsksForGroups() {
		k.say(key+".allow.groups", "means nothing with type google, which says nothing of groups", "use domains or hosted_domains")
	}
}

var (
	memberPath    = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	parameterName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	headerName    = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
)

// ours are parameters and headers that a request has anyway: another value would
// take the place of what protects it.
var ours = []string{"response_type", "client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method",
	"authorization", "content-type", "content-length", "accept", "host", "cookie", "connection", "transfer-encoding"}

// dialect checks what says how a server departs from the standard.
func (k *check) dialect(key string, l Login) {
	for _, g := range []struct {
		name   string
		groups []string
	}{{"allow", l.Allow.Groups}, {"deny", l.Deny.Groups}} {
		if len(g.groups) > 0 && l.Fields.Groups == "" {
			k.say(key+"."+g.name+".groups", "is of nobody: nothing says where a person's groups are", "add fields: { groups: … }")
		}
	}
	if l.TokenAt != "" && !memberPath.MatchString(l.TokenAt) {
		k.say(key+".token_at", "is "+k.quote(key+".token_at", l.TokenAt)+", which is not the way to a member", "use names with dots between them, such as authed_user")
	}
	if p := l.ScopeParameter; p != "" && (!parameterName.MatchString(p) || slices.Contains(ours, p)) {
		k.say(key+".scope_parameter", "is "+k.quote(key+".scope_parameter", p)+", which cannot be one", "use the name that the service documents, such as user_scope")
	}
	if l.TokenLife != 0 {
		k.between(key+".token_life", l.TokenLife, 5*time.Minute, 365*24*time.Hour)
	}
	for _, h := range l.Headers {
		at := key + ".headers." + h.Name
		switch {
		case !headerName.MatchString(h.Name):
			k.say(at, "is not the name of a header", "use letters, digits and -")
		case slices.Contains(ours, strings.ToLower(h.Name)):
			k.say(at, "is set by this server", "remove it")
		case h.Value == "" || strings.ContainsFunc(h.Value, func(r rune) bool { return r < ' ' || r > '~' }):
			k.say(at, "has a value that cannot be sent", "use printable ASCII")
		}
	}
}

func (k *check) privy(key string, l Login) {
	k.between(key+".token_max_age", l.TokenMaxAge, time.Minute, time.Hour)
	if l.LoginURL != "" && l.ClientID != "" {
		k.say(key+".client_id", "means nothing with login_url: your own page names the app client", "remove it")
	}
	if u, err := url.Parse(l.AuthURL); err == nil && strings.Trim(u.Path, "/")+u.RawQuery+u.Fragment != "" {
		k.say(key+".auth_url", "has more than a host", "remove what stands behind the host")
	}
	if l.VerificationKey == "" {
		return
	}
	block, rest := pem.Decode([]byte(l.VerificationKey))
	if block != nil && block.Type == "PUBLIC KEY" && strings.TrimSpace(string(rest)) == "" {
		public, err := x509.ParsePKIXPublicKey(block.Bytes)
		if ec, ok := public.(*ecdsa.PublicKey); err == nil && ok && ec.Curve == elliptic.P256() {
			return
		}
	}
	k.say(key+".verification_key", "is not a P-256 public key in PEM", "copy the verification key of Privy's dashboard, with its line ends: ${file:/the/whole/path} keeps them")
}

// upstreamURL takes https, and http on this computer for a try.
func (k *check) upstreamURL(key, raw string) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "":
		k.say(key, "is not an absolute URL", "write https:// and the rest")
	case u.Scheme == "http" && oauth.IsLoopbackHost(u.Hostname()), u.Scheme == "https":
	default:
		k.say(key, "is not https", "write https://; http is for a service on this computer")
	}
}

// A setting of a login, as far as it depends on the type.
type loginSetting struct {
	key   string
	url   string // when it is one
	empty bool
}

func (l Login) settings() []loginSetting {
	var all []loginSetting
	for _, s := range []struct{ key, url string }{{"issuer", l.Issuer}, {"url", l.URL}, {"api_url", l.APIURL},
		{"authorization_url", l.AuthorizationURL}, {"token_url", l.TokenURL}, {"user_url", l.UserURL}, {"login_url", l.LoginURL}, {"auth_url", l.AuthURL}, {"jwks_url", l.JWKSURL}} {
		all = append(all, loginSetting{s.key, s.url, s.url == ""})
	}
	return append(all,
		loginSetting{"app_id", "", l.PrivyID == ""},
		loginSetting{"app_secret", "", l.PrivySecret == ""},
		loginSetting{"verification_key", "", l.VerificationKey == ""},
		loginSetting{"token_max_age", "", l.TokenMaxAge == 0},
		loginSetting{"client_id", "", l.ClientID == ""},
		loginSetting{"client_secret", "", l.ClientSecret == ""},
		loginSetting{"token_endpoint_auth_method", "", l.AuthMethod == ""},
		loginSetting{"token_request", "", l.TokenRequest == ""},
		loginSetting{"token_at", "", l.TokenAt == ""},
		loginSetting{"token_life", "", l.TokenLife == 0},
		loginSetting{"scope_parameter", "", l.ScopeParameter == ""},
		loginSetting{"scope_separator", "", l.ScopeSeparator == ""},
		loginSetting{"headers", "", len(l.Headers) == 0},
		loginSetting{"scopes", "", len(l.Scopes) == 0},
		loginSetting{"parameters", "", len(l.Parameters) == 0},
		loginSetting{"groups_claim", "", l.GroupsClaim == ""},
		loginSetting{"fields", "", l.Fields == LoginFields{}},
		loginSetting{"hosted_domains", "", len(l.HostedDomains) == 0})
}
