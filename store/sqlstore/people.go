package sqlstore

import (
	"context"
	"database/sql"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const personColumns = `p.id, p.username, p.name, p.email, p.admin, p.password_hash, p.created_at, p.disabled_at`

const addPerson = `
	INSERT INTO people (id, username, name, email, admin, password_hash, created_at, disabled_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
	ON CONFLICT DO NOTHING`

// Of two callers that both see no one, in two processes, the unique place lets
// one in. It is free again when the first person is removed.
const addFirstPerson = `
	INSERT INTO people (id, username, name, email, admin, password_hash, created_at, disabled_at, place)
	SELECT $1, $2, $3, $4, $5, $6, $7, $8, 'first'
	WHERE NOT EXISTS (SELECT 1 FROM people)
	ON CONFLICT DO NOTHING`

// AddPerson implements [store.People].
func (s *Store) AddPerson(ctx context.Context, p oauth.Person) error {
	return s.addPerson(ctx, addPerson, p)
}

// AddFirstPerson implements [store.People].
func (s *Store) AddFirstPerson(ctx context.Context, p oauth.Person) error {
	return s.addPerson(ctx, addFirstPerson, p)
}

func (s *Store) addPerson(ctx context.Context, text string, p oauth.Person) error {
	n, err := s.write(ctx, run(text, p.ID, p.Username, p.Name, p.Email, bit(p.Admin),
		p.PasswordHash, p.Created.UnixMilli(), never(p.Disabled)))
	if err == nil && n == 0 {
		return store.ErrExists
	}
	return err
}

// Person implements [store.People].
func (s *Store) Person(ctx context.Context, id string) (oauth.Person, error) {
	return one(ctx, s, scanPerson, `SELECT `+personColumns+` FROM people p WHERE p.id = $1`, id)
}

// PersonByUsername implements [store.People].
func (s *Store) PersonByUsername(ctx context.Context, username string) (oauth.Person, error) {
	return one(ctx, s, scanPerson, `SELECT `+personColumns+` FROM people p WHERE p.username = $1`, username)
}

// People implements [store.People].
func (s *Store) People(ctx context.Context, after string, limit int) ([]oauth.Person, error) {
	return all(ctx, s, scanPerson,
		`SELECT `+personColumns+` FROM people p WHERE p.id > $1 ORDER BY p.id LIMIT $2`, after, max(limit, 0))
}

const endSessions = `DELETE FROM sessions WHERE subject = $1`

const revokeOfSubject = `
	UPDATE grants SET revoked_at = $2, revoked_for = $3 WHERE subject = $1 AND revoked_at IS NULL`

// SetPassword implements [store.People].
func (s *Store) SetPassword(ctx context.Context, id, hash string) error {
	_, err := s.write(ctx,
		must(`UPDATE people SET password_hash = $2 WHERE id = $1`, id, hash),
		run(endSessions, id))
	return err
}

// Rehash implements [store.Passwords].
func (s *Store) Rehash(ctx context.Context, id, from, to string) (bool, error) {
	n, err := s.write(ctx, run(`UPDATE people SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, id, from, to))
	return n == 1, err
}

// SetDisabled implements [store.People].
func (s *Store) SetDisabled(ctx context.Context, id string, disabled bool) error {
	if !disabled {
		_, err := s.write(ctx, must(`UPDATE people SET disabled_at = NULL WHERE id = $1`, id))
		return err
	}
	now := s.now()
	_, err := s.write(ctx,
		must(`UPDATE people SET disabled_at = COALESCE(disabled_at, $2) WHERE id = $1`, id, now),
		run(endSessions, id),
		run(revokeOfSubject, id, now, "user disabled"))
	return err
}

// RemovePerson implements [store.People].
func (s *Store) RemovePerson(ctx context.Context, id string) error {
	_, err := s.write(ctx,
		must(`DELETE FROM people WHERE id = $1`, id),
		run(endSessions, id),
		run(`DELETE FROM consents WHERE subject = $1`, id),
		run(`DELETE FROM identities WHERE person = $1`, id),
		run(`DELETE FROM connections WHERE person = $1`, id),
		run(removePasskeys, id),
		run(removeBelongings, id),
		run(revokeOfSubject, id, s.now(), "user removed"))
	return err
}

// personFields is what a person is scanned through.
type personFields struct {
	admin, created int64
	disabled       sql.NullInt64
}

func (f *personFields) into(p *oauth.Person) []any {
	return []any{&p.ID, &p.Username, &p.Name, &p.Email, &f.admin, &p.PasswordHash, &f.created, &f.disabled}
}

func (f *personFields) finish(p *oauth.Person) {
	p.Admin, p.Created, p.Disabled = f.admin != 0, moment(f.created), maybeMoment(f.disabled)
}

func scanPerson(r row) (oauth.Person, error) {
	var p oauth.Person
	var f personFields
	err := r.Scan(f.into(&p)...)
	f.finish(&p)
	return p, err
}
