package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

const addIdentity = `
	INSERT INTO identities (issuer, subject, person, name, linked_at, standing)
	SELECT $1, $2, $3, $4, $5, $6
	WHERE EXISTS (SELECT 1 FROM people WHERE id = $3)
	ON CONFLICT DO NOTHING`

func addIdentityTo(person string, i oauth.Identity) statement {
	return must(addIdentity, i.Issuer, i.Subject, person, i.Name, i.Linked.UnixMilli(), standing(i))
}

// standing is what is stored of one; NULL is of none that is known.
func standing(i oauth.Identity) any {
	if i.Standing == nil {
		return nil
	}
	text, err := json.Marshal(i.Standing)
	if err != nil {
		panic("sqlstore: texts cannot be JSON: " + err.Error())
	}
	return string(text)
}

// Saw implements [store.Identities].
func (s *Store) Saw(ctx context.Context, i oauth.Identity) error {
	_, err := s.write(ctx, run(`UPDATE identities SET standing = $3 WHERE issuer = $1 AND subject = $2`, i.Issuer, i.Subject, standing(i)))
	return err
}

// AddIdentified implements [store.Identities].
func (s *Store) AddIdentified(ctx context.Context, p oauth.Person, i oauth.Identity, first bool) error {
	text := addPerson
	if first {
		text = addFirstPerson
	}
	_, err := s.write(ctx,
		must(text, p.ID, p.Username, p.Name, p.Email, bit(p.Admin), p.PasswordHash, p.Created.UnixMilli(), never(p.Disabled)),
		addIdentityTo(p.ID, i))
	if errors.Is(err, store.ErrNotFound) {
		return store.ErrExists
	}
	return err
}

// Identified implements [store.Identities].
func (s *Store) Identified(ctx context.Context, issuer, subject string) (oauth.Person, error) {
	return one(ctx, s, scanPerson, `SELECT `+personColumns+`
		FROM identities i JOIN people p ON p.id = i.person WHERE i.issuer = $1 AND i.subject = $2`, issuer, subject)
}

// Link implements [store.Identities].
func (s *Store) Link(ctx context.Context, person string, i oauth.Identity) error {
	_, err := s.write(ctx, addIdentityTo(person, i))
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := s.Person(ctx, person); err != nil {
		return err
	}
	return store.ErrExists
}

// The person's row is locked first: of two that each leave the other's way in, the
// second sees that it is gone. On PostgreSQL both would otherwise find it there.
const unlink = `
	DELETE FROM identities WHERE person = $1 AND issuer = $2 AND subject = $3 AND NOT (issuer = $4 AND subject = $5) AND (
		EXISTS (SELECT 1 FROM identities other WHERE other.person = $1 AND other.issuer = $4 AND other.subject = $5)
		OR $4 = '' AND EXISTS (SELECT 1 FROM people WHERE id = $1 AND password_hash <> ''))`

// Unlink implements [store.Identities].
func (s *Store) Unlink(ctx context.Context, person string, gone, stays oauth.Identity) error {
	_, err := s.write(ctx,
		must(`UPDATE people SET username = username WHERE id = $1`, person),
		must(unlink, person, gone.Issuer, gone.Subject, stays.Issuer, stays.Subject),
		run(endSessions, person))
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	whose, err := s.Identified(ctx, gone.Issuer, gone.Subject)
	switch {
	case err != nil:
		return err
	case whose.ID != person:
		return store.ErrNotFound
	}
	return store.ErrInUse
}

// Identities implements [store.Identities].
func (s *Store) Identities(ctx context.Context, person string) ([]oauth.Identity, error) {
	return all(ctx, s, func(r row) (oauth.Identity, error) {
		var i oauth.Identity
		var linked int64
		var said sql.NullString
		err := r.Scan(&i.Issuer, &i.Subject, &i.Name, &linked, &said)
		i.Linked = moment(linked)
		if err == nil && said.Valid {
			err = json.Unmarshal([]byte(said.String), &i.Standing)
		}
		return i, err
	}, `SELECT issuer, subject, name, linked_at, standing FROM identities WHERE person = $1 ORDER BY issuer, subject`, person)
}
