package login

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Refresh asks the upstream for newer tokens. The error is a refusal:
// invalid_grant where the upstream says that the refresh token is good for
// nothing any more, and temporarily_unavailable for everything that says nothing
// about the token: an upstream that is away, or that refuses this server.
// RFC 6749 §6.
func (o *OAuth2) Refresh(ctx context.Context, refresh oauth.Secret) (oauth.UpstreamTokens, error) {
	tokens, err := refreshed(ctx, o.client, o.config(Departure{}), refresh)
	if err != nil {
		return oauth.UpstreamTokens{}, err
	}
	return o.Dialect.lasting(tokens), nil
}

// Refresh is [OAuth2.Refresh].
func (o *OIDC) Refresh(ctx context.Context, refresh oauth.Secret) (oauth.UpstreamTokens, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return oauth.UpstreamTokens{}, err
	}
	return refreshed(ctx, o.client, o.config(found, Departure{}), refresh)
}

// refreshTimeout is longer than people wait for an upstream. Nobody but a program
// waits for a refresh, and where refresh tokens are good once, an answer that was not
// waited for has ended the connection.
const refreshTimeout = 30 * time.Second

func refreshed(ctx context.Context, c *http.Client, config *oauth2.Config, refresh oauth.Secret) (oauth.UpstreamTokens, error) {
	patient := *c
	patient.Timeout = refreshTimeout
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &patient)
	tokens, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: string(refresh)}).Token()
	if err != nil {
		return oauth.UpstreamTokens{}, refreshFailed(err)
	}
	return tokensOf(tokens), nil
}

// tokensOf keeps of an answer what can be of use later.
func tokensOf(t *oauth2.Token) oauth.UpstreamTokens {
	seconds := t.ExpiresIn
	if form, ok := t.Extra("expires_in").(int64); ok && seconds == 0 {
		seconds = form // the library reads it of JSON only, and GitHub answers a form
	}
	id, _ := t.Extra("id_token").(string)
	return oauth.UpstreamTokens{Access: oauth.Secret(t.AccessToken), Refresh: oauth.Secret(t.RefreshToken), ID: oauth.Secret(id),
		Life: time.Duration(min(max(seconds, 0), longestLife)) * time.Second}
}

// longestLife is ten years, in seconds: what is said to live longer is looked at
// then.
const longestLife = 10 * 365 * 24 * 60 * 60

// refreshFailed tells a token that is dead from an upstream that is away. Only
// the codes that speak of the refresh token itself end a connection: people
// do not lose theirs because an operator mistyped a secret.
//
// RFC 6749 §5.2, invalid_grant: the refresh token "is invalid, expired, revoked
// [...] or was issued to another client". Some say bad_refresh_token or
// invalid_refresh_token.
func refreshFailed(err error) *oauth.Error {
	var said *oauth2.RetrieveError
	if errors.As(err, &said) && said.Response.StatusCode < 500 && slices.Contains([]string{"invalid_grant", "bad_refresh_token", "invalid_refresh_token"}, said.ErrorCode) {
		return oauth.Refuse(oauth.InvalidGrant, "the connection to the upstream has ended").
			Because(errors.New("login: the upstream says " + plain(said.ErrorCode)))
	}
	refusal := exchangeFailed(err)
	if refusal.Code != oauth.TemporarilyUnavailable {
		return refuseUpstream(oauth.TemporarilyUnavailable, upstreamSilent, refusal.Cause)
	}
	return refusal
}
