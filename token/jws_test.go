package token

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/sallyport-dev/sallyport/oauth"
)

// A forger writes tokens that this package would not.
type forger struct {
	t      testing.TB
	k      *Keyring
	claims string // of a token that is good
}

func newForger(t testing.TB, k *Keyring, c *clock) forger {
	raw, err := k.MintAccess(FormatJWT, ES256, accessAt(c.now()))
	must(t, err)
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(string(raw), ".")[1])
	must(t, err)
	return forger{t, k, string(body)}
}

func (f forger) key(algorithm string) *key {
	return f.k.ring.Load().current(kind{useSign, algorithm}, f.k.now())
}

func text(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// es256 signs any header and any claims with our own key.
func (f forger) es256(head, claims string) string {
	return signES256(f.t, f.key(ES256).pair.private.(*ecdsa.PrivateKey), head, claims)
}

func signES256(t testing.TB, private *ecdsa.PrivateKey, head, claims string) string {
	input := text(head) + "." + text(claims)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, private, sum[:])
	must(t, err)
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return input + "." + text(string(sig))
}

func (f forger) head(algorithm, more string) string {
	return fmt.Sprintf(`{"alg":%q,"kid":%q,"typ":"at+jwt"%s}`, algorithm, f.key(ES256).ID, more)
}

func (f forger) good() string { return f.es256(f.head(ES256, ""), f.claims) }

// publicForms are the octets a verifier could mistake a public key for.
func publicForms(t testing.TB, public crypto.PublicKey) map[string][]byte {
	der, err := x509.MarshalPKIXPublicKey(public)
	must(t, err)
	jwk, err := jose.JSONWebKey{Key: public}.MarshalJSON()
	must(t, err)
	return map[string][]byte{
		"DER": der, "JWK": jwk, "PEM": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
	}
}

