package authserver

import (
	"context"
	"errors"
	"slices"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// choosy says whether any upstream's people are chosen by the settings.
func (s *Server) choosy() bool {
	return slices.ContainsFunc(s.Upstreams, func(u Upstream) bool { return !u.Admission.Everyone() })
}

// admitting are the upstreams by which an identity comes in, by the settings of now
// and what was said of it when somebody last came, and those that refuse it; err says
// why, where none is left.
func (s *Server) admitting(i oauth.Identity) (by, refused []string, err error) {
	for _, u := range s.Upstreams {
		if u.Way.Authority() != i.Issuer {
			continue
		}
		var why error
		switch {
		case i.Standing == nil:
		case !i.Standing.Refused.IsZero():
			why = errRefused
		case i.Standing.ForTools && !u.Admission.Everyone():
			why = errForTools
		default:
			why = u.Admission.Recheck(*i.Standing)
		}
		if why != nil {
			refused, err = append(refused, u.Name), why
			continue
		}
		by = append(by, u.Name)
	}
	if len(by) > 0 {
		return by, refused, nil
	}
	return by, refused, err
}

// errRefused is of an identity by which nobody has come in since its upstream refused it.
var errRefused = errors.New("the service that signed the person in has refused them since")

// errForTools is of an identity by which nobody has come in: what was said of it when it
// was connected is never asked again, so that where people are chosen it lets nobody in.
var errForTools = errors.New("the person only connected the service for a tool, and it chooses its people")

// Readmit ends what people have here whom the settings of now do not let in: their
// grants, and the sessions that they opened. It is for the start of a server, whose
// settings may be others than they were: nobody is asked elsewhere, what was said of
// somebody when they last came decides. Who has another way in keeps the grants at
// resources that take it. It returns how many grants ended.
func (s *Server) Readmit(ctx context.Context) (ended int64, err error) {
	if !s.choosy() {
		return 0, nil
	}
	const page = 200
	for after := ""; ; {
		people, err := s.People.People(ctx, after, page)
		if err != nil {
			return ended, err
		}
		for _, p := range people {
			all, err := s.Identities.Identities(ctx, p.ID)
			if err != nil {
				return ended, err
			}
			n, err := s.readmit(ctx, p, all)
			ended += n
			if err != nil {
				return ended, err
			}
			after = p.ID
		}
		if len(people) < page {
			return ended, nil
		}
	}
}

// readmit is Readmit of one person, who is all of these elsewhere.
func (s *Server) readmit(ctx context.Context, p oauth.Person, all []oauth.Identity) (ended int64, err error) {
	var ways, closed []string
	if s.hasPassword(p) {
		ways = append(ways, localWay)
	}
	for _, i := range all {
		by, refused, _ := s.admitting(i)
		ways, closed = append(ways, by...), append(closed, refused...)
	}
	closed = slices.DeleteFunc(closed, func(way string) bool { return slices.Contains(ways, way) })
	if len(closed) == 0 {
		return 0, nil
	}
	return s.dismiss(ctx, p.ID, dismissal{ways: closed, grants: s.outOfReach(p, ways), why: "not admitted any more",
		event: store.Event{Kind: store.PersonNotAdmitted, Actor: "settings", Detail: "what they had allowed has ended"}})
}

// turnedOut has somebody, who came and is not let in as what they are there now, lose
// what they have by that way. Of whom nobody can be asked later, nothing else would
// ever say so.
func (s *Server) turnedOut(ctx context.Context, profile login.Profile) error {
	person, err := s.Identities.Identified(ctx, profile.Issuer, profile.Subject)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := s.Identities.Identities(ctx, person.ID)
	if err != nil {
		return err
	}
	for n, i := range all {
		if wayID(i) != wayID(profile.Identity) || i.Standing != nil && i.Standing.ForTools {
			continue
		}
		now := profile.Known()
		if i.Standing != nil {
			now.Standing.Refused = i.Standing.Refused // they have not come in since
		}
		if err := s.Identities.Saw(ctx, now); err != nil {
			return err
		}
		all[n] = now
	}
	_, err = s.readmit(ctx, person, all)
	return err
}

// outOfReach are the grants of somebody who has only these ways in.
func (s *Server) outOfReach(p oauth.Person, ways []string) []store.GrantFilter {
	if len(ways) == 0 {
		return []store.GrantFilter{{Subject: p.ID}}
	}
	var all []store.GrantFilter
	for _, r := range s.Resources {
		if !slices.ContainsFunc(ways, func(way string) bool { return takes(r, way) }) {
			all = append(all, store.GrantFilter{Subject: p.ID, Resource: r.ID})
		}
	}
	return all
}
