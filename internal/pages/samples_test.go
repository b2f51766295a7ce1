package pages_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/internal/clientbook"
	"github.com/sallyport-dev/sallyport/internal/pages"
	"github.com/sallyport-dev/sallyport/oauth"
)

// site is Acme's.
var site = pages.Site{Name: "Acme", PublicURL: "https://mcp.acme.example"}

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// A sample is one page in one state.
type sample struct {
	name string
	draw func(p *pages.Pages, w http.ResponseWriter)
}

// samples is every page in every state that looks different, with the strings
// that strangers and operators choose passed through say.
func samples(say func(string) string) []sample {
	return append(flowSamples(say), ownSamples(say)...)
}

func plain(s string) string { return s }

// flowSamples is the pages that a connection leads through.
func flowSamples(say func(string) string) []sample {
	return slices.Concat(signInSamples(say), consentSamples(say), problemSamples(say))
}

func signInSamples(say func(string) string) []sample {
	signIn := pages.SignIn{
		Action: "/login", Transaction: say("ix-1"), CSRF: say("csrf-1"), PasswordLogin: true,
		ResourceTitle: say("Acme Tickets"), ClientHost: say("claude.ai"),
	}
	upstreams := []pages.Upstream{
		{Name: "github", Title: say("GitHub"), Action: "/login/github"},
		{Name: "google", Title: say("Google"), Action: "/login/google"},
	}
	return []sample{
		{"privy", func(p *pages.Pages, w http.ResponseWriter) {
			p.Privy(w, 200, pages.Privy{Title: say("Privy"), Action: "/oauth/callback/privy", State: say("state-1"), Email: say("ada@acme.example"),
				ID: say("cmapp"), ClientID: say("client-1"), At: "https://auth.privy.io", BackURL: "/oauth/callback/privy?state=state-1"})
		}},
		{"sign in", func(p *pages.Pages, w http.ResponseWriter) { p.SignIn(w, 200, signIn) }},
		{"sign in with the wrong password", func(p *pages.Pages, w http.ResponseWriter) {
			v := signIn
			v.Username, v.Problem = say("ada"), pages.WrongPassword
			p.SignIn(w, 403, v)
		}},
		{"sign in too often", func(p *pages.Pages, w http.ResponseWriter) {
			v := signIn
			v.RetryAfter, v.Upstreams = 40, upstreams
			p.SignIn(w, 429, v)
		}},
		{"sign in with others from a program here", func(p *pages.Pages, w http.ResponseWriter) {
			v := signIn
			v.ClientHost, v.Upstreams = "127.0.0.1", upstreams
			p.SignIn(w, 200, v)
		}},
		{"sign in with others only", func(p *pages.Pages, w http.ResponseWriter) {
			p.SignIn(w, 200, pages.SignIn{CSRF: "c", Upstreams: upstreams})
		}},
		{"connect", func(p *pages.Pages, w http.ResponseWriter) {
			p.Connect(w, 200, pages.Connect{Action: "/connect/github", Transaction: say("ix-1"), Resource: "https://mcp.acme.example/tickets/mcp", CSRF: say("csrf-1"), Person: say("Ada (ada@acme.example)"),
				Title: say("GitHub"), ResourceTitle: say("Acme Tickets"), ClientHost: say("claude.ai")})
		}},
		{"connect again, for a program here", func(p *pages.Pages, w http.ResponseWriter) {
			p.Connect(w, 200, pages.Connect{Action: "/connect/github", Title: "GitHub", ResourceTitle: say("Acme Tickets"), ClientHost: "127.0.0.1", Ended: true})
		}},
		{"connect for a call", func(p *pages.Pages, w http.ResponseWriter) {
			p.Connect(w, 200, errandSample(say))
		}},
		{"connect for a call of an app without a name", func(p *pages.Pages, w http.ResponseWriter) {
			v := errandSample(say)
			v.ClientName, v.ProvedBy, v.Ended = "", "", true
			p.Connect(w, 200, v)
		}},
		{"sign in with a passkey", func(p *pages.Pages, w http.ResponseWriter) {
			v := signIn
			v.Upstreams, v.Passkey = upstreams, passkeyForm(say)
			p.SignIn(w, 200, v)
		}},
		{"nobody can sign in", func(p *pages.Pages, w http.ResponseWriter) { p.SignIn(w, 200, pages.SignIn{}) }},
	}
}

func errandSample(say func(string) string) pages.Connect {
	return pages.Connect{Action: "/connect/github", Transaction: say("ix-1"), CSRF: say("csrf-1"), Person: say("Ada (ada@acme.example)"),
		Title: say("GitHub"), ResourceTitle: say("Acme Tickets"), Errand: true, ClientName: say("Claude"), ProvedBy: say("claude.ai"),
		HomeURL: "https://mcp.acme.example/account"}
}

