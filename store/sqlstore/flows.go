package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

const flowColumns = `id, started_at, last_at, standing, client_id, client_name, resource, subject, grant_id, called_at, steps`

// room keeps the steps of a flow from growing without end.
var room = strconv.Itoa(store.FlowSteps)

var (
	// One statement, so that of replicas that write at once none loses a step.
	followFlow = `
		INSERT INTO flows (` + flowColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET
			last_at = CASE WHEN excluded.last_at > flows.last_at THEN excluded.last_at ELSE flows.last_at END,
			standing = CASE WHEN excluded.standing > flows.standing THEN excluded.standing ELSE flows.standing END,
			client_id = CASE WHEN excluded.client_id = '' THEN flows.client_id ELSE excluded.client_id END,
			client_name = CASE WHEN excluded.client_name = '' THEN flows.client_name ELSE excluded.client_name END,
			resource = CASE WHEN excluded.resource = '' THEN flows.resource ELSE excluded.resource END,
			subject = CASE WHEN excluded.subject = '' THEN flows.subject ELSE excluded.subject END,
			grant_id = COALESCE(excluded.grant_id, flows.grant_id),
			called_at = COALESCE(flows.called_at, excluded.called_at),
			steps = CASE WHEN LENGTH(flows.steps) + LENGTH(excluded.steps) > ` + room + `
				THEN flows.steps ELSE flows.steps || excluded.steps END`
	followGrant = `
		UPDATE flows SET last_at = CASE WHEN $2 > last_at THEN $2 ELSE last_at END, called_at = $3,
			steps = CASE WHEN LENGTH(steps) + LENGTH($4) > ` + room + ` THEN steps ELSE steps || $4 END
		WHERE grant_id = $1 AND called_at IS NULL`
)

// Follow implements [store.Flows].
func (s *Store) Follow(ctx context.Context, flows []store.Flow) error {
	var work []statement
	for _, f := range flows {
		if f.ID == "" {
			work = append(work, run(followGrant, f.GrantID, f.Last.UnixMilli(), never(f.Called), within(f.Steps)))
			continue
		}
		work = append(work, run(followFlow, f.ID, f.Started.UnixMilli(), f.Last.UnixMilli(), f.Standing, f.ClientID, f.ClientName,
			f.Resource, f.Subject, sql.NullString{String: f.GrantID, Valid: f.GrantID != ""}, never(f.Called), within(f.Steps)))
	}
	if len(work) == 0 {
		return nil
	}
	_, err := s.write(ctx, work...)
	return err
}

// within leaves out steps that would be too long by themselves.
func within(steps string) string {
	if len(steps) > store.FlowSteps {
		return ""
	}
	return steps
}

// Flow implements [store.Flows].
func (s *Store) Flow(ctx context.Context, id string) (store.Flow, error) {
	return one(ctx, s, scanFlow, `SELECT `+flowColumns+` FROM flows WHERE id = $1`, id)
}

// Flows implements [store.Flows].
func (s *Store) Flows(ctx context.Context, before store.Flow, limit int) ([]store.Flow, error) {
	at := int64(math.MaxInt64)
	if before.ID != "" || !before.Started.IsZero() {
		at = before.Started.UnixMilli()
	}
	return all(ctx, s, scanFlow, `SELECT `+flowColumns+` FROM flows
		WHERE (started_at, id) < ($1, $2) ORDER BY started_at DESC, id DESC LIMIT $3`, at, before.ID, max(limit, 0))
}

// standings are those that flows can have.
const standings = 3

// PruneFlows implements [store.Flows].
func (s *Store) PruneFlows(ctx context.Context, cutoff time.Time, most int) (int64, error) {
	removed := int64(0)
	for standing := range int64(standings) {
		// The newest that there is no room for; it goes, and whatever is older.
		oldest, err := one(ctx, s, number, `SELECT started_at FROM flows WHERE standing = $1
			ORDER BY started_at DESC LIMIT 1 OFFSET $2`, standing, max(most, 0))
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return removed, err
		}
		n, err := s.pruneFlows(ctx, standing, max(oldest+1, cutoff.UnixMilli()))
		removed += n
		if err != nil {
			return removed, err
		}
	}
	return removed, nil
}

// pruneFlows removes a page at a time, so that nobody waits for long.
func (s *Store) pruneFlows(ctx context.Context, standing, before int64) (removed int64, err error) {
	for {
		n, err := s.write(ctx, run(`DELETE FROM flows WHERE id IN
			(SELECT id FROM flows WHERE standing = $1 AND started_at < $2 ORDER BY started_at LIMIT $3)`, standing, before, page))
		removed += n
		if err != nil || n < page {
			return removed, err
		}
	}
}

func scanFlow(r row) (store.Flow, error) {
	var f store.Flow
	var started, last int64
	var grant sql.NullString
	var called sql.NullInt64
	err := r.Scan(&f.ID, &started, &last, &f.Standing, &f.ClientID, &f.ClientName, &f.Resource, &f.Subject, &grant, &called, &f.Steps)
	f.Started, f.Last, f.GrantID, f.Called = moment(started), moment(last), grant.String, maybeMoment(called)
	return f, err
}
