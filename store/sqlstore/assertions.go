package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// The primary key is the replay check. A row that has ended is nobody's: the
// first to come takes it over, and finds that it lives for everyone else.
const spendAssertion = `
	INSERT INTO assertions (id, expires_at) VALUES ($1, $2)
	ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at WHERE assertions.expires_at <= $3`

// SpendAssertion implements [store.Assertions].
func (s *Store) SpendAssertion(ctx context.Context, id oauth.Digest, expires time.Time) error {
	if id.IsZero() {
		return errors.New("sqlstore: an assertion needs an id")
	}
	n, err := s.write(ctx, run(spendAssertion, id.String(), expires.UnixMilli(), s.now()))
	if err == nil && n == 0 {
		return store.ErrReplayed
	}
	return err
}
