package login

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

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

	mu     sync.Mutex
	set    token.KeySet
	at     time.Time // of the last good look
	looked time.Time // of the last look
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
		l.failed = err
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

// load returns the keys that are known, or newer ones. Others wait meanwhile: they
// need the same.
func (k *upstreamKeys) load(ctx context.Context, newer bool) (token.KeySet, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	old := k.at.IsZero() || now.Sub(k.at) >= keyAge
	if !old && !newer || now.Sub(k.looked) < keyPace && !k.at.IsZero() {
		return k.set, nil
	}
	k.looked = now
	var raw json.RawMessage
	err := getJSON(ctx, k.client, k.address, "", &raw)
	if err == nil {
		var set token.KeySet
		if set, err = token.ParseKeySet(raw); err == nil {
			k.set, k.at = set, now
			return set, nil
		}
	}
	if k.at.IsZero() {
		return token.KeySet{}, errors.Join(errKeys, err)
	}
	// A key set that is an hour old is better than nobody signing in.
	return k.set, nil
}

// errKeys says that nothing is known of an upstream's keys.
var errKeys = errors.New("login: the upstream's keys cannot be had")
