package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// How long a connection waits for another process to let go of the file.
const busyTimeout = 10 * time.Second

// Reads take tens of microseconds each, so a few connections serve any number
// of callers. Each has a cache of its own.
const readers = 4

// sqliteEngine has one connection that writes and a few that read. In the
// write-ahead log readers and the writer do not wait for each other.
type sqliteEngine struct {
	path    string
	reading *sql.DB
	writer  *writer

	mu    sync.Mutex
	stmts map[string]*sql.Stmt // of reading, by text
}

func openSQLite(ctx context.Context, path string) (*sqliteEngine, error) {
	if err := makePrivate(path); err != nil {
		return nil, err
	}
	if err := useWriteAheadLog(ctx, path); err != nil {
		return nil, err
	}
	reading, err := openFile(path, readers, "query_only(1)")
	if err != nil {
		return nil, err
	}
	if err := reading.PingContext(ctx); err != nil {
		return nil, errors.Join(err, reading.Close())
	}
	w := newWriter(func() (*sql.DB, error) { return openFile(path, 1, "cache_size(-8000)") }) // kibibytes
	go w.loop()
	return &sqliteEngine{path: path, reading: reading, writer: w, stmts: map[string]*sql.Stmt{}}, nil
}

// makePrivate makes the file for its owner alone before anything is in it.
// SQLite gives its two companions the same permissions.
//
// A file that exists is not opened: to close any descriptor of it would drop
// the locks that this process holds on it through SQLite.
func makePrivate(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			return nil // another process was faster, and made it so
		}
		if err != nil {
			return err
		}
		return f.Close()
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("it is not a file")
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = os.Chmod(name, 0o600)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// useWriteAheadLog converts a new file, and makes sure that the file can be
// written: what is read-only is to be known now, not at the first refresh.
//
// The mode is kept in the file. Of several processes that convert it at the
// same moment, all but one are told that it is busy, without waiting.
func useWriteAheadLog(ctx context.Context, path string) error {
	db, err := openFile(path, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	for deadline := time.Now().Add(busyTimeout); ; {
		err := convert(ctx, db)
		if sqliteCode(err) != sqlitelib.SQLITE_BUSY || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func convert(ctx context.Context, db *sql.DB) error {
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file cannot have a write-ahead log; its journal mode is %s", mode)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// To begin is not enough: on a file that is read-only SQLite makes of any
	// transaction one that reads.
	_, err = tx.ExecContext(ctx, `CREATE TABLE whether_it_can_be_written (n BIGINT)`)
	return errors.Join(err, tx.Rollback())
}

// openFile opens a pool of connections to a file that exists.
//
// synchronous(2) is FULL: a commit is on disk before it is answered, so that
// it survives a power failure; fullfsync(1) is what makes macOS do that. The log
// is copied back every 16 MB, so that pages written often are copied seldom.
func openFile(path string, connections int, pragmas ...string) (*sql.DB, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	name := filepath.ToSlash(absolute)
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // a drive letter
	}
	query := url.Values{"_pragma": append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"synchronous(2)", "fullfsync(1)", "checkpoint_fullfsync(1)", "wal_autocheckpoint(4000)",
	}, pragmas...), "_txlock": {"immediate"}, "_dqs": {"0"}, "mode": {"rw"}}
	connector, err := sqlite.NewConnector((&url.URL{Scheme: "file", Path: name, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func (e *sqliteEngine) write(ctx context.Context, work []statement) (int64, error) {
	return e.writer.write(ctx, work)
}

// query does not watch ctx: that would cost a goroutine for each read, and a
// read is over sooner than it could be interrupted.
func (e *sqliteEngine) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stmt, err := e.prepared(text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(context.WithoutCancel(ctx), args...)
}

// prepared keeps every statement: there are some dozens of texts.
func (e *sqliteEngine) prepared(text string) (*sql.Stmt, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	stmt, ok := e.stmts[text]
	if ok {
		return stmt, nil
	}
	stmt, err := e.reading.Prepare(text)
	if err == nil {
		e.stmts[text] = stmt
	}
	return stmt, err
}

func (e *sqliteEngine) text(s string) string { return s }

// migrating lends a connection whose transactions are immediate, so that of
// several processes one migrates at a time.
func (e *sqliteEngine) migrating(_ context.Context, use func(*sql.DB) error) error {
	db, err := openFile(e.path, 1)
	if err != nil {
		return err
	}
	return errors.Join(use(db), db.Close())
}

func (e *sqliteEngine) close() error {
	err := e.writer.close()
	return errors.Join(err, e.reading.Close())
}

// sqliteCode is the primary result code of an error, 0 when SQLite has nothing
// to do with it.
func sqliteCode(err error) int {
	var of *sqlite.Error
	if errors.As(err, &of) {
		return of.Code() & 0xff
	}
	return 0
}
