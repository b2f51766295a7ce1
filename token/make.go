package token

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

// Ids are 48 random bits: they are in every token and every sealed value, and
// there are never more than a few.
const (
	idBytes  = 6
	idLength = 8
)

// add seals and saves the next key of a kind, which begins in ahead, or at once
// when it is the first. A nil private is made here. It returns store.ErrExists
// when another replica made the next key first. Whatever happened, what is in
// the store has been read when it returns.
func (k *Keyring) add(ctx context.Context, of kind, private crypto.Signer, ahead time.Duration) error {
	now := k.now().UTC().Truncate(time.Second)
	row := store.Key{ID: newKeyID(), Use: of.use, Algorithm: of.algorithm, Slot: 1, Created: now, SignsFrom: now}
	if keys := k.ring.Load().byKind[of]; len(keys) > 0 {
		row.Slot = keys[len(keys)-1].Slot + 1
		row.SignsFrom = now.Add(ahead)
	}
	if err := k.fill(&row, private); err != nil {
		return err
	}
	added := k.store.AddKey(ctx, row)
	if added == nil {
		k.log.LogAttrs(ctx, slog.LevelInfo, "a key was made", slog.String("kid", row.ID),
			slog.String("use", row.Use), slog.String("algorithm", row.Algorithm), slog.Time("from", row.SignsFrom))
	}
	if err := k.reload(ctx); err != nil {
		return err
	}
	if added != nil {
		return fmt.Errorf("token: adding a key: %w", added)
	}
	return nil
}

// fill puts the sealed private half and the public half into a row.
func (k *Keyring) fill(row *store.Key, private crypto.Signer) (err error) {
	var secret []byte
	if row.Use == useSecret {
		secret = make([]byte, 32)
		rand.Read(secret)
	} else {
		if private == nil {
			if private, err = newPrivate(row.Algorithm); err != nil {
				return err
			}
		}
		if secret, err = x509.MarshalPKCS8PrivateKey(private); err != nil {
			return err
		}
		pair, err := parsePair(*row, secret)
		if err != nil {
			return err
		}
		jwk := pair.jwk(row.ID)
		if row.Public, err = jwk.MarshalJSON(); err != nil {
			return err
		}
	}
	row.Sealed, err = k.wrap.Encrypt(secret, rowData(*row))
	return err
}

func newKeyID() string {
	b := make([]byte, idBytes)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}
