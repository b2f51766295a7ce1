package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver

	"github.com/sallyport-dev/sallyport/store"
)

// games keeps people's games in a file of this program's own.
type games struct{ db *sql.DB }

func openGames(path string) (*games, error) {
	address := url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: url.Values{
		"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"}, "_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite", address.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // a file has one writer, and games are small
	_, err = db.Exec(`CREATE TABLE IF NOT EXISTS games (
		subject TEXT NOT NULL, resource TEXT NOT NULL, version INTEGER NOT NULL, content TEXT NOT NULL, PRIMARY KEY (subject, resource))`)
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &games{db}, nil
}

// Close ends it.
func (g *games) Close() error { return g.db.Close() }

// Belonging implements [store.Belongings].
func (g *games) Belonging(ctx context.Context, resource, subject string) (store.Belonging, error) {
	b := store.Belonging{Resource: resource, Subject: subject}
	err := g.db.QueryRowContext(ctx, `SELECT version, content FROM games WHERE subject = $1 AND resource = $2`, subject, resource).
		Scan(&b.Version, &b.Content)
	if errors.Is(err, sql.ErrNoRows) {
		return b, store.ErrNotFound
	}
	return b, err
}

// Keep implements [store.Belongings], but for who is known: whoever has a token is.
func (g *games) Keep(ctx context.Context, b store.Belonging) (bool, error) {
	if len(b.Content) > store.MaxBelonging {
		return false, fmt.Errorf("a game of %d bytes, %d at most", len(b.Content), store.MaxBelonging)
	}
	text := `UPDATE games SET version = version + 1, content = $4 WHERE subject = $1 AND resource = $2 AND version = $3`
	if b.Version == 0 {
		text = `INSERT INTO games (subject, resource, version, content) VALUES ($1, $2, $3 + 1, $4) ON CONFLICT DO NOTHING`
	}
	res, err := g.db.ExecContext(ctx, text, b.Subject, b.Resource, b.Version, string(b.Content))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
