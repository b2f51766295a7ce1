package authserver

import (
	"context"
	"errors"
	"reflect"
	"slices"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

// A hearing is what upstreams say of somebody now.
type hearing struct {
	all     []oauth.Identity // who they are elsewhere, and what was last said of that
	news    bool             // some of it is new, or lets them in no more
	silent  []string         // the upstreams that did not answer
	silence error            // why not
}

// hear asks the upstreams by which somebody comes in about them, those that can be
// asked, each at most once in ten minutes. Whom one of them refuses is dismissed, and
// the error says so.
func (s *Server) hear(ctx context.Context, person string, all []oauth.Identity) (hearing, error) {
	h := hearing{all: all}
	var unheard []int
	answers := s.askAll(ctx, person, all)
	for _, a := range answers {
		i := all[a.at]
		switch {
		case errors.Is(a.err, login.ErrGone):
			if err := s.refusedBy(ctx, person, a.by, i, "it does not know the person any more, or has suspended them"); err != nil {
				return h, err
			}
			return h, oauth.Refuse(oauth.InvalidGrant, vouchedNoMore).Because(a.err)
		case errors.Is(a.err, vault.ErrAsked): // by which the vault has told us, and they are dismissed
			return h, oauth.Refuse(oauth.InvalidGrant, vouchedNoMore).Because(causeOf(a.err))
		case a.err != nil:
			h.silent, h.silence, unheard = append(h.silent, a.by.Name), a.err, append(unheard, a.at)
		case a.said != nil:
			if err := s.heard(ctx, &h, a, i); err != nil {
				return h, err
			}
		}
	}
	for _, a := range answers {
		if !slices.Contains(unheard, a.at) {
			s.asked.now(wayID(all[a.at]))
		}
	}
	return h, nil
}

// heard notes what was said of somebody. Most often that is what was known, and then
// nothing is written.
func (s *Server) heard(ctx context.Context, h *hearing, a answer, before oauth.Identity) error {
	_, refused, _ := s.admitting(*a.said)
	h.news = h.news || len(refused) > 0
	if reflect.DeepEqual(a.said.Standing, before.Standing) {
		return nil
	}
	h.news, h.all[a.at] = true, *a.said
	return s.Identities.Saw(ctx, *a.said)
}

// An answer is what became of asking one upstream about somebody.
type answer struct {
	at   int // which of all that they are
	by   Upstream
	said *oauth.Identity // nil: it cannot be asked
	err  error
}

// askAll asks at once whoever is to be asked: one that hangs is not to keep another from
// vouching for somebody. However many of their clients come in that moment, each is asked
// about each of them once; and who asked may leave.
func (s *Server) askAll(ctx context.Context, person string, all []oauth.Identity) []answer {
	var answers []answer
	var flights []<-chan singleflight.Result
	alone := context.WithoutCancel(ctx)
	for at, i := range all {
		if !comesBy(i) || s.asked.lately(wayID(i)) {
			continue
		}
		for _, u := range s.Upstreams {
			if u.Way.Authority() != i.Issuer {
				continue
			}
			answers = append(answers, answer{at: at, by: u})
			flights = append(flights, s.asking.DoChan(u.Name+"\x00"+wayID(i), func() (any, error) {
				asking, cancel := context.WithTimeout(alone, patience)
				defer cancel()
				return s.ask(asking, person, u, i)
			}))
		}
	}
	for n, flight := range flights {
		landed := <-flight
		answers[n].said, _ = landed.Val.(*oauth.Identity)
		answers[n].err = landed.Err
	}
	return answers
}

// ask has an upstream say who somebody is now: in our own name, or by what their sign-in
// left with us; nil where it cannot be asked. The error is [login.ErrGone] or
// [vault.ErrAsked], or says nothing about them.
func (s *Server) ask(ctx context.Context, person string, u Upstream, i oauth.Identity) (*oauth.Identity, error) {
	if way, ok := u.Way.(Knower); ok {
		profile, err := way.Known(ctx, i.Subject)
		if errors.Is(err, errors.ErrUnsupported) {
			return nil, nil
		}
		i.Standing = profile.Known().Standing
		return &i, err
	}
	now, err := s.Vault.Ask(ctx, person, u.Name, i)
	if errors.Is(err, vault.ErrNotConnected) {
		return nil, nil
	}
	return &now, err
}
