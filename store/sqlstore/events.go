package sqlstore

import (
	"context"

	"github.com/sallyport-dev/sallyport/store"
)

// Append implements [store.Events]. The event's ID is ignored: events are
// numbered from 1, without a gap, in the order in which they are committed.
func (s *Store) Append(ctx context.Context, e store.Event) error {
	_, err := s.write(ctx,
		run(`UPDATE event_count SET n = n + 1`),
		run(`INSERT INTO events (id, at, kind, actor, subject, client_id, grant_id, detail)
			SELECT n, $1, $2, $3, $4, $5, $6, $7 FROM event_count`,
			e.At.UnixMilli(), e.Kind, e.Actor, e.Subject, e.ClientID, e.GrantID, e.Detail))
	return err
}

// Events implements [store.Events].
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]store.Event, error) {
	return all(ctx, s, func(r row) (store.Event, error) {
		var e store.Event
		var at int64
		err := r.Scan(&e.ID, &at, &e.Kind, &e.Actor, &e.Subject, &e.ClientID, &e.GrantID, &e.Detail)
		e.At = moment(at)
		return e, err
	}, `SELECT id, at, kind, actor, subject, client_id, grant_id, detail
		FROM events WHERE id > $1 ORDER BY id LIMIT $2`, after, max(limit, 0))
}
