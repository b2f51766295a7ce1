package authserver

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/token"
	"github.com/sallyport-dev/sallyport/vault"
)

// exchanged is the answer of RFC 8693 §2.2.1. There is never a refresh token: the
// server of a resource acts while its caller does, and no longer.
type exchanged struct {
	AccessToken     string `json:"access_token"`
	IssuedTokenType string `json:"issued_token_type"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int64  `json:"expires_in,omitempty"` // seconds; absent: it was not said that it ends
	Scope           string `json:"scope,omitempty"`      // absent of an upstream's token
}

// What the server of a resource is told; docs/login.md has what it does then.
const (
	deadSubject  = "the subject_token is no living access token of a resource that this client serves"
	noSuchTarget = "this client may not exchange tokens for that; the settings say what it may"
	notConnected = "the person has to sign in again, to connect the service that is asked for"
	notAgreed    = "the person has not agreed that this server acts for them there; the client has to ask for permission again"
)

// exchange answers grant_type=urn:ietf:params:oauth:grant-type:token-exchange.
// RFC 8693 §2.
//
// The caller is the server of a resource, that proved who it is. What it presents is
// the access token that its own caller presented to it, and by that alone, since the
// audience says so, it is known to act for that person.
func (s *Server) exchange(ctx context.Context, c *caller, form url.Values) (exchanged, error) {
	flowtrace.From(ctx).As(flowtrace.Exchange)
	if c.Public() || c.Source != oauth.FromSettings {
		return exchanged{}, oauth.Refuse(oauth.UnauthorizedClient, "token exchange is for clients of the settings that authenticate")
	}
	if err := understood(form); err != nil {
		return exchanged{}, err
	}
	wanted, from, err := s.target(c.Client, form)
	if err != nil {
		return exchanged{}, err
	}
	access, g, err := s.subject(ctx, c.Client, oauth.Secret(form.Get("subject_token")))
	if err != nil {
		return exchanged{}, err
	}
	// A server acts for who may still come in, as a client does.
	presented, _ := s.resource(access.Audience)
	if err := s.stillVouchedFor(ctx, g.Subject, presented, g.Created); err != nil {
		return exchanged{}, err
	}
	if wanted.Login != "" {
		return s.exchangeUpstream(ctx, c, wanted.Login, form, g, access)
	}
	return s.delegate(ctx, c, delegation{access: access, grant: g, to: from, policy: wanted.Scope}, form)
}

// understood refuses what would be answered with something else than was asked for.
func understood(form url.Values) error {
	refuse := func(why string) error { return oauth.Refuse(oauth.InvalidRequest, why) }
	kind, wanted := form.Get("subject_token_type"), form.Get("requested_token_type")
	switch {
	case form.Get("subject_token") == "":
		return refuse("subject_token is missing")
	case kind == "":
		return refuse("subject_token_type is missing")
	case kind != oauth.TokenTypeAccess && kind != oauth.TokenTypeJWT:
		return refuse("subject_token_type must be " + oauth.TokenTypeAccess + " or " + oauth.TokenTypeJWT)
	case form.Get("actor_token") != "" || form.Get("actor_token_type") != "":
		return refuse("actor_token is not taken: the actor is the client that authenticates")
	case wanted != "" && wanted != oauth.TokenTypeAccess && wanted != oauth.TokenTypeJWT:
		return refuse("requested_token_type must be " + oauth.TokenTypeAccess)
	}
	return nil
}

// target is what a request is for, as far as the policy lets this client have it: a
// login, by its name in audience, or another resource, by its identifier in audience
// or in resource.
//
// RFC 8693 §2.2.2: "If the authorization server is unwilling or unable to issue a
// token for any target service indicated by the "resource" or "audience" parameters,
// the "invalid_target" error code SHOULD be used".
func (s *Server) target(c oauth.Client, form url.Values) (oauth.Exchange, oauth.ProtectedResource, error) {
	var named []string
	for _, name := range append(form["resource"], form["audience"]...) {
		if name != "" && !slices.Contains(named, name) {
			named = append(named, name)
		}
	}
	none := oauth.ProtectedResource{}
	switch {
	case len(named) == 0:
		return oauth.Exchange{}, none, oauth.Refuse(oauth.InvalidTarget, "audience is missing: the name of a login, or a resource")
	case len(named) > 1:
		return oauth.Exchange{}, none, oauth.Refuse(oauth.InvalidTarget, "a token is for one audience; ask for each on its own")
	}
	id := named[0]
	if strings.Contains(id, "://") {
		canonical, err := oauth.CanonicalResource(id)
		if err != nil {
			return oauth.Exchange{}, none, err
		}
		id = canonical
	} else if form.Get("resource") != "" {
		return oauth.Exchange{}, none, oauth.Refuse(oauth.InvalidTarget, "resource is not an absolute URI; the name of a login goes into audience")
	}
	for _, e := range c.Exchanges {
		if e.Login != "" && e.Login == id {
			return e, none, nil
		}
		if e.Resource == "" || e.Resource != id {
			continue
		}
		for _, r := range s.Resources {
			if r.ID == id {
				return e, r, nil
			}
		}
	}
	return oauth.Exchange{}, none, oauth.Refuse(oauth.InvalidTarget, noSuchTarget)
}

// subject reads what was presented: an access token of a resource that the client is
// the server of, that is alive, as is its grant, and the person may sign in.
//
// RFC 8693 §2.2.2: "If the request itself is not valid or if either the
// "subject_token" or "actor_token" are invalid for any reason, or are unacceptable
// based on policy, the authorization server MUST construct an error response [...]
// The value of the "error" parameter MUST be the "invalid_request" error code." One
// sentence covers all: a client that holds somebody else's token learns nothing.
func (s *Server) subject(ctx context.Context, c oauth.Client, presented oauth.Secret) (token.Access, oauth.Grant, error) {
	refused := oauth.Refuse(oauth.InvalidRequest, deadSubject)
	access, err := s.accessToken(presented)
	if err != nil {
		return access, oauth.Grant{}, refused.Because(err)
	}
	if !slices.Contains(c.Serves, access.Audience) {
		return access, oauth.Grant{}, refused.Because(errors.New("the token is for a resource that this client does not serve"))
	}
	// The grant is read: a revoked one, or one of a disabled person, is not found.
	g, err := s.Grants.Grant(ctx, access.GrantID)
	switch {
	case isNotFound(err):
		return access, g, refused.Because(err)
	case err != nil:
		return access, g, err
	case g.Subject != access.Subject:
		return access, g, refused.Because(errors.New("the grant is another person's"))
	}
	weblog.From(ctx).Add("grant", g.ID)
	weblog.From(ctx).Add("subject", g.Subject)
	flowtrace.From(ctx).Behalf(g.ID)
	return access, g, nil
}

// exchangeUpstream answers with the person's own token of a login. The resource has to
// be one whose connection that is: that is what the person agreed to when they
// connected it.
func (s *Server) exchangeUpstream(ctx context.Context, c *caller, login string, form url.Values, g oauth.Grant, access token.Access) (exchanged, error) {
	resource, ok := s.resource(access.Audience)
	switch {
	case !ok || resource.Connection != login || !s.Vault.Keeps(login):
		return exchanged{}, oauth.Refuse(oauth.InvalidTarget, noSuchTarget).Because(errors.New("the resource of the token has no connection to that login"))
	case form.Get("requested_token_type") == oauth.TokenTypeJWT:
		return exchanged{}, oauth.Refuse(oauth.InvalidRequest, "an upstream's token is what it is: requested_token_type must be "+oauth.TokenTypeAccess)
	case form.Get("scope") != "":
		return exchanged{}, oauth.Refuse(oauth.InvalidScope, "an upstream's token has the scope that it has; leave scope out")
	}
	if err := s.spendAssertion(ctx, c); err != nil {
		return exchanged{}, err
	}
	connection, _ := s.connectionOf(g.Subject, resource)
	bearer, expires, err := s.ownToken(ctx, connection, oauth.Secret(form.Get(oauth.RefusedToken)))
	if errors.Is(err, vault.ErrNotConnected) || errors.Is(err, vault.ErrDead) {
		refusal := oauth.Refuse(oauth.InvalidGrant, notConnected).Because(err)
		refusal.Page = s.ConnectPage(connection, access.ClientID)
		return exchanged{}, refusal
	}
	if err != nil {
		return exchanged{}, err
	}
	s.auditGiven(ctx, store.TokenExchanged, c.ID, g, "its own token of "+login+", for "+access.Audience)
	answer := exchanged{AccessToken: string(bearer), IssuedTokenType: oauth.TokenTypeAccess, TokenType: "Bearer"}
	if !expires.IsZero() {
		answer.ExpiresIn = int64(expires.Sub(s.Now()).Seconds())
	}
	return answer, nil
}

// ownToken is a person's own token, and another one than that which the service
// refuses, if it refuses one.
func (s *Server) ownToken(ctx context.Context, c vault.Connection, refused oauth.Secret) (oauth.Secret, time.Time, error) {
	if refused != "" {
		if err := s.Vault.Refused(ctx, c, refused); err != nil {
			return "", time.Time{}, err
		}
	}
	return s.Vault.Token(ctx, c)
}

// auditGiven notes that a server or a client got a token that acts for a person
// elsewhere: each time, but once an hour for the same by the same grant, since a tool
// may ask at every call and the log is kept for ever.
func (s *Server) auditGiven(ctx context.Context, kind, to string, g oauth.Grant, what string) {
	if s.limits.given.spend(kind+" "+to+" "+g.ID+" "+what) > 0 {
		return
	}
	s.audit(ctx, store.Event{Kind: kind, Actor: to, Subject: g.Subject, ClientID: g.ClientID, GrantID: g.ID, Detail: "it got " + what})
}
