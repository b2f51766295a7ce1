package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/config"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/vault"
)

// restarted is another replica of the same installation, with other settings for
// who may come in by GitHub. It does what a server does on its own until the test
// ends.
func (c *connected) restarted(admission string) *door {
	c.t.Helper()
	file := filepath.Join(c.t.TempDir(), "sallyport.yaml")
	c.ok(os.WriteFile(file, fmt.Appendf(nil, `
public_url: %s
data: %s
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: secret-of-the-door%s }
resources:
  - { name: repos, path: /repos/mcp, upstream: "http://127.0.0.1:9/repos", connection: { provider: github } }
  - { name: notes, path: /notes/mcp, upstream: "http://127.0.0.1:9/notes" }
`, c.url, c.door.in.config.Data, c.door.in.config.Login[1].URL, admission), 0o600))
	settings, err := config.Load(file, os.LookupEnv)
	c.ok(err)
	log := slog.New(slog.NewJSONHandler(c.log, nil))
	in, err := open(c.t.Context(), settings, log, false)
	c.ok(err)
	d, err := build(c.t.Context(), in, log)
	c.ok(err)
	c.t.Cleanup(func() { d.shut(c.t) })
	c.inBackground(d)
	return d
}

func (c *connected) inBackground(d *door) {
	ctx, stop := context.WithCancel(c.t.Context())
	done := make(chan struct{})
	go func() { d.background(ctx); close(done) }()
	c.t.Cleanup(func() { stop(); <-done })
}

// refusedSoon waits until a replica that nobody told refuses a token, and says how
// long that took.
func (c *connected) refusedSoon(access oauth.Secret) time.Duration {
	c.t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		status, _, _, _ := c.call("notes", access, nil)
		switch {
		case status == http.StatusUnauthorized:
			return time.Since(began)
		case time.Since(began) > 20*time.Second:
			c.t.Fatalf("twenty seconds later the call is answered %d", status)
		}
	}
}

// atGitHub is somebody's connection, for the resource that acts there.
func (c *connected) atGitHub(person string) vault.Connection {
	return vault.Connection{Person: person, Login: "github", Resource: c.url + "/repos/mcp"}
}

// Whoever is disabled or removed, or is let in no more by the settings that another
// replica started with, or whom GitHub refuses when another replica refreshes their
// token, is refused by every replica, and nobody else is.
func TestWhoMayComeInNoMoreIsRefusedByEveryReplica(t *testing.T) {
	for name, end := range map[string]func(c *connected, ada oauth.Person) error{
		"disabled": func(c *connected, ada oauth.Person) error {
			return c.restarted("").in.store.SetDisabled(t.Context(), ada.ID, true)
		},
		"removed": func(c *connected, ada oauth.Person) error {
			return c.restarted("").in.store.RemovePerson(t.Context(), ada.ID)
		},
		"refused by GitHub": func(c *connected, ada oauth.Person) error {
			other := c.restarted("").vault
			token, _, err := other.Token(t.Context(), c.atGitHub(ada.ID))
			c.ok(err)
			c.github.Withdraw("ada")
			if err := other.Refused(t.Context(), c.atGitHub(ada.ID), token); !errors.Is(err, vault.ErrDead) {
				return fmt.Errorf("it is not dead: %w", err)
			}
			return nil
		},
		"an address that is not allowed": func(c *connected, _ oauth.Person) error {
			c.restarted(", allow: { emails: [bob@acme.example] }")
			return nil
		},
		"an address that is denied": func(c *connected, _ oauth.Person) error {
			c.restarted(", deny: { emails: [ADA@acme.example] }")
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newConnected(t)
			c.inBackground(c.door)
			browser, ada := c.browser("ada")
			_, bob := c.browser("bob")
			adas, bobs := c.access(ada.ID, "notes"), c.access(bob.ID, "notes")
			for _, access := range []oauth.Secret{adas, bobs} {
				if status, _, _, _ := c.call("notes", access, nil); status != http.StatusOK {
					t.Fatalf("the call is answered %d", status)
				}
			}
			c.ok(end(c, ada))
			t.Logf("refused after %s", c.refusedSoon(adas).Round(time.Millisecond))
			if status, _, _, _ := c.call("notes", bobs, nil); status != http.StatusOK {
				t.Errorf("bob's call is answered %d", status)
			}
			res, err := browser.Get(c.url + "/account")
			c.ok(err)
			res.Body.Close()
			if !strings.HasSuffix(res.Request.URL.Path, "/login") {
				t.Errorf("they are signed in at %s", res.Request.URL)
			}
		})
	}
}

// The call that finds out that GitHub is done with its person has the client show how
// they come again, and the calls after it are refused everywhere.
func TestTheCallThatMeetsARefusalIsChallenged(t *testing.T) {
	c := newConnected(t)
	_, ada := c.browser("ada")
	elsewhere, repos := c.access(ada.ID, "notes"), c.accessBy("https://chatgpt.com/oauth/client.json", ada.ID, "repos")
	c.door.vault.Now = func() time.Time { return time.Now().Add(9 * time.Hour) }
	c.github.Withdraw("ada")
	status, _, body, got := c.call("repos", repos, nil)
	if status != http.StatusOK || !strings.Contains(body, `"mcp/www_authenticate"`) || !strings.Contains(body, `error=\"invalid_token\"`) || got != nil {
		t.Errorf("the call is answered %d, %s", status, body)
	}
	c.inBackground(c.door) // who hears of it before the answer, is refused instead
	t.Logf("refused after %s", c.refusedSoon(elsewhere).Round(time.Millisecond))
	events, err := c.door.in.store.Events(t.Context(), 0, 100)
	c.ok(err)
	if !slices.ContainsFunc(events, func(e store.Event) bool {
		return e.Kind == store.PersonRefused && e.Subject == ada.ID && e.Actor == "github"
	}) {
		t.Errorf("the audit log has %+v", events)
	}
}
