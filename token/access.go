package token

import (
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

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
}
