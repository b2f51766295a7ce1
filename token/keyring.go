package token

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sallyport-dev/sallyport/store"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	// PublishAhead is how long a new key is published before it signs.
	PublishAhead = 5 * time.Minute

	// KeySetMaxAge is how long the key set may be cached: less than PublishAhead,
	// for the replica that publishes last and the one whose clock is ahead.
	KeySetMaxAge = PublishAhead - 2*ClockSkew

	// ClockSkew is how far the clocks of two replicas may be apart.
	ClockSkew = 30 * time.Second

	reloadEvery   = 5 * time.Second
	lookAgainGap  = time.Second     // between two searches for keys that nobody knows
	reloadTimeout = 5 * time.Second // of a reload that Run makes
)

// Options is what a [Keyring] is made of.
type Options struct {
	Store store.Keys
	// EncryptionKey is exactly 32 bytes. What is in Store is sealed under it;
	// it is never stored there.
	EncryptionKey []byte
	// Algorithms are those for which [Open] makes a first key where there is
	// none. Making an RSA key takes a good part of a second.
	Algorithms []string
	// RotateEvery is how long a key signs before [Keyring.Run] replaces it; 0:
	// never on schedule.
	RotateEvery time.Duration
	// Lifetime is how long anything that is signed may live: the longest
	// lifetime of an access token and [ClockSkew]. A key stays published for
	// that long after it signed last.
	Lifetime time.Duration
	Now      func() time.Time // nil: time.Now
	Log      *slog.Logger     // nil: nothing is logged
}

// A Keyring signs, verifies, seals and authenticates with the keys of one
// installation.
type Keyring struct {
	store       store.Keys
	wrap        tink.AEAD // seals what is in store
	rotateEvery time.Duration
	lifetime    time.Duration
	now         func() time.Time
	log         *slog.Logger

	ring    atomic.Pointer[ring] // what was last read; replaced, never changed
	loading sync.Mutex           // held while ring is being replaced
	making  sync.Mutex           // held while a key is being made, so that one process makes one

	looking    sync.Mutex // guards lastLooked
	lastLooked time.Time
}

// Open reads the keys, and makes those that are missing: a secret key, and a
// signing key for each of o.Algorithms. Of any number of replicas that open an
// empty store at once, each ends with the same keys.
//
// It fails when the keys in the store were sealed under another encryption key.
func Open(ctx context.Context, o Options) (*Keyring, error) {
	switch {
	case o.Store == nil:
		return nil, errors.New("token: Options.Store is missing")
	case len(o.EncryptionKey) != 32:
		return nil, fmt.Errorf("token: the encryption key is %d bytes long; it must be exactly 32", len(o.EncryptionKey))
	case o.Lifetime <= 0:
		return nil, errors.New("token: Options.Lifetime must be longer than zero")
	case o.RotateEvery < 0:
		return nil, errors.New("token: Options.RotateEvery must not be negative")
	}
	wrap, err := newAEAD(derive(o.EncryptionKey, "keys at rest", ""))
	if err != nil {
		return nil, err
	}
	k := &Keyring{
		store: o.Store, wrap: wrap,
		rotateEvery: o.RotateEvery,
		// Identity tokens live on the same keys, however short access tokens are.
		lifetime: max(o.Lifetime, MaxIdentityLife+ClockSkew),
		now:      o.Now, log: o.Log,
	}
	if k.now == nil {
		k.now = time.Now
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	if err := k.reload(ctx); err != nil {
		return nil, err
	}
	if err := k.ensureSecret(ctx); err != nil {
		return nil, err
	}
	for _, algorithm := range o.Algorithms {
		if err := k.Ensure(ctx, algorithm); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// Run keeps the keyring current until ctx ends: every 5 seconds it reads what
// other replicas and the command line changed, and makes the keys that are due.
func (k *Keyring) Run(ctx context.Context) {
	ticker := time.NewTicker(reloadEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := k.tick(ctx)
		switch {
		case err != nil && ctx.Err() == nil && !failing:
			// Once, not every 5 seconds: what is known goes on working.
			k.log.LogAttrs(ctx, slog.LevelError, "keys could not be read or rotated; trying again", slog.Any("error", err))
		case err == nil && failing:
			k.log.LogAttrs(ctx, slog.LevelInfo, "keys are read again")
		}
		failing = err != nil
	}
}

func (k *Keyring) tick(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reloadTimeout)
	defer cancel()
	if err := k.reload(ctx); err != nil {
		return err
	}
	for _, algorithm := range k.due() {
		if err := k.Rotate(ctx, algorithm); err != nil {
			return err
		}
	}
	return k.settle(ctx)
}

// reload replaces the ring if the store has changed.
func (k *Keyring) reload(ctx context.Context) error {
	k.loading.Lock()
	defer k.loading.Unlock()
	rows, err := k.store.Keys(ctx)
	if err != nil {
		return fmt.Errorf("token: reading the keys: %w", err)
	}
	old := k.ring.Load()
	if old != nil && old.holds(rows) {
		return nil
	}
	next, err := k.openRing(rows, old)
	if err != nil {
		return err
	}
	k.ring.Store(next)
	return nil
}

// find returns the key of this id and use, or nil. A key that nobody knows may
// be one that another replica made a moment ago, so the store is asked, but at
// most once a second, however many strangers make ids up.
func (k *Keyring) find(id, use string) *key {
	found := k.ring.Load().byID[id]
	if found == nil && len(id) == idLength && k.lookAgain() {
		found = k.ring.Load().byID[id]
	}
	if found == nil || found.Use != use {
		return nil
	}
	return found
}

func (k *Keyring) lookAgain() bool {
	if !k.looking.TryLock() {
		return false
	}
	defer k.looking.Unlock()
	now := k.now()
	if now.Sub(k.lastLooked).Abs() < lookAgainGap {
		return false
	}
	k.lastLooked = now
	ctx, cancel := context.WithTimeout(context.Background(), lookAgainGap)
	defer cancel()
	return k.reload(ctx) == nil
}
