package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

const keyColumns = `id, purpose, algorithm, slot, sealed, public, created_at, signs_from, signs_to, expires_at`

const addKey = `
	INSERT INTO keys (` + keyColumns + `)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
	ON CONFLICT DO NOTHING`

// AddKey implements [store.Keys].
func (s *Store) AddKey(ctx context.Context, k store.Key) error {
	var public any
	if k.Public != nil {
		public = encode(k.Public)
	}
	n, err := s.write(ctx, run(addKey, k.ID, k.Use, k.Algorithm, k.Slot, encode(k.Sealed), public,
		k.Created.UnixMilli(), k.SignsFrom.UnixMilli(), never(k.SignsTo), never(k.Expires)))
	if err == nil && n == 0 {
		return store.ErrExists
	}
	return err
}

// Keys implements [store.Keys].
func (s *Store) Keys(ctx context.Context) ([]store.Key, error) {
	return all(ctx, s, scanKey, `
		SELECT `+keyColumns+` FROM keys
		WHERE expires_at IS NULL OR expires_at > $1 ORDER BY created_at, slot, id`, s.now())
}

// RetireKey implements [store.Keys].
func (s *Store) RetireKey(ctx context.Context, id string, signsTo, expires time.Time) error {
	_, err := s.write(ctx, must(`UPDATE keys SET signs_to = $2, expires_at = $3 WHERE id = $1`,
		id, never(signsTo), never(expires)))
	return err
}

func scanKey(r row) (store.Key, error) {
	var k store.Key
	var sealed string
	var public sql.NullString
	var created, from int64
	var to, expires sql.NullInt64
	err := r.Scan(&k.ID, &k.Use, &k.Algorithm, &k.Slot, &sealed, &public, &created, &from, &to, &expires)
	if err != nil {
		return k, err
	}
	k.Created, k.SignsFrom = moment(created), moment(from)
	k.SignsTo, k.Expires = maybeMoment(to), maybeMoment(expires)
	if public.Valid {
		if k.Public, err = decode(public.String); err != nil {
			return k, err
		}
	}
	k.Sealed, err = decode(sealed)
	return k, err
}
