package authserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// checkAssertion has a client prove itself by a JWT that it signed. RFC 7523 §2.2.
// Nothing falls back from here: a client that offers none as well, and presents
// an assertion that is wrong, is refused.
func (s *Server) checkAssertion(r *http.Request, c oauth.Client, raw oauth.Secret) (token.Assertion, error) {
	if !c.Authenticates(oauth.AuthPrivateKey) {
		return token.Assertion{}, oauth.Refuse(oauth.InvalidClient, "the client did not announce private_key_jwt, nor keys to check an assertion by")
	}
	who := c.ID + " " + network(s.Address(r))
	if wait := s.limits.secrets.blocked(who); wait > 0 {
		return token.Assertion{}, tooMany(wait)
	}
	return s.verifyAssertion(r, c, raw)
}

// spendAssertion makes sure that the assertion by which c proved itself, if it did
// by one, is used for one request. It is called when all else is found to be right,
// and before anything comes of it. Anyone can publish a document and keys: what
// they sign is remembered only with something that a person gave them.
func (s *Server) spendAssertion(ctx context.Context, c *caller) error {
	a := c.assertion
	if a.ID.IsZero() {
		return nil
	}
	c.assertion = token.Assertion{}
	return s.once(ctx, a.ID, a.Expires, oauth.Refuse(oauth.InvalidClient, "the client assertion was used before; each request needs a new one"))
}

// once notes that something was used that is refused by itself from until on, and
// returns refused where it was used before.
func (s *Server) once(ctx context.Context, id oauth.Digest, until time.Time, refused *oauth.Error) error {
	err := s.Assertions.SpendAssertion(ctx, id, until)
	if errors.Is(err, store.ErrReplayed) {
		return refused.Because(err)
	}
	return err
}

// verifyAssertion checks the signature and what it says. A key that is not in the
// set may be newer than our copy of the set.
//
// RFC 7523 §3: "The JWT MUST contain an "aud" (audience) claim containing a value
// that identifies the authorization server as an intended audience. The token
// endpoint URL of the authorization server MAY be used as a value".
func (s *Server) verifyAssertion(r *http.Request, c oauth.Client, raw oauth.Secret) (token.Assertion, error) {
	expected := token.Expected{ClientID: c.ID, Audiences: []string{s.Issuer, s.Issuer + "/oauth/token"},
		Algorithm: c.AssertionAlgorithm, Now: s.Now()}
	may := func() error { return s.mayFetch(r) }
	var wrong error
	for _, since := range []time.Time{{}, s.Now().Add(-keyRefetch)} {
		keys, err := s.clients.documents.keysOf(r.Context(), c, since, may)
		switch {
		case errors.Is(err, errUnreachable):
			return token.Assertion{}, notNow("the client's keys could not be fetched").Because(err)
		case errors.Is(err, errGone):
			return token.Assertion{}, oauth.Refuse(oauth.InvalidClient, "there are no keys where the client says that its own are").Because(err)
		case err != nil:
			return token.Assertion{}, err
		}
		a, err := keys.VerifyAssertion(raw, expected)
		if err == nil {
			return a, nil
		}
		if wrong = err; !errors.Is(err, token.ErrUnknownKey) {
			break
		}
	}
	s.limits.secrets.spend(c.ID + " " + network(s.Address(r)))
	return token.Assertion{}, oauth.Refuse(oauth.InvalidClient, "the client assertion is not accepted: iss and sub have to be the client_id, "+
		"aud the issuer or the token endpoint, exp within a day, and the signature that of a key which the client published").Because(wrong)
}

// mayFetch bounds how often one network, and one neighbourhood, has us fetch
// something.
func (s *Server) mayFetch(r *http.Request) error {
	from := s.Address(r)
	if wait := s.limits.fetches.spend(network(from)); wait > 0 {
		return tooMany(wait)
	}
	if wait := s.limits.fetchesAround.spend(neighbourhood(from)); wait > 0 {
		return tooMany(wait)
	}
	return nil
}
