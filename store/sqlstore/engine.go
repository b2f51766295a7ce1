package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"github.com/sallyport-dev/sallyport/store"
)

// An engine is what differs between SQLite and PostgreSQL.
type engine interface {
	// write runs statements as one transaction that is durable when it returns,
	// and returns the count of the last one.
	write(ctx context.Context, work []statement) (int64, error)
	// query reads.
	query(ctx context.Context, text string, args []any) (*sql.Rows, error)
	// migrating lends a connection pool to whoever brings the schema up to
	// date, with others kept out as far as the engine can.
	migrating(ctx context.Context, use func(*sql.DB) error) error
	// text is a schema or a query as this engine reads it.
	text(string) string
	close() error
}

var errClosed = errors.New("sqlstore: the store is closed")

// A statement is SQL that changes something. Its text is a constant, or one of
// a few: it is prepared once and kept.
type statement struct {
	text string
	args []any
	// must: when it changes no row, the whole transaction is undone and the
	// answer is [store.ErrNotFound].
	must bool
	// returns: it returns one integer, and that is its count; 0 when it
	// returns no row. Otherwise the count is the number of rows it changed.
	returns bool
}

func run(text string, args ...any) statement  { return statement{text: text, args: args} }
func must(text string, args ...any) statement { return statement{text: text, args: args, must: true} }

// verdict is the count of st after res, err came of it.
func (st statement) verdict(n int64, err error) (int64, error) {
	if err == nil && n == 0 && st.must {
		return 0, store.ErrNotFound
	}
	return n, err
}

func (s *Store) write(ctx context.Context, work ...statement) (int64, error) {
	return s.engine.write(ctx, work)
}

// A row is what a scan function reads from: the one that rows stands on.
type row interface{ Scan(into ...any) error }

// one returns the row that text selects, and [store.ErrNotFound] when it
// selects none.
func one[T any](ctx context.Context, s *Store, scan func(row) (T, error), text string, args ...any) (T, error) {
	var zero T
	rows, err := s.engine.query(ctx, text, args)
	if err != nil {
		return zero, err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return zero, err
		}
		return zero, store.ErrNotFound
	}
	return scan(rows)
}

// all returns every row that text selects.
func all[T any](ctx context.Context, s *Store, scan func(row) (T, error), text string, args ...any) ([]T, error) {
	rows, err := s.engine.query(ctx, text, args)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
