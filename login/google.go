package login

import (
	"net/http"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// GoogleOptions say which Google client signs people in.
type GoogleOptions struct {
	Issuer        string // empty: https://accounts.google.com
	ClientID      string
	ClientSecret  oauth.Secret
	HostedDomains []string // of Google Workspace; empty: everyone with an account at Google
	Transport     http.RoundTripper
	Now           func() time.Time
}

// NewGoogle signs people in with Google, an OpenID provider. hd in the request
// only chooses what people are shown; the claim of the ID token decides.
func NewGoogle(g GoogleOptions) *OIDC {
	if g.Issuer == "" {
		g.Issuer = "https://accounts.google.com"
	}
	parameters := map[string]string{}
	if len(g.HostedDomains) == 1 {
		parameters["hd"] = g.HostedDomains[0]
	}
	return NewOIDC(OIDCOptions{Issuer: g.Issuer, ClientID: g.ClientID, ClientSecret: g.ClientSecret, HostedDomains: g.HostedDomains, Parameters: parameters,
		// Its documents know neither max_age nor auth_time.
		NeverSays: true,
		// Google has this instead of the scope of OpenID Connect Core §11.
		Offline:   map[string]string{"access_type": "offline"},
		Transport: g.Transport, Now: g.Now})
}
