package token

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/sallyport-dev/sallyport/store"
)

// The two uses of a key. [store.Key].
const (
	useSign   = "sig"
	useSecret = "secret"
)

// A ring is what one reading of the store gave. It never changes.
type ring struct {
	rows   []store.Key
	byID   map[string]*key
	byKind map[kind][]*key // in the order of their slots
	jwks   []byte
}

// A kind is what keys succeed each other in.
type kind struct{ use, algorithm string }

// A key is a row and its opened private half.
type key struct {
	store.Key
	pair *pair // of a signing key
	root *root // of a secret key
}

// openRing opens every row. What old has opened before is not opened again, so
// that caches live on.
func (k *Keyring) openRing(rows []store.Key, old *ring) (*ring, error) {
	r := &ring{rows: rows, byID: map[string]*key{}, byKind: map[kind][]*key{}}
	for _, row := range rows {
		if row.Use == store.WrappedKey {
			continue // what opens the others
		}
		opened, err := k.openRow(row, old)
		if err != nil {
			return nil, err
		}
		r.byID[row.ID] = opened
		of := kind{row.Use, row.Algorithm}
		r.byKind[of] = append(r.byKind[of], opened)
	}
	for _, keys := range r.byKind {
		slices.SortFunc(keys, func(a, b *key) int { return cmp.Compare(a.Slot, b.Slot) })
	}
	var err error
	r.jwks, err = renderJWKS(r)
	return r, err
}

func (k *Keyring) openRow(row store.Key, old *ring) (*key, error) {
	if old != nil {
		if was := old.byID[row.ID]; was != nil && sameMaterial(was.Key, row) {
			return &key{row, was.pair, was.root}, nil
		}
	}
	private, err := k.wrap.Decrypt(row.Sealed, rowData(row))
	if err != nil {
		return nil, errors.New("token: the encryption key does not open the keys in this database: " +
			"start with the encryption_key (or the data directory that holds it) with which this database was set up, " +
			"or restore the database that belongs to this encryption key")
	}
	opened := &key{Key: row}
	switch row.Use {
	case useSign:
		opened.pair, err = parsePair(row, private)
	case useSecret:
		opened.root, err = newRoot(row.ID, private)
	default:
		err = errors.New("its use is unknown")
	}
	if err != nil {
		return nil, fmt.Errorf("token: key %s: %w", row.ID, err)
	}
	return opened, nil
}

// rowData is what a sealed row is bound to, so that no key can be put in the
// place of another.
func rowData(row store.Key) []byte {
	return joined([]byte(row.ID), []byte(row.Use), []byte(row.Algorithm))
}

func sameMaterial(a, b store.Key) bool {
	return a.ID == b.ID && a.Use == b.Use && a.Algorithm == b.Algorithm && bytes.Equal(a.Sealed, b.Sealed)
}

// holds reports whether rows say what r was made of.
func (r *ring) holds(rows []store.Key) bool {
	return slices.EqualFunc(r.rows, rows, func(a, b store.Key) bool {
		return sameMaterial(a, b) && a.Slot == b.Slot && a.SignsFrom.Equal(b.SignsFrom) &&
			a.SignsTo.Equal(b.SignsTo) && a.Expires.Equal(b.Expires)
	})
}

// current is the key that makes what is made now: the latest that has begun.
// That is all: a replica that stopped between adding a key and retiring its
// predecessor leaves nothing in between. A first key that has not begun by this
// replica's clock was made by one whose clock is ahead; it is used.
func (r *ring) current(of kind, now time.Time) *key {
	keys := r.byKind[of]
	for _, k := range slices.Backward(keys) {
		if !k.SignsFrom.After(now) {
			return k
		}
	}
	if len(keys) == 0 {
		return nil
	}
	return keys[0]
}

// stops is when the i-th key of a kind makes way for one after it; zero when
// there is none.
func stops(keys []*key, i int) time.Time {
	var at time.Time
	for _, later := range keys[i+1:] {
		if at.IsZero() || later.SignsFrom.Before(at) {
			at = later.SignsFrom
		}
	}
	return at
}

// renderJWKS is the key set: every public key, those that will sign and those
// that have signed too. RFC 7517 §5.
func renderJWKS(r *ring) ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{}}
	for _, algorithm := range Algorithms {
		for _, k := range r.byKind[kind{useSign, algorithm}] {
			// The public half follows from the private one: the one in the row
			// could have been exchanged by whoever can write to the database.
			set.Keys = append(set.Keys, k.pair.jwk(k.ID))
		}
	}
	return json.Marshal(set)
}
