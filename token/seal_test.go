package token

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatIsSealedOpensForItsPurposeOnly(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	for _, plaintext := range []string{"", "x", "a whole request", string(make([]byte, 100_000))} {
		sealed := k.Seal("code", []byte(plaintext))
		got, err := k.Unseal("code", sealed)
		if err != nil || string(got) != plaintext {
			t.Fatalf("%d octets came back as %d, %v", len(plaintext), len(got), err)
		}
		if sealed == k.Seal("code", []byte(plaintext)) {
			t.Error("sealing twice gives the same text")
		}
		for _, purpose := range []string{"", "cod", "code ", "Code", "interaction", "seal", "code\x00"} {
			if _, err := k.Unseal(purpose, sealed); !errors.Is(err, ErrUnseal) {
				t.Errorf("it opens for %q: %v", purpose, err)
			}
		}
	}
}

func TestEveryFlippedBitOfASealedValueIsRefused(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	sealed := k.Seal("code", []byte("x"))
	octets, err := base64.RawURLEncoding.DecodeString(sealed)
	must(t, err)
	for i := range octets {
		for bit := range 8 {
			b := bytes.Clone(octets)
			b[i] ^= 1 << bit
			if _, err := k.Unseal("code", base64.RawURLEncoding.EncodeToString(b)); err != ErrUnseal { //nolint:errorlint // exactly this one
				t.Fatalf("bit %d of octet %d: %v", bit, i, err)
			}
		}
	}
}

func TestEveryWayToBeWrongIsOneError(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	sealed := k.Seal("code", []byte("x"))
	for _, tt := range []struct{ name, sealed string }{
		{"nothing", ""},
		{"a character", "A"},
		{"only the tag", sealed[:10]},
		{"truncated", sealed[:len(sealed)-4]},
		{"extended", sealed + "AAAA"},
		{"padded", sealed + "="},
		{"with a newline", sealed + "\n"},
		{"with a newline inside", sealed[:12] + "\r" + sealed[12:]},
		{"no base64url", "+" + sealed[1:]},
		{"a MAC", base64.RawURLEncoding.EncodeToString(k.MAC("code", []byte("x")))},
		{"a key that nobody has", "AQAAAAAA" + sealed[8:]},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := k.Unseal("code", tt.sealed)
			if err != ErrUnseal || got != nil { //nolint:errorlint // exactly this one
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
}

func TestAMACIsOfItsPurposeAndItsParts(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	parts := func(s ...string) [][]byte {
		var out [][]byte
		for _, p := range s {
			out = append(out, []byte(p))
		}
		return out
	}
	mac := k.MAC("form", parts("ab", "c")...)
	if !k.CheckMAC("form", mac, parts("ab", "c")...) {
		t.Fatal("it is not good for what it was made of")
	}
	for _, tt := range []struct {
		name    string
		purpose string
		mac     []byte
		parts   [][]byte
	}{
		{"another purpose", "forn", mac, parts("ab", "c")},
		{"a bound moved", "form", mac, parts("a", "bc")},
		{"parts joined", "form", mac, parts("abc")},
		{"an empty part more", "form", mac, parts("ab", "c", "")},
		{"an empty part before", "form", mac, parts("", "ab", "c")},
		{"the order exchanged", "form", mac, parts("c", "ab")},
		{"no parts", "form", mac, nil},
		{"no MAC", "form", nil, parts("ab", "c")},
		{"a truncated MAC", "form", mac[:len(mac)-1], parts("ab", "c")},
		{"the tag alone", "form", mac[:tagSize], parts("ab", "c")},
		{"an extended MAC", "form", append(bytes.Clone(mac), 0), parts("ab", "c")},
		{"the HMAC without its tag", "form", mac[tagSize:], parts("ab", "c")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if k.CheckMAC(tt.purpose, tt.mac, tt.parts...) {
				t.Fatal("it was taken")
			}
		})
	}
	for i := range mac {
		for bit := range 8 {
			b := bytes.Clone(mac)
			b[i] ^= 1 << bit
			if k.CheckMAC("form", b, parts("ab", "c")...) {
				t.Fatalf("bit %d of octet %d may be flipped", bit, i)
			}
		}
	}
}

func TestPartsNeverMeet(t *testing.T) {
	list := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 3), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := list.Draw(t, "a"), list.Draw(t, "b")
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = bytes.Equal(a[i], b[i])
		}
		if bytes.Equal(joined(a...), joined(b...)) != same {
			t.Fatalf("%v and %v", a, b)
		}
	})
}

