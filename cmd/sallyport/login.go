package main

import (
	"net/url"
	"time"

	"github.com/sallyport-dev/sallyport/authserver"
	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/login"
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

// upstreams are the ways in that lead elsewhere, in the order of the settings.
func upstreams(c *config.Config) []authserver.Upstream {
	var all []authserver.Upstream
	for _, l := range c.Login {
		if way := wayOf(l); way != nil {
			all = append(all, authserver.Upstream{Name: l.Name, Title: l.Title, Way: way,
				Admission: login.Admission{Allow: login.Guests(l.Allow), Deny: login.Guests(l.Deny)}})
		}
	}
	return all
}

func wayOf(l config.Login) authserver.Way {
	switch l.Type {
	case "github":
		return login.NewGitHub(login.GitHubOptions{URL: l.URL, API: l.APIURL, ClientID: l.ClientID, ClientSecret: l.ClientSecret,
			Groups: len(l.Allow.Groups)+len(l.Deny.Groups) > 0})
	case "google":
		return login.NewGoogle(login.GoogleOptions{Issuer: l.Issuer, ClientID: l.ClientID, ClientSecret: l.ClientSecret,
			HostedDomains: l.HostedDomains, Now: time.Now})
	case "oidc":
		return login.NewOIDC(login.OIDCOptions{Issuer: l.Issuer, ClientID: l.ClientID, ClientSecret: l.ClientSecret, Scopes: l.Scopes,
			GroupsClaim: l.GroupsClaim, Parameters: parameters(l), Now: time.Now})
	case "oauth2":
		return login.NewOAuth2(login.OAuth2Options{Issuer: issuerOf(l), AuthorizationURL: l.AuthorizationURL, TokenURL: l.TokenURL, UserURL: l.UserURL,
			ClientID: l.ClientID, ClientSecret: l.ClientSecret, Scopes: l.Scopes, Parameters: parameters(l),
			Fields: login.Fields{Subject: l.Fields.Subject, Username: l.Fields.Username, FullName: l.Fields.Name, Email: l.Fields.Email, EmailVerified: l.Fields.EmailVerified},
			InBody: l.AuthMethod == "client_secret_post"})
	}
	return nil
}

func parameters(l config.Login) map[string]string {
	all := map[string]string{}
	for _, p := range l.Parameters {
		all[p.Name] = p.Value
	}
	return all
}

// issuerOf names a server that has no name of its own by its origin.
func issuerOf(l config.Login) string {
	if l.Issuer != "" {
		return l.Issuer
	}
	u, err := url.Parse(l.TokenURL)
	if err != nil {
		return l.TokenURL
	}
	return u.Scheme + "://" + u.Host
}
