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

// redeem answers grant_type=authorization_code. draft-ietf-oauth-v2-1 §4.1.3.
//
// The order matters. Nothing is spent until the request has proved itself, so
// whoever stole a code without its verifier cannot burn it; and the tokens are
// made before the code is spent, so a signer that fails costs the person nothing.
func (s *Server) redeem(ctx context.Context, c *caller, form url.Values) (tokens, error) {
	if form.Get("code") == "" {
		return tokens{}, oauth.Refuse(oauth.InvalidRequest, "code is missing")
	}
	code, err := s.openCode(form.Get("code"))
	flow := flowtrace.From(ctx)
	flow.Join(code.Flow)
	switch {
	case err != nil:
		return tokens{}, oauth.Refuse(oauth.InvalidGrant, "the code is unknown or has expired").Because(err)
	case code.ClientID != c.ID:
		return tokens{}, oauth.Refuse(oauth.InvalidGrant, "the code was issued to another client")
	case form.Get("redirect_uri") != "" && form.Get("redirect_uri") != code.RedirectURI:
		return tokens{}, oauth.Refuse(oauth.InvalidGrant, "the redirect_uri is not that of the authorization request")
	case form.Get("code_verifier") == "":
		return tokens{}, oauth.Refuse(oauth.InvalidGrant, "code_verifier is missing")
	case !code.Challenge.Verify(form.Get("code_verifier")):
		return tokens{}, oauth.Refuse(oauth.InvalidGrant, "the code_verifier does not match")
	}
	if err := s.boundTo(code.Resource, form); err != nil {
		return tokens{}, err
	}
	resource, _ := s.resource(code.Resource)
	if err := s.stillVouchedFor(ctx, code.Subject, resource, code.Issued); err != nil {
		return tokens{}, err
	}
	g := s.newGrant(code)
	t, err := s.mint(c.Client, g, g.Scope, g.Generation.N)
	if err != nil {
		return tokens{}, err
	}
	weblog.From(ctx).Add("grant", g.ID)
	if err := s.clients.confirm(ctx, c.ID, code.ClientSince); err != nil {
		return tokens{}, err
	}
	if err := s.spendAssertion(ctx, c); err != nil {
		return tokens{}, err
	}
	if err := s.spendCode(ctx, c.Client, g); err != nil {
		return tokens{}, err
	}
	flow.Grant(g.ID)
	flow.Did(flowtrace.Token, flowtrace.TokenIssued)
	return t, nil
}

// newGrant is the grant that a code stands for.
func (s *Server) newGrant(code Code) oauth.Grant {
	now := s.Now()
	return oauth.Grant{
		ID: oauth.NewID("g_"), CodeID: code.ID, Subject: code.Subject, ClientID: code.ClientID,
		Resource: code.Resource, Scope: code.Scope, RedirectHost: oauth.TargetOf(code.RedirectURI).Host,
		AuthTime: code.AuthTime, Created: code.Issued, Expires: now.Add(s.RefreshTTL),
		Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1}, RotatedAt: now,
	}
}

// spendCode makes the grant durable. The index on the code's id is the replay check.
func (s *Server) spendCode(ctx context.Context, c oauth.Client, g oauth.Grant) error {
	err := s.Grants.Create(ctx, g)
	switch {
	case errors.Is(err, store.ErrReplayed):
		s.audit(ctx, store.Event{Kind: store.CodeReplayed, Actor: c.ID, Subject: g.Subject, ClientID: c.ID,
			Detail: "a code was redeemed twice; what the first redemption made was revoked"})
		return oauth.Refuse(oauth.InvalidGrant, "the code was used before").Because(err)
	case isNotFound(err):
		return oauth.Refuse(oauth.InvalidGrant, "the person withdrew it, or may not sign in any more").Because(err)
	}
	return err
}

// mintAccess makes an access token. RFC 9068 §2.2.
func (s *Server) mintAccess(resource oauth.ProtectedResource, g oauth.Grant, scope oauth.Scope) (oauth.Secret, error) {
	now := s.Now()
	return s.Keys.MintAccess(resource.TokenFormat, resource.Algorithm, token.Access{
		ID: oauth.NewID(""), Issuer: s.Issuer, Subject: g.Subject, Audience: resource.ID, ClientID: g.ClientID,
		Scope: scope, GrantID: g.ID, AuthTime: g.AuthTime, IssuedAt: now, Expires: now.Add(s.AccessTTL),
	})
}
