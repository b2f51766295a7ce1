package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"github.com/sallyport-dev/sallyport/oauth"
)

// OIDCOptions say which OpenID provider signs people in, and what is asked of it.
type OIDCOptions struct {
	Issuer       string // OpenID Connect Discovery §4.3: as the provider itself writes it
	ClientID     string
	ClientSecret oauth.Secret // empty: a public client
	Scopes       []string     // besides openid, profile and email
	// Claims are where the person is, as OAuth2 finds them in the user's JSON; a name
	// that is there as it stands goes before the way inward. Empty: preferred_username,
	// name, email, email_verified and groups. Subject is not looked at: it is sub.
	Claims Fields
	// HostedDomains are those of Google Workspace, of which the person has to have
	// one; empty: any, and none.
	HostedDomains []string
	// Parameters are added to the authorization request.
	Parameters map[string]string
	// Offline is added for a refresh token that is good while the person is away, where
	// there is no scope for that.
	Offline map[string]string
	// NeverSays is for a provider that does not know max_age and never says when it
	// asked a person (auth_time): a sign-in anew is then as strong as the person's
	// session there. Of every other provider an answer without it is refused.
	NeverSays bool
	Transport http.RoundTripper // nil: the default one
	Now       func() time.Time
}

// OIDC signs people in with an OpenID provider. OpenID Connect Core §3.1.
type OIDC struct {
	OIDCOptions
	client *http.Client
	named  []string // claims that somebody named, and so expects

	flights singleflight.Group // one look at the metadata at a time

	mu    sync.Mutex // guards found and until
	found *discovered
	until time.Time
}

// NewOIDC makes one. Nothing is fetched before someone signs in: a server has to
// start while others are down.
func NewOIDC(o OIDCOptions) *OIDC {
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	var named []string
	for _, claim := range []struct {
		name  *string
		usual string
	}{{&o.Claims.Username, "preferred_username"}, {&o.Claims.FullName, "name"}, {&o.Claims.Email, "email"},
		{&o.Claims.EmailVerified, "email_verified"}, {&o.Claims.Groups, "groups"}} {
		if *claim.name == "" {
			*claim.name = claim.usual
		} else {
			named = append(named, *claim.name)
		}
	}
	return &OIDC{OIDCOptions: o, client: upstreamClient(o.Transport), named: named}
}

// short says whether claims lack what somebody expects: an address, as everybody does,
// or what the settings name.
func (o *OIDC) short(claims map[string]json.RawMessage) bool {
	missing := func(name string) bool { return member(claims, name) == nil }
	return missing(o.Claims.Email) || slices.ContainsFunc(o.named, missing)
}

func (o *OIDC) config(found *discovered, d Departure) *oauth2.Config {
	return &oauth2.Config{ClientID: o.ClientID, ClientSecret: string(o.ClientSecret), Endpoint: found.endpoint, RedirectURL: d.RedirectURI,
		Scopes: d.scopes([]string{oidc.ScopeOpenID, "profile", "email"}, o.Scopes)}
}

// Authority is the issuer of everybody whom Return makes.
func (o *OIDC) Authority() string { return o.Issuer }

// Leave returns where the person's browser goes. OpenID Connect Core §3.1.2.1.
func (o *OIDC) Leave(ctx context.Context, d Departure) (string, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return "", err
	}
	more := []oauth2.AuthCodeOption{oidc.Nonce(d.Nonce), oauth2.S256ChallengeOption(d.Verifier)}
	if d.Hint != "" {
		more = append(more, oauth2.SetAuthURLParam("login_hint", d.Hint))
	}
	if d.Again {
		// §3.1.2.1: "When max_age is used, the ID Token returned MUST include an
		// auth_time Claim Value." Without it nobody could tell whether they asked.
		more = append(more, oauth2.SetAuthURLParam("max_age", "0"))
	}
	if prompt := d.prompt(); prompt != "" {
		more = append(more, oauth2.SetAuthURLParam("prompt", prompt))
	}
	more = append(more, parameters(o.Offline)...)
	more = append(more, parameters(o.Parameters)...)
	return o.config(found, d).AuthCodeURL(d.State, more...), nil
}

