package token

import (
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
)

func BenchmarkMintAccess(b *testing.B) {
	c := newClock()
	k := open(b, newStore(b, c.now), c, Algorithms[:]...)
	for _, algorithm := range []string{ES256, RS256, PS256, EdDSA, FormatOpaque} {
		b.Run(algorithm, func(b *testing.B) {
			format := FormatJWT
			if algorithm == FormatOpaque {
				format = FormatOpaque
			}
			a := accessAt(c.now())
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := k.MintAccess(format, algorithm, a); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkVerifyAccess(b *testing.B) {
	c := newClock()
	k := open(b, newStore(b, c.now), c, Algorithms[:]...)
	for _, algorithm := range []string{ES256, RS256, PS256, EdDSA, FormatOpaque} {
		b.Run(algorithm, func(b *testing.B) {
			format := FormatJWT
			if algorithm == FormatOpaque {
				format = FormatOpaque
			}
			raw, err := k.MintAccess(format, algorithm, accessAt(c.now()))
			must(b, err)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := k.VerifyAccess(raw, issuer, resource, c.now()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRefreshToken(b *testing.B) {
	c := newClock()
	k := open(b, newStore(b, c.now), c)
	g := someGrant()
	b.Run("make", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k.RefreshToken(g, 1)
		}
	})
	b.Run("check", func(b *testing.B) {
		s := k.RefreshToken(g, 1)
		b.ReportAllocs()
		for b.Loop() {
			if !k.CheckRefreshToken(s, g) {
				b.Fatal("refused")
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	c := newClock()
	k := open(b, newStore(b, c.now), c)
	code := make([]byte, 600)
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k.Seal("code", code)
		}
	})
	b.Run("unseal", func(b *testing.B) {
		sealed := k.Seal("code", code)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Unseal("code", sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("refuse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.VerifyAccess(oauth.Secret("a.b.c"), issuer, resource, c.now()); err == nil {
				b.Fatal("taken")
			}
		}
	})
}
