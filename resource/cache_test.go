package resource_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/resource"
	"github.com/sallyport-dev/sallyport/token"
)

// counting verifies everything but "bad" and counts how often it had to.
type counting struct {
	calls   atomic.Int64
	expires time.Time
}

func (c *counting) Verify(_ context.Context, raw oauth.Secret) (token.Access, error) {
	c.calls.Add(1)
	if raw == "bad" {
		return token.Access{}, errors.New("bad")
	}
	return token.Access{Subject: string(raw), Expires: c.expires}, nil
}

func TestASignatureIsCheckedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &counting{expires: time.Now().Add(time.Hour)}
		cache := resource.NewCache(slow, 10, nil)
		defer cache.Close()
		verify := func(raw oauth.Secret, want int64) {
			t.Helper()
			a, err := cache.Verify(t.Context(), raw)
			if bad := raw == "bad"; bad != (err != nil) || !bad && a.Subject != string(raw) {
				t.Errorf("%v, %v", a, err)
			}
			if got := slow.calls.Load(); got != want {
				t.Errorf("%d signatures were checked, not %d", got, want)
			}
		}
		verify("a", 1)
		verify("a", 1)
		verify("b", 2)
		// What is no good is not remembered: strangers cannot fill the cache.
		verify("bad", 3)
		verify("bad", 4)
		// A key that was withdrawn stops working before its tokens end.
		time.Sleep(6 * time.Minute)
		verify("a", 5)
		verify("a", 5)
		// What expires is forgotten, to the second.
		time.Sleep(54*time.Minute - time.Second)
		verify("a", 6)
		time.Sleep(time.Second)
		verify("a", 7)
		verify("a", 8)
	})
}
