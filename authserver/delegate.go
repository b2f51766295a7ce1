package authserver

import (
	"context"
	"net/url"
	"slices"

	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// delegations are what the servers of a resource, and of those at which they may act,
// may do for a person elsewhere: what the person is told on the consent page, and what
// their grant then holds. Who changes the settings has people asked again.
func (s *Server) delegations(from oauth.ProtectedResource) []oauth.Delegation {
	var all []oauth.Delegation
	reached, last := []string{from.ID}, []string{from.ID}
	for range oauth.MaxActors {
		var next []string
		for _, at := range last {
			for _, d := range s.delegatedBy(at) {
				if !slices.Contains(all, d) {
					all = append(all, d)
				}
				if !slices.Contains(reached, d.To) {
					reached, next = append(reached, d.To), append(next, d.To)
				}
			}
		}
		last = next
	}
	return all
}

// delegatedBy is what the servers of one resource may do elsewhere.
func (s *Server) delegatedBy(id string) []oauth.Delegation {
	from, _ := s.resource(id)
	var all []oauth.Delegation
	for _, to := range s.Resources {
		if !mayLeadTo(from, to) {
			continue
		}
		for _, c := range s.Preregistered {
			for _, e := range c.Exchanges {
				if e.Resource != to.ID || !slices.Contains(c.Serves, id) {
					continue
				}
				for _, scope := range e.Scope.Intersect(to.Known()) {
					all = append(all, oauth.Delegation{From: id, To: to.ID, Scope: scope})
				}
			}
		}
	}
	return all
}

// mayLeadTo reports whether who came to one resource may be acted for at another. One
// that insists on ways of signing in takes nobody through another that does not.
func mayLeadTo(from, to oauth.ProtectedResource) bool {
	if from.ID == to.ID {
		return false
	}
	return len(to.Logins) == 0 || len(from.Logins) > 0 && !slices.ContainsFunc(from.Logins, func(way string) bool { return !takes(to, way) })
}

// withDelegations is a scope of a resource, and what its servers may do elsewhere.
func (s *Server) withDelegations(r oauth.ProtectedResource, scope oauth.Scope) oauth.Scope {
	for _, d := range s.delegations(r) {
		scope = scope.Union(oauth.Scope{d.Token()})
	}
	return scope
}

// elsewhereLines say it on pages.
func (s *Server) elsewhereLines(scope oauth.Scope) []pages.ElsewhereLine {
	var lines []pages.ElsewhereLine
	for _, d := range scope.Delegations() {
		from, ok1 := s.resource(d.From)
		to, ok2 := s.resource(d.To)
		info, ok3 := to.ScopeInfo(d.Scope)
		if !ok1 || !ok2 || !ok3 {
			continue
		}
		lines = append(lines, pages.ElsewhereLine{By: from.Title, At: to.Title, URL: to.ID, Scope: pages.ScopeLine{
			Name: info.Name, Title: info.Title, Description: info.Description}})
	}
	return lines
}

// A delegation is a request of a server to act for its caller at another resource.
type delegation struct {
	access token.Access // that of its caller
	grant  oauth.Grant
	to     oauth.ProtectedResource
	policy oauth.Scope // the most that the settings let it have there
}

// delegate answers with an access token of ours for another resource. It names the
// server as its actor, hangs from the person's own grant and ends with what it was got
// for, so that whoever ends the one ends the other. RFC 8693 §1.1, §4.1.
func (s *Server) delegate(ctx context.Context, c *caller, d delegation, form url.Values) (exchanged, error) {
	from, _ := s.resource(d.access.Audience)
	switch {
	case !mayLeadTo(from, d.to):
		return exchanged{}, oauth.Refuse(oauth.InvalidTarget, noSuchTarget)
	case len(d.access.Actors) >= oauth.MaxActors:
		return exchanged{}, oauth.Refuse(oauth.InvalidRequest, "the subject_token was handed on by too many servers already")
	case form.Get("requested_token_type") == oauth.TokenTypeJWT && d.to.TokenFormat != token.FormatJWT:
		return exchanged{}, oauth.Refuse(oauth.InvalidRequest, "the tokens of that resource are opaque: requested_token_type must be "+oauth.TokenTypeAccess)
	}
	scope, err := d.scope(form.Get("scope"))
	if err != nil {
		return exchanged{}, err
	}
	now := s.Now()
	expires := now.Add(s.AccessTTL)
	if d.access.Expires.Before(expires) {
		expires = d.access.Expires
	}
	bearer, err := s.Keys.MintAccess(d.to.TokenFormat, d.to.Algorithm, token.Access{
		ID: oauth.NewID(""), Issuer: s.Issuer, Subject: d.grant.Subject, Audience: d.to.ID, ClientID: c.ID,
		Scope: scope, GrantID: d.grant.ID, AuthTime: d.grant.AuthTime, IssuedAt: now, Expires: expires,
		Actors: append([]string{c.ID}, d.access.Actors...),
	})
	if err != nil {
		return exchanged{}, err
	}
	if err := s.spendAssertion(ctx, c); err != nil {
		return exchanged{}, err
	}
	s.auditGiven(ctx, store.TokenExchanged, c.ID, d.grant, "a token for "+d.to.ID+" ("+scope.String()+"), for "+d.access.Audience)
	return exchanged{AccessToken: string(bearer), IssuedTokenType: oauth.TokenTypeAccess, TokenType: "Bearer",
		ExpiresIn: int64(expires.Sub(now).Seconds()), Scope: scope.String()}, nil
}

// scope is what the new token may have: what the settings say, as far as the person
// agreed to it, and of that what was asked for.
func (d delegation) scope(wire string) (oauth.Scope, error) {
	asked, err := oauth.ParseScope(wire)
	if err != nil {
		return nil, err
	}
	var agreed oauth.Scope
	for _, a := range d.grant.Scope.Delegations() {
		if a.From == d.access.Audience && a.To == d.to.ID {
			agreed = agreed.Union(oauth.Scope{a.Scope})
		}
	}
	may := d.policy.Intersect(agreed).Intersect(d.to.Known())
	if len(may) == 0 {
		return nil, oauth.Refuse(oauth.ConsentRequired, notAgreed)
	}
	if len(asked) == 0 {
		return may, nil
	}
	if may = may.Intersect(asked); len(may) == 0 {
		return nil, oauth.Refuse(oauth.InvalidScope, "the scope goes beyond what this server may have there")
	}
	return may, nil
}
