package oauth

import "time"

// A Grant is what a person agreed to: that ClientID may act for Subject at
// Resource, within Scope. Every code and token hangs from one grant; to revoke
// any of them is to revoke the grant.
type Grant struct {
	ID       string
	CodeID   Digest // of the code that was redeemed for it; unique
	Subject  string
	ClientID string
	Resource string // canonical, RFC 8707
	Scope    Scope
	// RedirectHost is the host that received the code: what a person recognises
	// the client by.
	RedirectHost string
	AuthTime     time.Time // when the person last proved who they are
	Created      time.Time // when the person said yes: when its code was issued
	Expires      time.Time // slides with every rotation

	// Salt takes part in the MAC of every refresh token of this grant, so that
	// none can be made from the server's keys alone.
	Salt       Digest
	Generation Generation
	RotatedAt  time.Time

	Revoked    time.Time // zero while it lives
	RevokedFor string    // a constant word: "replay", "revoked", "user disabled", …
}

// A Generation says which refresh token of a grant is the current one, and
// which one was used to make it. N counts from 1; Parent is 0 for the first.
type Generation struct{ N, Parent int64 }

// RefreshGrace is how long a used refresh token is answered with the same
// successor again.
const RefreshGrace = 60 * time.Second

// A Verdict says what a presented refresh token deserves.
type Verdict int

const (
	// Replayed: the token was used and its successor too, or it was made void.
	// The grant is to be revoked.
	Replayed Verdict = iota
	// Advance: the grant moves to the returned generation.
	Advance
	// Repeat: the current generation is answered once more; nothing is written.
	Repeat
)

// Present decides on the refresh token of generation p, when the last rotation
// is since ago. It returns the generation that the answer carries.
//
// draft-ietf-oauth-v2-1 §4.3.1 asks for rotation with replay detection. A used
// token whose successor is still unused is not yet a replay here: the answer
// may have been lost, or several processes of one client may have asked at
// once. See docs/divergences.md.
func (g Generation) Present(p int64, since time.Duration) (Generation, Verdict) {
	switch {
	case p < 1: // no token has such a generation, and 0 is the parent of the first
		return g, Replayed
	case p == g.N:
		return Generation{N: g.N + 1, Parent: p}, Advance
	case p != g.Parent:
		return g, Replayed
	case since <= RefreshGrace:
		return g, Repeat
	default:
		// The successor was lost on its way; it is void from now on.
		return Generation{N: g.N + 1, Parent: p}, Advance
	}
}
