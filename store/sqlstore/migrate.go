package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"

	"github.com/sallyport-dev/sallyport/store"
)

// Migrations are numbered from 0001 without a gap, and only ever added.
//
//go:embed migrations/*.sql
var migrations embed.FS

// latest is the schema that this program needs.
func latest() (int64, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	return int64(len(names)), err
}

// SchemaVersion returns which migration the database has seen last; 0 when it
// is empty.
func (s *Store) SchemaVersion(ctx context.Context) (int64, error) {
	version, err := one(ctx, s, number, `SELECT MAX(version) FROM `+versions{}.Tablename())
	if err == nil {
		return version, nil
	}
	// A database without the table is new; one that does not answer says so
	// again when it is asked for anything else.
	if _, alive := one(ctx, s, number, `SELECT 1`); alive != nil {
		return 0, err
	}
	return 0, nil
}

// refuseNewer returns [store.ErrNewerSchema] when a newer program has migrated
// the database.
func (s *Store) refuseNewer(ctx context.Context) error {
	_, err := s.pending(ctx)
	return err
}

func (s *Store) pending(ctx context.Context) (bool, error) {
	have, err := s.SchemaVersion(ctx)
	if err != nil {
		return false, err
	}
	want, err := latest()
	if err != nil {
		return false, err
	}
	if have > want {
		return false, fmt.Errorf("sqlstore: %w: its schema is version %d, this program knows %d", store.ErrNewerSchema, have, want)
	}
	return have < want, nil
}

// Migrate brings the schema up to date. Any number of processes may do so at
// once.
func (s *Store) Migrate(ctx context.Context) error {
	pending, err := s.pending(ctx)
	if err != nil || !pending {
		return err
	}
	return s.engine.migrating(ctx, func(db *sql.DB) error {
		for {
			before, err := s.SchemaVersion(ctx)
			if err != nil {
				return err
			}
			if pending, err := s.pending(ctx); err != nil || !pending {
				return err // another process was faster
			}
			failed := s.up(ctx, db)
			if failed == nil {
				return nil
			}
			// Another process may have done the same step a moment ago, which
			// undid ours. Then there is less left to do.
			after, err := s.SchemaVersion(ctx)
			if err != nil || after == before {
				return fmt.Errorf("sqlstore: migrate from schema version %d: %w", after, failed)
			}
		}
	})
}

func (s *Store) up(ctx context.Context, db *sql.DB) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	var steps []*goose.Migration
	for _, name := range names {
		version, err := strconv.ParseInt(strings.TrimPrefix(name, "migrations/")[:4], 10, 64)
		if err != nil {
			return err
		}
		text, err := fs.ReadFile(migrations, name)
		if err != nil {
			return err
		}
		steps = append(steps, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, s.engine.text(string(text)))
			return err
		}}, nil))
	}
	up, err := goose.NewProvider(goose.DialectCustom, db, nil, goose.WithStore(versions{}),
		goose.WithGoMigrations(steps...), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	_, err = up.Up(ctx)
	return err
}

// versions is where goose notes what has been done. The version is the primary
// key, and is inserted in the transaction that does the migration: whatever
// races, and with no lock at all, each is done once.
type versions struct{}

var _ database.Store = versions{}

func (versions) Tablename() string { return "schema_versions" }

func (v versions) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	_, err := db.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_versions (version BIGINT NOT NULL PRIMARY KEY)`)
	return err
}

func (v versions) Insert(ctx context.Context, db database.DBTxConn, r database.InsertRequest) error {
	text := `INSERT INTO schema_versions (version) VALUES ($1)`
	if r.Version == 0 {
		text += ` ON CONFLICT DO NOTHING` // the empty schema is no step
	}
	_, err := db.ExecContext(ctx, text, r.Version)
	return err
}

// Delete is never used: there is no way down.
func (v versions) Delete(context.Context, database.DBTxConn, int64) error {
	return database.ErrNotImplemented
}

func (v versions) GetMigration(ctx context.Context, db database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var n int64
	err := db.QueryRowContext(ctx, `SELECT version FROM schema_versions WHERE version = $1`, version).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, database.ErrVersionNotFound
	}
	return &database.GetMigrationResult{IsApplied: true}, err
}

func (v versions) GetLatestVersion(ctx context.Context, db database.DBTxConn) (int64, error) {
	var n sql.NullInt64
	err := db.QueryRowContext(ctx, `SELECT MAX(version) FROM schema_versions`).Scan(&n)
	if err == nil && !n.Valid {
		err = database.ErrVersionNotFound
	}
	return n.Int64, err
}

func (v versions) ListMigrations(ctx context.Context, db database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := db.QueryContext(ctx, `SELECT version FROM schema_versions ORDER BY version DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []*database.ListMigrationsResult
	for rows.Next() {
		m := database.ListMigrationsResult{IsApplied: true}
		if err := rows.Scan(&m.Version); err != nil {
			return nil, err
		}
		list = append(list, &m)
	}
	return list, rows.Err()
}
