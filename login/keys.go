package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// upstreamKeys are the keys of an upstream, fetched when they are needed. A key
// that is not there makes us look again, at most once in keyPace: anyone can send
// a token with a key id that nobody knows.
type upstreamKeys struct {
	address string
	client  *http.Client
	now     func() time.Time
	flights singleflight.Group // one look at a time

	mu     sync.Mutex // guards what follows
	set    token.KeySet
	at     time.Time // of the last good look
	looked time.Time // of the last look
}

func newUpstreamKeys(address string, c *http.Client, now func() time.Time) *upstreamKeys {
	return &upstreamKeys{address: address, client: c, now: now}
}

const (
	keyPace = 30 * time.Second
	keyAge  = time.Hour
)

// A keyLook verifies one token. What the verifier of package oidc returns does not
// tell a signature that is wrong from keys that could not be had.
type keyLook struct {
	keys   *upstreamKeys
	failed error // the keys could not be had
}

// VerifySignature implements oidc.KeySet.
func (l *keyLook) VerifySignature(ctx context.Context, jwt string) ([]byte, error) {
	claims, err := l.keys.verify(ctx, jwt)
	if errors.Is(err, errKeys) {
		l.failed = unverified(err)
	}
	return claims, err
}

func (k *upstreamKeys) verify(ctx context.Context, jwt string) ([]byte, error) {
	set, err := k.load(ctx, false)
	if err != nil {
		return nil, err
	}
	claims, err := set.Verify(oauth.Secret(jwt))
	if !errors.Is(err, token.ErrUnknownKey) {
		return claims, err
	}
	if set, err = k.load(ctx, true); err != nil {
		return nil, err
	}
	return set.Verify(oauth.Secret(jwt))
}

// load returns the keys that are known, or newer ones. Others wait meanwhile for the
// same answer.
func (k *upstreamKeys) load(ctx context.Context, newer bool) (token.KeySet, error) {
	k.mu.Lock()
	now := k.now()
	old := k.at.IsZero() || now.Sub(k.at) >= keyAge
	set, serves := k.set, !old && !newer || now.Sub(k.looked) < keyPace && !k.at.IsZero()
	k.mu.Unlock()
	if serves {
		return set, nil
	}
	flight := k.flights.DoChan("", func() (any, error) { return k.look(context.WithoutCancel(ctx)) })
	select {
	case <-ctx.Done():
		return token.KeySet{}, errors.Join(errKeys, trouble(atKeys, ctx.Err()))
	case landed := <-flight:
		set, _ := landed.Val.(token.KeySet)
		return set, landed.Err
	}
}

// look fetches the keys.
func (k *upstreamKeys) look(ctx context.Context) (token.KeySet, error) {
	var raw json.RawMessage
	err := getJSON(ctx, k.client, k.address, "", &raw)
	var set token.KeySet
	if err == nil {
		if set, err = token.ParseKeySet(raw); err != nil {
			err = errors.New("the answer is no key set")
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.looked = k.now()
	switch {
	case err == nil:
		k.set, k.at = set, k.looked
	case k.at.IsZero():
		return set, errors.Join(errKeys, trouble(atKeys, err))
	}
	// A key set that is an hour old is better than nobody signing in.
	return k.set, nil
}

// errKeys says that nothing is known of an upstream's keys.
var errKeys = errors.New("login: the upstream's keys cannot be had")

// unverified is of a token that did not verify: it cannot be believed, or there is
// nothing to verify it with.
func unverified(err error) error {
	var refusal *oauth.Error
	if errors.Is(err, errKeys) && errors.As(err, &refusal) {
		return refusal
	}
	return refuseUpstream(oauth.AccessDenied, upstreamWrong, err)
}
