package token

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// The formats of access tokens.
const (
	FormatJWT    = "jwt"    // RFC 9068
	FormatOpaque = "opaque" // nobody but this server can read it
)

const accessPurpose = "access token"

// Access is what an access token says. RFC 9068 §2.2.
type Access struct {
	ID       string // jti
	Issuer   string
	Subject  string
	Audience string // one resource
	ClientID string
	Scope    oauth.Scope
	GrantID  string // claim "grant": what the token hangs from
	AuthTime time.Time
	IssuedAt time.Time
	Expires  time.Time
	// Actors are the servers that act for the subject, by their client ids, the present
	// one first; none: the client acts by itself. RFC 8693 §4.1.
	Actors []string
}

// accessClaims is the wire form. Not supported: several audiences, nbf, acr, amr.
type accessClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`
	AuthTime int64  `json:"auth_time,omitempty"`
	Grant    string `json:"grant"`
	Actor    *Actor `json:"act,omitempty"`
}

// MintAccess makes an access token: a JWT signed with the current key of the
// algorithm, or an opaque one, for which the algorithm is not used. Times are
// cut to whole seconds. An empty a.ID is filled with a random one; AuthTime and
// Scope may be empty; the rest may not.
func (k *Keyring) MintAccess(format, algorithm string, a Access) (oauth.Secret, error) {
	if a.ID == "" {
		a.ID = oauth.NewID("")
	}
	if err := k.checkMint(a); err != nil {
		return "", err
	}
	c := accessClaims{
		Issuer: a.Issuer, Subject: a.Subject, Audience: a.Audience,
		Expires: a.Expires.Unix(), IssuedAt: a.IssuedAt.Unix(),
		ID: a.ID, ClientID: a.ClientID, Scope: a.Scope.String(), Grant: a.GrantID, Actor: ActorOf(a.Actors),
	}
	if !a.AuthTime.IsZero() {
		c.AuthTime = a.AuthTime.Unix()
	}
	switch format {
	case FormatJWT:
		return k.Sign(algorithm, TypeAccess, c)
	case FormatOpaque:
		body, err := json.Marshal(c)
		if err != nil {
			return "", fmt.Errorf("token: claims: %w", err)
		}
		raw := oauth.AccessPrefix + k.Seal(accessPurpose, body)
		if len(raw) > MaxSize {
			return "", errors.New("token: the claims are too long for a token")
		}
		return oauth.Secret(raw), nil
	}
	return "", fmt.Errorf("token: the access token format %q is unknown; it is jwt or opaque", format)
}

func (k *Keyring) checkMint(a Access) error {
	switch {
	case a.Issuer == "", a.Subject == "", a.Audience == "", a.ClientID == "", a.GrantID == "":
		return errors.New("token: an access token needs an issuer, a subject, an audience, a client and a grant")
	case a.IssuedAt.IsZero() || !a.Expires.After(a.IssuedAt):
		return errors.New("token: an access token needs to expire after it is issued")
	case a.Expires.Sub(a.IssuedAt) > k.lifetime:
		// Its key would no longer be published when it is shown.
		return errors.New("token: the access token would outlive Options.Lifetime")
	}
	return nil
}

// VerifyAccess checks an access token of either format, that issuer issued for
// audience, at a time. Whether its grant was revoked is not its business. What
// is wrong with the token is an invalid_token refusal; an empty issuer or
// audience is the caller's mistake, and is no refusal.
//
// RFC 9068 §4: "The resource server MUST validate that the "aud" claim contains
// a resource indicator value corresponding to an identifier the resource server
// expects for itself."
func (k *Keyring) VerifyAccess(raw oauth.Secret, issuer, audience string, now time.Time) (Access, error) {
	if audience == "" {
		return Access{}, errors.New("token: VerifyAccess needs an audience")
	}
	a, err := k.VerifyAccessForAnyone(raw, issuer, now)
	if err == nil && a.Audience != audience {
		return Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is for another resource")
	}
	return a, err
}

// VerifyAccessForAnyone is [Keyring.VerifyAccess] for introspection and
// revocation, which judge tokens of every resource: the audience is not
// compared, so what it returns says nothing about whether the token may be used
// anywhere.
func (k *Keyring) VerifyAccessForAnyone(raw oauth.Secret, issuer string, now time.Time) (Access, error) {
	if issuer == "" {
		return Access{}, errors.New("token: VerifyAccess needs an issuer")
	}
	body, err := k.openAccess(raw)
	if err != nil {
		return Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is not valid").Because(err)
	}
	var c accessClaims
	if err := json.Unmarshal(body, &c); err != nil {
		return Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is not valid").Because(err)
	}
	return c.check(issuer, now)
}

func (k *Keyring) openAccess(raw oauth.Secret) ([]byte, error) {
	if len(raw) > MaxSize {
		return nil, errors.New("token: longer than any token")
	}
	if sealed, ok := strings.CutPrefix(string(raw), oauth.AccessPrefix); ok {
		return k.Unseal(accessPurpose, sealed)
	}
	body, _, err := k.Verify(raw, TypeAccess)
	return body, err
}

// check judges claims that this server wrote.
//
// RFC 9068 §4: "The current time MUST be before the time represented by the
// "exp" claim." Nothing is added to exp: a replica whose clock is ahead takes
// half a minute from a token, and the client refreshes it. A time of issue up
// to [ClockSkew] ahead is only another replica's clock.
func (c accessClaims) check(issuer string, now time.Time) (Access, error) {
	scope, err := oauth.ParseScope(c.Scope)
	switch {
	case err != nil, c.Subject == "", c.Audience == "", c.ID == "", c.ClientID == "", c.Grant == "":
		return Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is not valid").
			Because(errors.New("token: a claim is missing"))
	case c.Issuer != issuer:
		return Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is from another issuer")
	case !now.Before(time.Unix(c.Expires, 0)):
		return Access{}, oauth.Refuse(oauth.InvalidToken, "the access token has expired")
	case time.Unix(c.IssuedAt, 0).Sub(now) > ClockSkew:
		return Access{}, oauth.Refuse(oauth.InvalidToken, "the access token is from the future; compare the clocks of the servers")
	}
	a := Access{
		ID: c.ID, Issuer: c.Issuer, Subject: c.Subject, Audience: c.Audience, ClientID: c.ClientID,
		Scope: scope, GrantID: c.Grant, Actors: c.Actor.List(),
		IssuedAt: time.Unix(c.IssuedAt, 0).UTC(), Expires: time.Unix(c.Expires, 0).UTC(),
	}
	if c.AuthTime != 0 {
		a.AuthTime = time.Unix(c.AuthTime, 0).UTC()
	}
	return a, nil
}