func parameters(all map[string]string) (list []oauth2.AuthCodeOption) {
	for name, value := range all {
		list = append(list, oauth2.SetAuthURLParam(name, value))
	}
	return list
}

// Return makes the answer that the browser brought into a person. Its errors are
// refusals that a person may read.
func (o *OIDC) Return(ctx context.Context, d Departure, answer url.Values) (Profile, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return Profile{}, err
	}
	code, err := answered(answer, func(iss string) bool { return iss == o.Issuer }, found.sendsIss)
	if err != nil {
		return Profile{}, err
	}
	ctx = oidc.ClientContext(ctx, o.client)
	tokens, err := o.config(found, d).Exchange(ctx, code, oauth2.VerifierOption(d.Verifier))
	if err != nil {
		return Profile{}, exchangeFailed(err)
	}
	claims, err := o.identity(ctx, found, tokens, d.Nonce)
	if err != nil {
		return Profile{}, err
	}
	p := o.profile(claims)
	// §3.1.2.1: "When max_age is used, the ID Token returned MUST include an auth_time
	// Claim Value." And §3.1.3.7 has the client check it: without it, whoever sits at
	// a browser that is signed in there would pass for having signed in.
	if d.Again && p.Asked.IsZero() && !o.NeverSays {
		return Profile{}, refuseUpstream(oauth.AccessDenied, upstreamWrong,
			errors.New("login: max_age asked when the person signed in, and the ID token has no auth_time; have the provider add that claim"))
	}
	if err := (Admission{Hosted: o.HostedDomains}).Check(p); err != nil {
		return Profile{}, err
	}
	p.Tokens = tokensOf(tokens)
	p.Tokens.Session = !o.whileAway(d)
	return p, nil
}

// prompt is a list. OpenID Connect Core §3.1.2.1.
func (d Departure) prompt() string {
	switch {
	case d.Again && d.Consent:
		return "login consent"
	case d.Again:
		return "login"
	case d.Consent:
		return "consent"
	}
	return ""
}

// identity verifies the ID token and adds what the UserInfo endpoint says where
// the token is short of something. OpenID Connect Core §3.1.3.7, §5.3.2.
func (o *OIDC) identity(ctx context.Context, found *discovered, tokens *oauth2.Token, nonce string) (map[string]json.RawMessage, error) {
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return nil, disbelieved("the provider sent no ID token")
	}
	claims, err := o.verified(ctx, found, raw)
	switch {
	case err != nil:
		return nil, err
	case text(claims["nonce"]) != nonce:
		return nil, disbelieved("the nonce of the ID token is another")
	}
	return claims, o.complete(ctx, found, tokens.AccessToken, text(claims["sub"]), claims)
}

// verified are the claims of an ID token, whatever it answers.
func (o *OIDC) verified(ctx context.Context, found *discovered, raw string) (map[string]json.RawMessage, error) {
	look := &keyLook{keys: found.keys}
	id, err := oidc.NewVerifier(o.Issuer, look, &oidc.Config{ClientID: o.ClientID, Now: o.Now,
		SupportedSigningAlgs: []string{"RS256", "PS256", "ES256", "EdDSA"}}).Verify(ctx, raw)
	switch {
	case look.failed != nil:
		return nil, look.failed
	case err != nil:
		return nil, refuseUpstream(oauth.AccessDenied, upstreamWrong, err)
	case id.Subject == "" || len(id.Subject) > 255:
		return nil, disbelieved("the sub of the ID token is not of 1 to 255 octets")
	}
	claims := map[string]json.RawMessage{}
	if err := id.Claims(&claims); err != nil {
		return nil, disbelieved("the claims of the ID token cannot be read")
	}
	// §3.1.3.7: "The ID Token MUST be rejected if the ID Token does not list the
	// Client as a valid audience, or if it contains additional audiences not trusted
	// by the Client." "If an azp (authorized party) Claim is present, the Client
	// SHOULD verify that its client_id is the Claim Value."
	if azp := text(claims["azp"]); azp != "" && azp != o.ClientID || len(id.Audience) != 1 {
		return nil, disbelieved("the ID token is for another client")
	}
	return claims, nil
}

