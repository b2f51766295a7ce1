package token

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"slices"
)

// ErrUnseal is the one answer of [Keyring.Unseal] to everything that is not
// right: it tells nobody what was wrong.
var ErrUnseal = errors.New("token: the sealed value does not open")

func (k *Keyring) currentRoot() *root {
	return k.ring.Load().current(kind{useSecret, ""}, k.now()).root
}

// rootOf returns the secret key that b begins with, or nil.
func (k *Keyring) rootOf(b []byte) *root {
	if len(b) < tagSize || b[0] != sealVersion {
		return nil
	}
	key := k.find(base64.RawURLEncoding.EncodeToString(b[1:tagSize]), useSecret)
	if key == nil {
		return nil
	}
	return key.root
}

// Seal encrypts and authenticates plaintext, as base64url text that
// [Keyring.Unseal] opens for the same purpose only, and with the same bound, in
// this order and with these bounds. Sealing the same twice gives two texts. The
// purpose is a constant of the program that says what the value is for: two things
// that must not be exchanged have two purposes. What bound says is whose it is.
func (k *Keyring) Seal(purpose string, plaintext []byte, bound ...[]byte) string {
	r := k.currentRoot()
	sealed, err := r.sealer(purpose).Encrypt(plaintext, sealData(r.tag[:], purpose, bound))
	if err != nil {
		panic(err) // cannot be: it fails only for what does not fit into memory
	}
	return base64.RawURLEncoding.EncodeToString(slices.Concat(r.tag[:], sealed))
}

// Unseal opens what [Keyring.Seal] made for the same purpose and with the same
// bound, whatever secret key was current then. Every other text is [ErrUnseal].
func (k *Keyring) Unseal(purpose, sealed string, bound ...[]byte) ([]byte, error) {
	b, err := decodeText(sealed)
	if err != nil {
		return nil, ErrUnseal
	}
	r := k.rootOf(b)
	if r == nil {
		return nil, ErrUnseal
	}
	plaintext, err := r.sealer(purpose).Decrypt(b[tagSize:], sealData(b[:tagSize], purpose, bound))
	if err != nil {
		return nil, ErrUnseal
	}
	return plaintext, nil
}

func sealData(tag []byte, purpose string, bound [][]byte) []byte {
	return joined(append([][]byte{tag, []byte(purpose)}, bound...)...)
}

// MAC authenticates parts, in this order and with these bounds, for a purpose
// that is a constant of the program. It is 39 octets: which secret key, and an
// HMAC-SHA-256 (RFC 2104). The same parts give the same MAC until the secret key
// is rotated.
func (k *Keyring) MAC(purpose string, parts ...[]byte) []byte {
	return k.currentRoot().mac(purpose, parts)
}

// CheckMAC reports whether mac is one that [Keyring.MAC] made for the same
// purpose and parts, whatever secret key was current then. It compares the whole
// of it, in constant time.
func (k *Keyring) CheckMAC(purpose string, mac []byte, parts ...[]byte) bool {
	if len(mac) != macSize {
		return false
	}
	r := k.rootOf(mac)
	return r != nil && subtle.ConstantTimeCompare(r.mac(purpose, parts), mac) == 1
}
