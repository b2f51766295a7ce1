package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"

	sqlitelib "modernc.org/sqlite/lib"

	"github.com/sallyport-dev/sallyport/store"
)

// together is how many transactions may share a flush. It bounds how long the
// first of them waits for the last.
const together = 512

// A job is one caller's transaction on its way through the writer.
type job struct {
	ctx  context.Context
	work []statement
	done chan struct{} // closed when n and err are set
	n    int64
	err  error
}

// A writer is the one goroutine that writes to an SQLite file. It commits
// whatever is waiting in one transaction, and answers nobody before that has
// succeeded.
type writer struct {
	queue   chan *job
	closing chan struct{} // closed by close
	gone    chan struct{} // closed by loop when it has ended
	open    func() (*sql.DB, error)

	// Of loop alone.
	db    *sql.DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt // of conn, by text
}

func newWriter(open func() (*sql.DB, error)) *writer {
	return &writer{
		queue: make(chan *job, together), closing: make(chan struct{}), gone: make(chan struct{}), open: open,
	}
}

// write waits for its turn and for the flush. A caller whose ctx ends stops
// waiting; what it asked for may still happen.
func (w *writer) write(ctx context.Context, work []statement) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	j := &job{ctx: ctx, work: work, done: make(chan struct{})}
	select {
	case w.queue <- j:
	case <-w.gone:
		return 0, errClosed
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-w.gone:
		select {
		case <-j.done:
		default:
			return 0, errClosed
		}
	}
	return j.n, j.err
}

func (w *writer) close() error {
	close(w.closing)
	<-w.gone
	return w.disconnect()
}

func (w *writer) loop() {
	defer close(w.gone)
	var batch []*job
	for {
		select {
		case j := <-w.queue:
			batch = append(batch[:0], j)
		case <-w.closing:
			if batch = w.waiting(batch[:0]); len(batch) == 0 {
				return
			}
		}
		// Whoever was answered a moment ago is about to ask again, and the first
		// of them woke this goroutine: with a chance to run, the others share
		// its flush instead of waiting for it.
		runtime.Gosched()
		batch = w.waiting(batch)
		w.commit(batch)
		for _, j := range batch {
			close(j.done)
		}
	}
}

// waiting adds what is in the queue to a batch.
func (w *writer) waiting(batch []*job) []*job {
	for len(batch) < together {
		select {
		case j := <-w.queue:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit answers every job of a batch, without telling anyone yet.
func (w *writer) commit(batch []*job) {
	culprit, err := w.transact(batch)
	switch {
	case err == nil:
		return
	case culprit == nil:
		// It could not begin, or not commit: nothing of it is known to have
		// happened, and one by one they would fare no better.
		for _, j := range batch {
			j.n, j.err = 0, err
		}
	case len(batch) == 1:
		culprit.n, culprit.err = 0, err
	default:
		// A full disk or a failed read has undone the whole. What others asked
		// for may still be possible.
		for i := range batch {
			w.commit(batch[i : i+1])
		}
	}
}

// transact does a batch in one transaction, or nothing of it. An error that
// concerns one job alone is that job's answer. For any other error SQLite may
// or may not have ended the transaction itself; so the connection is dropped,
// and no later statement can find itself outside of one.
func (w *writer) transact(batch []*job) (culprit *job, err error) {
	if err := w.connect(); err != nil {
		return nil, err
	}
	if err := w.exec(`BEGIN IMMEDIATE`); err != nil {
		return nil, errors.Join(err, w.disconnect())
	}
	for _, j := range batch {
		j.n, j.err = w.do(j)
		if j.err != nil && !ownFault(j.err) {
			return j, errors.Join(j.err, w.disconnect())
		}
	}
	if err := w.exec(`COMMIT`); err != nil {
		return nil, errors.Join(err, w.disconnect())
	}
	return nil, nil
}

// ownFault says of an error that it undid its own job only.
func ownFault(err error) bool {
	return errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded)
}

// do does one job. A single statement is undone by SQLite itself when it
// breaks a constraint; several need a savepoint.
func (w *writer) do(j *job) (n int64, err error) {
	if err := j.ctx.Err(); err != nil {
		return 0, err // nobody waits for it any more
	}
	if len(j.work) == 1 {
		return w.step(j.work[0])
	}
	if err := w.exec(`SAVEPOINT job`); err != nil {
		return 0, err
	}
	for _, st := range j.work {
		if n, err = w.step(st); err != nil {
			break
		}
	}
	if err != nil && ownFault(err) {
		if undo := w.exec(`ROLLBACK TO job`); undo != nil {
			return 0, undo
		}
	}
	if err == nil || ownFault(err) {
		if release := w.exec(`RELEASE job`); release != nil {
			return 0, release
		}
	}
	return n, err
}

func (w *writer) step(st statement) (int64, error) {
	stmt, err := w.prepared(st.text)
	if err != nil {
		return 0, err
	}
	var n int64
	if st.returns {
		err = stmt.QueryRowContext(context.Background(), st.args...).Scan(&n)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
	} else {
		var res sql.Result
		if res, err = stmt.ExecContext(context.Background(), st.args...); err == nil {
			n, err = res.RowsAffected()
		}
	}
	if sqliteCode(err) == sqlitelib.SQLITE_CONSTRAINT {
		err = fmt.Errorf("%w: %w", store.ErrExists, err)
	}
	return st.verdict(n, err)
}

func (w *writer) exec(text string) error {
	stmt, err := w.prepared(text)
	if err == nil {
		_, err = stmt.ExecContext(context.Background())
	}
	return err
}

func (w *writer) prepared(text string) (*sql.Stmt, error) {
	stmt, ok := w.stmts[text]
	if ok {
		return stmt, nil
	}
	stmt, err := w.conn.PrepareContext(context.Background(), text)
	if err == nil {
		w.stmts[text] = stmt
	}
	return stmt, err
}

func (w *writer) connect() (err error) {
	if w.conn != nil {
		return nil
	}
	if w.db, err = w.open(); err != nil {
		return err
	}
	w.stmts = map[string]*sql.Stmt{}
	if w.conn, err = w.db.Conn(context.Background()); err != nil {
		w.conn = nil
		return errors.Join(err, w.db.Close())
	}
	return nil
}

// disconnect ends the transaction, if one is open, and closes the connection.
// Statements that were prepared on one connection are closed by hand: SQLite
// keeps a connection, and what it has locked, until the last of them is.
func (w *writer) disconnect() error {
	if w.conn == nil {
		return nil
	}
	// Fails where SQLite has ended the transaction itself.
	_, _ = w.conn.ExecContext(context.Background(), `ROLLBACK`)
	var errs []error
	for _, stmt := range w.stmts {
		errs = append(errs, stmt.Close())
	}
	errs = append(errs, w.conn.Close(), w.db.Close())
	w.conn, w.db, w.stmts = nil, nil, nil
	return errors.Join(errs...)
}
