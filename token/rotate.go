package token

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

// addTries is how often a caller that has to add a key of its own tries, when
// others take the next slot first.
const addTries = 20

// Ensure makes the first key of a signature algorithm when there is none. The
// key signs at once: nothing else could.
func (k *Keyring) Ensure(ctx context.Context, algorithm string) error {
	if err := checkAlgorithm(algorithm); err != nil {
		return err
	}
	return k.ensure(ctx, kind{useSign, algorithm})
}

func (k *Keyring) ensureSecret(ctx context.Context) error {
	return k.ensure(ctx, kind{useSecret, ""})
}

func (k *Keyring) ensure(ctx context.Context, of kind) error {
	k.making.Lock()
	defer k.making.Unlock()
	if len(k.ring.Load().byKind[of]) > 0 {
		return nil
	}
	// Making an RSA key is slow: first see whether another replica has.
	if err := k.reload(ctx); err != nil || len(k.ring.Load().byKind[of]) > 0 {
		return err
	}
	err := k.add(ctx, of, nil, 0)
	if errors.Is(err, store.ErrExists) {
		return nil // another replica was faster, and add has read its key
	}
	return err
}

// Rotate makes a new key, which is published now and signs in [PublishAhead].
// The old one stops then, and stays published for Options.Lifetime longer. Of
// any number of replicas that rotate at once, one makes the key.
func (k *Keyring) Rotate(ctx context.Context, algorithm string) error {
	return k.rotate(ctx, algorithm, PublishAhead)
}

// RotateNow makes a new key that signs at once. Other replicas read it when they
// meet it; verifiers elsewhere that hold an old key set and do not ask again for
// a kid they do not know refuse its tokens until they do.
func (k *Keyring) RotateNow(ctx context.Context, algorithm string) error {
	return k.rotate(ctx, algorithm, 0)
}

func (k *Keyring) rotate(ctx context.Context, algorithm string, ahead time.Duration) error {
	if err := checkAlgorithm(algorithm); err != nil {
		return err
	}
	k.making.Lock()
	defer k.making.Unlock()
	err := k.add(ctx, kind{useSign, algorithm}, nil, ahead)
	for range addTries {
		if !errors.Is(err, store.ErrExists) {
			break
		}
		if ahead > 0 {
			err = nil // the key that another replica has just made is as new
			break
		}
		err = k.add(ctx, kind{useSign, algorithm}, nil, ahead)
	}
	if err != nil {
		return err
	}
	return k.settle(ctx)
}

// RotateSecret makes a new secret key, which seals and authenticates in
// [PublishAhead]. What older ones sealed and authenticated stays good: secret
// keys do not expire.
func (k *Keyring) RotateSecret(ctx context.Context) error {
	k.making.Lock()
	defer k.making.Unlock()
	err := k.add(ctx, kind{useSecret, ""}, nil, PublishAhead)
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// settle writes down when keys that have a successor stop and expire. It is
// what [Keyring.Rotate] does last and [Keyring.Run] does again, for the replica
// that was stopped in between; and it keeps a key for longer when the lifetime
// of tokens was raised while it still signed.
func (k *Keyring) settle(ctx context.Context) error {
	now, changed := k.now(), false
	for of, keys := range k.ring.Load().byKind {
		if of.use != useSign {
			continue
		}
		for i, key := range keys {
			to := stops(keys, i)
			if to.IsZero() {
				continue
			}
			expires := to.Add(k.lifetime)
			unsettled := key.SignsTo.IsZero() || to.Before(key.SignsTo) ||
				now.Before(key.SignsTo) && key.Expires.Before(expires)
			if !unsettled {
				continue
			}
			if err := k.store.RetireKey(ctx, key.ID, to, expires); err != nil {
				return fmt.Errorf("token: retiring a key: %w", err)
			}
			changed = true
		}
	}
	if !changed {
		return nil
	}
	return k.reload(ctx)
}

// due lists the algorithms whose newest key has signed for so long that its
// successor is to be published. A key that has not begun has no successor yet.
func (k *Keyring) due() []string {
	if k.rotateEvery == 0 {
		return nil
	}
	var algorithms []string
	now := k.now()
	for of, keys := range k.ring.Load().byKind {
		if of.use != useSign {
			continue
		}
		from := keys[len(keys)-1].SignsFrom
		if !from.After(now) && !now.Before(from.Add(k.rotateEvery-PublishAhead)) {
			algorithms = append(algorithms, of.algorithm)
		}
	}
	return algorithms
}
