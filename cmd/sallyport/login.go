package main

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/vault"
)

// passwords is nil where the settings have none.
func passwords(in *installation) *login.Local {
	for _, l := range in.config.Login {
		if l.Type == "local" {
			return localLogin(in)
		}
	}
	return nil
}

// newVault keeps the tokens of those logins that a resource has a connection to, and of
// those that can be asked later by what a sign-in left. Privy is asked otherwise.
func newVault(in *installation, ways map[string]way, log *slog.Logger) *vault.Vault {
	kept := map[string]vault.Upstream{}
	for _, l := range in.config.Login {
		if way, ok := ways[l.Name]; ok && (in.config.Keeps(l.Name) || l.Type != "privy") {
			kept[l.Name] = vault.Upstream{Issuer: issuerOf(l), Client: l.ClientID, Way: way}
		}
	}
	return vault.New(vault.Config{Store: in.store, Keys: in.keys, Upstreams: kept, Now: time.Now, Log: log})
}

// webAuthn is nil where the settings have no passwords, or where the server is
// known by an address, for which no device makes a passkey.
func webAuthn(in *installation) (*login.WebAuthn, error) {
	if passwords(in) == nil {
		return nil, nil
	}
	name := in.config.Site.Name
	if name == "" {
		name = "Sallyport"
	}
	a, err := login.NewWebAuthn(login.WebAuthnOptions{PublicURL: in.config.PublicURL, SiteName: name, Passkeys: in.store, Now: time.Now})
	if errors.Is(err, login.ErrNoDomain) {
		return nil, nil
	}
	return a, err
}

// upstreams are the ways in that lead elsewhere, in the order of the settings.
func upstreams(c *config.Config, ways map[string]way) []authserver.Upstream {
	var all []authserver.Upstream
	for _, l := range c.Login {
		u := authserver.Upstream{Name: l.Name, Title: l.Title, Callback: l.CallbackPath, HandsOut: l.HandOut, AsksForRefresh: l.Type == "google",
			Admission: login.Admission{Allow: login.Guests(l.Allow), Deny: login.Guests(l.Deny), Hosted: l.HostedDomains}}
		if way, ok := ways[l.Name]; ok {
			u.Way = way
		}
		if l.Type == "privy" {
			u.PostsFrom = originOf(c.PrivyPage(l))
			if l.LoginURL == "" {
				u.Runs = &authserver.PrivyScript{ID: l.PrivyID, ClientID: l.ClientID, At: l.AuthURL}
			}
		}
		if u.Way != nil {
			all = append(all, u)
		}
	}
	return all
}

func privy(c *config.Config, l config.Login) (*login.Privy, error) {
	return login.NewPrivy(login.PrivyOptions{ID: l.PrivyID, Secret: l.PrivySecret, LoginURL: c.PrivyPage(l), VerificationKey: l.VerificationKey,
		Auth: l.AuthURL, Keys: l.JWKSURL, API: l.APIURL, MaxAge: l.TokenMaxAge, Now: time.Now})
}

// A way leads there and back, and refreshes what was brought.
type way interface {
	authserver.Way
	vault.Way
}

// waysOf makes each way once, by the name of its login: signing in and refreshing
// share what it has found out of its upstream.
func waysOf(c *config.Config) (map[string]way, error) {
	ways := map[string]way{}
	for _, l := range c.Login {
		if l.Type == "privy" {
			w, err := privy(c, l)
			if err != nil {
				return nil, err
			}
			ways[l.Name] = w
		}
		if w := wayOf(l); w != nil {
			ways[l.Name] = w
		}
	}
	return ways, nil
}

func wayOf(l config.Login) way {
	switch l.Type {
	case "github":
		return login.NewGitHub(login.GitHubOptions{URL: l.URL, API: l.APIURL, ClientID: l.ClientID, ClientSecret: l.ClientSecret,
			Groups: l.AsksForGroups()})
	case "google":
		return login.NewGoogle(login.GoogleOptions{Issuer: l.Issuer, ClientID: l.ClientID, ClientSecret: l.ClientSecret,
			HostedDomains: l.HostedDomains, Now: time.Now})
	case "oidc":
		return login.NewOIDC(login.OIDCOptions{Issuer: l.Issuer, ClientID: l.ClientID, ClientSecret: l.ClientSecret, Scopes: l.Scopes,
			Claims: fields(l.Fields, groupsClaim(l)), Parameters: named(l.Parameters), Now: time.Now})
	case "oauth2":
		return login.NewOAuth2(login.OAuth2Options{Issuer: issuerOf(l), AuthorizationURL: l.AuthorizationURL, TokenURL: l.TokenURL, UserURL: l.UserURL,
			ClientID: l.ClientID, ClientSecret: l.ClientSecret, Scopes: l.Scopes, Parameters: named(l.Parameters),
			Fields: fields(l.Fields, l.Fields.Groups),
			Dialect: login.Dialect{JSON: l.TokenRequest == "json", TokenAt: l.TokenAt, ScopeParameter: l.ScopeParameter, Commas: l.ScopeSeparator == "comma",
				Headers: named(l.Headers), TokenLife: l.TokenLife},
			InBody: l.AuthMethod == "client_secret_post"})
	}
	return nil
}

// groupsClaim is where somebody's groups are. Where the settings ask for them, it is
// named, so that they are looked for at the UserInfo endpoint, too: whom their group
// keeps out would come in by an ID token that has none.
func groupsClaim(l config.Login) string {
	if l.GroupsClaim == "" && l.AsksForGroups() {
		return "groups"
	}
	return l.GroupsClaim
}

func fields(f config.LoginFields, groups string) login.Fields {
	return login.Fields{Subject: f.Subject, Username: f.Username, FullName: f.Name, Email: f.Email, EmailVerified: f.EmailVerified, Groups: groups}
}

// named are parameters, or headers, by their names.
func named(list []config.Parameter) map[string]string {
	all := map[string]string{}
	for _, p := range list {
		all[p.Name] = p.Value
	}
	return all
}

// issuerOf names a server that has no name of its own by its origin.
func issuerOf(l config.Login) string {
	switch {
	case l.Issuer != "":
		return l.Issuer
	case l.Type == "privy":
		return "privy.io/" + l.PrivyID
	case l.Type == "github", l.Type == "google":
		return l.Type + " " + l.URL
	}
	u, err := url.Parse(l.TokenURL)
	if err != nil {
		return l.TokenURL
	}
	return u.Scheme + "://" + u.Host
}

// originOf is what browsers call the origin of an address.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	host := strings.ToLower(u.Host)
	if u.Port() == map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host = strings.TrimSuffix(host, ":"+u.Port())
	}
	return u.Scheme + "://" + host
}
