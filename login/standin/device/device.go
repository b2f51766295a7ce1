// Package device stands in for the devices of people, in tests.
package device

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// A Device stands in for a phone or a security key, with the browser in front of
// it: it makes passkeys and signs in with the newest, as Web Authentication Level 3
// has it, except where it is told otherwise.
type Device struct {
	Algorithm string // ES256 if empty; or EdDSA, RS256, ES384
	// Counter is the signature counter that the next use has. It goes up by one
	// where it is not 0.
	Counter uint32
	Synced  bool
	// Lies are what it does otherwise, from now on.
	Lies Lies

	keys []deviceKey
}

// Lies are what a device, or a browser, does not do as it should.
type Lies struct {
	Origin, RPID, Challenge, Type, Handle string // instead of what is true
	Unverified, Absent, CrossOrigin       bool
	Broken                                bool // the signature is that of something else
}

type deviceKey struct {
	id     []byte
	handle []byte
	signer crypto.Signer
}

// Copy is a second device with the same passkeys.
func (d *Device) Copy() *Device {
	c := *d
	return &c
}

// Create makes a passkey at origin, by PublicKeyCredentialCreationOptionsJSON, and
// returns the RegistrationResponseJSON.
func (d *Device) Create(origin, options string) (string, error) {
	var o struct {
		Challenge string
		RP        struct{ ID string }
		User      struct{ ID string }
		Params    []struct{ Alg int64 } `json:"pubKeyCredParams"`
		Exclude   []struct{ ID string } `json:"excludeCredentials"`
	}
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return "", err
	}
	for _, k := range d.keys {
		for _, e := range o.Exclude {
			if e.ID == text(k.id) {
				return "", errors.New("device: the device has a passkey that is excluded")
			}
		}
	}
	handle, err := base64.RawURLEncoding.DecodeString(o.User.ID)
	if err != nil {
		return "", err
	}
	signer, cose, err := newDeviceKey(d.Algorithm)
	if err != nil {
		return "", err
	}
	key := deviceKey{id: make([]byte, 32), handle: handle, signer: signer}
	rand.Read(key.id)
	d.keys = append(d.keys, key)
	attested := append(make([]byte, 16), 0, byte(len(key.id))) // the AAGUID, and the length
	attested = append(append(attested, key.id...), cose...)
	data := append(d.authenticatorData(o.RP.ID, 0x40), attested...)
	object := append([]byte{0xa3}, cborText("fmt")...)
	object = append(append(object, cborText("none")...), cborText("attStmt")...)
	object = append(append(object, 0xa0), cborText("authData")...)
	object = append(object, cborBytes(data)...)
	return answer(key.id, map[string]any{
		"clientDataJSON": text(d.clientData("webauthn.create", o.Challenge, origin)), "attestationObject": text(object),
		"transports": []string{"internal", "hybrid"},
	})
}

// Get answers PublicKeyCredentialRequestOptionsJSON at origin with the newest
// passkey, and returns the AuthenticationResponseJSON.
func (d *Device) Get(origin, options string) (string, error) {
	var o struct{ Challenge, RPID string }
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return "", err
	}
	if len(d.keys) == 0 {
		return "", errors.New("device: the device has no passkey")
	}
	key := d.keys[len(d.keys)-1]
	data := d.authenticatorData(o.RPID, 0)
	client := d.clientData("webauthn.get", o.Challenge, origin)
	hash := sha256.Sum256(client)
	signed := append(append([]byte{}, data...), hash[:]...)
	if d.Lies.Broken {
		signed[0] ^= 1
	}
	signature, err := signWith(key.signer, signed)
	if err != nil {
		return "", err
	}
	handle := key.handle
	if d.Lies.Handle != "" {
		handle = []byte(d.Lies.Handle)
	}
	return answer(key.id, map[string]any{
		"clientDataJSON": text(client), "authenticatorData": text(data), "signature": text(signature), "userHandle": text(handle),
	})
}

func answer(id []byte, response map[string]any) (string, error) {
	b, err := json.Marshal(map[string]any{"id": text(id), "rawId": text(id), "type": "public-key", "response": response})
	return string(b), err
}

func (d *Device) clientData(kind, challenge, origin string) []byte {
	if d.Lies.Type != "" {
		kind = d.Lies.Type
	}
	if d.Lies.Challenge != "" {
		challenge = d.Lies.Challenge
	}
	if d.Lies.Origin != "" {
		origin = d.Lies.Origin
	}
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": d.Lies.CrossOrigin})
	if err != nil {
		panic(err) // cannot be: texts and a bool
	}
	return b
}

// authenticatorData is that of Web Authentication Level 3 §6.1, but for what
// follows the counter.
func (d *Device) authenticatorData(rpID string, flags byte) []byte {
	if d.Lies.RPID != "" {
		rpID = d.Lies.RPID
	}
	const present, verified, eligible, backedUp = 0x01, 0x04, 0x08, 0x10
	if !d.Lies.Absent {
		flags |= present
	}
	if !d.Lies.Unverified {
		flags |= verified
	}
	if d.Synced {
		flags |= eligible | backedUp
	}
	hash := sha256.Sum256([]byte(rpID))
	data := binary.BigEndian.AppendUint32(append(hash[:], flags), d.Counter)
	if d.Counter > 0 {
		d.Counter++
	}
	return data
}

// newDeviceKey makes a key and its COSE_Key, RFC 9052 §7.
func newDeviceKey(algorithm string) (crypto.Signer, []byte, error) {
	switch algorithm {
	case "", "ES256":
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		point, err := k.PublicKey.Bytes()
		if err != nil {
			return nil, nil, err
		}
		cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, cborBytes(point[1:33])...)
		return k, append(append(cose, 0x22), cborBytes(point[33:])...), nil
	case "ES384":
		k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			return nil, nil, err
		}
		point, err := k.PublicKey.Bytes()
		if err != nil {
			return nil, nil, err
		}
		cose := append([]byte{0xa5, 0x01, 0x02, 0x03, 0x38, 0x22, 0x20, 0x02, 0x21}, cborBytes(point[1:49])...)
		return k, append(append(cose, 0x22), cborBytes(point[49:])...), nil
	case "EdDSA":
		public, k, err := ed25519.GenerateKey(rand.Reader)
		return k, append([]byte{0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21}, cborBytes(public)...), err
	case "RS256":
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, nil, err
		}
		cose := append([]byte{0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20}, cborBytes(k.N.Bytes())...)
		return k, append(cose, 0x21, 0x43, 0x01, 0x00, 0x01), nil
	}
	return nil, nil, fmt.Errorf("device: no device has %s", algorithm)
}

func signWith(k crypto.Signer, signed []byte) ([]byte, error) {
	if _, ok := k.(ed25519.PrivateKey); ok {
		return k.Sign(rand.Reader, signed, crypto.Hash(0))
	}
	sum := sha256.Sum256(signed)
	return k.Sign(rand.Reader, sum[:], crypto.SHA256)
}

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// cborText and cborBytes are RFC 8949 §3.1, of what is shorter than 65536 octets.
func cborText(s string) []byte  { return append(cborHead(0x60, len(s)), s...) }
func cborBytes(b []byte) []byte { return append(cborHead(0x40, len(b)), b...) }

func cborHead(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major | byte(n)}
	case n < 256:
		return []byte{major | 24, byte(n)}
	}
	return binary.BigEndian.AppendUint16([]byte{major | 25}, uint16(n))
}
