package e2e

import (
	"fmt"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/apps/intent/backend"
	"github.com/sallyport-dev/sallyport/login/standin"
)

// An actor is a server of apps/ as a program of its own. What each call acts with it
// gets from the door, in exchange for the token that the call brought (RFC 8693).
type actor struct {
	program string
	login   string // whose tokens it acts with
	asks    string // what for, of the service
	listen  string
}

func newActor(t *testing.T, name, login, asks string) actor {
	t.Helper()
	a := actor{filepath.Join(t.TempDir(), name), login, asks, fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-o", a.program, "../apps/"+name+"/cmd/"+name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return a
}

// settings are the door's: the resource, with what people can allow, and the client
// that the program is there.
func (a actor) settings(title, scopes string) string {
	return fmt.Sprintf(`resources:
  - { name: here, title: %s, host: '%s', path: /mcp, scopes: { %s }, connection: { provider: %s, scopes: [%s] } }
clients:
  - { client_id: server, client_secret: %s, serves: [here], exchange: [{ login: %s }] }
`, title, a.listen, scopes, a.login, a.asks, elsewhereSecret, a.login)
}

// trusts runs the program, and has clients call it.
func (a actor) trusts(t *testing.T, d *door, args ...string) {
	t.Helper()
	d.MCP = "http://" + a.listen + "/mcp"
	cmd := exec.Command(a.program, append(args, "--client-id", "server", "--issuer", d.URL, "--resource", d.MCP, "--listen", a.listen)...)
	cmd.Env = environment(strings.ToUpper(filepath.Base(a.program)) + "_SERVER_SECRET=" + elsewhereSecret)
	start(t, cmd, d.MCP)
}

// TestTheGitHubServerAloneActsForWhoeverCalls: people connect GitHub on the way, and
// the program does at GitHub what they ask for, as them.
func TestTheGitHubServerAloneActsForWhoeverCalls(t *testing.T) {
	t.Parallel()
	github := standin.NewGitHub(standin.Client{ID: "door", Secret: elsewhereSecret}, standin.GitHubPerson{ID: 9, Login: "grace", Email: "grace@navy.example", Verified: true})
	github.Repos(repositories()...)
	there := httptest.NewServer(github)
	t.Cleanup(there.Close)
	a := newActor(t, "github", "github", "repo, 'read:user'")
	d := newDoor(t, fmt.Sprintf(`login:
  - { type: local }
  - { type: github, url: %s, client_id: door, client_secret: %s }
`, there.URL, elsewhereSecret)+a.settings("Repositories", `"read:user": { default: true }, "read:repos": {}, "write:issues": {}`))
	github.Redirects(d.URL + "/oauth/callback/github")
	a.trusts(t, d, "--api", there.URL+"/")

	g := &goTraveller{visitor: d.visitor()}
	g.visitor.Elsewhere = there.URL
	s := g.connect(t, d, "2026-07-28")
	defer s.Close()
	shows(t, board(t, s, "get_profile", nil), "login=grace")
	issue, _ := board(t, s, "create_issue", map[string]any{"owner": "grace", "repo": "compiler", "title": "It hums"})["issue"].(map[string]any)
	shows(t, issue, "number=4", "title=It hums")
	if made := github.IssuesOf("grace", "compiler"); len(made) != 4 || made[3].Author != "grace" {
		t.Errorf("at GitHub there is %+v", made)
	}
	if strings.Contains(d.log.String(), "gho_") {
		t.Error("the log holds a token")
	}
}

// TestTheIntentsAloneActForWhoeverCalls: in front of an API that takes nothing but
// Privy's tokens. When it takes the person's no longer, they connect, and go on.
func TestTheIntentsAloneActForWhoeverCalls(t *testing.T) {
	t.Parallel()
	browser := newBrowser(t)
	site := newPrivySite(t, "did:privy:cm3np4u9j001rc8b73seqmqqk", "grace@navy.example")
	api := httptest.NewServer(protocol{site, backend.New(time.Now)})
	t.Cleanup(api.Close)
	a := newActor(t, "intent", "privy", "")
	d := newDoor(t, "login:"+site.login+a.settings("Intents and connections", "read: { default: true }, write: {}"))
	site.signsInTo(t, d.URL)
	a.trusts(t, d, "--api", api.URL)

	c := newChat(t, browser, d.MCP, moved)
	w := c.show("chatgpt", "extract_intent", map[string]any{"fullInputText": moved}, byPrivy)
	w.awaits("2 intents found")
	site.takesBack()
	w = c.show("mcpapps", "discover_connections", map[string]any{"fullInputText": moved}, nil)
	w.awaits("is not connected")
	connectsPrivy(c, w)
	w.awaits("Lena Fischer")
	c.forgives("status of 401")
	c.faults()
}