func passkeyForm(say func(string) string) pages.PasskeyForm {
	return pages.PasskeyForm{Action: "/login/passkey", Challenge: say("c1"), Options: `{"challenge":"YzE","user":{"name":"` + say("ada") + `"}}`}
}

func consentSamples(say func(string) string) []sample {
	consent := pages.Consent{
		Action: "/consent", SwitchAction: "/login/switch", Transaction: say("ix-1"), CSRF: say("csrf-1"),
		Person: say("Ada (ada@acme.example)"), Target: oauth.RedirectTarget{Host: say("claude.ai")},
		RedirectURI: say("https://claude.ai/api/mcp/auth_callback"), ClientName: say("Claude"), ProvedBy: say("claude.ai"),
		ResourceTitle: say("Acme Tickets"), ResourceURL: say("https://mcp.acme.example/tickets/mcp"),
		Scopes: []pages.ScopeLine{
			{Name: say("tickets:read"), Title: say("Read your tickets"), Description: say("Titles, texts and comments.")},
			{Name: say("tickets:write"), Title: say("Create and change tickets"), Description: say("Also closes them."), Optional: true},
			{Name: say("tickets:admin"), Optional: true, Checked: true},
		},
		OfflineAccess: true, AccountURL: "https://mcp.acme.example/account",
	}
	return []sample{
		{"consent to a proved client", func(p *pages.Pages, w http.ResponseWriter) { p.Consent(w, 200, consent) }},
		{"consent to a program here", func(p *pages.Pages, w http.ResponseWriter) {
			v := consent
			v.Target = oauth.RedirectTarget{Host: "127.0.0.1", Port: "33418", Loopback: true}
			v.RedirectURI, v.ClientName, v.ProvedBy = say("http://127.0.0.1:33418/"), say("Visual Studio Code"), say("vscode.dev")
			v.OfflineAccess = false
			p.Consent(w, 200, v)
		}},
		{"consent to a private scheme", func(p *pages.Pages, w http.ResponseWriter) {
			v := consent
			v.Target = oauth.RedirectTarget{Host: "cursor:", Private: true}
			v.RedirectURI, v.ClientName, v.ProvedBy = say("cursor://anysphere.cursor-mcp/oauth/callback"), say("Cursor"), ""
			p.Consent(w, 200, v)
		}},
		{"consent to a liar", func(p *pages.Pages, w http.ResponseWriter) {
			v := consent
			v.Target = oauth.RedirectTarget{Host: say("claude.ai.login-mcp-connector.bücher.example")}
			v.RedirectURI = say("https://claude.ai.login-mcp-connector.bücher.example/cb?next=" + long)
			v.ClientName, v.ProvedBy, v.Scopes = say("Clаude\u202e” · proved by claude.ai\u200b "+long), "", nil
			p.Consent(w, 200, v)
		}},
		{"consent to one without a name", func(p *pages.Pages, w http.ResponseWriter) {
			v := consent
			v.ClientName, v.ProvedBy, v.SwitchAction = "", "", ""
			p.Consent(w, 200, v)
		}},
	}
}

// wayBack is where a client waits for its answer.
const wayBack = "https://claude.ai/api/mcp/auth_callback?error=invalid_target&state="

func problemSamples(say func(string) string) []sample {
	return []sample{
		{"a problem with a remedy", func(p *pages.Pages, w http.ResponseWriter) {
			p.Problem(w, 400, pages.Problem{
				Title:    "This connection cannot be made",
				Happened: "Claude asked for `resource=" + say("https://mcp.acme.example") + "`; this server is `https://mcp.acme.example/mcp`.",
				ToDo:     "Enter `https://mcp.acme.example/mcp` in Claude.", Copy: say("https://mcp.acme.example/mcp"),
				Back: wayBack + url.QueryEscape(say("x")), BackHost: say("claude.ai"), HelpURL: site.PublicURL + "/mcp",
				Reference: say("flow 7KQ2-M4TX"),
			})
		}},
		{"a problem by client", func(p *pages.Pages, w http.ResponseWriter) {
			p.Problem(w, 400, pages.Problem{
				Title: "This app is not known here", Happened: "It was registered once and removed since, or never.",
				ToDo: "Remove the connection in the app and add it again.", Again: "/",
				ByClient: []pages.ClientAdvice{
					{Client: "Claude Code", ToDo: "Remove it and add it again:", Copy: say("claude mcp remove tickets")},
					{Client: "VS Code", ToDo: "Run “Authentication: Remove Dynamic Authentication Providers”."},
				},
				Reference: "7KQ2-M4TX",
			})
		}},
	}
}

