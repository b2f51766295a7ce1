package config

import (
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/netip"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
)

// ProtectedResources is what the authorization server has to know of the
// resources, in their order.
func (c *Config) ProtectedResources() []oauth.ProtectedResource {
	var all []oauth.ProtectedResource
	for _, r := range c.Resources {
		p := oauth.ProtectedResource{
			Name:        r.Name,
			Title:       r.Title,
			ID:          c.ID(r),
			TokenFormat: r.TokenFormat,
			Algorithm:   c.algorithm(r),
			Logins:      r.Logins,
			Connection:  r.Connection.Login,

			ConnectionScopes: r.Connection.Scopes,
		}
		if p.TokenFormat == "" {
			p.TokenFormat = c.Tokens.Format
		}
		for _, s := range r.Scopes {
			p.Scopes = append(p.Scopes, oauth.ScopeInfo(s))
		}
		p.HandOut = c.handOut(r.Connection.Login)
		all = append(all, p)
	}
	return all
}

// handOut is the scope with which a client gets the token of a login itself, where the
// settings switch that on.
func (c *Config) handOut(login string) oauth.ScopeInfo {
	for _, l := range c.Login {
		if login != "" && l.Name == login && l.HandOut {
			return oauth.ScopeInfo{Name: oauth.HandOutScope(l.Name), Title: "Hand your " + l.Title + " token itself",
				Description: "It can then do at " + l.Title + " all that this token can, without this server and without being seen here. What you withdraw here does not take the token back."}
		}
	}
	return oauth.ScopeInfo{}
}

// algorithm resolves auto. ES256 is thirty times as fast to sign as RS256, but
// libraries that check tokens elsewhere cannot be relied on to know it: RFC
// 9068 §2.1 makes RS256 the one that everyone has.
func (c *Config) algorithm(r Resource) string {
	a := r.SigningAlgorithm
	if a == "" {
		a = c.Tokens.SigningAlgorithm
	}
	switch {
	case a != "auto":
		return a
	case r.Guarded():
		return "ES256"
	}
	return "RS256"
}

// ToolScopes says what a call of a tool needs: every scope returned, or, when
// public, not even signing in. A tool that is not listed needs the default
// tool scopes.
func (r Resource) ToolScopes(tool string) (needs oauth.Scope, public bool) {
	for _, t := range r.Tools {
		if t.Name == tool {
			return oauth.NewScope(t.Scopes...), t.Public
		}
	}
	return oauth.NewScope(r.DefaultToolScopes...), false
}

// PreRegistered is the clients of the settings, with the digests of their
// secrets.
func (c *Config) PreRegistered() []oauth.Client {
	var all []oauth.Client
	for _, cl := range c.Clients {
		known := oauth.Client{
			ID:     cl.ID,
			Source: oauth.FromSettings,
			Metadata: oauth.ClientMetadata{
				RedirectURIs:            cl.RedirectURIs,
				TokenEndpointAuthMethod: cl.AuthMethod,
				ClientName:              cl.Name,
				Scope:                   cl.Scope,
			},
		}
		if len(cl.RedirectURIs) > 0 { // otherwise it asks about tokens and has none
			known.Metadata.GrantTypes = []string{oauth.GrantTypeCode, oauth.GrantTypeRefresh}
			known.Metadata.ResponseTypes = []string{"code"}
		}
		if known.KeysURI = cl.KeysURI; cl.Keys != "" {
			known.Keys = json.RawMessage(cl.Keys)
		}
		if cl.Secret != "" {
			known.SecretDigest = cl.Secret.Digest()
		}
		for _, r := range c.Resources {
			if slices.Contains(cl.Serves, r.Name) {
				known.Serves = append(known.Serves, c.ID(r))
			}
		}
		if known.Exchanges = c.exchanges(cl); len(known.Exchanges) > 0 {
			known.Metadata.GrantTypes = append(known.Metadata.GrantTypes, oauth.GrantTypeExchange)
		}
		all = append(all, known)
	}
	return all
}

// exchanges is a client's exchange, with resources by their identifiers.
func (c *Config) exchanges(cl Client) []oauth.Exchange {
	var all []oauth.Exchange
	for _, e := range cl.Exchanges {
		one := oauth.Exchange{Login: e.Login, Scope: oauth.NewScope(e.Scopes...)}
		for _, r := range c.Resources {
			if e.Resource != "" && r.Name == e.Resource {
				one.Resource = c.ID(r)
			}
		}
		all = append(all, one)
	}
	return all
}

// Environment is the resource's env as a process takes it, NAME=value.
func (r Resource) Environment() []string {
	var all []string
	for _, v := range r.Env {
		all = append(all, v.Name+"="+string(v.Value))
	}
	return all
}

// Level is log_level.
func (c *Config) Level() slog.Level {
	var l slog.Level
	_ = l.UnmarshalText([]byte(c.LogLevel)) // Validate knows the four words
	return l
}

// Proxies is trusted_proxies; a single address is a range of one.
func (c *Config) Proxies() []netip.Prefix {
	var all []netip.Prefix
	for _, text := range c.TrustedProxies {
		if p, err := parseRange(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}

func parseRange(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		return netip.ParsePrefix(text)
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return addr.Prefix(addr.BitLen())
}

// Key is encryption_key decoded, 32 bytes; nil when it is not set and has to
// be made in data.
func (c *Config) Key() []byte {
	if c.EncryptionKey == "" {
		return nil
	}
	return decodeKey(c.EncryptionKey)
}

// decodeKey reads base64 in either alphabet, with its padding or without; nil
// for anything that is not 32 bytes.
func decodeKey(s oauth.Secret) []byte {
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(string(s), "="))
	key, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil
	}
	return key
}

// IdentityAlgorithm is what signs the JWTs that tell upstreams who calls.
// Someone else's code checks them, so auto is RS256.
func (c *Config) IdentityAlgorithm() string {
	if c.Tokens.SigningAlgorithm == "auto" {
		return "RS256"
	}
	return c.Tokens.SigningAlgorithm
}

// FromCommandLine reports whether there is no settings file.
func (c *Config) FromCommandLine() bool { return c.file == "" }
