package oauth

import "time"

// UpstreamTokens are what an upstream gives for a person of its own.
// RFC 6749 §5.1.
type UpstreamTokens struct {
	Access  Secret
	Refresh Secret        // empty: none came
	Life    time.Duration // of Access, from now on; 0: it was not said that it ends
}
