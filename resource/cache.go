package resource

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/token"
)

// maxRemembered is how long a verdict is kept at most, so that a signing key
// that was withdrawn in a hurry stops working soon.
const maxRemembered = 5 * time.Minute

// A Cache is a [Verifier] that remembers what another one found: a signature is
// checked when a token is first seen, every five minutes after that, and looked
// up otherwise. Only genuine tokens are remembered, under their digest and no
// longer than they live, so strangers cannot fill it.
type Cache struct {
	next    Verifier
	entries *otter.Cache[[sha256.Size]byte, token.Access]
	now     func() time.Time
}

// NewCache remembers up to size tokens of next; now may be nil. Close it when it
// is no longer needed.
func NewCache(next Verifier, size int, now func() time.Time) *Cache {
	if now == nil {
		now = time.Now
	}
	c := &Cache{next: next, now: now}
	c.entries = otter.Must(&otter.Options[[sha256.Size]byte, token.Access]{
		MaximumSize: size,
		ExpiryCalculator: otter.ExpiryCreatingFunc(func(e otter.Entry[[sha256.Size]byte, token.Access]) time.Duration {
			return max(time.Nanosecond, min(maxRemembered, e.Value.Expires.Sub(now())))
		}),
	})
	return c
}

// Verify returns what is remembered of raw, or asks. Its errors are those of
// the verifier behind it.
func (c *Cache) Verify(ctx context.Context, raw oauth.Secret) (token.Access, error) {
	key := sha256.Sum256([]byte(raw))
	if access, ok := c.entries.GetIfPresent(key); ok && c.now().Before(access.Expires) {
		return access, nil
	}
	access, err := c.next.Verify(ctx, raw)
	if err == nil && c.now().Before(access.Expires) {
		c.entries.Set(key, access)
	}
	return access, err
}

// Close ends the cache's own goroutine.
func (c *Cache) Close() error {
	c.entries.StopAllGoroutines()
	return nil
}
