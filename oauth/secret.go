package oauth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// A Secret is a bearer value: a code, a token or a client secret. Printed,
// logged or marshalled it is a placeholder, so that a careless line gives
// nothing away; what has to go out is converted, string(s), where it does.
//
// No method is asked by package fmt for an unexported field, nor for %p and %w,
// which go vet refuses here, and by package json for the key of a map. So a
// struct that keeps a Secret in an unexported field must not be printed, and no
// map is keyed by one.
type Secret string

const placeholder = "[secret]"

// Prefixes name what a secret is, for people and for secret scanners.
const (
	CodePrefix    = "sp_c_"
	RefreshPrefix = "sp_rt_"
	AccessPrefix  = "sp_at_"
	ClientSecret  = "sp_cs_"
	SessionPrefix = "sp_s_"
)

// String is a placeholder.
func (Secret) String() string { return placeholder }

// Format writes a placeholder for every verb: for those that do not fit a
// string, %d for one, fmt would otherwise print what it was given.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, placeholder) }

// LogValue is a placeholder.
func (Secret) LogValue() slog.Value { return slog.StringValue(placeholder) }

// MarshalText is a placeholder, for structs that are logged as JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

// Digest is what may be stored of a secret.
func (s Secret) Digest() Digest { return sha256.Sum256([]byte(s)) }

// NewSecret returns prefix followed by 256 random bits in base64url.
//
// draft-ietf-oauth-v2-1 §7.4.1: the probability of an attacker guessing a
// generated token MUST be at most 2^-128 and SHOULD be at most 2^-160.
func NewSecret(prefix string) Secret {
	return Secret(prefix + randomText(32))
}

// NewID returns prefix followed by 128 random bits in base64url. An id is not
// a secret: knowing it permits nothing.
func NewID(prefix string) string { return prefix + randomText(16) }

func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

// A Digest is the SHA-256 of a secret, or 32 random bytes that take part in
// one. It is what a store takes, so that handing it a raw secret is a type
// error.
type Digest [sha256.Size]byte

// NewDigest returns 32 random bytes.
func NewDigest() Digest {
	var d Digest
	rand.Read(d[:])
	return d
}

// IsZero reports whether d was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// Equal compares the whole of both digests in constant time.
func (d Digest) Equal(other Digest) bool {
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

// String is d in lower-case hexadecimal, the form in which it is stored.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// ParseDigest reads what String wrote. The empty string is the zero digest.
func ParseDigest(s string) (Digest, error) {
	var d Digest
	if s == "" {
		return d, nil
	}
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(d) || hex.EncodeToString(b) != s {
		return d, errors.New("oauth: a digest is 64 lower-case hexadecimal digits")
	}
	copy(d[:], b)
	return d, nil
}
