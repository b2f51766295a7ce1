package token

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/sallyport-dev/sallyport/store"
)

// Import adds a private key from PEM (PKCS #8, PKCS #1 or SEC 1, not encrypted)
// as the next one of an algorithm, as [Keyring.Rotate] does with one it makes.
// It must be a key for that algorithm: RSA of 2048 to 4096 bits, P-256 or
// Ed25519.
func (k *Keyring) Import(ctx context.Context, algorithm string, pemPrivateKey []byte) error {
	return k.take(ctx, algorithm, pemPrivateKey, PublishAhead)
}

// ImportNow adds one, as [Keyring.Import] does, that signs at once: for a key whose
// public half verifiers have already. Others refuse its tokens until they ask for
// the key set again, as after [Keyring.RotateNow].
func (k *Keyring) ImportNow(ctx context.Context, algorithm string, pemPrivateKey []byte) error {
	return k.take(ctx, algorithm, pemPrivateKey, 0)
}

func (k *Keyring) take(ctx context.Context, algorithm string, pemPrivateKey []byte, ahead time.Duration) error {
	if err := checkAlgorithm(algorithm); err != nil {
		return err
	}
	private, err := parsePEM(algorithm, pemPrivateKey)
	if err != nil {
		return fmt.Errorf("token: the private key cannot be imported: %w", err)
	}
	k.making.Lock()
	defer k.making.Unlock()
	if err := k.reload(ctx); err != nil {
		return err
	}
	for range addTries {
		if id := k.ring.Load().idOf(private.Public()); id != "" {
			return fmt.Errorf("token: the private key is here already, as key %s", id)
		}
		err = k.add(ctx, kind{useSign, algorithm}, private, ahead)
		if !errors.Is(err, store.ErrExists) {
			break
		}
	}
	if err != nil {
		return err
	}
	return k.settle(ctx)
}

// idOf returns the id of the key with this public half, or "".
func (r *ring) idOf(public crypto.PublicKey) string {
	for id, k := range r.byID {
		if k.pair == nil {
			continue
		}
		same, ok := k.pair.private.Public().(interface{ Equal(crypto.PublicKey) bool })
		if ok && same.Equal(public) {
			return id
		}
	}
	return ""
}

// parsePEM reads one unencrypted private key: PKCS #8, PKCS #1 or SEC 1.
func parsePEM(algorithm string, text []byte) (crypto.Signer, error) {
	block, rest := pem.Decode(text)
	switch {
	case block == nil:
		return nil, errors.New("there is no PEM block in it")
	case strings.TrimSpace(string(rest)) != "":
		return nil, errors.New("there is something after the first PEM block; give the private key alone")
	case strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "":
		return nil, errors.New("it is encrypted; decrypt it first, for example with openssl pkey")
	}
	var parsed any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case "EC PRIVATE KEY":
		parsed, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("its PEM block is a %q, not a private key", block.Type)
	}
	if err != nil {
		return nil, err
	}
	return fitting(algorithm, parsed)
}
