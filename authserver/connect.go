package authserver

import (
	"context"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
)

// keep keeps what a person brought from an upstream, where tools need it. It is of
// no use for anything else, and is forgotten otherwise.
func (s *Server) keep(ctx context.Context, person oauth.Person, u Upstream, profile login.Profile) error {
	if !s.Vault.Keeps(u.Name) {
		return nil
	}
	return s.Vault.Keep(ctx, person.ID, u.Name, profile.Identity, profile.Tokens)
}
