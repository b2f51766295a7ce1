package token

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
	"pgregory.net/rapid"
)

// someGrant is the same grant every time.
func someGrant() oauth.Grant {
	return oauth.Grant{ID: "g_4fzyo82mvyr4d3HLIXcAAA", Salt: oauth.Secret("salt").Digest()}
}

func TestARefreshTokenNamesItsGrantAndGeneration(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	for _, n := range []int64{1, 2, 3, 1 << 40, math.MaxInt64} {
		g := someGrant()
		s := k.RefreshToken(g, n)
		id, got, ok := ParseRefreshToken(s)
		if !ok || id != g.ID || got != n {
			t.Errorf("generation %d: parsed as %q, %d, %v", n, id, got, ok)
		}
		if !k.CheckRefreshToken(s, g) {
			t.Errorf("generation %d is refused", n)
		}
		if s != k.RefreshToken(g, n) {
			t.Errorf("generation %d is not the same the second time", n)
		}
		if !strings.HasPrefix(string(s), "sp_rt_") || len(s) > 120 {
			t.Errorf("generation %d is %d characters", n, len(s))
		}
	}
}

func TestEveryFlippedBitOfARefreshTokenIsRefused(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	g := someGrant()
	whole := k.RefreshToken(g, 7)
	for i := range len(whole) {
		for bit := range 8 {
			b := []byte(whole)
			b[i] ^= 1 << bit
			if k.CheckRefreshToken(oauth.Secret(b), g) {
				t.Fatalf("bit %d of octet %d may be flipped", bit, i)
			}
		}
	}
	octets, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(string(whole), oauth.RefreshPrefix))
	must(t, err)
	for i := range len(octets) {
		for bit := range 8 {
			b := bytes.Clone(octets)
			b[i] ^= 1 << bit
			s := oauth.Secret(oauth.RefreshPrefix + base64.RawURLEncoding.EncodeToString(b))
			if k.CheckRefreshToken(s, g) {
				t.Fatalf("decoded, bit %d of octet %d may be flipped", bit, i)
			}
			// Nor does it become good for the grant that it now names.
			if id, _, ok := ParseRefreshToken(s); ok && k.CheckRefreshToken(s, oauth.Grant{ID: id, Salt: g.Salt}) {
				t.Fatalf("decoded, bit %d of octet %d makes the token of grant %s", bit, i, id)
			}
		}
	}
}

func TestNoRefreshTokenIsThatOfAnother(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	a := someGrant()
	b := oauth.Grant{ID: "g_BBBBBBBBBBBBBBBBBBBBBB", Salt: oauth.Secret("other").Digest()}
	s := k.RefreshToken(a, 1)
	octets, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(string(s), oauth.RefreshPrefix))
	must(t, err)
	encode := func(b []byte) oauth.Secret {
		return oauth.Secret(oauth.RefreshPrefix + base64.RawURLEncoding.EncodeToString(b))
	}
	edit := func(change func([]byte) []byte) oauth.Secret { return encode(change(bytes.Clone(octets))) }
	for _, tt := range []struct {
		name string
		s    oauth.Secret
		g    oauth.Grant
	}{
		{"of grant A for grant B", s, b},
		{"of grant A with B's id in it", edit(func(o []byte) []byte { return append(o[:macSize+8], b.ID...) }), b},
		{"of grant A with B's id in it, both with one salt", edit(func(o []byte) []byte { return append(o[:macSize+8], b.ID...) }), oauth.Grant{ID: b.ID, Salt: a.Salt}},
		{"for the same id with another salt", s, oauth.Grant{ID: a.ID, Salt: b.Salt}},
		{"for a grant whose salt was lost", k.RefreshToken(oauth.Grant{ID: a.ID}, 1), oauth.Grant{ID: a.ID}},
		{"of another generation", edit(func(o []byte) []byte { binary.BigEndian.PutUint64(o[macSize:], 2); return o }), a},
		{"with a letter moved from the id into the number", k.RefreshToken(oauth.Grant{ID: a.ID[1:], Salt: a.Salt}, 1), a},
		{"of another purpose", encode(append(k.MAC("session", []byte(a.ID)), octets[macSize:]...)), a},
		{"with another version", edit(func(o []byte) []byte { o[0]++; return o }), a},
		{"with another secret key", edit(func(o []byte) []byte { o[3]++; return o }), a},
		{"with a MAC of zeros", edit(func(o []byte) []byte { clear(o[tagSize:macSize]); return o }), a},
		{"truncated by a character", s[:len(s)-1], a},
		{"truncated to half", s[:len(s)/2], a},
		{"without its id", encode(octets[:macSize+8]), a},
		{"the prefix alone", oauth.RefreshPrefix, a},
		{"nothing", "", a},
		{"extended by a character", s + "A", a},
		{"extended by four", s + "AAAA", a},
		{"extended by an octet", encode(append(bytes.Clone(octets), 'x')), a},
		{"extended by a kibibyte", s + oauth.Secret(strings.Repeat("A", 1024)), a},
		{"with padding", s + "=", a},
		{"with a newline", s + "\n", a},
		{"with a newline inside", s[:20] + "\n" + s[20:], a},
		{"with a space in front", " " + s, a},
		{"without its prefix", s[len(oauth.RefreshPrefix):], a},
		{"with the prefix of a code", oauth.CodePrefix + s[len(oauth.RefreshPrefix):], a},
		{"with the prefix in capitals", "SP_RT_" + s[len(oauth.RefreshPrefix):], a},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if k.CheckRefreshToken(tt.s, tt.g) {
				t.Fatal("it was taken")
			}
		})
	}
}

