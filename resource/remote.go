package resource

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// RemoteConfig is what a [Remote] is made of.
type RemoteConfig struct {
	Issuer   string           // the authorization server, byte for byte
	Audience string           // the resource's id
	Client   *http.Client     // nil: one that follows no redirects
	Now      func() time.Time // nil: time.Now
}

// A Remote is a [Verifier] for programs elsewhere: it checks JWTs of RFC 9068
// with the key set that the issuer publishes. What it cannot know is whether a
// grant was revoked: there, a token lives until it expires.
//
// Not supported: opaque tokens, several audiences, encrypted tokens.
type Remote struct {
	issuer, audience string
	keys             *keySet
	now              func() time.Time
}

// NewRemote fetches nothing yet: the issuer may start after the resource.
func NewRemote(c RemoteConfig) (*Remote, error) {
	switch {
	case c.Issuer == "" || strings.HasSuffix(c.Issuer, "/"):
		return nil, errors.New("resource: the issuer is missing or ends with a slash")
	case c.Audience == "":
		return nil, errors.New("resource: the audience is missing")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Client == nil {
		c.Client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	keys, err := newKeySet(c)
	return &Remote{issuer: c.Issuer, audience: c.Audience, keys: keys, now: c.Now}, err
}

var remoteAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA}

// Verify checks a JWT. A token that is no good is an invalid_token refusal; an
// issuer that cannot be reached when its keys are needed is
// temporarily_unavailable.
func (v *Remote) Verify(ctx context.Context, raw oauth.Secret) (token.Access, error) {
	if len(raw) > token.MaxSize {
		return token.Access{}, invalid(errors.New("longer than any token"))
	}
	signed, err := jose.ParseSignedCompact(string(raw), remoteAlgorithms)
	if err != nil {
		return token.Access{}, invalid(err)
	}
	head := signed.Signatures[0].Header
	// RFC 9068 §4: "The resource server MUST verify that the "typ" header value
	// is "at+jwt" or "application/at+jwt" and reject tokens carrying any other
	// value." Tokens of another kind are signed with the same keys.
	typ, _ := head.ExtraHeaders[jose.HeaderType].(string)
	if typ = strings.ToLower(typ); typ != "at+jwt" && typ != "application/at+jwt" {
		return token.Access{}, invalid(errors.New("the typ is not at+jwt"))
	}
	key, err := v.keys.find(ctx, head.KeyID)
	if err != nil {
		return token.Access{}, err
	}
	// RFC 8725 §3.1: the algorithm is the key's, not the token's to choose.
	if head.Algorithm != key.Algorithm {
		return token.Access{}, invalid(errors.New("the alg is not that of the key"))
	}
	body, err := signed.Verify(key.Key)
	if err != nil {
		return token.Access{}, invalid(err)
	}
	var c claims
	if err := json.Unmarshal(body, &c); err != nil {
		return token.Access{}, invalid(err)
	}
	return v.check(c)
}

// claims is RFC 9068 §2.2, and the grant.
type claims struct {
	Issuer   string       `json:"iss"`
	Subject  string       `json:"sub"`
	Audience string       `json:"aud"`
	Expires  int64        `json:"exp"`
	IssuedAt int64        `json:"iat"`
	ID       string       `json:"jti"`
	ClientID string       `json:"client_id"`
	Scope    string       `json:"scope"`
	AuthTime int64        `json:"auth_time"`
	Grant    string       `json:"grant"`
	Actor    *token.Actor `json:"act"`
}

func (v *Remote) check(c claims) (token.Access, error) {
	scope, err := oauth.ParseScope(c.Scope)
	switch {
	case err != nil || c.Subject == "" || c.ClientID == "" || c.ID == "":
		return token.Access{}, invalid(errors.New("a claim is missing"))
	case c.Issuer != v.issuer:
		return token.Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is from another issuer")
	case c.Audience != v.audience:
		return token.Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is for another resource")
	case !v.now().Before(time.Unix(c.Expires, 0)):
		return token.Access{}, oauth.Refuse(oauth.InvalidToken, "the access token has expired")
	case time.Unix(c.IssuedAt, 0).Sub(v.now()) > token.ClockSkew:
		return token.Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is from the future; compare the clocks of the servers")
	}
	a := token.Access{
		ID: c.ID, Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, ClientID: c.ClientID,
		Scope: scope, GrantID: c.Grant, Actors: c.Actor.List(),
		IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), Expires: time.Unix(c.Expires, 0).UTC(),
	}
	if c.AuthTime != 0 {
		a.AuthTime = time.Unix(c.AuthTime, 0).UTC()
	}
	return a, nil
}

func invalid(cause error) error {
	return oauth.Refuse(oauth.InvalidToken, "the access token is not valid").Because(cause)
}
