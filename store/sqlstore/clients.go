package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const (
	clientColumns = `id, metadata, secret_digest, source, introspects, created_at, last_used_at`
	selectClient  = `SELECT ` + clientColumns + ` FROM clients WHERE id = $1`
)

// A client that is registered again is in use, which keeps the pruner from
// removing it before it comes back; nothing else of it changes.
const registerClient = `
	INSERT INTO clients (` + clientColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)
	ON CONFLICT (id) DO UPDATE SET last_used_at = $8`

// Register implements [store.Clients].
func (s *Store) Register(ctx context.Context, c oauth.Client) (oauth.Client, error) {
	stored, err := s.Client(ctx, c.ID)
	now := s.now()
	// Identical registrations by the thousand cost a read each, and no write.
	if err == nil && now-stored.LastUsed.UnixMilli() < (24*time.Hour).Milliseconds() {
		return stored, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return oauth.Client{}, err
	}
	metadata, err1 := json.Marshal(c.Metadata)
	introspects, err2 := json.Marshal(c.Serves)
	if err := errors.Join(err1, err2); err != nil {
		return oauth.Client{}, err
	}
	if _, err := s.write(ctx, run(registerClient, c.ID, string(metadata), secretDigest(c), string(c.Source),
		string(introspects), c.Created.UnixMilli(), c.LastUsed.UnixMilli(), now)); err != nil {
		return oauth.Client{}, err
	}
	return s.Client(ctx, c.ID)
}

// Client implements [store.Clients].
func (s *Store) Client(ctx context.Context, id string) (oauth.Client, error) {
	return one(ctx, s, scanClient, selectClient, id)
}

// Clients implements [store.Clients].
func (s *Store) Clients(ctx context.Context, after string, limit int) ([]oauth.Client, error) {
	return all(ctx, s, scanClient,
		`SELECT `+clientColumns+` FROM clients WHERE id > $1 ORDER BY id LIMIT $2`, after, max(limit, 0))
}

// Touch implements [store.Clients].
func (s *Store) Touch(ctx context.Context, id string) error {
	_, err := s.write(ctx, must(`UPDATE clients SET last_used_at = $2 WHERE id = $1`, id, s.now()))
	return err
}

// RemoveClient implements [store.Clients].
func (s *Store) RemoveClient(ctx context.Context, id string) error {
	_, err := s.write(ctx,
		must(`DELETE FROM clients WHERE id = $1`, id),
		run(`DELETE FROM consents WHERE client_id = $1`, id),
		run(`UPDATE grants SET revoked_at = $2, revoked_for = 'client removed'
			WHERE client_id = $1 AND revoked_at IS NULL`, id, s.now()))
	return err
}

// CountRegistered implements [store.Clients].
func (s *Store) CountRegistered(ctx context.Context) (int64, error) {
	return one(ctx, s, number, `SELECT COUNT(*) FROM clients WHERE source = 'registered'`)
}

// secretDigest is empty for a public client.
func secretDigest(c oauth.Client) string {
	if c.SecretDigest.IsZero() {
		return ""
	}
	return c.SecretDigest.String()
}

func scanClient(r row) (oauth.Client, error) {
	var c oauth.Client
	var metadata, secret, source, introspects string
	var created, lastUsed int64
	if err := r.Scan(&c.ID, &metadata, &secret, &source, &introspects, &created, &lastUsed); err != nil {
		return c, err
	}
	c.Source = oauth.ClientSource(source)
	c.Created, c.LastUsed = moment(created), moment(lastUsed)
	return c, errors.Join(
		json.Unmarshal([]byte(metadata), &c.Metadata),
		json.Unmarshal([]byte(introspects), &c.Serves),
		digests([]*oauth.Digest{&c.SecretDigest}, secret))
}