func TestAHostileJWTIsRefused(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256, RS256, PS256)
	other := open(t, newStore(t, c.now), c, ES256)
	f := newForger(t, k, c)
	stranger, err := newPrivate(ES256)
	must(t, err)
	strangerJWK, err := jose.JSONWebKey{Key: stranger.Public()}.MarshalJSON()
	must(t, err)
	good := f.good()
	parts := strings.Split(good, ".")
	foreign, err := other.MintAccess(FormatJWT, ES256, accessAt(c.now()))
	must(t, err)
	identity, err := k.MintIdentity(ES256, identityAt(c.now()))
	must(t, err)

	hostile := map[string]string{
		"nothing":                          "",
		"dots":                             "..",
		"alg none without a signature":     text(f.head("none", "")) + "." + text(f.claims) + ".",
		"alg none with a signature":        text(f.head("none", "")) + "." + text(f.claims) + "." + parts[2],
		"alg None":                         text(f.head("None", "")) + "." + text(f.claims) + "." + parts[2],
		"no alg":                           f.es256(strings.Replace(f.head(ES256, ""), `"alg":"ES256",`, "", 1), f.claims),
		"an alg that is no string":         f.es256(strings.Replace(f.head(ES256, ""), `"ES256"`, `["ES256"]`, 1), f.claims),
		"the alg of another key":           f.es256(f.head(EdDSA, ""), f.claims),
		"no kid":                           f.es256(`{"alg":"ES256","typ":"at+jwt"}`, f.claims),
		"a kid that nobody has":            f.es256(`{"alg":"ES256","kid":"AAAAAAAA","typ":"at+jwt"}`, f.claims),
		"a kid that is a path":             f.es256(`{"alg":"ES256","kid":"../../etc/passwd","typ":"at+jwt"}`, f.claims),
		"the kid of the secret key":        f.es256(fmt.Sprintf(`{"alg":"ES256","kid":%q,"typ":"at+jwt"}`, k.List()[0].ID), f.claims),
		"no typ":                           f.es256(strings.Replace(f.head(ES256, ""), `,"typ":"at+jwt"`, "", 1), f.claims),
		"typ JWT":                          f.es256(strings.Replace(f.head(ES256, ""), "at+jwt", "JWT", 1), f.claims),
		"typ of an identity token":         f.es256(strings.Replace(f.head(ES256, ""), "at+jwt", TypeIdentity, 1), f.claims),
		"typ with application/ twice":      f.es256(strings.Replace(f.head(ES256, ""), "at+jwt", "application/application/at+jwt", 1), f.claims),
		"an identity token":                string(identity),
		"an unknown crit":                  f.es256(f.head(ES256, `,"crit":["exp"],"exp":1`), f.claims),
		"an empty crit":                    f.es256(f.head(ES256, `,"crit":[]`), f.claims),
		"b64 false":                        f.es256(f.head(ES256, `,"crit":["b64"],"b64":false`), f.claims),
		"an embedded jwk":                  signES256(t, stranger.(*ecdsa.PrivateKey), f.head(ES256, `,"jwk":`+string(strangerJWK)), f.claims),
		"a jku":                            f.es256(f.head(ES256, `,"jku":"https://evil.example/jwks"`), f.claims),
		"an x5u":                           f.es256(f.head(ES256, `,"x5u":"https://evil.example/x"`), f.claims),
		"a member more":                    f.es256(f.head(ES256, `,"cty":"JWT"`), f.claims),
		"alg twice":                        f.es256(strings.Replace(f.head(ES256, ""), `{`, `{"alg":"none",`, 1), f.claims),
		"kid twice":                        f.es256(f.head(ES256, fmt.Sprintf(`,"kid":%q`, f.key(ES256).ID)), f.claims),
		"Alg beside alg":                   f.es256(f.head(ES256, `,"Alg":"none"`), f.claims),
		"Kid in place of kid":              f.es256(strings.Replace(f.head(ES256, ""), `"kid"`, `"Kid"`, 1), f.claims),
		"a header that is an array":        f.es256(`["alg","ES256"]`, f.claims),
		"a header that is null":            f.es256(`null`, f.claims),
		"something after the header":       f.es256(f.head(ES256, "")+"{}", f.claims),
		"a stranger's signature":           signES256(t, stranger.(*ecdsa.PrivateKey), f.head(ES256, ""), f.claims),
		"another installation's token":     string(foreign),
		"no signature":                     parts[0] + "." + parts[1] + ".",
		"a signature of zeros":             parts[0] + "." + parts[1] + "." + text(string(make([]byte, 64))),
		"a signature in DER":               parts[0] + "." + parts[1] + "." + text(derSignature(t, parts[2])),
		"a truncated signature":            good[:len(good)-4],
		"a truncated token":                good[:len(good)/2],
		"another's claims":                 parts[0] + "." + text(strings.Replace(f.claims, "u_ada", "u_bob", 1)) + "." + parts[2],
		"four parts":                       good + ".x",
		"a dot at the end":                 good + ".",
		"a JWE":                            "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
		"a newline at the end":             good + "\n",
		"a newline inside the signature":   good[:len(good)-5] + "\r\n" + good[len(good)-5:],
		"a newline inside the header":      good[:5] + "\n" + good[5:],
		"a space in front":                 " " + good,
		"padding":                          good + "==",
		"the other alphabet":               parts[0] + "." + parts[1] + "." + otherAlphabet(parts[2]),
		"another spelling of the last bit": good[:len(good)-1] + lastBit(good[len(good)-1]),
		"nine kibibytes":                   f.es256(f.head(ES256, ""), f.claims+strings.Repeat(" ", 9<<10)),
		"ten thousand dots":                strings.Repeat(".", 8000),
		"the JSON serialization":           fmt.Sprintf(`{"protected":%q,"payload":%q,"signature":%q}`, parts[0], parts[1], parts[2]),
		"a refresh token":                  string(k.RefreshToken(someGrant(), 1)),
		"an opaque prefix before it":       oauth.AccessPrefix + good,
		"a sealed value of another kind":   oauth.AccessPrefix + k.Seal("code", []byte(f.claims)),
	}
	for form, octets := range publicForms(t, f.key(RS256).pair.private.Public()) {
		head := fmt.Sprintf(`{"alg":"HS256","kid":%q,"typ":"at+jwt"}`, f.key(RS256).ID)
		mac := hmac.New(sha256.New, octets)
		mac.Write([]byte(text(head) + "." + text(f.claims)))
		hostile["HS256 with the public key as "+form] = text(head) + "." + text(f.claims) + "." + text(string(mac.Sum(nil)))
	}
	hostile["RS256's key with PS256"] = signPS256(t, f.key(RS256), f.claims)

	if _, err := k.VerifyAccess(oauth.Secret(good), issuer, resource, c.now()); err != nil {
		t.Fatalf("what all of them are made from is refused: %v", err)
	}
	for name, raw := range hostile {
		t.Run(name, func(t *testing.T) {
			a, err := k.VerifyAccess(oauth.Secret(raw), issuer, resource, c.now())
			if err == nil {
				t.Fatalf("accepted as %+v", a)
			}
			refusal := oauth.AsError(err)
			if refusal.Code != oauth.InvalidToken || refusal.Description != "the access token is not valid" {
				t.Fatalf("got %v: a forger learns nothing but that", err)
			}
		})
	}
}

func TestVerifyLooksAtNothingLongerThanATokenCanBe(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	f := newForger(t, k, c)
	for size, want := range map[int]bool{MaxSize - 100: true, MaxSize + 100: false} {
		raw := f.es256(f.head(ES256, ""), f.claims+strings.Repeat(" ", (size-len(f.good()))/4*3))
		if _, _, err := k.Verify(oauth.Secret(raw), TypeAccess); (err == nil) != want {
			t.Errorf("of %d octets: %v", len(raw), err)
		}
	}
}

// RFC 9068 §4: "The resource server MUST verify that the "typ" header value is
// "at+jwt" or "application/at+jwt"". Media types know no case.
func TestBothSpellingsOfTheTypAreTaken(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	f := newForger(t, k, c)
	for _, typ := range []string{"at+jwt", "application/at+jwt", "AT+JWT", "Application/At+Jwt"} {
		raw := f.es256(strings.Replace(f.head(ES256, ""), "at+jwt", typ, 1), f.claims)
		if _, err := k.VerifyAccess(oauth.Secret(raw), issuer, resource, c.now()); err != nil {
			t.Errorf("%s: %v", typ, err)
		}
	}
}

