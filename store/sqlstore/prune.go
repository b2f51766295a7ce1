package sqlstore

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

// page is how many rows a step of the pruner looks at, so that no step holds
// the writer, or a snapshot, for more than a few milliseconds.
const page = 1000

// A kind is a table that the pruner walks, by primary key: an index on what
// expires would have to be written with every refresh.
type kind struct{ table, dead string }

// assertions are not worth looking at once they have ended, so the cutoff is not
// for them.
const assertions = "assertions"

// dead is said of the row t; $1 is the cutoff. A COALESCE that changes nothing
// keeps an index on source from luring the planner off the walk.
func kinds() [5]kind {
	return [5]kind{
		{"grants", `t.expires_at < $1 OR COALESCE(t.revoked_at, $1) < $1`},
		{"sessions", `t.expires_at < $1`},
		{"clients", `COALESCE(t.source, '') = 'registered' AND t.last_used_at < $1
			AND NOT EXISTS (SELECT 1 FROM grants WHERE grants.client_id = t.id)`},
		{"keys", `COALESCE(t.expires_at, $1) < $1`},
		{assertions, `t.expires_at < $1`},
	}
}

// walks remembers where in each table the pruner stopped when it had removed
// as much as it may, so that the next call goes on from there.
type walks struct {
	mu    sync.Mutex // held while pruning: two walks of one process would meet
	after [5]string
}

// Prune implements [store.Pruner].
func (s *Store) Prune(ctx context.Context, cutoff time.Time, limit int) (store.Pruned, error) {
	s.walks.mu.Lock()
	defer s.walks.mu.Unlock()
	var removed [5]int64
	for i, k := range kinds() {
		what := prunes{cutoff.UnixMilli(), int64(limit)}
		if k.table == assertions {
			what.cutoff = s.now() - store.KeepAssertions.Milliseconds()
		}
		var err error
		removed[i], err = s.prune(ctx, k, &s.walks.after[i], what)
		if err != nil {
			return store.Pruned{}, err
		}
	}
	return store.Pruned{Grants: removed[0], Sessions: removed[1], Clients: removed[2], Keys: removed[3],
		Assertions: removed[4]}, nil
}

type prunes struct{ cutoff, limit int64 }

// prune goes once round a table at most, beginning after *after.
func (s *Store) prune(ctx context.Context, k kind, after *string, what prunes) (int64, error) {
	begin, wrapped, removed := *after, *after == "", int64(0)
	for removed < what.limit {
		last, dead, err := s.look(ctx, k, *after, what.cutoff)
		if err != nil {
			return removed, err
		}
		if dead > 0 {
			n, err := s.write(ctx, run(fmt.Sprintf(`
				DELETE FROM %[1]s AS t WHERE (%[2]s) AND t.id IN (SELECT t.id FROM %[1]s AS t
					WHERE t.id > $2 AND t.id <= $3 AND (%[2]s) ORDER BY t.id LIMIT $4)`, k.table, k.dead),
				what.cutoff, *after, last, what.limit-removed))
			if err != nil {
				return removed, err
			}
			removed += n
		}
		switch {
		case removed >= what.limit:
			return removed, nil // the same page once more, next time
		case last == "" && wrapped:
			*after = ""
			return removed, nil
		case wrapped && begin != "" && last >= begin:
			*after = last
			return removed, nil
		case last == "":
			*after, wrapped = "", true
		default:
			*after = last
		}
	}
	return removed, nil
}

// look returns the last id of the page that follows after, empty when there is
// no page, and how many rows of it are dead.
func (s *Store) look(ctx context.Context, k kind, after string, cutoff int64) (string, int64, error) {
	type seen struct {
		last string
		dead int64
	}
	v, err := one(ctx, s, func(r row) (seen, error) {
		var v seen
		err := r.Scan(&v.last, &v.dead)
		return v, err
	}, fmt.Sprintf(`
		SELECT COALESCE(MAX(id), ''), COALESCE(SUM(dead), 0) FROM
			(SELECT t.id AS id, CASE WHEN %s THEN 1 ELSE 0 END AS dead
			FROM %s t WHERE t.id > $2 ORDER BY t.id LIMIT %d) AS walked`, k.dead, k.table, page), cutoff, after)
	return v.last, v.dead, err
}
