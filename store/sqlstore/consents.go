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
	}, `SELECT token FROM consents
		WHERE subject = $1 AND client_id = $2 AND resource = $3 AND redirect_host = $4`,
		c.Subject, c.ClientID, c.Resource, c.RedirectHost)
	return oauth.NewScope(tokens...), err
}
