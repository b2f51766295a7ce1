package authserver

import (
	"context"
	"errors"
	"net/url"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
)

// attempts bounds how often a refresh that lost a race reads again. Whoever
// lost finds a newer generation, and that decides within two readings.
const attempts = 4

// refresh answers grant_type=refresh_token. draft-ietf-oauth-v2-1 §4.3.
func (s *Server) refresh(ctx context.Context, c *caller, form url.Values) (tokens, error) {
	flow := flowtrace.From(ctx)
	flow.As(flowtrace.Refresh)
	presented := oauth.Secret(form.Get("refresh_token"))
	if presented == "" {
		return tokens{}, oauth.Refuse(oauth.InvalidRequest, "refresh_token is missing")
	}
	id, n, ok := token.ParseRefreshToken(presented)
	if !ok {
		return tokens{}, oauth.Refuse(oauth.InvalidGrant, deadRefresh)
	}
	weblog.From(ctx).Add("grant", id)
	flow.Grant(id)
	for range attempts {
		t, done, err := s.tryRefresh(ctx, c, form, id, n)
		if err != nil || done {
			return t, err
		}
	}
	busy := oauth.Refuse(oauth.TemporarilyUnavailable, "many requests use this refresh token at once; try again")
	busy.RetryAfter = 1
	return tokens{}, busy
}

const deadRefresh = "the refresh token is unknown, expired or revoked"

// tryRefresh reads, decides, mints and spends. It is not done when another
// request rotated the grant between its reading and its spending.
func (s *Server) tryRefresh(ctx context.Context, c *caller, form url.Values, id string, n int64) (tokens, bool, error) {
	g, err := s.Grants.Grant(ctx, id)
	if isNotFound(err) {
		s.sayWhyEnded(ctx, id)
		return tokens{}, false, oauth.Refuse(oauth.InvalidGrant, deadRefresh).Because(err)
	}
	if err != nil {
		return tokens{}, false, err
	}
	scope, err := s.mayRefresh(c.Client, g, form)
	if err != nil {
		return tokens{}, false, err
	}
	if err := s.spendAssertion(ctx, c); err != nil {
		return tokens{}, false, err
	}
	if err := s.mayStillAct(ctx, g); err != nil {
		return tokens{}, false, err
	}
	now := s.Now()
	to, verdict := g.Generation.Present(n, now.Sub(g.RotatedAt))
	if verdict == oauth.Replayed {
		return tokens{}, false, s.replayed(ctx, g)
	}
	t, err := s.mint(c.Client, g, scope, to.N)
	if err != nil || verdict == oauth.Repeat {
		return t, true, err
	}
	won, err := s.Grants.Rotate(ctx, id, g.Generation, to, now.Add(s.RefreshTTL))
	if err != nil {
		return tokens{}, false, err
	}
	return t, won, nil
}

// mayRefresh checks everything that can be wrong with the request, so that
// what is refused spends nothing. It returns the scope of the new access token.
func (s *Server) mayRefresh(c oauth.Client, g oauth.Grant, form url.Values) (oauth.Scope, error) {
	// draft-ietf-oauth-v2-1 §4.3.1: the authorization server MUST verify the
	// binding between the refresh token and client identity.
	if g.ClientID != c.ID {
		return nil, oauth.Refuse(oauth.InvalidGrant, "the refresh token was issued to another client")
	}
	if !s.Keys.CheckRefreshToken(oauth.Secret(form.Get("refresh_token")), g) {
		return nil, oauth.Refuse(oauth.InvalidGrant, deadRefresh).Because(errors.New("its MAC is wrong"))
	}
	if err := s.boundTo(g.Resource, form); err != nil {
		return nil, err
	}
	asked, err := oauth.ParseScope(form.Get("scope"))
	if err != nil {
		return nil, err
	}
	granted := g.Scope.Plain()
	if resource, ok := s.resource(g.Resource); ok {
		granted = beneathCeiling(c, resource, granted)
	}
	if len(granted) == 0 && len(g.Scope.Plain()) > 0 {
		return nil, oauth.Refuse(oauth.InvalidGrant, "this client may have nothing of what was granted any more")
	}
	asked = asked.Without(identityScopes)
	if len(asked) == 0 {
		return granted, nil
	}
	// RFC 6749 §6: "The requested scope MUST NOT include any scope not originally
	// granted by the resource owner". What goes beyond is left out and the answer
	// says so, because clients ask for everything they ever saw.
	narrowed := asked.Intersect(granted)
	if len(narrowed) == 0 {
		return nil, oauth.Refuse(oauth.InvalidScope, "the scope goes beyond what was granted")
	}
	return narrowed, nil
}

// replayed ends a grant whose refresh token came back after its successor was
// used. draft-ietf-oauth-v2-1 §4.3.1.
func (s *Server) replayed(ctx context.Context, g oauth.Grant) error {
	if _, err := s.Grants.Revoke(ctx, store.GrantFilter{ID: g.ID}, store.ForReplay); err != nil {
		return err
	}
	s.ended(g.ID)
	s.audit(ctx, store.Event{Kind: store.GrantReplayed, Actor: g.ClientID, Subject: g.Subject, ClientID: g.ClientID, GrantID: g.ID,
		Detail: "a refresh token was used after its successor was; the grant was revoked"})
	return oauth.Refuse(oauth.InvalidGrant, deadRefresh).Because(errors.New("the refresh token was replayed"))
}

// sayWhyEnded tells the flow trace, and nobody else, why there is no such grant any
// more. That it cannot be read is no reason to answer otherwise.
func (s *Server) sayWhyEnded(ctx context.Context, id string) {
	was, err := s.Grants.Grants(ctx, store.GrantFilter{ID: id, IncludeEnded: true}, "", 1)
	if err == nil && len(was) == 1 {
		flowtrace.From(ctx).Ended(was[0].RevokedFor)
	}
}

func (s *Server) ended(grantID string) {
	if s.Revoked != nil {
		s.Revoked(grantID)
	}
}
