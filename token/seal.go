package token

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrUnseal is the one answer of [Keyring.Unseal] to everything that is not
// right: it tells nobody what was wrong.
var ErrUnseal = errors.New("token: the sealed value does not open")

const (
	sealVersion = 1
	tagSize     = 1 + idBytes // the version, and the id of the secret key
	macSize     = tagSize + sha256.Size
)

// A tag begins everything that a secret key made, and says which one did.
type tag [tagSize]byte

// A root is a secret key, ready for use: a key for each purpose follows from it.
type root struct {
	tag     tag
	secret  []byte
	sealers sync.Map // purpose → tink.AEAD
	macs    sync.Map // purpose → []byte
	kept    atomic.Int64
}

// keptPurposes is how many derived keys are kept. Purposes are a few constants;
// a caller that puts an id into one pays for the derivation, not with memory.
const keptPurposes = 256

func newRoot(id string, secret []byte) (*root, error) {
	b, err := decodeText(id)
	if err != nil || len(b) != idBytes || len(secret) != 32 {
		return nil, errors.New("it is not a secret key")
	}
	r := &root{secret: secret}
	r.tag[0] = sealVersion
	copy(r.tag[1:], b)
	return r, nil
}

// derive makes the key for one use and purpose. RFC 5869; the secret is uniform,
// so there is no salt.
func derive(secret []byte, use, purpose string) []byte {
	info := string(joined([]byte("sallyport 1"), []byte(use), []byte(purpose)))
	key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	if err != nil {
		panic(err) // cannot be: 32 bytes are not too many
	}
	return key
}

// newAEAD is XAES-256-GCM: its nonces are long enough to be random for ever.
func newAEAD(key []byte) (tink.AEAD, error) {
	parameters, err := xaesgcm.NewParameters(xaesgcm.VariantNoPrefix, 12)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	made, err := xaesgcm.NewKey(secretdata.NewBytesFromData(key, insecuresecretdataaccess.Token{}), 0, parameters)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	set := keyset.NewManager()
	id, err := set.AddKey(made)
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if err := set.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	handle, err := set.Handle()
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return aead.New(handle)
}

func (r *root) sealer(purpose string) tink.AEAD {
	if kept, ok := r.sealers.Load(purpose); ok {
		return kept.(tink.AEAD)
	}
	made, err := newAEAD(derive(r.secret, "seal", purpose))
	if err != nil {
		panic(err) // cannot be: the key is 32 bytes long
	}
	if r.kept.Add(1) <= keptPurposes {
		r.sealers.Store(purpose, made)
	}
	return made
}

func (r *root) mac(purpose string, parts [][]byte) []byte {
	var key []byte
	if kept, ok := r.macs.Load(purpose); ok {
		key = kept.([]byte)
	} else {
		key = derive(r.secret, "mac", purpose)
		if r.kept.Add(1) <= keptPurposes {
			r.macs.Store(purpose, key)
		}
	}
	h := hmac.New(sha256.New, key)
	h.Write(joined(parts...))
	out := make([]byte, 0, macSize)
	return h.Sum(append(out, r.tag[:]...))
}

// joined puts the length before each part, so that no two lists of parts are
// the same octets.
func joined(parts ...[]byte) []byte {
	size := 0
	for _, p := range parts {
		size += 8 + len(p)
	}
	b := make([]byte, 0, size)
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

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
// [Keyring.Unseal] opens for the same purpose only. Sealing the same twice gives
// two texts. The purpose is a constant of the program that says what the value
// is for: two things that must not be exchanged have two purposes.
func (k *Keyring) Seal(purpose string, plaintext []byte) string {
	r := k.currentRoot()
	sealed, err := r.sealer(purpose).Encrypt(plaintext, sealData(r.tag[:], purpose))
	if err != nil {
		panic(err) // cannot be: it fails only for what does not fit into memory
	}
	return base64.RawURLEncoding.EncodeToString(slices.Concat(r.tag[:], sealed))
}

// Unseal opens what [Keyring.Seal] made for the same purpose, whatever secret
// key was current then. Every other text is [ErrUnseal].
func (k *Keyring) Unseal(purpose, sealed string) ([]byte, error) {
	b, err := decodeText(sealed)
	if err != nil {
		return nil, ErrUnseal
	}
	r := k.rootOf(b)
	if r == nil {
		return nil, ErrUnseal
	}
	plaintext, err := r.sealer(purpose).Decrypt(b[tagSize:], sealData(b[:tagSize], purpose))
	if err != nil {
		return nil, ErrUnseal
	}
	return plaintext, nil
}

func sealData(tag []byte, purpose string) []byte { return joined(tag, []byte(purpose)) }

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
