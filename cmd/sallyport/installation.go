package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/token"
)

// which says which installation a command means. Every command has it.
type which struct {
	Config string `placeholder:"FILE" help:"The settings file." type:"path"`
	Data   string `placeholder:"DIR" help:"The data directory; ./sallyport-data when neither is given." type:"path"`
}

// load reads the settings, and the flags over them.
func (w which) load(t terminal) (*config.Config, error) {
	c := config.Default()
	if w.Config != "" {
		loaded, err := config.Load(w.Config, t.env)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, hint(fmt.Errorf("there is no settings file %s", w.Config), "leave --config out to use the defaults, or see docs/config.md")
		}
		if err != nil {
			return nil, err
		}
		c = loaded
	}
	if w.Data != "" {
		c.Override("data", "--data", w.Data)
	}
	return c, nil
}

// An installation is an open database and its keys.
type installation struct {
	config *config.Config
	store  *sqlstore.Store
	keys   *token.Keyring
}

func (i *installation) close() error { return i.store.Close() }

// open opens the installation that the flags mean. It must exist already,
// unless create says that it may be made.
func open(ctx context.Context, c *config.Config, log *slog.Logger, create bool) (*installation, error) {
	if err := prepare(c, create); err != nil {
		return nil, err
	}
	st, err := openStore(ctx, c, false)
	if err != nil {
		return nil, err
	}
	keys, err := openKeys(ctx, c, st, log, create)
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return &installation{config: c, store: st, keys: keys}, nil
}

func openKeys(ctx context.Context, c *config.Config, st *sqlstore.Store, log *slog.Logger, create bool) (*token.Keyring, error) {
	sealed, err := st.Keys(ctx)
	if err != nil {
		return nil, err
	}
	// A new encryption key opens no key that is there, and would hide that the
	// old one is missing.
	key, err := rootKey(ctx, c, wrappedKeys{st, sealed, log}, create)
	if err != nil {
		return nil, err
	}
	keys, err := token.Open(ctx, token.Options{
		Store: st, EncryptionKey: key, Algorithms: []string{"ES256"}, RotateEvery: c.Tokens.KeyRotation,
		Lifetime: c.Tokens.AccessTTL + time.Minute, Now: time.Now, Log: log,
	})
	if err != nil && len(sealed) > 0 {
		return nil, hint(err, "this database goes with another encryption key: restore the one that it was used with, in %s or in encryption_key", keyFile(c))
	}
	return keys, err
}

func openStore(ctx context.Context, c *config.Config, noMigrate bool) (*sqlstore.Store, error) {
	st, err := sqlstore.Open(ctx, sqlstore.Options{Database: string(c.Database), Path: databaseFile(c), NoMigrate: noMigrate})
	if errors.Is(err, store.ErrNewerSchema) {
		return nil, hint(err, "run the sallyport that last used this database, or a newer one; sallyport version prints this one's")
	}
	if err != nil && c.Database != "" {
		return nil, hint(err, "database names a PostgreSQL that does not answer, or not to this user")
	}
	if err != nil {
		return nil, hint(err, "is the directory writable, is the disk full, is the file a database of Sallyport?")
	}
	return st, nil
}

func keyFile(c *config.Config) string { return filepath.Join(c.Data, "encryption.key") }

func databaseFile(c *config.Config) string { return filepath.Join(c.Data, "sallyport.db") }

// prepare makes the data directory, for its owner alone.
func prepare(c *config.Config, create bool) error {
	info, err := os.Stat(c.Data)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil, errors.Is(err, syscall.ENOTDIR):
		return hint(fmt.Errorf("%s is not a directory", c.Data), "--data, or data in the settings, names the directory of an installation")
	case !errors.Is(err, fs.ErrNotExist):
		return hint(err, "--data, or data in the settings, names another directory")
	case c.Database != "" && (c.Key() != nil || c.KeyElsewhere.Used()):
		return nil // nothing is kept there
	case !create:
		return hint(fmt.Errorf("there is no installation in %s", c.Data),
			"sallyport serve makes one; --data or --config says where it is")
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return hint(err, "--data, or data in the settings, names another directory")
	}
	return nil
}

// encryptionKey is the one of the settings, or the one in the data directory,
// which is made when there is none.
func encryptionKey(c *config.Config, create bool) ([]byte, error) {
	if key := c.Key(); key != nil {
		return key, nil
	}
	path := keyFile(c)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		return newEncryptionKey(path)
	}
	if err != nil {
		return nil, hint(err, "restore it from your backup, or set encryption_key: without it the keys in the database cannot be opened")
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, hint(fmt.Errorf("%s is not the base64 of 32 bytes", path), "restore it from your backup")
	}
	return key, nil
}

// newEncryptionKey writes a new key. Of several processes that start at once
// one makes it, complete, and the others read it.
func newEncryptionKey(path string) ([]byte, error) {
	key := make([]byte, 32)
	rand.Read(key)
	temporary, err := os.CreateTemp(filepath.Dir(path), ".encryption-*")
	if err != nil {
		return nil, err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return nil, err
	}
	// A link fails when the name is taken, where a rename would replace it.
	err = os.Link(temporary.Name(), path)
	if err == nil {
		return key, nil
	}
	text, readErr := os.ReadFile(path)
	if readErr != nil {
		return nil, errors.Join(err, readErr)
	}
	return base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
}
