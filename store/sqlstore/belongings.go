package sqlstore

import (
	"context"
	"fmt"

	"github.com/sallyport-dev/sallyport/store"
)

// Belonging implements [store.Belongings].
func (s *Store) Belonging(ctx context.Context, resource, subject string) (store.Belonging, error) {
	return one(ctx, s, func(r row) (store.Belonging, error) {
		b := store.Belonging{Resource: resource, Subject: subject}
		var content string
		err := r.Scan(&b.Version, &content)
		b.Content = []byte(content)
		return b, err
	}, `SELECT b.version, b.content FROM belongings b JOIN people p ON p.id = b.subject
		WHERE b.subject = $1 AND b.resource = $2 AND p.disabled_at IS NULL`, subject, resource)
}

const keepFirst = `
	INSERT INTO belongings (subject, resource, version, content)
	SELECT $1, $2, 1, $3
	WHERE EXISTS (SELECT 1 FROM people WHERE id = $1 AND disabled_at IS NULL)
	ON CONFLICT DO NOTHING`

// Of any number of callers that have read a version, one finds it still there.
const keepNext = `
	UPDATE belongings SET version = version + 1, content = $4
	WHERE subject = $1 AND resource = $2 AND version = $3
		AND EXISTS (SELECT 1 FROM people WHERE id = $1 AND disabled_at IS NULL)`

// Keep implements [store.Belongings].
func (s *Store) Keep(ctx context.Context, b store.Belonging) (bool, error) {
	if len(b.Content) > store.MaxBelonging {
		return false, fmt.Errorf("sqlstore: a belonging of %d bytes, %d at most", len(b.Content), store.MaxBelonging)
	}
	work := run(keepNext, b.Subject, b.Resource, b.Version, string(b.Content))
	if b.Version == 0 {
		work = run(keepFirst, b.Subject, b.Resource, string(b.Content))
	}
	n, err := s.write(ctx, work)
	return n == 1, err
}

const removeBelongings = `DELETE FROM belongings WHERE subject = $1`