func TestWhatCanBeNoRefreshTokenIsNotRead(t *testing.T) {
	build := func(n uint64, id string) oauth.Secret {
		b := binary.BigEndian.AppendUint64(make([]byte, macSize), n)
		return oauth.Secret(oauth.RefreshPrefix + base64.RawURLEncoding.EncodeToString(append(b, id...)))
	}
	for _, tt := range []struct {
		name string
		s    oauth.Secret
		ok   bool
	}{
		{"one that has the form is read", build(1, "g_a"), true},
		{"the longest id is read", build(1, strings.Repeat("a", maxGrantID)), true},
		{"generation zero", build(0, "g_a"), false},
		{"a generation beyond int64", build(1<<63, "g_a"), false},
		{"a negative generation", build(math.MaxUint64, "g_a"), false},
		{"an id with a quote", build(1, "g_'--"), false},
		{"an id with a zero", build(1, "g_\x00"), false},
		{"an id that is too long", build(1, strings.Repeat("a", maxGrantID+1)), false},
		{"no id", build(1, ""), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, ok := ParseRefreshToken(tt.s); ok != tt.ok {
				t.Fatalf("read: %v", ok)
			}
		})
	}
}

// Of any two pairs of grant and generation, the tokens differ, and each is good
// for its own grant only.
func TestRefreshTokensDoNotMeet(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	id := rapid.StringMatching(`[A-Za-z0-9_-]{1,24}`)
	salt := rapid.SliceOfN(rapid.Byte(), 1, 4)
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) (oauth.Grant, int64) {
			g := oauth.Grant{ID: id.Draw(t, name), Salt: oauth.Secret(salt.Draw(t, name+" salt")).Digest()}
			return g, rapid.Int64Min(1).Draw(t, name+" generation")
		}
		a, n := draw("a")
		b, m := draw("b")
		s := k.RefreshToken(a, n)
		if !k.CheckRefreshToken(s, a) {
			t.Fatal("a token is not good for its own grant")
		}
		same := a.ID == b.ID && a.Salt == b.Salt
		if k.CheckRefreshToken(s, b) != same {
			t.Fatal("a token is good for another's grant")
		}
		if (s == k.RefreshToken(b, m)) != (same && n == m) {
			t.Fatal("two tokens meet")
		}
	})
}

func TestARefreshTokenOutlivesTheSecretKeyThatMadeIt(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	g := someGrant()
	old := k.RefreshToken(g, 1)
	must(t, k.RotateSecret(t.Context()))
	if k.RefreshToken(g, 1) != old {
		t.Fatal("the new secret key is used before every replica has it")
	}
	c.pass(PublishAhead)
	if k.RefreshToken(g, 1) == old {
		t.Fatal("the new secret key is not used")
	}
	c.pass(365 * 24 * time.Hour)
	if !k.CheckRefreshToken(old, g) {
		t.Fatal("a refresh token was lost with the rotation of the secret key")
	}
}
