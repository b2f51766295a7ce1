package doctor

import (
	"slices"
	"strings"
	"testing"
)

// A fault is what is switched on, what has to be found, and what becomes of the
// clients: those that do not connect ("all" is everyone), and those that connect
// with a caution. Notes do not matter to any client.
type fault struct {
	name     string
	findings string
	willNot  string
	cautions string
}

// looked are the clients that the table is about, so that a client that becomes
// known tomorrow changes nothing here.
var looked = strings.Fields("chatgpt claude claude-code codex vscode cursor goose gemini-cli m365-copilot lm-studio inspector")

var faults = []fault{
	{"", "", "", ""},
	{"only IPv6", "no-ipv4", "", "claude"},
	{"the certificate has expired", "certificate", "all", ""},
	{"the certificate ends soon", "certificate-ends", "", "all"},
	{"the certificate is for another host", "certificate", "all", ""},
	{"nobody knows who signed the certificate", "certificate", "all", ""},
	{"no CORS at all", "answer-unreadable preflight-refused", "inspector", ""},
	{"answers have no CORS headers", "answer-unreadable", "inspector", ""},
	{"no slash after the path", "slash-not-served", "", ""},
	{"only with a slash", "slash-missing", "", "claude"},
	{"no such endpoint", "authorize-fails", "all", ""},
	{"the challenge is not exposed", "challenge-hidden", "", "inspector"},
	{"preflights need a token", "preflight-refused", "inspector", ""},
	{"preflights allow no headers", "preflight-refused", "inspector", ""},
	{"preflights know nothing of the newer generation", "preflight-newer", "", "inspector"},
	{"another path", "not-found", "all", ""},
	{"a website", "not-mcp", "all", ""},
	{"no POST", "not-mcp", "all", ""},
	{"it crashes", "server-error", "all", ""},
	{"it redirects to a slash", "redirected", "claude", ""},
	{"it redirects elsewhere", "redirected-away", "all", ""},
	{"bots are filtered", "agent-filtered", "claude claude-code", ""},
	{"any Accept is refused", "accept-refused", "", ""},
	{"nothing listens", "unreachable", "all", ""},
	{"on this computer", "private-address", "", ""},
	{"on this computer; open", "private-address", "", ""},
	{"on this computer; open; any origin", "origin-unchecked private-address", "", ""},
	{"on this computer; by http", "private-address", "", ""},
	{"on a network; by http", "plain-http-here private-address", "", "all"},
	{"by http", "endpoint-form plain-http", "all", ""},
	{"http is answered too", "answers-plain", "", ""},
	{"too many", "limited", "", ""},
	{"too many for a while", "", "", ""},
	{"too many at some places", "limited", "", ""},
	{"a puzzle for browsers", "", "", ""},
	{"bots are kept from documents", "agent-filtered", "claude claude-code", ""},
	{"everything takes very long", "too-slow unfinished", "claude", "chatgpt claude-code codex vscode cursor gemini-cli goose m365-copilot lm-studio inspector"},
	{"tools cannot be listed", "tools-missing", "", "all"},
	{"no signing algorithms", "signing-algorithms-not-listed", "", "chatgpt"},
	{"unknown clients are answered", "unknown-client-redirected", "", ""},
	{"nobody is asked", "nobody-asked", "", ""},
	{"the stream crashes", "stream-odd", "", "all"},
	{"newer calls crash", "newer-generation-odd", "", "chatgpt inspector"},
	{"open", "", "", ""},
	{"open, no metadata", "", "", ""},
	{"open, old only", "newer-generation-missing", "", ""},
	{"open, new only", "older-generation-missing", "claude claude-code codex vscode cursor gemini-cli goose m365-copilot lm-studio", ""},
	{"widgets are wrong", "widget-address widget-missing widget-policy widget-type", "", "all"},
	{"tools are wrong", "tool-name tool-schema tool-security", "", "all"},
	{"any token is taken", "bad-token-accepted", "", ""},
	{"403 for 401", "not-challenged", "all", ""},
	{"200 for 401", "not-challenged", "all", ""},
	{"a dead token is a server error", "bad-token-answer", "", "all"},
	{"a dead token gets a bare challenge", "bad-token-error", "", ""},
	{"no challenge", "challenge-missing", "", "all"},
	{"no challenge, no well-known", "challenge-missing resource-metadata-missing", "all", ""},
	{"2025-03-26 only", "challenge-missing resource-metadata-missing", "claude claude-code chatgpt codex vscode cursor gemini-cli m365-copilot lm-studio inspector", "goose"},
	{"the challenge names no metadata", "challenge-without-metadata", "", "all"},
	{"the challenge names no scope", "challenge-without-scope", "", ""},
	{"the challenge leads nowhere", "challenge-leads-nowhere", "all", ""},
	{"the challenge is relative", "challenge-leads-nowhere", "all", ""},
	{"behind a proxy", "behind-proxy", "all", ""},
	{"discovery takes long", "too-slow", "claude", ""},
	{"discovery takes a while", "slow", "", "claude"},
	{"a page for everything", "page-for-a-document places-missing", "claude-code", ""},
	{"plain 404s", "plain-404", "", ""},
	{"what is missing is forbidden", "not-a-404", "", "claude-code"},
	{"metadata only at the root", "challenge-leads-nowhere places-missing", "all", ""},
	{"metadata only at the path", "places-missing", "", ""},
	{"documents are behind a redirect", "document-moved", "", "all"},
	{"the resource has a slash", "resource-not-exact", "claude claude-code chatgpt vscode inspector", ""},
	{"the resource is the origin", "resource-not-exact", "claude chatgpt vscode", ""},
	{"the resource is another", "resource-elsewhere", "all", ""},
	{"the documents of the resource differ", "resource-documents-differ", "", "all"},
	{"no authorization server", "authorization-servers-missing", "all", ""},
	{"several authorization servers", "several-authorization-servers", "", ""},
	{"the resource lists offline_access", "challenge-offline-access", "", ""},
	{"an authorization server that is not there", "server-metadata-missing", "all", ""},
	{"the issuer in the resource's metadata has a slash", "issuer-slash", "claude claude-code chatgpt codex vscode inspector", ""},
	{"documents are text", "document-type", "", "all"},
	{"no server metadata", "server-metadata-missing", "all", ""},
	{"the issuer has a slash", "iss-wrong issuer-slash", "claude claude-code chatgpt codex vscode gemini-cli inspector", ""},
	{"the issuer is another", "iss-wrong issuer-mismatch", "all", ""},
	{"no token endpoint in the metadata", "endpoints-missing", "all", ""},
	{"an endpoint is http", "endpoint-form", "all", ""},
	{"PKCE is not listed", "pkce-not-listed", "claude claude-code chatgpt codex cursor gemini-cli goose m365-copilot lm-studio inspector", ""},
	{"only plain PKCE is listed", "pkce-without-s256", "all", ""},
	{"plain PKCE is listed too", "pkce-plain", "", ""},
	{"no response types", "code-not-listed", "", "all"},
	{"refresh is not listed", "refresh-not-listed", "", "all"},
	{"none is not listed", "none-not-listed", "", ""},
	{"no documents", "documents-not-offered", "", ""},
	{"no registration endpoint", "no-registration", "gemini-cli lm-studio", "inspector m365-copilot"},
	{"neither documents nor registration", "no-registration", "chatgpt claude-code codex gemini-cli goose lm-studio vscode", "claude cursor inspector m365-copilot"},
	{"iss is sent and not announced", "iss-not-advertised iss-unannounced", "", "all"},
	{"iss is neither sent nor announced", "iss-not-advertised", "", ""},
	{"offline_access is not listed", "offline-access-not-listed", "", ""},
	{"there is no such authorize address", "authorize-fails", "all", ""},
	{"there is no such token address", "token-unreachable", "all", ""},
	{"the documents of the server disagree", "server-documents-differ", "", "all"},
	{"no keys", "keys-missing", "", ""},
	{"a private key is published", "keys-private", "", ""},
	{"a key is weak", "keys-weak", "", ""},
	{"registration takes long", "too-slow", "claude", ""},
	{"registration is closed", "registration-refused", "gemini-cli lm-studio", "inspector m365-copilot"},
	{"registration answers a page", "registration-refused", "gemini-cli lm-studio", "inspector m365-copilot"},
	{"private schemes are refused", "", "", ""},
	{"only this computer may register", "client-refused", "m365-copilot", ""},
	{"only this computer may register; no documents", "client-refused documents-not-offered", "chatgpt claude cursor m365-copilot vscode", ""},
	{"private schemes are refused; no documents", "client-refused documents-not-offered", "cursor", ""},
	{"private schemes are dropped; no documents", "documents-not-offered redirects-dropped", "", "cursor"},
	{"registrations cannot be removed", "registration-stays", "", ""},
	{"no secrets", "secret-missing", "m365-copilot", ""},
	{"registration answers with nulls", "registration-nulls", "lm-studio", ""},
	{"registration answers without redirect URIs", "registration-incomplete registration-stays", "gemini-cli m365-copilot lm-studio inspector", ""},
	{"registration answers 200", "registration-status", "", ""},
	{"documents are refused", "document-refused", "claude claude-code chatgpt codex vscode cursor goose", ""},
	{"the port is compared", "document-refused port-compared", "claude-code codex goose", ""},
	{"authorize crashes", "authorize-fails", "all", ""},
	{"any redirect URI", "open-redirect", "", ""},
	{"PKCE is not demanded", "pkce-not-demanded", "", ""},
	{"the resource's slash is refused", "resource-slash-refused", "", ""},
	{"the resource is not known", "resource-refused", "all", ""},
	{"form-action on the page", "form-action", "", "all"},
	{"iss is missing", "iss-missing", "chatgpt codex gemini-cli", ""},
	{"iss is another", "iss-wrong", "chatgpt codex gemini-cli", ""},
	{"errors lose the state", "state-missing", "", ""},
	{"a plus becomes a space", "state-changed", "all", ""},
	{"token errors are pages", "token-error-form", "", "all"},
	{"token errors are 200", "token-error-form", "", "all"},
	{"an unknown client is invalid_grant", "unknown-client-answer", "", "gemini-cli inspector lm-studio m365-copilot"},
	{"a dead refresh token is invalid_request", "dead-refresh-answer", "", "all"},
}