// Both halves are needed: what is in the database, and the encryption key.
func TestNeitherTheDatabaseNorTheEncryptionKeyIsEnough(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	k := open(t, s, c, ES256)
	sealed, mac, refresh := k.Seal("code", []byte("x")), k.MAC("form", []byte("x")), k.RefreshToken(someGrant(), 1)
	access, err := k.MintAccess(FormatOpaque, "", accessAt(c.now()))
	must(t, err)

	t.Run("the same encryption key over another store makes and opens nothing", func(t *testing.T) {
		other := open(t, newStore(t, c.now), c, ES256)
		if _, err := other.Unseal("code", sealed); err == nil {
			t.Error("it opens what was sealed")
		}
		if _, err := k.Unseal("code", other.Seal("code", []byte("x"))); err == nil {
			t.Error("it seals")
		}
		if other.CheckMAC("form", mac, []byte("x")) || k.CheckMAC("form", other.MAC("form", []byte("x")), []byte("x")) {
			t.Error("it authenticates")
		}
		if other.CheckRefreshToken(refresh, someGrant()) || k.CheckRefreshToken(other.RefreshToken(someGrant(), 1), someGrant()) {
			t.Error("it makes refresh tokens")
		}
		if _, err := other.VerifyAccess(access, issuer, resource, c.now()); err == nil {
			t.Error("it reads opaque access tokens")
		}
	})
	t.Run("the same rows under another encryption key do not open", func(t *testing.T) {
		_, err := Open(t.Context(), Options{Store: s, EncryptionKey: make([]byte, 32), Lifetime: testLifetime, Now: c.now})
		if err == nil {
			t.Error("they do")
		}
	})
	t.Run("rows written without the encryption key do not open", func(t *testing.T) {
		forged := newStore(t, c.now)
		rows, err := s.Keys(t.Context())
		must(t, err)
		for _, row := range rows {
			wrap, err := newAEAD(make([]byte, 32))
			must(t, err)
			row.Sealed, err = wrap.Encrypt(make([]byte, 32), rowData(row))
			must(t, err)
			must(t, forged.AddKey(t.Context(), row))
		}
		if _, err := Open(t.Context(), Options{Store: forged, EncryptionKey: testKey, Lifetime: testLifetime, Now: c.now}); err == nil {
			t.Error("they do")
		}
	})
}

func TestSealedValuesOutliveTheRotationOfTheSecretKey(t *testing.T) {
	c := newClock()
	s := newStore(t, c.now)
	k, replica := open(t, s, c), open(t, s, c)
	sealed, mac := k.Seal("code", []byte("x")), k.MAC("form", []byte("x"))
	for range 3 {
		must(t, k.RotateSecret(t.Context()))
		c.pass(PublishAhead)
		if bytes.Equal(k.MAC("form", []byte("x")), mac) {
			t.Fatal("the new secret key is not used")
		}
		// The replica has not read its keys again: it does when it meets the new one.
		if _, err := replica.Unseal("code", k.Seal("code", []byte("x"))); err != nil {
			t.Fatalf("another replica does not open what the new key sealed: %v", err)
		}
		if _, err := k.Unseal("code", sealed); err != nil || !k.CheckMAC("form", mac, []byte("x")) {
			t.Fatal("what an older key made is no longer good")
		}
	}
}

func TestPurposesBeyondTheCacheStillWork(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range keptPurposes {
				purpose := fmt.Sprint("purpose ", worker, i)
				if _, err := k.Unseal(purpose, k.Seal(purpose, nil)); err != nil {
					t.Errorf("%s: %v", purpose, err)
				}
			}
		})
	}
	wg.Wait()
	kept := 0
	k.currentRoot().sealers.Range(func(any, any) bool { kept++; return true })
	if kept > keptPurposes {
		t.Errorf("%d derived keys are kept", kept)
	}
}

func TestWhatIsBoundToSomeoneOpensForNobodyElse(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	sealed := k.Seal("connection", []byte("x"), []byte("ada"), []byte("github"))
	if got, err := k.Unseal("connection", sealed, []byte("ada"), []byte("github")); err != nil || string(got) != "x" {
		t.Fatalf("%q, %v", got, err)
	}
	for name, bound := range map[string][][]byte{
		"another person":                 {[]byte("bob"), []byte("github")},
		"nobody":                         nil,
		"the other order":                {[]byte("github"), []byte("ada")},
		"the same octets, cut elsewhere": {[]byte("adag"), []byte("ithub")},
		"less":                           {[]byte("ada")},
		"more":                           {[]byte("ada"), []byte("github"), nil},
	} {
		if _, err := k.Unseal("connection", sealed, bound...); err != ErrUnseal { //nolint:errorlint // exactly this one
			t.Errorf("%s: %v", name, err)
		}
	}
}
