package e2e

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/sallyport-dev/sallyport/login/standin"
)

// TestAPersonAddsAWayToSignIn: who has a password adds GitHub on their own page, is the
// same person by it in another browser, and removes it again.
func TestAPersonAddsAWayToSignIn(t *testing.T) {
	browser := newBrowser(t)
	github := standin.NewGitHub(standin.Client{ID: "door", Secret: elsewhereSecret}, standin.GitHubPerson{ID: 9, Login: "grace", Email: "grace@navy.example", Verified: true})
	github.Chooser = true
	there := httptest.NewServer(github)
	t.Cleanup(there.Close)
	d := newDoor(t, fmt.Sprintf(`
login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: %s }
`, there.URL, elsewhereSecret))
	github.Redirects(d.URL + "/oauth/callback/github")

	b := newTab(t, browser)
	b.open(d.URL + "/login")
	b.fill("Username", username)
	b.fill("Password", password)
	b.press("Sign in")
	b.says("Ways to sign in")
	b.look("account-ways")
	b.press("Add GitHub")
	b.press("Authorize")
	b.forgives("/favicon.ico")
	b.says("as “grace”")
	b.look("account-ways-added")

	other := newTab(t, browser)
	other.open(d.URL + "/login")
	other.press("Continue with GitHub")
	other.press("Authorize")
	other.forgives("/favicon.ico")
	other.says("as “grace”")
	other.says("Password")

	b.press("Remove")
	b.says("as a way to sign in?")
	b.look("remove-way")
	b.press("Remove")
	b.says("Add GitHub")
	// The other browser was signed in by it.
	other.open(d.URL + "/account")
	other.says("Continue with GitHub")
}
