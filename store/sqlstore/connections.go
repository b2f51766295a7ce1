package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const connectionColumns = `c.person, c.login, c.resource, c.name, c.version, c.sealed, c.connected_at, c.leased_until, c.dead_at`

const connect = `
	INSERT INTO connections (person, login, resource, name, version, sealed, connected_at)
	SELECT $1, $2, $3, $4, $5, $6, $7
	WHERE EXISTS (SELECT 1 FROM people WHERE id = $1 AND disabled_at IS NULL)
	ON CONFLICT (person, login, resource) DO UPDATE SET name = excluded.name, version = excluded.version,
		sealed = excluded.sealed, connected_at = excluded.connected_at, leased_until = NULL, dead_at = NULL`

// Connect implements [store.Connections].
func (s *Store) Connect(ctx context.Context, c store.Connection) error {
	_, err := s.write(ctx, must(connect, c.Person, c.Login, c.Resource, c.Name, c.Version.String(), encode(c.Sealed), c.Connected.UnixMilli()))
	return err
}

// Connection implements [store.Connections].
func (s *Store) Connection(ctx context.Context, which store.Connection) (store.Connection, error) {
	return one(ctx, s, scanConnection, `SELECT `+connectionColumns+`
		FROM connections c JOIN people p ON p.id = c.person
		WHERE c.person = $1 AND c.login = $2 AND c.resource = $3 AND p.disabled_at IS NULL`, which.Person, which.Login, which.Resource)
}

// Connections implements [store.Connections].
func (s *Store) Connections(ctx context.Context, person string) ([]store.Connection, error) {
	return all(ctx, s, scanConnection, `SELECT `+connectionColumns+`
		FROM connections c WHERE c.person = $1 ORDER BY c.login, c.resource`, person)
}

// The row is its own lock, and only for a moment: nothing is held while the
// upstream is asked.
const leaseConnection = `
	UPDATE connections SET leased_until = $5
	WHERE person = $1 AND login = $2 AND resource = $3 AND version = $4 AND dead_at IS NULL
		AND (leased_until IS NULL OR leased_until <= $6)`

// LeaseConnection implements [store.Connections].
func (s *Store) LeaseConnection(ctx context.Context, c store.Connection, until time.Time) (bool, error) {
	n, err := s.write(ctx, run(leaseConnection, c.Person, c.Login, c.Resource, c.Version.String(), until.UnixMilli(), s.now()))
	return n == 1, err
}

// ReleaseConnection implements [store.Connections].
func (s *Store) ReleaseConnection(ctx context.Context, c store.Connection, until time.Time) error {
	_, err := s.write(ctx, run(`UPDATE connections SET leased_until = $6
		WHERE person = $1 AND login = $2 AND resource = $3 AND version = $4 AND leased_until = $5`,
		c.Person, c.Login, c.Resource, c.Version.String(), until.UnixMilli(), never(c.LeasedUntil)))
	return err
}

// RenewConnection implements [store.Connections].
func (s *Store) RenewConnection(ctx context.Context, from oauth.Digest, to store.Connection) (bool, error) {
	n, err := s.write(ctx, run(`UPDATE connections SET version = $5, sealed = $6, leased_until = NULL
		WHERE person = $1 AND login = $2 AND resource = $3 AND version = $4 AND dead_at IS NULL`,
		to.Person, to.Login, to.Resource, from.String(), to.Version.String(), encode(to.Sealed)))
	return n == 1, err
}

// KillConnection implements [store.Connections].
func (s *Store) KillConnection(ctx context.Context, c store.Connection) (bool, error) {
	n, err := s.write(ctx, run(`UPDATE connections SET dead_at = $5, sealed = '', leased_until = NULL
		WHERE person = $1 AND login = $2 AND resource = $3 AND version = $4 AND dead_at IS NULL`,
		c.Person, c.Login, c.Resource, c.Version.String(), s.now()))
	return n == 1, err
}

const disconnect = `DELETE FROM connections WHERE person = $1 AND login = $2 AND resource = $3`

// Disconnect implements [store.Connections].
func (s *Store) Disconnect(ctx context.Context, which store.Connection) error {
	_, err := s.write(ctx, run(disconnect, which.Person, which.Login, which.Resource))
	return err
}

func scanConnection(r row) (store.Connection, error) {
	var c store.Connection
	var version, sealed string
	var connected int64
	var leased, dead sql.NullInt64
	err := r.Scan(&c.Person, &c.Login, &c.Resource, &c.Name, &version, &sealed, &connected, &leased, &dead)
	if err != nil {
		return c, err
	}
	c.Connected, c.LeasedUntil, c.Dead = moment(connected), maybeMoment(leased), maybeMoment(dead)
	if err := digests([]*oauth.Digest{&c.Version}, version); err != nil {
		return c, err
	}
	c.Sealed, err = decode(sealed)
	return c, err
}
