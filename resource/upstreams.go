package resource

import (
	"context"
	"errors"
	"net/http"
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
}

// Unconnected says that the person of a call has to connect a service before the
// call can work: they never did, or the service has ended what they had.
type Unconnected struct {
	Title string // the service, as people know it: GitHub
	// Page is the absolute URL at which this person, and nobody else, connects it;
	// empty where none is known. It is told to the client, and holds no secret.
	Page string
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
	errOver     = errors.New("resource: the context is of a request that is over; a server with sessions has to use Within")
	errNotGiven = errors.New("the person's connection cannot be used now; try again later")
)

// UpstreamToken returns the caller's own token of another service, by the name of
// its login in the settings. It is asked for now: a tool that needs none costs
// nothing, and nothing is kept here. ctx has to be that of the request, as [Guard.Wrap]
// passes it on; for an MCP server with sessions see [Within].
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
	v, ok := ctx.Value(callerKey{}).(*visit)
	switch {
	case !ok || v.guard.upstreams == nil:
		return "", errNoGuard
	case v.isOver():
		return "", errOver
	case v.caller.Anonymous:
		err := &challenge{refusal: noToken(), bare: true, scope: v.guard.baseline}
		v.miss(err)
		return "", &told{"You have to sign in first: this needs to know who you are.", err}
	}
	var token oauth.Secret
	err := v.await(ctx, func() (err error) {
		token, _, err = v.guard.upstreams.UpstreamToken(ctx, Asking{Caller: *v.caller, Presented: v.presented, Login: login})
		return err
	})
	if err != nil {
		return "", v.refused(ctx, err)
	}
	return token, nil
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

// inHeader is where a request that is let through carries its name, for [Within].
const inHeader = "Sallyport-Request"

// Within returns a context that is of the request with these headers, for MCP
// libraries whose tools get the context in which their session began. They pass
// the headers of each request on. With the official Go SDK and sessions:
//
//	server.AddReceivingMiddleware(func(next mcp.MethodHandler) mcp.MethodHandler {
//		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
//			if extra := req.GetExtra(); extra != nil {
//				ctx = resource.Within(ctx, extra.Header)
//			}
//			return next(ctx, method, req)
//		}
//	})
//
// Without sessions (Stateless) there is no need to. A request that is over, or
// came through another guard, leaves ctx as it is.
func Within(ctx context.Context, h http.Header) context.Context {
	began, ok := ctx.Value(callerKey{}).(*visit)
	if !ok {
		return ctx
	}
	if v := began.guard.visits.find(h.Get(inHeader)); v != nil {
		return withVisit(ctx, v)
	}
	return ctx
}
