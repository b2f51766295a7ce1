package flowtrace

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/sallyport-dev/sallyport/oauth"
)

// Secrets in all the places where somebody could put them by mistake.
func TestNothingSecretIsKept(t *testing.T) {
	d := newDesk(t)
	secrets := map[string]string{
		"code": "sp_c_" + strings.Repeat("c", 30), "refresh": "sp_rt_" + strings.Repeat("r", 30), "access": "sp_at_" + strings.Repeat("a", 30),
		"jwt": "eyJ" + strings.Repeat("j", 30), "session": "sp_s_" + strings.Repeat("s", 30), "client secret": "sp_cs_" + strings.Repeat("x", 30),
		"state": "state-" + strings.Repeat("t", 30), "verifier": strings.Repeat("v", 43), "password": "correct horse battery",
	}
	for name, secret := range secrets {
		typed := oauth.Refuse(oauth.InvalidTarget, "resource has userinfo")
		d.at("192.0.2.1", secret+"/1.0").asks(Authorize, func(a *Attempt) {
			a.Asks(url.Values{"client_id": {secret}, "state": {secrets["state"]}, "code_challenge": {secrets["verifier"]},
				"redirect_uri": {"https://cli.example/" + secret + "?code=" + secret},
				"resource":     {"https://who:" + url.QueryEscape(secret) + "@mcp.example/mcp?key=" + url.QueryEscape(secret)}})
			a.Claims(secret)
			a.Refused(typed)
		})
		if oauth.CodePrefix != "sp_c_" || oauth.RefreshPrefix != "sp_rt_" {
			t.Fatal("the prefixes of this test are not those of this server")
		}
		if recognised := strings.HasPrefix(secret, "sp_") || strings.HasPrefix(secret, "eyJ"); recognised {
			c := app("https://cli.example/"+secret, secret, "https://cli.example/"+secret)
			d.at("192.0.2.2", "curl/8").asks(Authorize, func(a *Attempt) {
				a.Asks(url.Values{"scope": {secret}, "resource": {"https://mcp.example/" + secret}})
				a.Client(c)
				a.At(guarded[0].ID)
				a.Refused(oauth.Refuse(oauth.InvalidScope, "none of the scopes asked for exists at this resource"))
			})
			d.at("192.0.2.3", "curl/8").asks(Registration, func(a *Attempt) {
				a.Client(c)
				a.Did(Registration, Registered)
			})
		}
		r := httptest.NewRequest(http.MethodPost, "/mcp?access_token="+url.QueryEscape(secret), strings.NewReader(secret))
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Cookie", "session="+secret)
		d.rec.CallRefused(r, guarded[0].ID, "", oauth.Refuse(oauth.InvalidToken, "the access token is not valid").Because(fmt.Errorf("it is %s", secret)))
		d.at("192.0.2.4", "curl/8").asks(Authorize, func(a *Attempt) {
			a.As(Document)
			fetch := &url.Error{Op: "Get", URL: "https://cli.example/?key=" + secret, Err: fmt.Errorf("no such host")}
			a.Refused(oauth.Refuse(oauth.InvalidClient, "the document by which the app says who it is could not be fetched").Because(fmt.Errorf("fetch: %w", fetch)))
		})
		for _, f := range d.flows() {
			if row := fmt.Sprintf("%+v", f); strings.Contains(row, secret) || strings.Contains(row, url.QueryEscape(secret)) {
				t.Errorf("a %s is kept in %s", name, row)
			}
		}
	}
	for _, f := range d.flows() {
		for _, address := range []string{"192.0.2", "Mozilla"} {
			if strings.Contains(fmt.Sprintf("%+v", f), address) {
				t.Errorf("an address or a browser is kept in %+v", f)
			}
		}
	}
}

// What strangers choose is in a row as text of one line, of bounded length.
func TestNothingThatATerminalWouldObeyIsKept(t *testing.T) {
	d := newDesk(t)
	for _, evil := range []string{
		"\x1b[31mred", "\x1b]0;title\x07", "\u009b31m", "two\nlines", "back\b\b\bspace", "\u202etxet", "\u2066isolated", "zero\u200bwidth",
		"nul\x00", "\xff\xfe", "\r\nSet-Cookie: a=b", strings.Repeat("long", 1000), "\u2028next",
	} {
		c := app("sp_cl_"+evil, evil, "https://"+evil+".example/cb", "http://127.0.0.1/cb")
		d.at("192.0.2.1", evil).asks(Registration, func(a *Attempt) {
			a.Client(c)
			a.Did(Registration, Registered)
		})
		d.at("192.0.2.2", evil).asks(Authorize, func(a *Attempt) {
			a.Asks(url.Values{"client_id": {c.ID}, "scope": {evil}, "resource": {"https://mcp.example/" + evil, evil}, "redirect_uri": {"https://" + evil}})
			a.Client(c)
			a.Refused(oauth.Refuse(oauth.InvalidTarget, "there is no such resource here; use the resource of the protected resource metadata"))
		})
		d.at("192.0.2.3", evil+"/1.0").discovers()
		d.at("192.0.2.4", "curl/8").asks(Authorize, func(a *Attempt) {
			a.Claims("https://cli.example/" + evil)
			a.Refused(oauth.Refuse(oauth.InvalidRequest, "the app is not known to this server"))
		})
	}
	for _, f := range d.flows() {
		texts := []string{f.ID, f.ClientID, f.ClientName, f.Resource}
		for _, s := range f.List() {
			texts = append(texts, s.Said, s.ToDo, s.Told, s.Code)
			texts = append(texts, s.Facts...)
		}
		for _, text := range texts {
			if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("this is kept: %q", text)
			}
			if len([]rune(text)) > 5*maxValue {
				t.Errorf("%d characters are kept in one text", len(text))
			}
		}
	}
}
