package sqlstore

import (
	"context"

	"github.com/sallyport-dev/sallyport/oauth"
)

// A session of someone who is disabled would wake when they are enabled again,
// so it is not saved; see createGrant for the lock.
const openSession = `
	INSERT INTO sessions (id, subject, way, auth_time, expires_at)
	SELECT $1, $2, $3, $4, $5 FROM people WHERE id = $2 AND disabled_at IS NULL /*pg FOR SHARE pg*/`

// OpenSession implements [store.Sessions].
func (s *Store) OpenSession(ctx context.Context, session oauth.Session) error {
	_, err := s.write(ctx, must(openSession, session.ID.String(), session.Subject, session.Way,
		session.AuthTime.UnixMilli(), session.Expires.UnixMilli()))
	return err
}

// Session implements [store.Sessions].
func (s *Store) Session(ctx context.Context, id oauth.Digest) (oauth.Session, oauth.Person, error) {
	type pair struct {
		session oauth.Session
		person  oauth.Person
	}
	found, err := one(ctx, s, func(r row) (pair, error) {
		v := pair{session: oauth.Session{ID: id}}
		var f personFields
		var authTime, expires int64
		err := r.Scan(append(f.into(&v.person), &v.session.Subject, &v.session.Way, &authTime, &expires)...)
		f.finish(&v.person)
		v.session.AuthTime, v.session.Expires = moment(authTime), moment(expires)
		return v, err
	}, `
		SELECT `+personColumns+`, s.subject, s.way, s.auth_time, s.expires_at
		FROM sessions s JOIN people p ON p.id = s.subject
		WHERE s.id = $1 AND s.expires_at > $2 AND p.disabled_at IS NULL`, id.String(), s.now())
	return found.session, found.person, err
}

// CloseSession implements [store.Sessions].
func (s *Store) CloseSession(ctx context.Context, id oauth.Digest) error {
	_, err := s.write(ctx, run(`DELETE FROM sessions WHERE id = $1`, id.String()))
	return err
}

// CloseSessionsBy implements [store.Sessions].
func (s *Store) CloseSessionsBy(ctx context.Context, subject, way string) error {
	_, err := s.write(ctx, run(`DELETE FROM sessions WHERE subject = $1 AND way = $2`, subject, way))
	return err
}

// CloseSessions implements [store.Sessions].
func (s *Store) CloseSessions(ctx context.Context, subject string) error {
	_, err := s.write(ctx, run(endSessions, subject))
	return err
}
