package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/vault"
)

// ownTokens are the callers' own tokens of the one login that a resource has a
// connection to. The vault has them; a resource knows nothing of it.
type ownTokens struct {
	door     *door
	resource oauth.ProtectedResource
}

// UpstreamToken is what a tool in this process asks. It gets what the settings say
// that this resource may have, whatever the tool asks for.
func (t ownTokens) UpstreamToken(ctx context.Context, a resource.Asking) (oauth.Secret, time.Time, error) {
	if err := t.isMine(a.Login); err != nil {
		return "", time.Time{}, err
	}
	return t.of(ctx, a.Caller)
}

// UpstreamRefused has the vault find out whether the service has ended what it gave.
func (t ownTokens) UpstreamRefused(ctx context.Context, a resource.Asking, token oauth.Secret) error {
	if err := t.isMine(a.Login); err != nil {
		return err
	}
	return t.orConnect(a.Caller, t.door.vault.Refused(ctx, t.connection(a.Caller), token))
}

func (t ownTokens) isMine(login string) error {
	if login == "" || login != t.resource.Connection {
		return errors.New("the settings of resource " + t.resource.Name + " have no connection to the login that its tool asks for")
	}
	return nil
}

// attach gives an upstream the token with a call.
func (t ownTokens) attach(ctx context.Context, c resource.Caller, upstream http.Header) error {
	bearer, _, err := t.of(ctx, c)
	if err != nil {
		return err
	}
	upstream["Authorization"] = []string{"Bearer " + string(bearer)}
	return nil
}

// ownEnvironment is what the process of a command gets: what attach attached to the
// request that starts it. Nobody who did not sign in has anything.
func ownEnvironment(name string, r *http.Request) []string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil
	}
	return []string{name + "=" + token}
}

// stillHas reports whether a person has a connection that nobody ended. That it cannot
// be read ends nothing.
func (t ownTokens) stillHas(ctx context.Context, person string) bool {
	err := t.door.vault.Alive(ctx, t.connection(resource.Caller{Subject: person}))
	return !errors.Is(err, vault.ErrNotConnected) && !errors.Is(err, vault.ErrDead)
}

// of returns a caller's token.
func (t ownTokens) of(ctx context.Context, caller resource.Caller) (oauth.Secret, time.Time, error) {
	bearer, ends, err := t.door.vault.Token(ctx, t.connection(caller))
	return bearer, ends, t.orConnect(caller, err)
}

func (t ownTokens) connection(caller resource.Caller) vault.Connection {
	return vault.Connection{Person: caller.Subject, Login: t.resource.Connection, Resource: t.resource.ID}
}

// orConnect says of a token that is not there at which page the caller brings it.
func (t ownTokens) orConnect(caller resource.Caller, err error) error {
	if !errors.Is(err, vault.ErrNotConnected) && !errors.Is(err, vault.ErrDead) {
		return err
	}
	auth, c := t.door.auth, t.connection(caller)
	return &resource.Unconnected{
		Title: auth.TitleOf(c.Login), Page: auth.ConnectPage(c, caller.ClientID), Refusal: oauth.AsError(err),
		Connected: func(ctx context.Context) bool { return t.door.vault.Alive(ctx, c) == nil },
	}
}
