package login

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// PrivyOptions say which of the apps at Privy signs people in, and on which page.
type PrivyOptions struct {
	ID     string       // of the app
	Secret oauth.Secret // asks Privy who somebody is; empty: what an identity token says is all that is known
	// LoginURL is a page that runs Privy's login, which is a script and has no page to
	// send people to, and posts the tokens here.
	LoginURL string
	// VerificationKey is the app's key in PEM, as the dashboard shows it; empty:
	// the key set is fetched.
	VerificationKey string
	Auth            string // the origin of Privy's for browsers; empty: https://auth.privy.io
	Keys            string // where the key set is; empty: at Auth
	API             string // empty: https://api.privy.io/v1
	// MaxAge is how long ago an access token may have been issued; 0: ten minutes.
	MaxAge    time.Duration
	Transport http.RoundTripper // nil: the default one
	Now       func() time.Time
}

// Privy believes the tokens that Privy's script gave to a page.
//
// They are bearer tokens without a nonce: every page of the same app gets such, and
// so do the servers behind it. What binds one to a sign-in here is not in it, but
// the state that the page brings back; see [Profile.Proof] for what else there is.
type Privy struct {
	PrivyOptions
	keys   *upstreamKeys // nil: pinned
	pinned token.KeySet  // of VerificationKey
	asker  *http.Client  // of the API
}

const (
	privyIssuer = "privy.io" // as it stands in tokens, without a scheme
	privySkew   = 30 * time.Second
)

// NewPrivy makes one. It fails where the key is no P-256 key in PEM.
func NewPrivy(o PrivyOptions) (*Privy, error) {
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Keys == "" {
		o.Keys = cmp.Or(o.Auth, "https://auth.privy.io") + "/api/v1/apps/" + url.PathEscape(o.ID) + "/jwks.json"
	}
	if o.API == "" {
		o.API = "https://api.privy.io/v1"
	}
	if o.MaxAge == 0 {
		o.MaxAge = 10 * time.Minute
	}
	p := &Privy{PrivyOptions: o, asker: upstreamClient(knownToPrivy{o})}
	if o.VerificationKey == "" {
		p.keys = newUpstreamKeys(o.Keys, upstreamClient(o.Transport), o.Now)
		return p, nil
	}
	var err error
	p.pinned, err = token.PinnedKey([]byte(o.VerificationKey))
	return p, err
}

// Authority is the issuer of everybody whom Return makes.
func (p *Privy) Authority() string { return privyIssuer + "/" + p.ID }

