package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const grantColumns = `g.id, g.code_id, g.subject, g.client_id, g.resource, g.scope, g.redirect_host,
	g.auth_time, g.created_at, g.expires_at, g.salt, g.generation, g.parent,
	g.rotated_at, g.revoked_at, g.revoked_for`

// The person's row is locked on PostgreSQL, where a grant could otherwise be
// committed behind the back of whoever disables the person at that moment. An
// UPDATE of revoked_at is the replay check: the row is there already, and its
// owner and the thief are told apart by nobody. It comes first: what was revoked
// since the code was issued refuses a code that is new, and hides no replay.
const createGrant = `
	INSERT INTO grants (id, code_id, subject, client_id, resource, scope, redirect_host,
		auth_time, created_at, expires_at, salt, generation, parent, rotated_at)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
	FROM people WHERE id = $3 AND disabled_at IS NULL
	AND (EXISTS (SELECT 1 FROM grants used WHERE used.code_id = $2) OR NOT EXISTS (
		SELECT 1 FROM grants ended WHERE ended.subject = $3 AND ended.revoked_at > $9 AND ended.revoked_at IS NOT NULL
		AND COALESCE(ended.client_id, '') = $4 AND ended.resource = $5
		AND ended.revoked_for NOT IN ('` + store.ByClient + `', '` + store.ForReplay + `')))
	/*pg FOR SHARE pg*/
	ON CONFLICT (code_id) DO UPDATE SET
		revoked_at = COALESCE(grants.revoked_at, $15), revoked_for = COALESCE(grants.revoked_for, '` + store.ForReplay + `')
	RETURNING CASE WHEN revoked_at IS NULL THEN 1 ELSE 2 END`

// Create implements [store.Grants].
func (s *Store) Create(ctx context.Context, g oauth.Grant) error {
	if g.CodeID.IsZero() {
		// Two such grants would count as one code redeemed twice.
		return errors.New("sqlstore: a grant needs the id of its code")
	}
	n, err := s.write(ctx, statement{text: createGrant, returns: true, args: []any{
		g.ID, g.CodeID.String(), g.Subject, g.ClientID, g.Resource, g.Scope.String(), g.RedirectHost,
		g.AuthTime.UnixMilli(), g.Created.UnixMilli(), g.Expires.UnixMilli(), g.Salt.String(),
		g.Generation.N, g.Generation.Parent, never(g.RotatedAt), s.now(),
	}})
	switch {
	case err != nil:
		return err
	case n == 0:
		return store.ErrNotFound
	case n == 2:
		return store.ErrReplayed
	}
	return nil
}

// Grant implements [store.Grants].
func (s *Store) Grant(ctx context.Context, id string) (oauth.Grant, error) {
	return one(ctx, s, scanGrant, `
		SELECT `+grantColumns+`
		FROM grants g JOIN people p ON p.id = g.subject
		WHERE g.id = $1 AND g.revoked_at IS NULL AND g.expires_at > $2 AND p.disabled_at IS NULL`,
		id, s.now())
}

// Of any number of callers that read the same generation, one finds it still
// current: the row is its own lock.
const rotateGrant = `
	UPDATE grants SET generation = $4, parent = $5, rotated_at = $6, expires_at = $7
	WHERE id = $1 AND generation = $2 AND parent = $3 AND revoked_at IS NULL AND expires_at > $6
	AND EXISTS (SELECT 1 FROM people WHERE people.id = grants.subject AND disabled_at IS NULL)`

// Rotate implements [store.Grants].
func (s *Store) Rotate(ctx context.Context, id string, from, to oauth.Generation, expires time.Time) (bool, error) {
	n, err := s.write(ctx, run(rotateGrant,
		id, from.N, from.Parent, to.N, to.Parent, s.now(), expires.UnixMilli()))
	return n == 1, err
}