// complete asks the UserInfo endpoint, where there is one and claims are short of
// something. Its answer may be signed. OpenID Connect Core §5.3.2.
func (o *OIDC) complete(ctx context.Context, found *discovered, bearer, subject string, claims map[string]json.RawMessage) error {
	if found.userInfo == "" || !o.short(claims) {
		return nil
	}
	kind, body, err := fetch(ctx, o.client, found.userInfo, bearer)
	if err != nil {
		return trouble(atUser, err)
	}
	if kind == "application/jwt" {
		if body, err = found.keys.verify(ctx, string(body)); err != nil {
			return unverified(err)
		}
	}
	more := map[string]json.RawMessage{}
	if json.Unmarshal(body, &more) != nil {
		return trouble(atUser, errNotJSON)
	}
	// §5.3.2: "The sub Claim in the UserInfo Response MUST be verified to exactly
	// match the sub Claim in the ID Token".
	if text(more["sub"]) != subject {
		return refuseUpstream(oauth.AccessDenied, upstreamWrong, errors.New("login: the UserInfo endpoint speaks of someone else"))
	}
	// What is vouched for is the address beside it, and not that of the ID token.
	if here, there := scalar(claims, o.Claims.Email), scalar(more, o.Claims.Email); here != "" && there != "" && !strings.EqualFold(here, there) {
		inside, _, _ := strings.Cut(o.Claims.EmailVerified, ".")
		delete(more, o.Claims.EmailVerified)
		delete(more, inside)
	}
	for name, value := range more {
		if claims[name] == nil {
			claims[name] = value
		}
	}
	return nil
}

func (o *OIDC) profile(claims map[string]json.RawMessage) Profile {
	p := Profile{Identity: oauth.Identity{Issuer: o.Issuer, Subject: text(claims["sub"])},
		Username: scalar(claims, o.Claims.Username), FullName: scalar(claims, o.Claims.FullName), Groups: list(claims, o.Claims.Groups),
		AllAddresses: plainText(member(claims, o.Claims.Email)), Unasked: o.unheard(claims)}
	var asked float64 // OpenID Connect Core §2: a JSON number of seconds
	if json.Unmarshal(claims["auth_time"], &asked) == nil && asked > 0 {
		p.Asked = time.Unix(int64(asked), 0)
	}
	// Some providers write true as a text, or as 1.
	verified := scalar(claims, o.Claims.EmailVerified)
	p.says(scalar(claims, o.Claims.Email), verified == "true" || verified == "1")
	p.Hosted = text(claims["hd"])
	if p.Username == "" {
		p.Username, _, _ = strings.Cut(p.Email, "@")
	}
	p.Name = p.Username
	if p.Email != "" {
		p.Name = p.Email
	}
	return p
}

// unheard reports whether claims without groups do not mean that there are none: nobody
// asked for them, or they are somewhere else, or not as they can be read.
//
// OpenID Connect Core §5.6.2: _claim_names is for claims that "are not provided here".
// Entra does so for who is in more than two hundred groups.
func (o *OIDC) unheard(claims map[string]json.RawMessage) bool {
	said := member(claims, o.Claims.Groups)
	if said != nil {
		return !plainText(said) && texts(said) == nil
	}
	var elsewhere map[string]json.RawMessage
	return !slices.Contains(o.named, o.Claims.Groups) ||
		json.Unmarshal(claims["_claim_names"], &elsewhere) == nil && elsewhere[o.Claims.Groups] != nil
}

// plainText reports whether a claim is a text, or not there.
func plainText(raw json.RawMessage) bool {
	var s *string
	return raw == nil || json.Unmarshal(raw, &s) == nil
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func texts(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}
