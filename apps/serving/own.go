package serving

import (
	"context"
	"errors"
	"sync"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
)

// Own is how a server acts at a service as the person who calls: with that person's
// own token of it.
type Own struct {
	// Token returns the token of the person whose call the context is of. Its error is
	// what the call ends with, in words that a person may read.
	Token func(context.Context) (oauth.Secret, error)
	// Refused is told that the service does not take a token. Nil says that Token has
	// another one now; an error is what the call ends with. Where it is nil nobody is
	// told, and the call ends with what the service said.
	Refused func(ctx context.Context, token oauth.Secret) error
}

// OwnOf asks the guard of each request ([resource.UpstreamToken]), by the name of a
// login in the settings.
func OwnOf(login string) Own {
	return Own{
		Token: func(ctx context.Context) (oauth.Secret, error) { return resource.UpstreamToken(ctx, login) },
		Refused: func(ctx context.Context, token oauth.Secret) error {
			return resource.UpstreamRefused(ctx, login, token)
		},
	}
}

// An Acting is one call of a tool that acts at the service. It is safe for concurrent
// use.
type Acting struct {
	own Own

	mu      sync.Mutex
	token   oauth.Secret
	renewed bool // it is the second one; there is no third
}

// Begin gets the token. Its error is Token's.
func (o Own) Begin(ctx context.Context) (*Acting, error) {
	token, err := o.Token(ctx)
	if err != nil {
		return nil, err
	}
	return &Acting{own: o, token: token}, nil
}

// Refuses is the error of something that was tried: err, and that it is because the
// service does not take the token.
func Refuses(err error) error { return &tokenRefused{err} }

type tokenRefused struct{ error }

func (t *tokenRefused) Unwrap() error { return t.error }

// Do tries something with the token. Where that ends because the service does not take
// it ([Refuses]), and there is another one, it is tried once more. A call has two
// tokens at most, however much it does: a service that refuses everybody is not asked
// without end.
func (a *Acting) Do(ctx context.Context, try func(token oauth.Secret) error) error {
	a.mu.Lock()
	token := a.token
	a.mu.Unlock()
	err := try(token)
	var refused *tokenRefused
	if !errors.As(err, &refused) || a.own.Refused == nil {
		return err
	}
	newer, renewErr := a.renew(ctx, token)
	switch {
	case renewErr != nil:
		return renewErr
	case newer == token:
		return err
	}
	return try(newer)
}

// renew returns another token than the one that was refused, or that one where there
// was another one before.
func (a *Acting) renew(ctx context.Context, refused oauth.Secret) (oauth.Secret, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != refused || a.renewed {
		return a.token, nil
	}
	if err := a.own.Refused(ctx, refused); err != nil {
		return "", err
	}
	token, err := a.own.Token(ctx)
	if err != nil {
		return "", err
	}
	a.token, a.renewed = token, true
	return token, nil
}
