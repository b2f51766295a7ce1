package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/sallyport-dev/sallyport/store"
)

// poolSize is how many connections a process opens at most, where the URL does
// not say. PostgreSQL allows a hundred in all unless it is told otherwise.
const poolSize = 20

// attempts bounds how often a transaction is tried that PostgreSQL gave up for
// the sake of another.
const attempts = 20

// migrationLock is any number, the same in every version of this program.
const migrationLock = 7255592147364114

type postgresEngine struct{ db *sql.DB }

func openPostgres(ctx context.Context, databaseURL string) (*postgresEngine, error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		// pgx leaves the password out of its message.
		return nil, fmt.Errorf("sqlstore: %w", err)
	}
	size := poolSize
	if n, err := strconv.Atoi(config.RuntimeParams["pool_max_conns"]); err == nil && n > 1 {
		size = n
	}
	delete(config.RuntimeParams, "pool_max_conns")
	db := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(settle))
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlstore: %w", err), db.Close())
	}
	return &postgresEngine{db: db}, nil
}

// settle makes a session keep the contract, whatever the server's defaults are:
// with synchronous_commit off, what was answered could be lost; and what waits
// for a row has to look at it again as it is then.
func settle(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT
		set_config('default_transaction_isolation', 'read committed', false),
		set_config('synchronous_commit', CASE current_setting('synchronous_commit')
			WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)`)
	return err
}

// query: what a stranger sent need not be text. PostgreSQL holds no name that
// is not UTF-8 or has a zero octet in it, so there is none to be found.
func (e *postgresEngine) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	rows, err := e.db.QueryContext(ctx, e.text(text), args...)
	if hasCode(err, characterNotInRepertoire) {
		err = fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	return rows, err
}

// write tries again what PostgreSQL gave up for the sake of another: nothing of
// it has happened, and there are no callbacks that would happen twice.
func (e *postgresEngine) write(ctx context.Context, work []statement) (n int64, err error) {
	for attempt := range attempts {
		n, err = e.transact(ctx, work)
		if !hasCode(err, serializationFailure, deadlockDetected) {
			break
		}
		// The longer it has been in others' way, the longer it steps aside.
		pause := rand.N(time.Millisecond << min(attempt, 8))
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	if hasCode(err, uniqueViolation) {
		err = fmt.Errorf("%w: %w", store.ErrExists, err)
	}
	return n, err
}

// The error codes that mean something here.
const (
	characterNotInRepertoire = "22021"
	uniqueViolation          = "23505"
	serializationFailure     = "40001"
	deadlockDetected         = "40P01"
)

func hasCode(err error, codes ...string) bool {
	var of *pgconn.PgError
	return errors.As(err, &of) && slices.Contains(codes, of.Code)
}

type executor interface {
	ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row
}

func (e *postgresEngine) transact(ctx context.Context, work []statement) (int64, error) {
	switch {
	case len(work) == 1:
		return e.step(ctx, e.db, work[0]) // a statement is a transaction
	case !slices.ContainsFunc(work, func(st statement) bool { return st.must || st.returns }):
		return e.send(ctx, work)
	}
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	var n int64
	for _, st := range work {
		if n, err = e.step(ctx, tx, st); err != nil {
			// The first error is what the caller should know.
			_ = tx.Rollback()
			return 0, err
		}
	}
	return n, tx.Commit()
}

// send does statements that do not depend on each other in one round trip,
// which PostgreSQL makes one transaction. What they lock is locked for no
// longer than the flush takes.
func (e *postgresEngine) send(ctx context.Context, work []statement) (n int64, err error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	err = conn.Raw(func(driver any) error {
		var batch pgx.Batch
		for _, st := range work {
			batch.Queue(e.text(st.text), st.args...)
		}
		answers := driver.(*stdlib.Conn).Conn().SendBatch(ctx, &batch)
		for range work {
			answer, err := answers.Exec()
			if err != nil {
				_ = answers.Close() // it repeats the error
				return err
			}
			n = answer.RowsAffected()
		}
		return answers.Close()
	})
	return n, err
}

func (e *postgresEngine) step(ctx context.Context, on executor, st statement) (int64, error) {
	if st.returns {
		var n int64
		err := on.QueryRowContext(ctx, e.text(st.text), st.args...).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
		return st.verdict(n, err)
	}
	res, err := on.ExecContext(ctx, e.text(st.text), st.args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return st.verdict(n, err)
}

// text uncovers what is a comment to SQLite.
func (e *postgresEngine) text(s string) string {
	if !strings.Contains(s, "/*pg") {
		return s
	}
	return strings.NewReplacer("/*pg ", "", " pg*/", "").Replace(s)
}

// migrating holds an advisory lock, so that of ten replicas that start at once
// one migrates and nine find it done.
func (e *postgresEngine) migrating(ctx context.Context, use func(*sql.DB) error) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
		return err
	}
	err = use(e.db)
	_, unlock := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(migrationLock))
	return errors.Join(err, unlock)
}

func (e *postgresEngine) close() error { return e.db.Close() }
