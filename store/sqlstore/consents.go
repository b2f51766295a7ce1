package sqlstore

import (
	"context"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Widening adds rows: two that widen at once, each by its own, both have their way.
const remember = `
	INSERT INTO consents (subject, client_id, resource, redirect_host, token, agreed_at)
	VALUES ($1, $2, $3, $4, $5, $6)
	ON CONFLICT DO NOTHING`

// The grants are found by the person, who has few; of one client there may be
// millions, and the COALESCE keeps SQLite from looking at those. A scope without
// one of its tokens, both with a space on either side, is another text.
const remembered = `
	SELECT c.token FROM consents c
	WHERE c.subject = $1 AND c.client_id = $2 AND c.resource = $3 AND c.redirect_host = $4
	AND EXISTS (SELECT 1 FROM people WHERE people.id = $1 AND people.disabled_at IS NULL)
	AND EXISTS (SELECT 1 FROM grants g
		WHERE g.subject = $1 AND COALESCE(g.client_id, '') = $2 AND g.resource = $3 AND g.redirect_host = $4
		AND g.revoked_at IS NULL AND g.expires_at > $5
		AND REPLACE(' ' || g.scope || ' ', ' ' || c.token || ' ', '') <> ' ' || g.scope || ' ')`

// Remember implements [store.Consents].
func (s *Store) Remember(ctx context.Context, c oauth.Consent) error {
	if len(c.Scope) == 0 {
		return nil
	}
	var work []statement
	for _, token := range oauth.NewScope(c.Scope...) { // sorted, so that no two deadlock
		work = append(work, run(remember,
			c.Subject, c.ClientID, c.Resource, c.RedirectHost, token, c.At.UnixMilli()))
	}
	_, err := s.write(ctx, work...)
	return err
}

// Remembered implements [store.Consents].
func (s *Store) Remembered(ctx context.Context, c oauth.Consent) (oauth.Scope, error) {
	tokens, err := all(ctx, s, func(r row) (string, error) {
		var token string
		err := r.Scan(&token)
		return token, err
	}, remembered, c.Subject, c.ClientID, c.Resource, c.RedirectHost, s.now())
	return oauth.NewScope(tokens...), err
}

// Forget implements [store.Consents].
func (s *Store) Forget(ctx context.Context, c oauth.Consent) error {
	_, err := s.write(ctx, run(`
		DELETE FROM consents WHERE subject = $1 AND client_id = $2 AND resource = $3 AND redirect_host = $4`,
		c.Subject, c.ClientID, c.Resource, c.RedirectHost))
	return err
}
