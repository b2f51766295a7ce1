package login

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/sallyport-dev/sallyport/oauth"
)

// What is wrong with an answer that should be about somebody whom we know.
var errSomebodyElse = refuseUpstream(oauth.AccessDenied, upstreamWrong, errors.New("login: the upstream speaks of someone else"))

// Lasting reports whether tokens are of use for asking about their person later: they
// can be renewed, or were not said to end.
func (o *OAuth2) Lasting(t oauth.UpstreamTokens) bool {
	return t.Refresh != "" || t.Access != "" && t.Life == 0
}

// Still says who was, whose tokens these are, is now, as [OAuth2.Return] would: the
// standing is another one. The error is a refusal: invalid_grant where the server says
// that it does not take the access token any more, because of [ErrGone] where it says that the
// person is suspended, and every other one says nothing about them.
func (o *OAuth2) Still(ctx context.Context, was oauth.Identity, t oauth.UpstreamTokens) (oauth.Identity, error) {
	p, err := o.holder(ctx, string(t.Access))
	switch {
	case tokenRefused(err):
		return was, oauth.Refuse(oauth.InvalidGrant, "the upstream does not take the token any more").
			Because(errors.New("login: " + atUser + ": it does not take the token any more"))
	case suspendedThere(err):
		return was, oauth.Refuse(oauth.AccessDenied, "the upstream has suspended the person").
			Because(fmt.Errorf("login: %s: it says that they are suspended: %w", atUser, ErrGone))
	case err != nil:
		return was, trouble(atUser, err)
	case p.Subject != was.Subject:
		return was, errSomebodyElse
	}
	was.Standing = p.Known().Standing
	return was, nil
}

// tokenRefused reports whether an answer speaks of the access token. A proxy that wants
// a password, or an address in the settings that is not the one that was meant, answers
// 401 as well, and says so otherwise.
//
// RFC 6750 §3.1: "The access token provided is expired, revoked, malformed, or invalid
// for other reasons. The resource SHOULD respond with the HTTP 401 (Unauthorized) status
// code". GitHub does, in JSON, without the challenge of §3.
func tokenRefused(err error) bool {
	var status *statusError
	return errors.Is(err, errTokenEnded) || errors.As(err, &status) && status.status == http.StatusUnauthorized && status.ofToken
}

// suspendedThere reports whether an answer speaks of the person.
func suspendedThere(err error) bool {
	var status *statusError
	return errors.As(err, &status) && status.suspended
}

var errTokenEnded = errors.New("it does not take the token")

// tokenEnded reports whether an error says that a token was good once and is no more.
// Slack answers so, with a status of 200; its invalid_auth may be about the address from
// which it was asked.
func tokenEnded(code string) bool {
	return slices.Contains([]string{"token_revoked", "token_expired", "account_inactive"}, code)
}

// Lasting reports whether tokens are of use for asking about their person later, who
// may have no session there then.
func (o *OIDC) Lasting(t oauth.UpstreamTokens) bool { return t.Refresh != "" && !t.Session }

// whileAway reports whether a refresh token is asked for that is good while the person
// has no session there. Some providers give others unasked, which end with the session.
// OpenID Connect Core §11: offline_access "requests that an OAuth 2.0 Refresh Token be
// issued that can be used to obtain an Access Token that grants access to the End-User's
// UserInfo Endpoint even when the End-User is not present (not logged in)".
func (o *OIDC) whileAway(d Departure) bool {
	return len(o.Offline) > 0 || slices.Contains(d.scopes(o.Scopes), oidc.ScopeOfflineAccess)
}

// Still says who was, whose tokens these are, is now: by the ID token that came with
// them, and where there is none, by the UserInfo endpoint, whose silence about an address
// or groups says nothing. Every error says nothing about the person: to refuse the
// renewal of the tokens is how a provider does that. OpenID Connect Core §12.2.
func (o *OIDC) Still(ctx context.Context, was oauth.Identity, t oauth.UpstreamTokens) (oauth.Identity, error) {
	found, err := o.discover(ctx)
	if err != nil {
		return was, err
	}
	ctx = oidc.ClientContext(ctx, o.client)
	claims := map[string]json.RawMessage{}
	if t.ID != "" {
		if claims, err = o.verified(ctx, found, string(t.ID)); err != nil {
			return was, err
		}
		// §12.2: "its sub Claim Value MUST be the same as in the ID Token issued when the
		// original authentication occurred".
		if text(claims["sub"]) != was.Subject {
			return was, errSomebodyElse
		}
	}
	if err := o.complete(ctx, found, string(t.Access), was.Subject, claims); err != nil {
		return was, err
	}
	now := *o.profile(claims).Known().Standing
	switch before := was.Standing; {
	case before == nil:
	case t.ID == "":
		now = o.silent(claims, now, *before)
	case member(claims, o.Claims.Email) == nil:
		// Nobody is rid of what they are denied by because nothing is said of it.
		now.Others, now.AllAddresses = before.Others, before.AllAddresses
		if before.Email != "" && !slices.Contains(now.Others, before.Email) {
			now.Others = append(slices.Clone(now.Others), before.Email)
		}
	}
	was.Standing = &now
	return was, nil
}

// silent takes of what was known what claims do not speak of.
func (o *OIDC) silent(claims map[string]json.RawMessage, now, before oauth.Standing) oauth.Standing {
	if member(claims, o.Claims.Email) == nil {
		now.Email, now.Others, now.AllAddresses = before.Email, before.Others, before.AllAddresses
	}
	if member(claims, o.Claims.Groups) == nil {
		now.Groups, now.Unasked = before.Groups, before.Unasked
	}
	now.Hosted = cmp.Or(now.Hosted, before.Hosted)
	return now
}
