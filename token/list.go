package token

import (
	"slices"
	"time"
)

// The states of a key.
const (
	KeyNext      = "next"      // published, signs from SignsFrom on
	KeyCurrent   = "current"   // signs
	KeyVerifying = "verifying" // has signed; published until Expires
)

// KeyInfo is what people may know of a key.
type KeyInfo struct {
	ID        string    `json:"kid"`
	Use       string    `json:"use"` // "sig" or "secret"
	Algorithm string    `json:"alg,omitempty"`
	State     string    `json:"state"`
	Created   time.Time `json:"created"`
	SignsFrom time.Time `json:"signs_from"`
	SignsTo   time.Time `json:"signs_to,omitzero"` // zero: until a successor does
	Expires   time.Time `json:"expires,omitzero"`  // zero: not yet known
}

// List is every key that is known: secret keys first, then by algorithm, and
// from the oldest to the newest.
func (k *Keyring) List() []KeyInfo {
	r, now := k.ring.Load(), k.now()
	kinds := []kind{{useSecret, ""}}
	for _, algorithm := range Algorithms {
		kinds = append(kinds, kind{useSign, algorithm})
	}
	var list []KeyInfo
	for _, of := range kinds {
		current := r.current(of, now)
		at := slices.Index(r.byKind[of], current)
		for i, key := range r.byKind[of] {
			info := KeyInfo{
				ID: key.ID, Use: key.Use, Algorithm: key.Algorithm, State: KeyCurrent,
				Created: key.Created, SignsFrom: key.SignsFrom, SignsTo: key.SignsTo, Expires: key.Expires,
			}
			switch {
			case i > at:
				info.State = KeyNext
			case i < at:
				info.State = KeyVerifying
			}
			list = append(list, info)
		}
	}
	return list
}

// JWKS is the published key set, RFC 7517 §5: rendered once, when keys change.
// The caller must not change it, and lets it be cached for [KeySetMaxAge] at most.
func (k *Keyring) JWKS() []byte { return k.ring.Load().jwks }
