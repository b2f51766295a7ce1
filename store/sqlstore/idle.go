package sqlstore

import (
	"context"
	"time"
)

// A grant that ended counts for as long as it is kept: its client may come back.
const (
	idlePage = `
		SELECT last_used_at, id, CASE WHEN EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id) THEN 1 ELSE 0 END
		FROM clients WHERE source = 'registered' AND last_used_at < $1 AND (last_used_at, id) > ($2, $3)
		ORDER BY last_used_at, id LIMIT $4`
	idleClients = `
		source = 'registered' AND last_used_at < $1 AND (last_used_at, id) > ($2, $3) AND (last_used_at, id) <= ($4, $5)
		AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = clients.id)`
	forgetIdle         = `DELETE FROM clients WHERE ` + idleClients
	forgetIdleConsents = `DELETE FROM consents WHERE client_id IN (SELECT id FROM clients WHERE ` + idleClients + `)`
)

// An idler is a registered client, and where it stands in the order of last use.
type idler struct {
	lastUsed int64
	id       string
	granted  bool
}

// RemoveIdle implements [store.Clients]. It reads a page at a time, as the pruner
// does, and writes only where it has found whom to remove; what comes into use in
// between stays.
func (s *Store) RemoveIdle(ctx context.Context, cutoff time.Time, limit int) (int64, error) {
	before, from, removed := cutoff.UnixMilli(), idler{}, int64(0)
	for removed < int64(limit) {
		list, err := all(ctx, s, scanIdler, idlePage, before, from.lastUsed, from.id, page)
		if err != nil || len(list) == 0 {
			return removed, err
		}
		to, found := upTo(list, int64(limit)-removed)
		if found {
			args := []any{before, from.lastUsed, from.id, to.lastUsed, to.id}
			n, err := s.write(ctx, run(forgetIdleConsents, args...), run(forgetIdle, args...))
			if err != nil {
				return removed, err
			}
			removed += n
		}
		from = to
	}
	return removed, nil
}

// upTo is the last of a page that has no more than most clients without a grant,
// and whether there is any.
func upTo(list []idler, most int64) (idler, bool) {
	idle := int64(0)
	for _, c := range list {
		if !c.granted {
			idle++
		}
		if idle == most {
			return c, true
		}
	}
	return list[len(list)-1], idle > 0
}

func scanIdler(r row) (idler, error) {
	var c idler
	var granted int64
	err := r.Scan(&c.lastUsed, &c.id, &granted)
	c.granted = granted != 0
	return c, err
}
