package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const passkeyColumns = `k.id, k.subject, k.name, k.public_key, k.uses, k.synced, k.transports, k.created_at, k.used_at`

// AddPasskey implements [store.Passkeys].
func (s *Store) AddPasskey(ctx context.Context, k oauth.Passkey) error {
	n, err := s.write(ctx, run(`
		INSERT INTO passkeys (id, subject, name, public_key, uses, synced, transports, created_at, used_at)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
		WHERE EXISTS (SELECT 1 FROM people WHERE id = $2 AND disabled_at IS NULL)
		ON CONFLICT DO NOTHING`,
		k.ID, k.Subject, k.Name, encode(k.PublicKey), int64(k.Uses), bit(k.Synced), strings.Join(k.Transports, " "),
		k.Created.UnixMilli(), never(k.LastUsed)))
	if err != nil || n == 1 {
		return err
	}
	_, _, err = s.Passkey(ctx, k.ID)
	if err == nil {
		return store.ErrExists
	}
	return err
}

// Passkey implements [store.Passkeys].
func (s *Store) Passkey(ctx context.Context, id string) (oauth.Passkey, oauth.Person, error) {
	type both struct {
		key    oauth.Passkey
		person oauth.Person
	}
	v, err := one(ctx, s, func(r row) (both, error) {
		var v both
		var k passkeyFields
		var p personFields
		err := r.Scan(append(k.into(&v.key), p.into(&v.person)...)...)
		p.finish(&v.person)
		return v, errors.Join(err, k.finish(&v.key))
	}, `SELECT `+passkeyColumns+`, `+personColumns+`
		FROM passkeys k JOIN people p ON p.id = k.subject WHERE k.id = $1`, id)
	return v.key, v.person, err
}

// Passkeys implements [store.Passkeys].
func (s *Store) Passkeys(ctx context.Context, subject string) ([]oauth.Passkey, error) {
	return all(ctx, s, func(r row) (oauth.Passkey, error) {
		var k oauth.Passkey
		var f passkeyFields
		err := r.Scan(f.into(&k)...)
		return k, errors.Join(err, f.finish(&k))
	}, `SELECT `+passkeyColumns+` FROM passkeys k WHERE k.subject = $1 ORDER BY k.created_at, k.id`, subject)
}

// CountPasskeys implements [store.Passkeys].
func (s *Store) CountPasskeys(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	_, err := all(ctx, s, func(r row) (string, error) {
		var subject string
		var n int64
		err := r.Scan(&subject, &n)
		counts[subject] = n
		return subject, err
	}, `SELECT subject, COUNT(*) FROM passkeys GROUP BY subject`)
	return counts, err
}

// UsePasskey implements [store.Passkeys].
func (s *Store) UsePasskey(ctx context.Context, id string, uses uint32) (bool, error) {
	n, err := s.write(ctx, run(`
		UPDATE passkeys SET uses = $2, used_at = $3 WHERE id = $1 AND (uses < $2 OR (uses = 0 AND $2 = 0))`,
		id, int64(uses), s.now()))
	if err != nil || n == 1 {
		return n == 1, err
	}
	_, _, err = s.Passkey(ctx, id)
	return false, err
}

// RemovePasskey implements [store.Passkeys].
func (s *Store) RemovePasskey(ctx context.Context, subject, id string) error {
	_, err := s.write(ctx,
		must(`DELETE FROM passkeys WHERE id = $1 AND subject = $2`, id, subject),
		run(endSessions, subject))
	return err
}

const removePasskeys = `DELETE FROM passkeys WHERE subject = $1`

// RemovePasskeys implements [store.Passkeys].
func (s *Store) RemovePasskeys(ctx context.Context, subject string) (int64, error) {
	return s.write(ctx, run(endSessions, subject), run(removePasskeys, subject))
}

// passkeyFields is what a passkey is scanned through.
type passkeyFields struct {
	publicKey, transports string
	uses, synced, created int64
	used                  sql.NullInt64
}

func (f *passkeyFields) into(k *oauth.Passkey) []any {
	return []any{&k.ID, &k.Subject, &k.Name, &f.publicKey, &f.uses, &f.synced, &f.transports, &f.created, &f.used}
}

func (f *passkeyFields) finish(k *oauth.Passkey) error {
	k.Uses, k.Synced, k.Transports = uint32(f.uses), f.synced != 0, strings.Fields(f.transports)
	k.Created, k.LastUsed = moment(f.created), maybeMoment(f.used)
	var err error
	k.PublicKey, err = decode(f.publicKey)
	return err
}
