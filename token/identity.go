package token

import (
	"errors"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// MaxIdentityLife is how long an identity token may live: it is made for the
// calls of a moment.
const MaxIdentityLife = 5 * time.Minute

// Identity is what an upstream MCP server is told of whoever calls it. It is not
// an access token and opens nothing: its typ is [TypeIdentity].
type Identity struct {
	ID       string // jti
	Issuer   string
	Subject  string
	Audience string // the upstream
	ClientID string
	Scope    oauth.Scope
	Username string // OpenID Connect Core §5.1, as the two below
	Name     string
	Email    string
	IssuedAt time.Time
	Expires  time.Time // at most MaxIdentityLife later
}

type identityClaims struct {
	Issuer   string `json:"iss"`
	Subject  string `json:"sub"`
	Audience string `json:"aud"`
	Expires  int64  `json:"exp"`
	IssuedAt int64  `json:"iat"`
	ID       string `json:"jti"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`
	Username string `json:"preferred_username,omitempty"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
}

// MintIdentity makes the JWT that tells an upstream who calls. It verifies it
// with the published key set, and compares typ, iss, aud and exp. An empty ID is
// filled with a random one; Scope, Username, Name and Email may be empty.
func (k *Keyring) MintIdentity(algorithm string, i Identity) (oauth.Secret, error) {
	switch life := i.Expires.Sub(i.IssuedAt); {
	case i.Issuer == "", i.Subject == "", i.Audience == "", i.ClientID == "":
		return "", errors.New("token: an identity token needs an issuer, a subject, an audience and a client")
	case i.IssuedAt.IsZero(), life <= 0, life > MaxIdentityLife:
		return "", errors.New("token: an identity token lives for at most five minutes")
	}
	if i.ID == "" {
		i.ID = oauth.NewID("")
	}
	return k.Sign(algorithm, TypeIdentity, identityClaims{
		Issuer: i.Issuer, Subject: i.Subject, Audience: i.Audience,
		Expires: i.Expires.Unix(), IssuedAt: i.IssuedAt.Unix(),
		ID: i.ID, ClientID: i.ClientID, Scope: i.Scope.String(),
		Username: i.Username, Name: i.Name, Email: i.Email,
	})
}