// lived are faults that show only when somebody signs in.
var lived = []fault{
	{"", "", "", ""},
	{"iss is missing from success", "iss-missing", "chatgpt codex gemini-cli", ""},
	{"the person says no", "sign-in-stopped", "", ""},
	{"less is granted", "scope-narrowed", "", ""},
	{"less is granted in secret", "scope-untold", "", "all"},
	{"codes are refused", "code-refused", "all", ""},
	{"no token type", "token-incomplete", "all", ""},
	{"no expiry", "token-without-expiry", "", "all"},
	{"tokens may be stored", "token-cacheable", "", "all"},
	{"the audience is another", "token-audience", "", "all"},
	{"no refresh token", "no-refresh-token", "", "all"},
	{"its own tokens are refused", "token-not-accepted", "all", ""},
	{"refresh does not work", "refresh-fails", "", "all"},
	{"refresh tokens stay", "refresh-not-rotated", "", "claude claude-code"},
	{"a second refresh ends the grant", "refresh-race", "", "claude-code"},
	{"the scope challenge is bare", "step-up-challenge", "", "all"},
	{"more scope does not help", "step-up-fails", "", "all"},
	{"revocation does nothing", "revocation-without-effect", "", ""},
	{"codes work twice", "code-used-twice", "", ""},
}

