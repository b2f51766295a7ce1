package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// openFor opens the installation for a command that is not serve.
func openFor(ctx context.Context, t terminal, w which, create bool) (*installation, error) {
	c, err := w.load(t)
	if err != nil {
		return nil, err
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return open(ctx, c, slog.New(slog.NewTextHandler(io.Discard, nil)), create)
}

func localLogin(in *installation) *login.Local {
	return login.NewLocal(login.LocalOptions{People: in.store, Now: time.Now})
}

// record writes the audit log for what the command line did.
func record(ctx context.Context, in *installation, e store.Event) error {
	e.At, e.Actor = time.Now(), "command line"
	return in.store.Append(ctx, e)
}

// plainly drops the protocol's code from a refusal: on a terminal the sentence
// is what counts.
func plainly(err error) error {
	var refusal *oauth.Error
	if errors.As(err, &refusal) {
		return errors.New(refusal.Description)
	}
	return err
}

const pageSize = 200

// all reads every page of a listing.
func all[T any](page func(after string) ([]T, string, error)) ([]T, error) {
	var found []T
	after := ""
	for {
		more, last, err := page(after)
		found = append(found, more...)
		if err != nil || len(more) < pageSize {
			return found, err
		}
		after = last
	}
}

func lastID[T any](page []T, id func(T) string) string {
	if len(page) == 0 {
		return ""
	}
	return id(page[len(page)-1])
}

// registrationToken is the digest of the initial access token, where one is asked for.
func registrationToken(c *config.Config) oauth.Digest {
	if c.Registration.Dynamic != "token" {
		return oauth.Digest{}
	}
	return c.Registration.Token.Digest()
}