func TestSignedClaimsThatAreNotAnAccessTokensAreRefused(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, ES256)
	f := newForger(t, k, c)
	for _, tt := range []struct{ name, claims string }{
		{"an array", `[]`},
		{"null", `null`},
		{"nothing in it", `{}`},
		{"an audience that is a list", strings.Replace(f.claims, `"aud":"`+resource+`"`, `"aud":["`+resource+`"]`, 1)},
		{"no expiry", strings.Replace(f.claims, `"exp"`, `"xexp"`, 1)},
		{"an expiry that is text", strings.Replace(f.claims, `"exp":`, `"exp":"never","x":`, 1)},
		{"an expiry beyond all numbers", strings.Replace(f.claims, `"exp":`, `"exp":1e400,"x":`, 1)},
		{"no subject", strings.Replace(f.claims, `"sub"`, `"xsub"`, 1)},
		{"no grant", strings.Replace(f.claims, `"grant"`, `"xgrant"`, 1)},
		{"no client", strings.Replace(f.claims, `"client_id"`, `"xclient_id"`, 1)},
		{"no jti", strings.Replace(f.claims, `"jti"`, `"xjti"`, 1)},
		{"a scope that is none", strings.Replace(f.claims, `"scope":"a b"`, `"scope":"a\\b"`, 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.claims == f.claims {
				t.Fatal("the claims were not changed")
			}
			raw := f.es256(f.head(ES256, ""), tt.claims)
			if _, err := k.VerifyAccess(oauth.Secret(raw), issuer, resource, c.now()); err == nil {
				t.Fatal("it was accepted")
			}
		})
	}
}

func TestEveryFlippedBitOfAJWTIsRefused(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, EdDSA, ES256)
	for _, algorithm := range []string{EdDSA, ES256} {
		raw, err := k.MintAccess(FormatJWT, algorithm, accessAt(c.now()))
		must(t, err)
		for i := range len(raw) {
			for bit := range 8 {
				b := []byte(raw)
				b[i] ^= 1 << bit
				if _, err := k.VerifyAccess(oauth.Secret(b), issuer, resource, c.now()); err == nil {
					t.Fatalf("%s: bit %d of octet %d may be flipped", algorithm, bit, i)
				}
			}
		}
	}
}

// Verifiers elsewhere use the published key set alone.
func TestThePublishedKeySetVerifiesEveryAlgorithm(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c, Algorithms[:]...)
	var set jose.JSONWebKeySet
	must(t, json.Unmarshal(k.JWKS(), &set))
	if len(set.Keys) != len(Algorithms) {
		t.Fatalf("%d keys are published", len(set.Keys))
	}
	for _, algorithm := range Algorithms {
		raw, err := k.MintIdentity(algorithm, identityAt(c.now()))
		must(t, err)
		signed, err := jose.ParseSignedCompact(string(raw), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
		must(t, err)
		found := set.Key(signed.Signatures[0].Header.KeyID)
		if len(found) != 1 || found[0].Algorithm != algorithm || found[0].Use != "sig" || !found[0].IsPublic() {
			t.Fatalf("%s: published is %+v", algorithm, found)
		}
		if _, err := signed.Verify(found[0]); err != nil {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}

func TestAnEmptyKeySetIsAnEmptyArray(t *testing.T) {
	c := newClock()
	k := open(t, newStore(t, c.now), c)
	if got := string(k.JWKS()); got != `{"keys":[]}` {
		t.Fatalf("got %s", got)
	}
}

func derSignature(t testing.TB, part string) string {
	b, err := base64.RawURLEncoding.DecodeString(part)
	must(t, err)
	integer := func(b []byte) string {
		n := append([]byte{0}, new(big.Int).SetBytes(b).Bytes()...)
		return string(append([]byte{2, byte(len(n))}, n...))
	}
	body := integer(b[:32]) + integer(b[32:])
	return string([]byte{0x30, byte(len(body))}) + body
}

func signPS256(t testing.TB, k *key, claims string) string {
	input := text(fmt.Sprintf(`{"alg":"PS256","kid":%q,"typ":"at+jwt"}`, k.ID)) + "." + text(claims)
	sum := sha256.Sum256([]byte(input))
	sig, err := rsa.SignPSS(rand.Reader, k.pair.private.(*rsa.PrivateKey), crypto.SHA256, sum[:], nil)
	must(t, err)
	return input + "." + text(string(sig))
}

// otherAlphabet is the same octets in the standard alphabet, which differs
// somewhere, or is made to.
func otherAlphabet(s string) string {
	out := strings.NewReplacer("-", "+", "_", "/").Replace(s)
	if out == s {
		out = "+" + s[1:]
	}
	return out
}

// lastBit spells the unused bits of the last character differently.
func lastBit(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}