// Leave returns the page that runs the login, with the state that it has to bring
// back. Where tokens go is not said: the page knows, and one that believed its
// address would send them to anybody.
func (p *Privy) Leave(_ context.Context, d Departure) (string, error) {
	u, err := url.Parse(p.LoginURL)
	if err != nil {
		return "", err
	}
	q := u.Query()
	q.Set("state", d.State)
	if d.Hint != "" {
		q.Set("login_hint", d.Hint)
	}
	if d.Again {
		q.Set("prompt", "login")
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// Return makes a person of what the page posted: privy_token, which is an access
// token, and if there is one identity_token. With privy_user_id the token has to
// be of that user; with error the person gave up. Its errors are refusals that a
// person may read.
func (p *Privy) Return(ctx context.Context, _ Departure, answer url.Values) (Profile, error) {
	if answer.Has("error") {
		return Profile{}, refuseUpstream(oauth.AccessDenied, upstreamCancelled, errors.New("login: the page says that the person gave up"))
	}
	raw := answer.Get("privy_token")
	access, err := p.verify(ctx, raw)
	if err != nil {
		return Profile{}, err
	}
	wanted, asked := answer["privy_user_id"]
	issued := time.Unix(access.Issued, 0)
	switch now := p.Now(); {
	case access.Session == "" || access.Linked != "":
		return Profile{}, disbelieved("the access token is another kind of token")
	case asked && (len(wanted) != 1 || wanted[0] != access.Subject):
		return Profile{}, disbelieved("the access token is of another user")
	case now.Sub(issued) > p.MaxAge+privySkew:
		return Profile{}, disbelieved("the access token was issued too long ago")
	}
	linked, err := p.linked(ctx, access.Subject, answer.Get("identity_token"))
	if err != nil {
		return Profile{}, err
	}
	profile := p.profile(access.Subject, linked)
	// It is the person's token there, for as long as it lives: what would refresh it
	// never leaves their browser.
	profile.Tokens = oauth.UpstreamTokens{Access: oauth.Secret(raw), Life: time.Unix(access.Expires, 0).Sub(p.Now())}
	// What was signed, and not the signature: of some there are two.
	profile.Proof = Proof{ID: oauth.Secret("privy " + raw[:strings.LastIndexByte(raw, '.')]).Digest(), Issued: issued,
		Expires: time.Unix(access.Expires, 0).Add(privySkew)}
	return profile, nil
}

// Refresh refuses: Privy gives no server a refresh token.
func (p *Privy) Refresh(context.Context, oauth.Secret) (oauth.UpstreamTokens, error) {
	return oauth.UpstreamTokens{}, oauth.Refuse(oauth.InvalidGrant, "Privy gives no refresh token to a server")
}

// Lasting reports that nothing of Privy's can be asked later with: [Privy.Known] asks
// in the name of the app.
func (p *Privy) Lasting(oauth.UpstreamTokens) bool { return false }

// Still is of no use where nothing lasts.
func (p *Privy) Still(context.Context, oauth.Identity, oauth.UpstreamTokens) (oauth.Identity, error) {
	return oauth.Identity{}, errors.ErrUnsupported
}

// privyClaims are those of an access token, and of an identity token.
type privyClaims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	Session  string `json:"sid"`             // of an access token
	Linked   string `json:"linked_accounts"` // of an identity token: JSON in a text
}

// verify checks one token, of either kind. RFC 7519 §4.1, RFC 8725 §3.
func (p *Privy) verify(ctx context.Context, raw string) (privyClaims, error) {
	var c privyClaims
	// RFC 8725 §3.1: "Libraries MUST enable the caller to specify a supported set of
	// algorithms and MUST NOT use any other algorithms". Privy signs with this one.
	if algorithmOf(raw) != "ES256" {
		return c, disbelieved("the token is not signed with ES256")
	}
	body, err := p.signed(ctx, raw)
	switch {
	case err != nil:
		return c, unverified(err)
	case json.Unmarshal(body, &c) != nil:
		return c, disbelieved("the claims of the token cannot be read")
	}
	now := p.Now()
	switch {
	case c.Issuer != privyIssuer:
		return c, disbelieved("the token is of another issuer")
	case c.Audience != p.ID:
		return c, disbelieved("the token is for another app")
	case c.Subject == "" || len(c.Subject) > 255:
		return c, disbelieved("the sub of the token is not of 1 to 255 octets")
	case !now.Add(-privySkew).Before(time.Unix(c.Expires, 0)):
		return c, disbelieved("the token has expired")
	case time.Unix(c.Issued, 0).After(now.Add(privySkew)):
		return c, disbelieved("the token is of the future")
	}
	return c, nil
}

func (p *Privy) signed(ctx context.Context, raw string) ([]byte, error) {
	if p.keys == nil {
		return p.pinned.Verify(oauth.Secret(raw))
	}
	return p.keys.verify(ctx, raw)
}

// algorithmOf is what the header of a token says, which proves nothing.
func algorithmOf(raw string) string {
	first, _, _ := strings.Cut(raw, ".")
	var head struct{ Alg string }
	if text, err := base64.RawURLEncoding.DecodeString(first); err != nil || json.Unmarshal(text, &head) != nil {
		return ""
	}
	return head.Alg
}

func disbelieved(why string) error {
	return refuseUpstream(oauth.AccessDenied, upstreamWrong, errors.New("login: "+why))
}

// knownToPrivy asks Privy's API in the name of the app: Basic, and the app's id
// once more in a header of its own.
type knownToPrivy struct{ PrivyOptions }

// RoundTrip implements http.RoundTripper.
func (k knownToPrivy) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth(k.ID, string(k.Secret))
	r.Header.Set("privy-app-id", k.ID)
	return k.Transport.RoundTrip(r)
}
