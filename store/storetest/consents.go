package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/oauth"
)

func consentRules() []rule {
	consent := func(tokens ...string) oauth.Consent {
		return oauth.Consent{Subject: "ada", ClientID: "c1", RedirectHost: "chat.example.com",
			Resource: "https://mcp.example.com/mcp", Scope: oauth.NewScope(tokens...)}
	}
	// held is a living grant that gives this scope where consent is.
	held := func(w *world, tokens ...string) oauth.Grant {
		g := w.agreed(oauth.NewID("g"), "ada", "c1")
		g.Scope = oauth.NewScope(tokens...)
		w.ok(w.Create(w.t.Context(), g))
		return g
	}
	return slices.Concat(agreedRules(consent, held), heldRules(consent, held))
}

type (
	consenting func(tokens ...string) oauth.Consent
	holding    func(w *world, tokens ...string) oauth.Grant
)

func agreedRules(consent consenting, held holding) []rule {
	return []rule{
		{"what was never agreed to is not remembered", func(t *testing.T, w *world) { w.remembers(consent()) }},
		{"what was agreed to is remembered", func(t *testing.T, w *world) {
			w.person("ada")
			held(w, "read", "write")
			w.ok(w.Remember(t.Context(), consent("read", "write")))
			w.remembers(consent(), "read", "write")
		}},
		{"a second consent widens the first, and never narrows it", func(t *testing.T, w *world) {
			w.person("ada")
			held(w, "read", "write")
			held(w, "admin")
			w.ok(w.Remember(t.Context(), consent("read")))
			w.ok(w.Remember(t.Context(), consent("write", "read")))
			w.ok(w.Remember(t.Context(), consent("admin")))
			w.ok(w.Remember(t.Context(), consent()))
			w.remembers(consent(), "admin", "read", "write")
		}},
		{"many that widen a consent at once all have their way", func(t *testing.T, w *world) {
			w.person("ada")
			var want []string
			for i := range 32 {
				want = append(want, fmt.Sprint("scope:", i))
			}
			held(w, want...)
			won := w.crowd(32, nil, func(i int) error {
				return w.Remember(t.Context(), consent(want[i], want[(i+7)%32], want[(i+20)%32]))
			})
			w.count(won, 32, "answered")
			w.remembers(consent(), want...)
		}},
		{"a consent is for exactly its person, client, redirect host and resource", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			w.ok(w.Remember(t.Context(), consent("read")))
			for _, change := range others() {
				other := consent()
				change(&other)
				w.ok(w.Create(t.Context(), w.holding(other)))
				w.remembers(other)
			}
		}},
		{"to forget is to forget exactly that, whatever the scope", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			held(w, "read", "write")
			w.ok(w.Forget(t.Context(), consent()))
			w.ok(w.Remember(t.Context(), consent("read", "write")))
			for _, change := range others() {
				other := consent("read")
				change(&other)
				w.ok(w.Create(t.Context(), w.holding(other)))
				w.ok(w.Remember(t.Context(), other))
			}
			w.ok(w.Forget(t.Context(), consent("read")))
			w.remembers(consent())
			for _, change := range others() {
				other := consent()
				change(&other)
				w.remembers(other, "read")
			}
		}},
	}
}

// others turn a consent into one of somebody or something else.
func others() []func(c *oauth.Consent) {
	return []func(c *oauth.Consent){
		func(c *oauth.Consent) { c.Subject = "bob" },
		func(c *oauth.Consent) { c.ClientID = "c2" },
		func(c *oauth.Consent) { c.RedirectHost = "evil.example.com" },
		func(c *oauth.Consent) { c.Resource = "https://mcp.example.com" },
	}
}

// holding is a grant of what a consent is about.
func (w *world) holding(c oauth.Consent) oauth.Grant {
	g := w.agreed(oauth.NewID("g"), c.Subject, c.ClientID)
	g.RedirectHost, g.Resource = c.RedirectHost, c.Resource
	return g
}

// heldRules say that a consent is as good as the living grants beside it.
func heldRules(consent consenting, held holding) []rule {
	return []rule{
		{"what was agreed to and never granted is not remembered", func(t *testing.T, w *world) {
			w.person("ada")
			w.ok(w.Remember(t.Context(), consent("read", "write")))
			w.remembers(consent())
			held(w, "write")
			w.remembers(consent(), "write")
			held(w, "read")
			w.remembers(consent(), "read", "write")
		}},
		{"a consent that outlived its grants is not remembered, nor revived by another's scope", func(t *testing.T, w *world) {
			w.person("ada")
			held(w, "read", "write")
			w.ok(w.Remember(t.Context(), consent("read", "write")))
			w.pass(time.Hour)
			w.remembers(consent())
			held(w, "read")
			w.remembers(consent(), "read")
		}},
		{"a consent of someone disabled is not remembered, nor when they are enabled again", func(t *testing.T, w *world) {
			w.person("ada")
			held(w, "read")
			w.ok(w.Remember(t.Context(), consent("read")))
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			w.remembers(consent())
			w.ok(w.SetDisabled(t.Context(), "ada", false))
			w.remembers(consent())
		}},
		{"a part of the name of a scope is not the scope", func(t *testing.T, w *world) {
			w.person("ada")
			held(w, "read:all", "rea_", "%")
			w.ok(w.Remember(t.Context(), consent("read", "all", "rea", "")))
			w.remembers(consent())
		}},
	}
}
