package authserver

import (
	"context"

	"github.com/sallyport-dev/sallyport/oauth"
)

const (
	notForThisClient = "only a client that an administrator added may ask for administration"
	notForThisPerson = "only an administrator may allow this"
)

// administration reports whether an identifier is that of this server's own API.
func (s *Server) administration(id string) bool {
	return id != "" && id == s.Administration.ID
}

// mayAdminister refuses clients that made themselves known. Anyone can register
// one, under any name, and send an administrator here.
func (s *Server) mayAdminister(c oauth.Client, resource oauth.ProtectedResource) error {
	if s.administration(resource.ID) && c.Source != oauth.FromSettings {
		return oauth.Refuse(oauth.UnauthorizedClient, notForThisClient)
	}
	return nil
}

// mayAllow refuses people who are no administrators. The API asks again at every
// request: they may cease to be.
func (s *Server) mayAllow(ctx context.Context, ix Interaction, subject string) error {
	if !s.administration(ix.Resource) {
		return nil
	}
	p, err := s.People.Person(ctx, subject)
	if err == nil && !p.Admin {
		return oauth.Refuse(oauth.AccessDenied, notForThisPerson)
	}
	return err
}
