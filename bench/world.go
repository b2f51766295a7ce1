package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver that makes the databases

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/token"
)

// A world is an installation with people, a client and grants in it, made the
// way the server makes them, and the server that runs on it.
type world struct {
	algorithm string
	postgres  bool
	upstream  string // empty: the demo
	identity  string
	keep      string // flows.keep; empty: the default

	dir    string
	config string
	server *server
	keys   *token.Keyring
	store  *sqlstore.Store
	drop   func() error
}

const (
	clientID    = "bench"
	redirectURI = "https://bench.example/callback"
	resourceID  = "http://localhost:8080/mcp"
	scopeRead   = "bench:read"
)

// open makes the installation and starts the server on it.
func (w *world) open(ctx context.Context, o options) error {
	var err error
	if w.dir, err = os.MkdirTemp("", "sallyport-world"); err != nil {
		return err
	}
	key := make([]byte, 32)
	rand.Read(key)
	database, err := w.database(ctx, o)
	if err != nil {
		return err
	}
	if err := w.writeConfig(database, key); err != nil {
		return err
	}
	w.store, err = sqlstore.Open(ctx, sqlstore.Options{Database: database, Path: filepath.Join(w.dir, "sallyport.db")})
	if err != nil {
		return err
	}
	w.keys, err = token.Open(ctx, token.Options{Store: w.store, EncryptionKey: key, Algorithms: []string{w.algorithm},
		Lifetime: time.Hour + time.Minute, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return err
	}
	if err := w.populate(ctx); err != nil {
		return err
	}
	w.server, err = startServer(ctx, o.binary, "--config", w.config)
	return err
}

func (w *world) close() {
	if w.server != nil {
		w.server.stop()
	}
	if w.store != nil {
		_ = w.store.Close() // it is thrown away
	}
	if w.drop != nil {
		if err := w.drop(); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	_ = os.RemoveAll(w.dir)
}

// database makes a database of its own on PostgreSQL.
func (w *world) database(ctx context.Context, o options) (string, error) {
	if !w.postgres {
		return "", nil
	}
	admin, err := sql.Open("pgx", o.postgres)
	if err != nil {
		return "", err
	}
	name := "bench_" + strings.ToLower(rand.Text()[:10])
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	w.drop = func() error {
		defer admin.Close()
		_, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		return err
	}
	return withDatabase(o.postgres, name)
}

func (w *world) writeConfig(database string, key []byte) error {
	behind := "app: demo"
	if w.upstream != "" {
		behind = "upstream: " + w.upstream + "\n    identity: " + w.identity
	}
	w.config = filepath.Join(w.dir, "sallyport.yaml")
	keep := ""
	if w.keep != "" {
		keep = "flows: { keep: " + w.keep + " }"
	}
	text := fmt.Sprintf(`public_url: http://localhost:8080
data: %s
database: %q
encryption_key: %s
log_level: warn
tokens: { signing_algorithm: %s, code_ttl: 10m }
%s
resources:
  - name: bench
    path: /mcp
    %s
    scopes: { "%s": { title: Read, default: true } }
    default_tool_scopes: ["%s"]
clients:
  - client_id: %s
    redirect_uris: ["%s"]
`, w.dir, database, base64.StdEncoding.EncodeToString(key), w.algorithm, keep, behind, scopeRead, scopeRead, clientID, redirectURI)
	return os.WriteFile(w.config, []byte(text), 0o600)
}

func (w *world) populate(ctx context.Context) error {
	err := w.store.AddPerson(ctx, oauth.Person{ID: "sp_u_bench", Username: "bench", Created: time.Now()})
	if err != nil {
		return err
	}
	// A consent counts beside a living grant.
	_, _, err = w.grant(ctx)
	return errors.Join(err, w.store.Remember(ctx, oauth.Consent{Subject: "sp_u_bench", ClientID: clientID, RedirectHost: "bench.example",
		Resource: resourceID, Scope: oauth.NewScope(scopeRead), At: time.Now()}))
}

// grant makes a grant as a redeemed code makes it, and returns its first tokens.
func (w *world) grant(ctx context.Context) (refresh, access oauth.Secret, err error) {
	now := time.Now()
	g := oauth.Grant{ID: oauth.NewID("g_"), CodeID: oauth.NewDigest(), Subject: "sp_u_bench", ClientID: clientID, Resource: resourceID,
		Scope: oauth.NewScope(scopeRead), RedirectHost: "bench.example", AuthTime: now, Created: now, Expires: now.Add(24 * time.Hour),
		Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1}, RotatedAt: now}
	if err := w.store.Create(ctx, g); err != nil {
		return "", "", err
	}
	access, err = w.keys.MintAccess(token.FormatJWT, w.algorithm, token.Access{Issuer: "http://localhost:8080", Subject: g.Subject,
		Audience: resourceID, ClientID: clientID, Scope: g.Scope, GrantID: g.ID, IssuedAt: now, Expires: now.Add(time.Hour)})
	return w.keys.RefreshToken(g, 1), access, err
}

// session signs a browser in, without a password.
func (w *world) session(ctx context.Context) (cookie string, err error) {
	secret := oauth.NewSecret(oauth.SessionPrefix)
	now := time.Now()
	err = w.store.OpenSession(ctx, oauth.Session{ID: secret.Digest(), Subject: "sp_u_bench", AuthTime: now, Expires: now.Add(time.Hour)})
	return "sallyport_session=" + string(secret), err
}

// withDatabase is a postgres:// URL with another database in it.
func withDatabase(raw, name string) (string, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}
