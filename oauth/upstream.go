package oauth

import "time"

// UpstreamTokens are what an upstream gives for a person of its own.
// RFC 6749 §5.1.
type UpstreamTokens struct {
	Access  Secret
	Refresh Secret // empty: none came
	// Session says that Refresh may end with the person's session at the upstream, so that
	// its end says nothing of them. OpenID Connect Core §11.
	Session bool
	Life    time.Duration // of Access, from now on; 0: it was not said that it ends
	ID      Secret        // an ID token that came along; it is never kept
}
