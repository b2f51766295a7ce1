// Package sqlstore keeps the contracts of package store on SQLite and on
// PostgreSQL, from one SQL text. The engines differ in how they are opened, and
// in how they write: SQLite has one writer that commits what is waiting
// together, with one flush for all of them.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Options says which database to open.
type Options struct {
	// Database is a postgres:// or postgresql:// URL; empty for SQLite.
	// pool_max_conns in its query bounds the connections; 20 where it does not.
	Database string
	// Path is the SQLite file. It is made, for its owner alone, when it is not
	// there. Its folder has to exist, on a local disk.
	Path string
	// Now is the clock that expiry goes by; nil: time.Now.
	Now func() time.Time
	// NoMigrate leaves the schema as it is.
	NoMigrate bool
}

// A Store implements every interface of package store. It may be used by many
// goroutines, and many processes may have the same database open. Times are kept
// to the millisecond and come back in UTC; a limit below 1 lists nothing.
type Store struct {
	engine engine
	clock  func() time.Time
	walks  walks
	close  func() error
}

// Open opens a database and brings its schema up to date. A database that a
// newer program has migrated is refused with [store.ErrNewerSchema].
func Open(ctx context.Context, o Options) (*Store, error) {
	engine, err := openEngine(ctx, o)
	if err != nil {
		return nil, err
	}
	s := &Store{engine: engine, clock: o.Now, close: sync.OnceValue(engine.close)}
	if s.clock == nil {
		s.clock = time.Now
	}
	if o.NoMigrate {
		err = s.refuseNewer(ctx)
	} else {
		err = s.Migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func openEngine(ctx context.Context, o Options) (engine, error) {
	switch {
	case strings.HasPrefix(o.Database, "postgres://"), strings.HasPrefix(o.Database, "postgresql://"):
		return openPostgres(ctx, o.Database)
	case o.Database != "":
		// The URL may hold a password, so the message does not quote it.
		return nil, errors.New("sqlstore: the database is not a postgres:// URL")
	case o.Path == "":
		return nil, errors.New("sqlstore: neither a database URL nor a path is given")
	}
	e, err := openSQLite(ctx, o.Path)
	if err != nil {
		return nil, fmt.Errorf("sqlstore: open %s: %w", o.Path, err)
	}
	return e, nil
}

// Close lets the writes that are under way finish, and closes the database. To
// close it again does nothing.
func (s *Store) Close() error { return s.close() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	_, err := one(ctx, s, number, `SELECT n FROM event_count`)
	return err
}

// now is what expiry is compared with, in milliseconds since 1970.
func (s *Store) now() int64 { return s.clock().UnixMilli() }
