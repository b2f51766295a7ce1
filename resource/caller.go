package resource

import (
	"context"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A Caller is who a permitted request acts for, and through whom.
type Caller struct {
	Subject string // the person, by their stable id; empty when Anonymous
	// Username, Name and Email are empty unless [Config.Person] is set.
	Username, Name, Email string

	ClientID string
	// Actor is the server that acts for the subject, by its client id, and comes
	// with a token that it got for that of its own caller; empty: the client acts by
	// itself. RFC 8693 §4.1.
	Actor    string
	GrantID  string
	Issuer   string
	Resource string // the audience of the token: this resource
	Scope    oauth.Scope
	Expires  time.Time // of the token

	// Anonymous says that no token was sent, and that none was needed. Of the
	// other fields only Resource is set.
	Anonymous bool
}

type callerKey struct{}

// CallerFrom returns who the request acts for. It reports false where no
// [Guard] stands in front of the handler.
func CallerFrom(ctx context.Context) (Caller, bool) {
	v := visitOf(ctx)
	if v == nil {
		return Caller{}, false
	}
	return *v.caller, true
}
