package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/internal/transit"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
)

// wrappedKeys are the rows of a database's keys, and with them the encryption key
// where a key elsewhere wraps it.
type wrappedKeys struct {
	store store.Keys
	rows  []store.Key
	log   *slog.Logger
}

// newest is the row that counts; none when the encryption key is not wrapped.
func (w wrappedKeys) newest() (found store.Key, ok bool) {
	for _, row := range w.rows {
		if row.Use == store.WrappedKey && (!ok || row.Slot > found.Slot) {
			found, ok = row, true
		}
	}
	return found, ok
}

// rootKey is the encryption key: unwrapped by the key service of the settings, or
// that of the settings or the data directory.
func rootKey(ctx context.Context, c *config.Config, w wrappedKeys, create bool) ([]byte, error) {
	row, wrapped := w.newest()
	switch {
	case !c.KeyElsewhere.Used() && wrapped && c.Key() == nil:
		return nil, hint(errors.New("the encryption key of this database is wrapped by a key service"), "write key_service into the settings, as it was")
	case !c.KeyElsewhere.Used():
		return encryptionKey(c, create && len(w.rows) == 0)
	}
	engine, err := engineOf(c)
	if err != nil {
		return nil, err
	}
	if !wrapped {
		return w.wrap(ctx, c, engine, create)
	}
	key, err := engine.Unwrap(ctx, string(row.Sealed))
	if err != nil {
		return nil, atEngine(err)
	}
	if len(key) != 32 {
		return nil, errors.New("what the key service unwrapped is no encryption key")
	}
	w.renew(ctx, engine, row)
	w.remind(c)
	return key, nil
}

func engineOf(c *config.Config) (*transit.Client, error) {
	s := c.KeyElsewhere
	o := transit.Options{Address: s.Address, Mount: s.Mount, Key: s.Key, Token: s.Token}
	if o.Mount == "" {
		o.Mount = "transit"
	}
	if s.CA != "" {
		text, err := os.ReadFile(s.CA)
		if err != nil {
			return nil, hint(err, "key_service.ca names a PEM file")
		}
		if o.Roots = x509.NewCertPool(); !o.Roots.AppendCertsFromPEM(text) {
			return nil, hint(errors.New("there is no certificate in "+s.CA), "key_service.ca names a PEM file")
		}
	}
	return transit.New(o), nil
}

// wrap has the encryption key wrapped for the first time: the one that there is, so
// that an installation moves to a key service without losing anything, or a new one.
// Of several replicas that do so at once one's is kept, and the others read it.
func (w wrappedKeys) wrap(ctx context.Context, c *config.Config, engine *transit.Client, create bool) ([]byte, error) {
	key := make([]byte, 32)
	rand.Read(key)
	if _, err := os.Stat(keyFile(c)); err == nil || c.Key() != nil || len(w.rows) > 0 || !create {
		if key, err = encryptionKey(c, false); err != nil {
			return nil, err
		}
	}
	text, err := engine.Wrap(ctx, key)
	if err != nil {
		return nil, atEngine(err)
	}
	// What is to be relied on has to open again.
	if again, err := engine.Unwrap(ctx, text); err != nil || !bytes.Equal(again, key) {
		return nil, atEngine(errors.Join(errors.New("the key service does not unwrap what it has wrapped"), err))
	}
	err = w.store.AddKey(ctx, rowOf(text, 1))
	if errors.Is(err, store.ErrExists) {
		if w.rows, err = w.store.Keys(ctx); err == nil {
			return rootKey(ctx, c, w, false)
		}
	}
	w.remind(c)
	return key, err
}

func rowOf(wrapped string, slot int64) store.Key {
	now := time.Now()
	return store.Key{ID: oauth.NewID("k_"), Use: store.WrappedKey, Algorithm: "transit", Slot: slot, Sealed: []byte(wrapped), Created: now, SignsFrom: now}
}

// renew keeps what the newest version of the engine's key wraps, so that older ones
// can be retired there. That it cannot is no reason not to start.
func (w wrappedKeys) renew(ctx context.Context, engine *transit.Client, row store.Key) {
	newer, err := engine.Rewrap(ctx, string(row.Sealed))
	if err == nil && transit.Version(newer) != transit.Version(string(row.Sealed)) {
		if err = w.store.AddKey(ctx, rowOf(newer, row.Slot+1)); err == nil {
			now := time.Now()
			err = w.store.RetireKey(ctx, row.ID, now, now)
			w.log.InfoContext(ctx, "the encryption key is wrapped by a newer version of the key service's key", "version", transit.Version(newer))
		}
	}
	if err != nil && !errors.Is(err, store.ErrExists) {
		w.log.WarnContext(ctx, "the encryption key could not be wrapped anew; keep the older versions of the key service's key", "cause", err.Error())
	}
}

// remind says where the encryption key still lies in plain text.
func (w wrappedKeys) remind(c *config.Config) {
	if _, err := os.Stat(keyFile(c)); err == nil {
		w.log.Warn("the encryption key is wrapped now, and still lies in plain text: remove the file", "file", keyFile(c))
	}
	if c.Key() != nil {
		w.log.Warn("the encryption key is wrapped now, and still stands in plain text in the settings: remove encryption_key")
	}
}

// atEngine says what to do about it.
func atEngine(err error) error {
	switch {
	case errors.Is(err, transit.ErrSealed):
		return hint(err, "unseal it, and start again")
	case errors.Is(err, transit.ErrRefused):
		return hint(err, "give key_service.token one that lives and may update encrypt, decrypt and rewrap of the key, which has to exist")
	case errors.Is(err, transit.ErrNoKey):
		return hint(err, "compare key_service.key with the engine's list, or restore the key there; to make one anew would open nothing that is here")
	case errors.Is(err, transit.ErrOtherKey):
		return hint(err, "key_service names another key, or the key was deleted there and made again: name the right one, or restore it there")
	case errors.Is(err, transit.ErrRetired):
		return hint(err, "lower min_decryption_version of the key there, start the server once, so that it is wrapped by the newest version, and raise it again; a version that was trimmed has to be restored from a backup of the key")
	case errors.Is(err, transit.ErrUnfit):
		return hint(err, "make a key of the type aes256-gcm96 there, neither derived nor convergent, and name it in key_service.key")
	case errors.Is(err, transit.ErrDamaged):
		return hint(err, "restore the database from a backup: the row of its keys that is wrapped was changed")
	case errors.Is(err, transit.ErrAsked):
		return hint(err, "its own words say why; compare key_service.address and mount, also its namespace, with how the engine is reached")
	case errors.Is(err, transit.ErrNowhere):
		return hint(err, "key_service.address is the server's alone, mount is where its engine is")
	case errors.Is(err, transit.ErrDown):
		return hint(err, "the server cannot start without it: see that key_service.address can be reached from here")
	}
	return err
}
