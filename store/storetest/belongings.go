package storetest

import (
	"strings"
	"testing"

	"github.com/sallyport-dev/sallyport/store"
)

const chessboard = "https://mcp.example.com/chess/mcp"

func belongingRules() []rule {
	return []rule{
		{"what is kept comes back, one version further on", func(t *testing.T, w *world) {
			w.person("ada")
			b := w.belonging("ada", 0, "{\"é\": 1}", true)
			got, err := w.Belonging(t.Context(), chessboard, "ada")
			w.ok(err)
			b.Version = 1
			same(t, got, b)
			b = w.belonging("ada", 1, "{}", true)
			got, err = w.Belonging(t.Context(), chessboard, "ada")
			w.ok(err)
			b.Version = 2
			same(t, got, b)
		}},
		{"what was written since it was read is not written over", func(t *testing.T, w *world) {
			w.person("ada")
			w.belonging("ada", 0, "one", true)
			w.belonging("ada", 0, "another", false)
			w.belonging("ada", 1, "two", true)
			w.belonging("ada", 1, "another", false)
			w.belonging("ada", 3, "another", false)
			got, err := w.Belonging(t.Context(), chessboard, "ada")
			w.ok(err)
			same(t, string(got.Content), "two")
		}},
		{"of many that have read one version, one writes", func(t *testing.T, w *world) {
			w.person("ada")
			for version := range int64(2) {
				won := w.crowd(16, store.ErrNotFound, func(int) error {
					ok, err := w.Keep(t.Context(), store.Belonging{Resource: chessboard, Subject: "ada", Version: version, Content: []byte("x")})
					if err == nil && !ok {
						err = store.ErrNotFound
					}
					return err
				})
				w.count(won, 1, "winners")
			}
		}},
		{"what is kept is one person's, at one resource", func(t *testing.T, w *world) {
			w.person("ada")
			w.person("bob")
			w.belonging("ada", 0, "hers", true)
			w.belonging("bob", 0, "his", true)
			_, err := w.Belonging(t.Context(), "https://mcp.example.com/other/mcp", "ada")
			w.is(err, store.ErrNotFound)
			got, err := w.Belonging(t.Context(), chessboard, "bob")
			w.ok(err)
			same(t, string(got.Content), "his")
		}},
		{"nothing is kept for nobody, or for somebody disabled", func(t *testing.T, w *world) {
			w.belonging("nobody", 0, "x", false)
			w.person("ada")
			w.belonging("ada", 0, "x", true)
			w.ok(w.SetDisabled(t.Context(), "ada", true))
			w.belonging("ada", 1, "y", false)
			_, err := w.Belonging(t.Context(), chessboard, "ada")
			w.is(err, store.ErrNotFound)
			w.ok(w.SetDisabled(t.Context(), "ada", false))
			got, err := w.Belonging(t.Context(), chessboard, "ada")
			w.ok(err)
			same(t, string(got.Content), "x")
		}},
		{"what is too long is not kept", func(t *testing.T, w *world) {
			w.person("ada")
			w.belonging("ada", 0, strings.Repeat("x", store.MaxBelonging), true)
			_, err := w.Keep(t.Context(), store.Belonging{Resource: chessboard, Subject: "ada", Version: 1, Content: make([]byte, store.MaxBelonging+1)})
			if err == nil {
				t.Error("it was kept")
			}
		}},
		{"with a person goes what is kept for them", func(t *testing.T, w *world) {
			w.person("ada")
			w.belonging("ada", 0, "x", true)
			w.ok(w.RemovePerson(t.Context(), "ada"))
			_, err := w.Belonging(t.Context(), chessboard, "ada")
			w.is(err, store.ErrNotFound)
			w.person("ada")
			_, err = w.Belonging(t.Context(), chessboard, "ada")
			w.is(err, store.ErrNotFound)
		}},
	}
}

// belonging checks whether content is kept in place of a version.
func (w *world) belonging(subject string, version int64, content string, want bool) store.Belonging {
	w.t.Helper()
	b := store.Belonging{Resource: chessboard, Subject: subject, Version: version, Content: []byte(content)}
	done, err := w.Keep(w.t.Context(), b)
	w.ok(err)
	if done != want {
		w.t.Errorf("%q in place of version %d: %t, want %t", content, version, done, want)
	}
	return b
}
