package authserver

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

const (
	vouchedNoMore = "the person has to sign in again: the service that signed them in vouches for them no more"
	vouchedLater  = "the service that signs the person in does not answer now; try again"
)

// stillVouchedFor refuses to make tokens for somebody whom no upstream vouches for
// any more: one that they come in by refuses them, or they may not come in as what they
// are there now. Whom an upstream refuses loses what they have here, all of it; who may
// not come in, what no other way of theirs is let at ([Server.dismiss]). Of a resource
// that insists on ways of signing in, another one does not count.
//
// An upstream that does not answer ends nothing, and has whoever has no other way in
// wait for it.
//
// Began is when that was begun for which there shall be tokens; what an upstream refused
// after that counts, whatever way they have.
func (s *Server) stillVouchedFor(ctx context.Context, subject string, r oauth.ProtectedResource, began time.Time) error {
	if len(s.Upstreams) == 0 && len(r.Logins) == 0 {
		return nil
	}
	all, err := s.Identities.Identities(ctx, subject)
	if err != nil {
		return err
	}
	h, err := s.hear(ctx, subject, all)
	if err == nil {
		err = refusedSince(h.all, began)
	}
	if err != nil {
		return err
	}
	vouched, refused := s.vouchedFor(h, r)
	if !h.news && (vouched || refused == nil && h.silence == nil) {
		return nil
	}
	person, err := s.People.Person(ctx, subject)
	if err != nil {
		return err
	}
	if _, err := s.readmit(ctx, person, h.all); err != nil {
		return err
	}
	switch {
	case vouched, s.hasPassword(person) && takes(r, localWay):
		return nil
	case h.silence != nil:
		later := oauth.Refuse(oauth.TemporarilyUnavailable, vouchedLater)
		later.RetryAfter = max(10, oauth.AsError(h.silence).RetryAfter)
		return later.Because(causeOf(h.silence))
	case refused == nil:
		return nil
	}
	if err := s.closeSessions(ctx, subject, r.Logins); err != nil {
		return err
	}
	return oauth.Refuse(oauth.InvalidGrant, vouchedNoMore).Because(causeOf(refused))
}

// causeOf is what the operator is told of a refusal that is none of the client's.
func causeOf(err error) error {
	var e *oauth.Error
	if errors.As(err, &e) && e.Cause != nil {
		return e.Cause
	}
	return err
}

// vouchedFor reports whether anybody who answered vouches for somebody at a resource,
// or why nobody does. Of whom no upstream is known, nobody says anything.
func (s *Server) vouchedFor(h hearing, r oauth.ProtectedResource) (vouched bool, refused error) {
	if len(r.Logins) > 0 {
		refused = errors.New("the person has no way of signing in that the resource takes")
	}
	there := func(way string) bool { return takes(r, way) }
	for _, i := range h.all {
		by, not, why := s.admitting(i)
		if slices.ContainsFunc(by, func(way string) bool { return there(way) && !slices.Contains(h.silent, way) }) {
			return true, nil
		}
		if why != nil && slices.ContainsFunc(not, there) {
			refused = why
		}
	}
	return false, refused
}

// closeSessions ends the sessions that somebody opened by these ways; without any,
// all of them.
func (s *Server) closeSessions(ctx context.Context, subject string, ways []string) error {
	if len(ways) == 0 {
		return s.Sessions.CloseSessions(ctx, subject)
	}
	for _, way := range ways {
		if err := s.Sessions.CloseSessionsBy(ctx, subject, way); err != nil {
			return err
		}
	}
	return nil
}
