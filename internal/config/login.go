package config

import (
	"cmp"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Login is one entry of the key login: a way in.
type Login struct {
	Type         string       `yaml:"type" required:"true" enum:"local|github|google|privy|oidc|oauth2" doc:"local: a username and a password, kept here. github: an OAuth App or GitHub App. google: a Google client. privy: an app at Privy. oidc: any OpenID provider, by discovery. oauth2: any OAuth 2.0 server, by the settings below."`
	Name         string       `yaml:"name" absent:"the type" optional:"true" doc:"What URLs, commands and logs call it: the callback at the other service is public_url/oauth/callback/NAME. Lower-case letters, digits and -, at most 32. With oidc and oauth2 it is required."`
	Title        string       `yaml:"title" absent:"GitHub, Google, Privy, or the name" optional:"true" doc:"What stands on the button: Continue with TITLE."`
	ClientID     string       `yaml:"client_id" absent:"none" optional:"true" doc:"What the other service calls this server. All but local and privy need one. privy: the app client for web, where the app has several."`
	ClientSecret oauth.Secret `yaml:"client_secret" absent:"none" optional:"true" doc:"What goes with it. Only an oidc provider may know this server as a public client, without one."`

	CallbackPath string `yaml:"callback_path" absent:"/oauth/callback/NAME" optional:"true" doc:"All but local: where the other service sends people back, when another path is registered there already, such as /oauth/callback."`

	Issuer           string `yaml:"issuer" absent:"none; google: https://accounts.google.com" optional:"true" doc:"oidc: the provider's issuer, as its own metadata write it; everything else is found from there. oauth2: the name under which its people are remembered, a URL that never changes; absent: the origin of token_url."`
	URL              string `yaml:"url" absent:"https://github.com" optional:"true" doc:"github: a GitHub Enterprise Server."`
	APIURL           string `yaml:"api_url" absent:"https://api.github.com, or url with /api/v3; privy: https://api.privy.io/v1" optional:"true" doc:"github and privy: where its API is."`
	AuthorizationURL string `yaml:"authorization_url" absent:"none" optional:"true" doc:"oauth2: where people go."`
	TokenURL         string `yaml:"token_url" absent:"none" optional:"true" doc:"oauth2: where a code becomes a token."`
	UserURL          string `yaml:"user_url" absent:"none" optional:"true" doc:"oauth2: what answers with JSON about the person whose token is presented."`

	PrivyID         string        `yaml:"app_id" absent:"none" optional:"true" doc:"privy: the id of the app. No other site should share it: each gets tokens that are good here."`
	PrivySecret     oauth.Secret  `yaml:"app_secret" absent:"none" optional:"true" doc:"privy: the app's secret. With it Privy's API says who a person is where there is no identity token, and whether they still are when tokens are made."`
	AuthURL         string        `yaml:"auth_url" absent:"https://auth.privy.io" optional:"true" doc:"privy: where people's browsers speak with Privy, on the page of this server."`
	LoginURL        string        `yaml:"login_url" absent:"a page of this server" optional:"true" doc:"privy: a page of your own that runs Privy's login instead. It is opened with the parameter state, and posts state, privy_token and identity_token to public_url/oauth/callback/NAME."`
	VerificationKey string        `yaml:"verification_key" absent:"the key set is fetched" optional:"true" doc:"privy: the app's verification key, PEM. With it nothing is fetched to check a token."`
	JWKSURL         string        `yaml:"jwks_url" absent:"auth_url/api/v1/apps/APP_ID/jwks.json" optional:"true" doc:"privy: where the app's key set is."`
	TokenMaxAge     time.Duration `yaml:"token_max_age" absent:"10m" optional:"true" doc:"privy: how long ago an access token may have been issued: 1m to 1h."`

	AuthMethod     string        `yaml:"token_endpoint_auth_method" absent:"client_secret_basic" optional:"true" enum:"client_secret_basic|client_secret_post" doc:"oauth2: how this server authenticates at token_url."`
	Scopes         []string      `yaml:"scopes" absent:"what signing in needs" optional:"true" doc:"oauth2: the scopes that are asked for. oidc: those besides openid, profile and email."`
	Parameters     []Parameter   `yaml:"parameters" absent:"none" optional:"true" doc:"oidc and oauth2: more parameters of the authorization request, by name."`
	TokenRequest   string        `yaml:"token_request" absent:"form" optional:"true" enum:"form|json" doc:"oauth2: what token_url takes: a form, as the standard has it, or a JSON object."`
	TokenAt        string        `yaml:"token_at" absent:"the top" optional:"true" doc:"oauth2: inside which member of the answer to a code the person's own token is, such as authed_user. A dot leads inward. What stands beside it is not taken."`
	TokenLife      time.Duration `yaml:"token_life" absent:"for ever" optional:"true" doc:"oauth2: how long an access token lives where the answer does not say it (expires_in): 5m to 8760h (a year). It is refreshed before that."`
	ScopeParameter string        `yaml:"scope_parameter" absent:"scope" optional:"true" doc:"oauth2: the parameter of the authorization request that the scopes are in, such as user_scope."`
	ScopeSeparator string        `yaml:"scope_separator" absent:"space" optional:"true" enum:"space|comma" doc:"oauth2: what stands between the scopes."`
	Headers        []Parameter   `yaml:"headers" absent:"none" optional:"true" doc:"oauth2: headers of the requests to token_url and user_url, by name, such as the version of an API."`

	Fields        LoginFields `yaml:"fields" optional:"true" doc:"oauth2: where the person is in the JSON of user_url. oidc: in which claims, of the ID token or, where that has not all of them, of the UserInfo endpoint."`
	GroupsClaim   string      `yaml:"groups_claim" absent:"groups" optional:"true" doc:"oidc: the claim with the person's groups, a list of texts or a text. A dot leads inward: realm_access.roles. Where it is set, or allow or deny has groups, and the ID token is without it, the UserInfo endpoint is asked."`
	HostedDomains []string    `yaml:"hosted_domains" absent:"any" optional:"true" doc:"google: the Google Workspace domains of which a person has to have one, by the claim hd."`

	HandOut bool `yaml:"hand_out" default:"false" optional:"true" doc:"All but local: whether a client may have the person's own token itself, at /token/NAME/access-token, where the person ticked that on the consent page. Then resources with a connection to this login have the scope NAME:token:exchange, which nobody has who did not ask for it by name."`

	Allow Guests `yaml:"allow" optional:"true" doc:"Who may come in. Empty: everybody whom the other service knows. With any entry, only those of whom one is true."`
	Deny  Guests `yaml:"deny" optional:"true" doc:"Who may not, though they are allowed."`
}

// Parameter is one entry of a login's parameters.
type Parameter struct {
	Name  string `yaml:",key"`
	Value string `yaml:",value"`
}

// LoginFields is the key fields of a login.
type LoginFields struct {
	Subject       string `yaml:"subject" absent:"id" optional:"true" doc:"oauth2: what never changes and is never given to someone else. A dot leads inward: user.id. Several with spaces between them, where only together they are one person's: team_id user_id. With oidc it is always sub."`
	Username      string `yaml:"username" absent:"login; oidc: preferred_username" optional:"true" doc:"What the person is called there."`
	Name          string `yaml:"name" absent:"name" optional:"true" doc:"The person's name."`
	Email         string `yaml:"email" absent:"email" optional:"true" doc:"An address."`
	EmailVerified string `yaml:"email_verified" absent:"email_verified" optional:"true" doc:"Whether it was verified. An address that was not is not taken."`
	Groups        string `yaml:"groups" absent:"none" optional:"true" doc:"oauth2: a text or a list of texts that allow and deny can name under groups, such as the person's workspace. With oidc it is groups_claim."`
}

// Guests is the key allow or deny of a login.
type Guests struct {
	Emails  []string `yaml:"emails" absent:"none" optional:"true" doc:"Addresses. allow goes by one that the service has verified, at GitHub the primary one, and deny by every one that it says is theirs."`
	Domains []string `yaml:"domains" absent:"none" optional:"true" doc:"What stands behind the @ of such an address."`
	Groups  []string `yaml:"groups" absent:"none" optional:"true" doc:"oidc: groups. github: organizations (acme) and teams (acme/tickets). privy: what is linked (google_oauth), and wallet:ADDRESS. oauth2: what fields.groups says."`
}

func (g Guests) empty() bool { return len(g.Emails)+len(g.Domains)+len(g.Groups) == 0 }

// AsksForGroups reports whether it depends on groups who may come in.
func (l Login) AsksForGroups() bool { return len(l.Allow.Groups)+len(l.Deny.Groups) > 0 }

func (l *Login) complete() {
	if l.Type == "local" {
		return
	}
	if l.Name == "" && (l.Type == "github" || l.Type == "google" || l.Type == "privy") {
		l.Name = l.Type
	}
	if l.Title == "" {
		l.Title = map[string]string{"github": "GitHub", "google": "Google", "privy": "Privy"}[l.Name]
	}
	if l.Title == "" {
		l.Title = l.Name
	}
	if l.Type == "privy" {
		l.TokenMaxAge = cmp.Or(l.TokenMaxAge, 10*time.Minute)
		l.AuthURL = strings.TrimRight(cmp.Or(l.AuthURL, "https://auth.privy.io"), "/")
	}
}