func TestEveryKindOfFindingHasAFault(t *testing.T) {
	var shown []string
	for _, f := range slices.Concat(faults, lived) {
		shown = append(shown, strings.Fields(f.findings)...)
	}
	for _, k := range Kinds() {
		if !slices.Contains(shown, k.ID) {
			t.Errorf("no server of the tests shows %s", k.ID)
		}
		if k.Title == "" || k.Rule == "" || k.Mend == "" || k.Severity == "" || stepAt(k.Step) < 0 || (k.Breaks == nobody) != (k.Whom != "") {
			t.Errorf("%s is not complete: %+v", k.ID, k)
		}
	}
}

func TestEveryFaultIsFound(t *testing.T) {
	t.Parallel()
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, f.name)
			c := w.config()
			c.Clients = looked
			report, err := Examine(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			check(t, report, f)
		})
	}
}

func TestEveryFaultOfALifeIsFound(t *testing.T) {
	t.Parallel()
	for _, f := range lived {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, f.name)
			c := w.config()
			c.Clients, c.SignIn = looked, w.visitor()
			report, err := Examine(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if !report.SignedIn && f.findings != "code-refused" && f.findings != "sign-in-stopped" {
				t.Error("nobody signed in")
			}
			check(t, report, f)
		})
	}
}

// check compares a report with what has to be in it.
func check(t *testing.T, r Report, f fault) {
	t.Helper()
	var found, willNot, cautions []string
	for _, g := range r.Findings {
		if !slices.Contains(found, g.ID) {
			found = append(found, g.ID)
		}
	}
	for _, v := range r.Verdicts {
		switch v.Outcome {
		case WillNot:
			willNot = append(willNot, v.ID)
			if v.Step == "" || len(v.Because) == 0 {
				t.Errorf("%s will not connect, and nobody says why: %+v", v.ID, v)
			}
		case Cautioned:
			cautions = append(cautions, v.ID)
		}
	}
	slices.Sort(found)
	same(t, "found", found, f.findings, r)
	same(t, "will not connect", willNot, f.willNot, r)
	same(t, "connect with a caution", cautions, f.cautions, r)
	for _, g := range r.Findings {
		if g.What == "" || g.Severity != Note && g.ID != "keys-private" && len(g.Evidence) == 0 && g.ID != "no-ipv4" {
			t.Errorf("%s shows nothing: %q", g.ID, g.What)
		}
	}
}

func same(t *testing.T, what string, got []string, want string, r Report) {
	t.Helper()
	wanted := strings.Fields(want)
	if want == "all" {
		wanted = nil
		for _, v := range r.Verdicts {
			wanted = append(wanted, v.ID)
		}
	}
	slices.Sort(got)
	slices.Sort(wanted)
	if !slices.Equal(got, wanted) {
		t.Errorf("%s:\n  got  %s\n  want %s", what, strings.Join(got, " "), strings.Join(wanted, " "))
		for _, f := range r.Findings {
			t.Logf("%s %s: %s", f.Severity, f.ID, f.What)
		}
	}
}