// long is longer than any limit.
var long = func() string {
	var b []byte
	for range 40 {
		b = append(b, "a-very-long-"...)
	}
	return string(b)
}()

func ownSamples(say func(string) string) []sample {
	grants := []pages.GrantLine{
		{
			ID: say("g1"), Host: say("claude.ai"), ClientName: say("Claude"), ResourceTitle: say("Acme Tickets"),
			Permissions: []string{say("Read your tickets"), say("Create and change tickets")},
			Since:       now.Add(-80 * 24 * time.Hour), LastUsed: now.Add(-3 * time.Minute),
		},
		{ID: "g2", Host: "cursor:", ResourceTitle: say("Acme Wiki"), Since: now.Add(-5 * time.Hour)},
		{ID: "g3", Host: "localhost", ClientName: say("Claude Code (tickets)"), ResourceTitle: say("Acme Tickets"), Permissions: []string{"Read your tickets"}, Since: now.Add(-50 * time.Hour), LastUsed: now.Add(-30 * time.Hour)},
	}
	account := pages.Account{
		Person: say("Ada (ada@acme.example)"), Now: now, RevokeURL: "/account/revoke",
		SignOutAction: "/account/sign-out", CSRF: say("csrf-1"),
	}
	guarded := pages.ResourcePage{
		Title: say("Acme Tickets"), Description: say("The tickets of everyone at Acme."), URL: "https://mcp.acme.example/tickets/mcp",
		Scopes: []pages.ScopeLine{
			{Name: "tickets:read", Title: say("Read your tickets"), Description: say("Titles, texts and comments.")},
			{Name: "tickets:write", Title: say("Create and change tickets"), Optional: true},
		},
		AccountURL: "/account", Guides: guides("tickets", "https://mcp.acme.example/tickets/mcp"),
	}
	return []sample{
		{"connected", func(p *pages.Pages, w http.ResponseWriter) { p.Connected(w, 200, errandSample(say)) }},
		{"first run", func(p *pages.Pages, w http.ResponseWriter) {
			p.FirstRun(w, 200, pages.FirstRun{Action: "/setup/x", CSRF: say("csrf-1"), PasswordMin: 10})
		}},
		{"first run with a short password", func(p *pages.Pages, w http.ResponseWriter) {
			p.FirstRun(w, 400, pages.FirstRun{Action: "/setup/x", CSRF: "c", Username: say("ada"), Name: say("Ada"), PasswordMin: 10, Problem: "That password has 6 characters; it needs at least 10.", Field: "password"})
		}},
		{"account", func(p *pages.Pages, w http.ResponseWriter) {
			v := account
			v.Grants, v.AdminURL = grants, "/admin"
			p.Account(w, 200, v)
		}},
		{"account with connections", func(p *pages.Pages, w http.ResponseWriter) {
			v := account
			v.Connections = []pages.ConnectionLine{
				{Title: say("GitHub"), ResourceTitle: say("Acme Tickets"), Name: say("ada"), Since: now.Add(-time.Hour), Action: "/disconnect/github", Resource: say("https://mcp.acme.example/tickets/mcp"), CSRF: say("csrf-2")},
				{Title: "GitHub", ResourceTitle: "Acme Code", Action: "/connect/github"},
				{Title: say("Google"), ResourceTitle: "Acme Calendar", Since: now.Add(-time.Hour), Ended: true, Action: "/connect/google"},
				{Title: say("Acme"), ResourceTitle: say("Everything"), Action: "/connect/acme"},
			}
			p.Account(w, 200, v)
		}},
		{"account with ways in", func(p *pages.Pages, w http.ResponseWriter) {
			v := account
			v.RemoveWayURL = "/account/ways"
			v.Ways = []pages.WayLine{
				{Title: "Password", Name: say("ada")},
				{ID: say("w1"), Title: say("GitHub"), Name: say("ada"), Since: now.Add(-time.Hour)},
				{ID: "w2", Title: say("https://old.example"), Since: now.Add(-time.Hour), Off: true},
			}
			v.NewWays = []pages.NewWay{{Title: say("Google"), Action: "/account/ways/google", CSRF: say("csrf-2")}}
			p.Account(w, 200, v)
		}},
		{"remove a way in", func(p *pages.Pages, w http.ResponseWriter) {
			p.ConfirmWay(w, 200, pages.ConfirmWay{Action: "/account/ways", CSRF: say("csrf-1"), BackURL: "/account",
				Way: pages.WayLine{ID: say("w1"), Title: say("GitHub"), Name: say("ada"), Since: now.Add(-time.Hour)}})
		}},
		{"sign in once more", func(p *pages.Pages, w http.ResponseWriter) {
			p.SignIn(w, 200, pages.SignIn{Action: "/login", CSRF: "c", PasswordLogin: true, Again: true, Upstreams: []pages.Upstream{{Name: "github", Title: say("GitHub"), Action: "/login/github"}}})
		}},
		{"account with nothing in it", func(p *pages.Pages, w http.ResponseWriter) {
			v := account
			v.Notice = "`" + say("claude.ai") + "` can no longer act for you."
			p.Account(w, 200, v)
		}},
		{"passkeys", func(p *pages.Pages, w http.ResponseWriter) {
			p.Passkeys(w, 200, pages.Passkeys{Person: say("Ada"), Now: now, CSRF: say("csrf-1"), RemoveURL: "/account/passkeys/remove", BackURL: "/account",
				Add: passkeyForm(say), Notice: "From now on you can sign in with it.", Passkeys: []pages.PasskeyLine{
					{ID: say("k1"), Name: say("Ada's phone"), Since: now.Add(-50 * time.Hour), LastUsed: now.Add(-time.Minute)},
					{ID: "k2", Name: say("Blue key " + long[:40]), Since: now.Add(-time.Hour)}}})
		}},
		{"passkeys to someone who signed in a while ago", func(p *pages.Pages, w http.ResponseWriter) {
			p.Passkeys(w, 403, pages.Passkeys{Person: say("Ada"), Now: now, CSRF: "c", RemoveURL: "/account/passkeys/remove", BackURL: "/account",
				ConfirmAction: "/account/passkeys/confirm", Problem: "That is not your password."})
		}},
		{"as many passkeys as may be", func(p *pages.Pages, w http.ResponseWriter) {
			p.Passkeys(w, 200, pages.Passkeys{Person: "Ada", Now: now, RemoveURL: "/account/passkeys/remove", BackURL: "/account"})
		}},
		{"confirm to remove a passkey", func(p *pages.Pages, w http.ResponseWriter) {
			p.ConfirmPasskey(w, 200, pages.ConfirmPasskey{Action: "/account/passkeys/remove", CSRF: "c", BackURL: "/account/passkeys",
				Passkey: pages.PasskeyLine{ID: say("k1"), Name: say("Ada's phone")}})
		}},
		{"confirm", func(p *pages.Pages, w http.ResponseWriter) {
			p.ConfirmRevoke(w, 200, pages.ConfirmRevoke{Action: "/account/revoke", CSRF: "c", Grant: grants[0], BackURL: "/account"})
		}},
		{"signed out", func(p *pages.Pages, w http.ResponseWriter) {
			p.SignedOut(w, 200, pages.SignedOut{SignInURL: "/account"})
		}},
		{"welcome", func(p *pages.Pages, w http.ResponseWriter) {
			p.Welcome(w, 200, pages.Welcome{AccountURL: "/account", Resources: []pages.ResourceLine{
				{Title: say("Acme Tickets"), Description: say("The tickets of everyone at Acme."), URL: "https://mcp.acme.example/tickets/mcp"},
				{Title: say("Acme Wiki"), URL: "https://mcp.acme.example/wiki/mcp"},
			}})
		}},
		{"resource", func(p *pages.Pages, w http.ResponseWriter) { p.Resource(w, 200, guarded) }},
		{"resource on this computer", func(p *pages.Pages, w http.ResponseWriter) {
			v := guarded
			v.Title, v.URL, v.Description, v.Scopes = "Demo", "http://localhost:8080/mcp", "", nil
			v.Guides = guides("demo", v.URL)
			p.Resource(w, 401, v)
		}},
	}
}

// guides are those of the client book.
func guides(name, mcpURL string) []pages.Guide {
	var all []pages.Guide
	for _, c := range clientbook.Clients() {
		a := c.Guide(clientbook.Server{Name: name, URL: mcpURL})
		g := pages.Guide{Client: c.Name, Hosted: c.Runs == clientbook.Hosted, Link: a.Link}
		for _, step := range a.Steps {
			g.Steps = append(g.Steps, pages.GuideStep(step))
		}
		for _, trouble := range c.Troubles {
			g.Troubles = append(g.Troubles, pages.GuideTrouble(trouble))
		}
		all = append(all, g)
	}
	return all
}

func newPages(t *testing.T, s pages.Site) *pages.Pages {
	t.Helper()
	p, err := pages.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func drawn(p *pages.Pages, s sample) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.draw(p, w)
	return w
}
