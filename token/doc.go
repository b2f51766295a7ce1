// Package token makes and checks everything that a server key stands behind:
// access tokens (RFC 9068 or opaque), refresh tokens, identity tokens for
// upstream servers, and values that wait, sealed or authenticated, with the
// browser instead of in a table.
//
// A [Keyring] holds two kinds of keys. Signing keys are asymmetric and
// published; each has one algorithm, each is published before it signs and for
// as long as anything it signed may live. Secret keys are 32 random bytes, from
// which a key per purpose is derived. Both are kept in a [store.Keys], sealed
// under an encryption key that never goes there: nothing can be made from the
// database alone, nor from the encryption key alone.
//
// Every method is safe for concurrent use. Not supported: JWE, symmetric
// signatures, detached and JSON serializations, and keys from elsewhere than
// the store.
package token
