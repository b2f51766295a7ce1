package login

import (
	"context"
	"net/http"
	"regexp"

	"github.com/sallyport-dev/sallyport/oauth"
)

// GitHubOptions say which OAuth App or GitHub App signs people in.
type GitHubOptions struct {
	URL          string // of a GitHub Enterprise Server; empty: https://github.com
	API          string // empty: https://api.github.com, or /api/v3 of URL
	ClientID     string
	ClientSecret oauth.Secret
	// Groups: the person's organizations (acme) and teams (acme/tickets) are looked
	// up. It needs the scope read:org.
	Groups    bool
	Transport http.RoundTripper // nil: the default one
}

// NewGitHub signs people in with GitHub, which is no OpenID provider: its user
// JSON has no verified address, and its organizations are elsewhere.
func NewGitHub(g GitHubOptions) *OAuth2 {
	if g.API == "" {
		g.API = "https://api.github.com"
		if g.URL != "" {
			g.API = g.URL + "/api/v3"
		}
	}
	if g.URL == "" {
		g.URL = "https://github.com"
	}
	scopes := []string{"read:user", "user:email"}
	if g.Groups {
		scopes = append(scopes, "read:org")
	}
	o := NewOAuth2(OAuth2Options{Issuer: g.URL, AuthorizationURL: g.URL + "/login/oauth/authorize", TokenURL: g.URL + "/login/oauth/access_token",
		UserURL: g.API + "/user", ClientID: g.ClientID, ClientSecret: g.ClientSecret, Scopes: scopes, InBody: true, Transport: g.Transport})
	o.suggest = suggestedLogin
	o.add = func(ctx context.Context, bearer string, p *Profile) error {
		p.Unasked = !g.Groups
		if err := g.address(ctx, o.client, bearer, p); err != nil || !g.Groups {
			return err
		}
		return g.groups(ctx, o.client, bearer, p)
	}
	return o
}

// githubLogin is what accounts at GitHub are called.
var githubLogin = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// suggestedLogin makes GitHub suggest an account: "Authorizing OAuth apps", login. An
// address is none: that GitHub would find its owner is not documented.
func suggestedLogin(hint string) map[string]string {
	if !githubLogin.MatchString(hint) {
		return nil
	}
	return map[string]string{"login": hint}
}

// address is the primary one, where it is verified, and the others; of more than a hundred,
// a hundred.
func (g GitHubOptions) address(ctx context.Context, c *http.Client, bearer string, p *Profile) error {
	var all []struct {
		Email             string
		Primary, Verified bool
	}
	if err := getJSON(ctx, c, g.API+"/user/emails?per_page=100", bearer, &all); err != nil {
		return trouble(atEmails, err)
	}
	p.Others = nil // of the profile is one of these
	for _, a := range all {
		if a.Primary && a.Verified {
			p.Email = a.Email
		} else {
			p.Others = append(p.Others, a.Email)
		}
	}
	return nil
}

// groups are organizations and teams; of more than a hundred of each, a hundred.
func (g GitHubOptions) groups(ctx context.Context, c *http.Client, bearer string, p *Profile) error {
	var organizations []struct{ Login string }
	if err := getJSON(ctx, c, g.API+"/user/orgs?per_page=100", bearer, &organizations); err != nil {
		return trouble(atGroups, err)
	}
	for _, org := range organizations {
		p.Groups = append(p.Groups, org.Login)
	}
	var teams []struct {
		Slug         string
		Organization struct{ Login string }
	}
	if err := getJSON(ctx, c, g.API+"/user/teams?per_page=100", bearer, &teams); err != nil {
		return trouble(atGroups, err)
	}
	for _, team := range teams {
		p.Groups = append(p.Groups, team.Organization.Login+"/"+team.Slug)
	}
	return nil
}
