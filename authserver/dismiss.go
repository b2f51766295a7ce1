package authserver

import (
	"context"
	"slices"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// A dismissal is what ends of what somebody has here, and why.
type dismissal struct {
	all    bool                // every session and every grant; otherwise what follows
	ways   []string            // the sessions that were opened by these
	grants []store.GrantFilter // none of which may be without the person
	why    string              // one of a few constants, kept with each grant
	event  store.Event
}

// dismiss is the one place where somebody loses what they have here because they may
// not come in any more; only to disable or to remove them is an act of the store, in one
// transaction. Every replica hears of it as of every revocation. The sessions end
// first: whoever has one has a new grant in a moment. What fails in the middle is to be
// done again by the caller, and to do it twice is no error. It returns how many grants
// ended.
func (s *Server) dismiss(ctx context.Context, person string, d dismissal) (ended int64, err error) {
	if d.all {
		d.ways, d.grants = nil, []store.GrantFilter{{Subject: person}}
	}
	if d.all || len(d.ways) > 0 {
		if err := s.closeSessions(ctx, person, d.ways); err != nil {
			return 0, err
		}
	}
	for _, which := range d.grants {
		n, err := s.Grants.Revoke(ctx, which, d.why)
		ended += n
		if err != nil {
			return ended, err
		}
	}
	if ended > 0 || d.all {
		d.event.Subject = person
		s.audit(ctx, d.event)
	}
	return ended, nil
}

// refusedBy dismisses somebody whom an upstream, by which they come in, refuses now. They
// may come again, by any way that lets them in. That it refused them is noted until they
// come in by it, so that a code that was under way is of no use.
func (s *Server) refusedBy(ctx context.Context, person string, u Upstream, i oauth.Identity, said string) error {
	_, err := s.dismiss(ctx, person, dismissal{all: true, why: "refused by the upstream",
		event: store.Event{Kind: store.PersonRefused, Actor: u.Name, Detail: said + "; every session and what they had allowed has ended"}})
	if err != nil {
		return err
	}
	var standing oauth.Standing
	if i.Standing != nil {
		standing = *i.Standing
	}
	standing.Refused = s.Now()
	i.Standing = &standing
	return s.Identities.Saw(ctx, i)
}

// refusedSince refuses what was begun before an upstream refused the person: a code is
// not stored, and nothing else ends it.
func refusedSince(all []oauth.Identity, began time.Time) error {
	for _, i := range all {
		if i.Standing != nil && !i.Standing.Refused.IsZero() && !i.Standing.Refused.Before(began) {
			return oauth.Refuse(oauth.InvalidGrant, vouchedNoMore).Because(errRefused)
		}
	}
	return nil
}

// Refused is told that an upstream has refused to renew a connection of a person, who is
// there the one that is said: [vault.Config.Gone]. Who comes in by that loses what they
// have here. Who only has tools act there does not: what needs the connection fails, and
// nothing else.
func (s *Server) Refused(ctx context.Context, c vault.Connection, there string) error {
	u, ok := s.upstream(c.Login)
	if !ok {
		return nil
	}
	all, err := s.Identities.Identities(ctx, c.Person)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(all, func(i oauth.Identity) bool {
		return i.Issuer == u.Way.Authority() && i.Subject == there && comesBy(i)
	})
	if at < 0 {
		return nil
	}
	return s.refusedBy(ctx, c.Person, u, all[at], "it refused to renew the person's token, or to take it")
}

// comesBy reports whether somebody comes in by an identity: they did not only connect it
// for a tool, and were not refused since they did.
func comesBy(i oauth.Identity) bool {
	return i.Standing == nil || !i.Standing.ForTools && i.Standing.Refused.IsZero()
}
