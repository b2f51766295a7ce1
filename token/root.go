package token

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

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
