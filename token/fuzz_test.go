package token

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

// The keys of a fuzzing run are made anew, so what it remembers are shapes. A $
// in an input is replaced with a token that is good, so that they get past the
// first check.

func FuzzVerifyAccess(f *testing.F) {
	c := newClock()
	k := open(f, newStore(f, c.now), c, ES256)
	forge := newForger(f, k, c)
	jwt := forge.good()
	opaque, err := k.MintAccess(FormatOpaque, "", accessAt(c.now()))
	must(f, err)
	for _, seed := range []string{"$", "$.", "$\n", "sp_at_$", "..", "a.b.c", "{}", "%", "sp_at_", "%\n", "%%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		raw := oauth.Secret(strings.NewReplacer("$", jwt, "%", string(opaque)).Replace(in))
		a, err := k.VerifyAccess(raw, issuer, resource, c.now())
		if err == nil {
			if string(raw) != jwt && raw != opaque {
				t.Fatalf("%q is accepted as %+v", in, a)
			}
			return
		}
		if oauth.AsError(err).Code != oauth.InvalidToken || a.Subject != "" {
			t.Fatalf("%q: %v, %+v", in, err, a)
		}
	})
}

// FuzzSignedClaims lets an attacker choose what is signed, header and claims.
func FuzzSignedClaims(f *testing.F) {
	c := newClock()
	k := open(f, newStore(f, c.now), c, ES256)
	forge := newForger(f, k, c)
	f.Add(forge.head(ES256, ""), forge.claims)
	f.Add(forge.head(ES256, `,"crit":["b64"],"b64":false`), forge.claims)
	f.Add("{}", "{}")
	f.Add("null", "null")
	f.Fuzz(func(t *testing.T, head, claims string) {
		forge := forger{t, k, forge.claims}
		head = strings.ReplaceAll(head, "$", forge.key(ES256).ID)
		a, err := k.VerifyAccess(oauth.Secret(forge.es256(head, claims)), issuer, resource, c.now())
		if err != nil {
			return
		}
		if a.Issuer != issuer || a.Audience != resource || !c.now().Before(a.Expires) ||
			a.IssuedAt.Sub(c.now()) > ClockSkew || a.Subject == "" || a.GrantID == "" || a.ClientID == "" {
			t.Fatalf("%q with %q is accepted as %+v", claims, head, a)
		}
	})
}

func FuzzParseRefreshToken(f *testing.F) {
	c := newClock()
	k := open(f, newStore(f, c.now), c)
	g := someGrant()
	good := k.RefreshToken(g, 3)
	f.Add(string(good))
	for _, seed := range []string{"$", "$A", "$\n", "sp_rt_", "sp_rt_AAAA", "sp_rt_$", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		s := oauth.Secret(strings.ReplaceAll(in, "$", string(good)))
		id, n, ok := ParseRefreshToken(s)
		if !ok && (id != "" || n != 0) || ok && (n < 1 || !isID(id) || len(id) > maxGrantID) {
			t.Fatalf("%q is read as %q, %d, %v", in, id, n, ok)
		}
		if k.CheckRefreshToken(s, g) != (s == good) {
			t.Fatalf("%q is judged wrongly", in)
		}
	})
}

func FuzzUnseal(f *testing.F) {
	c := newClock()
	k := open(f, newStore(f, c.now), c)
	good := k.Seal("code", []byte("x"))
	f.Add("code", good)
	f.Add("form", "$")
	for _, seed := range []string{"$", "$A", "$\n", "$=", "", "AAAA", "AQAAAAAA", strings.Repeat("A", 200)} {
		f.Add("code", seed)
	}
	f.Fuzz(func(t *testing.T, purpose, in string) {
		sealed := strings.ReplaceAll(in, "$", good)
		got, err := k.Unseal(purpose, sealed)
		if (err == nil) != (purpose == "code" && sealed == good) {
			t.Fatalf("%q for %q: %q, %v", in, purpose, got, err)
		}
		if back, err := k.Unseal(purpose, k.Seal(purpose, []byte(in))); err != nil || !bytes.Equal(back, []byte(in)) {
			t.Fatalf("%q does not come back for %q: %v", in, purpose, err)
		}
		if !k.CheckMAC(purpose, k.MAC(purpose, []byte(in)), []byte(in)) {
			t.Fatalf("%q is not authenticated for %q", in, purpose)
		}
	})
}

func FuzzImport(f *testing.F) {
	private, err := newPrivate(EdDSA)
	must(f, err)
	f.Add(EdDSA, pkcs8(private))
	f.Add(RS256, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n")
	f.Add(ES256, "")
	f.Fuzz(func(t *testing.T, algorithm, text string) {
		start := time.Now()
		got, err := parsePEM(algorithm, []byte(text))
		if (got == nil) == (err == nil) {
			t.Fatal("neither a key nor an error")
		}
		if time.Since(start) > time.Minute {
			t.Fatal("it takes for ever")
		}
	})
}
