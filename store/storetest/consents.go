package storetest

import (
	"fmt"
	"testing"

	"github.com/sallyport-dev/sallyport/oauth"
)

func consentRules() []rule {
	consent := func(tokens ...string) oauth.Consent {
		return oauth.Consent{Subject: "ada", ClientID: "c1", RedirectHost: "chat.example.com",
			Resource: "https://mcp.example.com/mcp", Scope: oauth.NewScope(tokens...)}
	}
	return []rule{
		{"what was never agreed to is not remembered", func(t *testing.T, w *world) { w.remembers(consent()) }},
		{"what was agreed to is remembered", func(t *testing.T, w *world) {
			w.ok(w.Remember(t.Context(), consent("read", "write")))
			w.remembers(consent(), "read", "write")
		}},
		{"a second consent widens the first, and never narrows it", func(t *testing.T, w *world) {
			w.ok(w.Remember(t.Context(), consent("read")))
			w.ok(w.Remember(t.Context(), consent("write", "read")))
			w.ok(w.Remember(t.Context(), consent("admin")))
			w.ok(w.Remember(t.Context(), consent()))
			w.remembers(consent(), "admin", "read", "write")
		}},
		{"many that widen a consent at once all have their way", func(t *testing.T, w *world) {
			var want []string
			for i := range 32 {
				want = append(want, fmt.Sprint("scope:", i))
			}
			won := w.crowd(32, nil, func(i int) error {
				return w.Remember(t.Context(), consent(want[i], want[(i+7)%32], want[(i+20)%32]))
			})
			w.count(won, 32, "answered")
			w.remembers(consent(), want...)
		}},
		{"a consent is for exactly its person, client, redirect host and resource", func(t *testing.T, w *world) {
			w.ok(w.Remember(t.Context(), consent("read")))
			for _, change := range []func(c *oauth.Consent){
				func(c *oauth.Consent) { c.Subject = "bob" },
				func(c *oauth.Consent) { c.ClientID = "c2" },
				func(c *oauth.Consent) { c.RedirectHost = "evil.example.com" },
				func(c *oauth.Consent) { c.Resource = "https://mcp.example.com" },
			} {
				other := consent()
				change(&other)
				w.remembers(other)
			}
		}},
	}
}
