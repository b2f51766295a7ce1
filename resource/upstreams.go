package resource

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-dev/sallyport/internal/weblog"
	"github.com/sallyport-dev/sallyport/oauth"
)

// Asking is one question for a person's own token of another service.
type Asking struct {
	Caller    Caller       // who the request acts for; never anonymous
	Presented oauth.Secret // the access token of the request, which the guard has verified
	Login     string       // the service, by the name that the settings give it, such as github
}

// Upstreams hands out people's own tokens of other services.
//
// An error that is an [Unconnected] says that the person has to connect the
// service first. Any other refusal ([oauth.Error]) is told to the tool by its
// description alone, and everything else is a fault, of which the tool learns
// nothing. The time is when the token ends; the zero time when that is not known.
type Upstreams interface {
	UpstreamToken(ctx context.Context, a Asking) (oauth.Secret, time.Time, error)
	// UpstreamRefused is told that the service did not take a token that UpstreamToken
	// had given. Nil says that asking again brings another one. Who is told late, of a
	// token that it does not give any more, changes nothing; and it bounds how often a
	// service is asked for another one, whatever tools say.
	UpstreamRefused(ctx context.Context, a Asking, token oauth.Secret) error
}

// Unconnected says that the person of a call has to connect a service before the
// call can work: they never did, or the service has ended what they had.
type Unconnected struct {
	Title string // the service, as people know it: GitHub
	// Page is the absolute URL at which this person, and nobody else, connects it;
	// empty where none is known. It is told to the client, and holds no secret.
	Page string
	// Connected reports whether the person has connected it since. It is asked every
	// few seconds for as long as the page is good, by a guard whose client waits to be
	// told. nil: nobody is told.
	Connected func(context.Context) bool
	// Refusal is for clients that cannot be told of the page; its code is
	// [oauth.InvalidToken], so that they bring the person.
	Refusal *oauth.Error
}

// Error is for logs.
func (u *Unconnected) Error() string { return u.Refusal.Error() }

// Unwrap returns the refusal.
func (u *Unconnected) Unwrap() error { return u.Refusal }

// A told error is what a tool gets. Libraries put the text of a tool's error into
// its result, so it has only what the client may know.
type told struct {
	text  string
	cause error
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.cause }

var (
	errNoGuard  = errors.New("resource: the context is of no request that came through a guard with Upstreams")
	errOver     = errors.New("resource: the context is of a request that is over; a tool of a server with sessions needs that of its own request, which apps/serving gives it")
	errNotGiven = errors.New("the person's connection cannot be used now; try again later")
)

// UpstreamToken returns the caller's own token of another service, by the name of
// its login in the settings. It is asked for now: a tool that needs none costs
// nothing, and nothing is kept here. ctx has to be that of the request, as [Guard.Wrap]
// passes it on. MCP libraries with sessions give tools the context in which the session
// began; package apps/serving is the way out for the official Go SDK.
//
// A tool returns the error as it is, and need not look at it:
//
//	token, err := resource.UpstreamToken(ctx, "github")
//	if err != nil {
//		return nil, nil, err
//	}
//
// Where the person has to connect the service first, the guard sees the tool fail
// and answers in its place, in the form by which the person's client brings them
// to the page where they do that; the call, made again, works. A tool that goes on
// without the token, and does not fail, is left alone. The text of an error may be
// shown to anyone.
func UpstreamToken(ctx context.Context, login string) (oauth.Secret, error) {
	v, asking, err := question(ctx, login)
	if err != nil {
		return "", err
	}
	var token oauth.Secret
	err = v.await(ctx, func() (err error) {
		token, _, err = v.guard.upstreams.UpstreamToken(ctx, asking)
		return err
	})
	if err != nil {
		return "", v.refused(ctx, err)
	}
	return token, nil
}

// UpstreamRefused says that the service did not take a token that [UpstreamToken] had
// returned in the same request, such as by a 401 of its API: somebody took it back
// there. Nil says that there is another one: the tool asks for it, and tries once more
// and no oftener.
//
//	if res.StatusCode == http.StatusUnauthorized {
//		if err := resource.UpstreamRefused(ctx, "github", token); err != nil {
//			return nil, nil, err
//		}
//		token, err = resource.UpstreamToken(ctx, "github")
//		…
//	}
//
// Every error is to be returned as it is, like one of UpstreamToken: where the person
// has to connect the service again, the guard answers in the tool's place.
func UpstreamRefused(ctx context.Context, login string, token oauth.Secret) error {
	v, asking, err := question(ctx, login)
	if err != nil {
		return err
	}
	if err := v.guard.upstreams.UpstreamRefused(ctx, asking, token); err != nil {
		return v.refused(ctx, err)
	}
	return nil
}

// question is the request that a context is of, and what it asks for its caller.
func question(ctx context.Context, login string) (*visit, Asking, error) {
	v := visitOf(ctx)
	switch {
	case v == nil || v.guard.upstreams == nil:
		return nil, Asking{}, errNoGuard
	case v.isOver():
		return nil, Asking{}, errOver
	case v.caller.Anonymous:
		err := &challenge{refusal: noToken(), bare: true, scope: v.guard.baseline}
		v.miss(err)
		return nil, Asking{}, &told{"You have to sign in first: this needs to know who you are.", err}
	}
	return v, Asking{Caller: *v.caller, Presented: v.presented, Login: login}, nil
}

// refused notes why there is no token, and makes of it what a tool may know.
func (v *visit) refused(ctx context.Context, err error) error {
	var (
		missing *Unconnected
		refusal *oauth.Error
	)
	switch {
	case errors.As(err, &missing):
		v.miss(missing)
		weblog.From(ctx).Fail(missing.Refusal)
		return &told{v.guard.linkText(missing), err}
	case errors.As(err, &refusal) && refusal.Code != oauth.ServerError:
		if refusal.Code == oauth.InvalidToken {
			v.miss(refusal)
		}
		weblog.From(ctx).Fail(refusal)
		return &told{refusal.Description, err}
	}
	weblog.From(ctx).Fail(oauth.AsError(err))
	return &told{errNotGiven.Error(), err}
}
