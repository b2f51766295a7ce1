package sqlstore

import "context"

// Rehash implements [store.Passwords].
func (s *Store) Rehash(ctx context.Context, id, from, to string) (bool, error) {
	n, err := s.write(ctx, run(`UPDATE people SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, id, from, to))
	return n == 1, err
}