// Revoke implements [store.Grants].
func (s *Store) Revoke(ctx context.Context, which store.GrantFilter, why string) (int64, error) {
	where, args := conditions(which)
	if where == "" {
		return 0, errors.New("sqlstore: a filter that names nothing would revoke every grant")
	}
	args = append(args, s.now())
	now := fmt.Sprintf("$%d", len(args))
	living := where + ` AND revoked_at IS NULL AND expires_at > ` + now
	return s.write(ctx,
		run(`DELETE FROM consents WHERE (subject, client_id, resource) IN
			(SELECT subject, client_id, resource FROM grants WHERE `+living+`)`, args...),
		run(fmt.Sprintf(`UPDATE grants SET revoked_at = %s, revoked_for = $%d WHERE %s`,
			now, len(args)+1, living), append(args, why)...))
}

// Grants implements [store.Grants].
func (s *Store) Grants(ctx context.Context, which store.GrantFilter, after string, limit int) ([]oauth.Grant, error) {
	where, args := conditions(which)
	if where != "" {
		where += " AND "
	}
	// The id may be among the conditions too, hence the alias.
	args = append(args, after)
	where += fmt.Sprintf(`g.id > $%d`, len(args))
	if !which.IncludeEnded {
		args = append(args, s.now())
		where += fmt.Sprintf(` AND g.revoked_at IS NULL AND g.expires_at > $%d AND EXISTS
			(SELECT 1 FROM people WHERE people.id = g.subject AND people.disabled_at IS NULL)`, len(args))
	}
	args = append(args, max(limit, 0))
	return all(ctx, s, scanGrant, fmt.Sprintf(`
		SELECT %s FROM grants g WHERE %s ORDER BY g.id LIMIT $%d`, grantColumns, where, len(args)), args...)
}

// Revoked implements [store.Grants].
func (s *Store) Revoked(ctx context.Context, since time.Time) ([]store.Revocation, error) {
	return all(ctx, s, func(r row) (store.Revocation, error) {
		var id string
		var at int64
		err := r.Scan(&id, &at)
		return store.Revocation{GrantID: id, At: moment(at)}, err
	}, `SELECT id, revoked_at FROM grants WHERE revoked_at >= $1 ORDER BY revoked_at, id`, since.UnixMilli())
}

// conditions is a WHERE for what a filter names. There are sixteen of them, so
// that each is planned by the index that serves it: of person and client it is
// the person, who has few grants, where the client may have millions.
func conditions(f store.GrantFilter) (string, []any) {
	client := "client_id"
	if f.Subject != "" {
		client = "COALESCE(client_id, '')"
	}
	var terms []string
	var args []any
	for _, c := range []struct{ column, value string }{
		{"id", f.ID}, {"subject", f.Subject}, {client, f.ClientID}, {"resource", f.Resource},
	} {
		if c.value != "" {
			args = append(args, c.value)
			terms = append(terms, fmt.Sprintf("%s = $%d", c.column, len(args)))
		}
	}
	return strings.Join(terms, " AND "), args
}

func scanGrant(r row) (oauth.Grant, error) {
	var g oauth.Grant
	var code, scope, salt string
	var authTime, created, expires int64
	var rotated, revoked sql.NullInt64
	var why sql.NullString
	if err := r.Scan(&g.ID, &code, &g.Subject, &g.ClientID, &g.Resource, &scope, &g.RedirectHost,
		&authTime, &created, &expires, &salt, &g.Generation.N, &g.Generation.Parent,
		&rotated, &revoked, &why); err != nil {
		return g, err
	}
	g.Scope = oauth.NewScope(strings.Fields(scope)...)
	g.AuthTime, g.Created, g.Expires = moment(authTime), moment(created), moment(expires)
	g.RotatedAt, g.Revoked, g.RevokedFor = maybeMoment(rotated), maybeMoment(revoked), why.String
	return g, digests([]*oauth.Digest{&g.CodeID, &g.Salt}, code, salt)
}
