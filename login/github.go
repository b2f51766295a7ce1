package login

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"

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

// address is the primary one, where it is verified, and the others.
func (g GitHubOptions) address(ctx context.Context, c *http.Client, bearer string, p *Profile) error {
	type address struct {
		Email             string
		Primary, Verified bool
	}
	all, whole, err := githubList[address](ctx, c, g.API+"/user/emails", bearer)
	if err != nil {
		return trouble(atEmails, err)
	}
	if !whole {
		return disbelieved("nobody has that many addresses")
	}
	p.Email, p.Others = "", nil // the one of the profile is among these
	for _, a := range all {
		p.says(a.Email, a.Primary && a.Verified)
	}
	return nil
}

// groups are organizations and teams. Of who is in too many to be looked through, it is
// not said that they were asked for.
func (g GitHubOptions) groups(ctx context.Context, c *http.Client, bearer string, p *Profile) error {
	type organization struct{ Login string }
	organizations, whole, err := githubList[organization](ctx, c, g.API+"/user/orgs", bearer)
	if err != nil {
		return trouble(atGroups, err)
	}
	for _, org := range organizations {
		p.Groups = append(p.Groups, org.Login)
	}
	type team struct {
		Slug         string
		Organization organization
	}
	teams, wholeToo, err := githubList[team](ctx, c, g.API+"/user/teams", bearer)
	if err != nil {
		return trouble(atGroups, err)
	}
	for _, team := range teams {
		p.Groups = append(p.Groups, team.Organization.Login+"/"+team.Slug)
	}
	p.Unasked = !whole || !wholeToo
	return nil
}

// githubList asks for a list page by page: of a hundred, the most there is, and ten of
// them. whole says that there are no more. Whoever could hide behind a page that nobody
// asks for would come in though they are denied; so could who has no session at an
// organization with single sign-on, which GitHub then leaves out, and says that it did.
func githubList[T any](ctx context.Context, c *http.Client, address, bearer string) (all []T, whole bool, err error) {
	whole = true
	for page := range 10 {
		head, body, err := answerAt(ctx, c, fmt.Sprintf("%s?per_page=100&page=%d", address, page+1), bearer)
		if err != nil {
			return nil, false, err
		}
		var some []T
		if json.Unmarshal(body, &some) != nil {
			return nil, false, errNotJSON
		}
		all = append(all, some...)
		whole = whole && !strings.Contains(head.Get("X-GitHub-SSO"), "partial-results")
		if !strings.Contains(head.Get("Link"), `rel="next"`) {
			return all, whole, nil
		}
	}
	return all, false, nil
}
