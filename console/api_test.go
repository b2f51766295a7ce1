package console_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-dev/sallyport/console"
	"github.com/sallyport-dev/sallyport/internal/flowtrace"
	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/store"
	"github.com/sallyport-dev/sallyport/store/sqlstore"
	"github.com/sallyport-dev/sallyport/store/sqlstore/migrated"
	"github.com/sallyport-dev/sallyport/token"
)

const site = "https://as.example"

// A desk is an API with a database and keys of its own.
type desk struct {
	t     *testing.T
	store *sqlstore.Store
	keys  *token.Keyring
	now   time.Time
	url   string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return d.now }
	var err error
	if d.store, err = sqlstore.Open(t.Context(), sqlstore.Options{Path: migrated.File(t), Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.store.Close(); err != nil {
			t.Error(err)
		}
	})
	if d.keys, err = token.Open(t.Context(), token.Options{Store: d.store, EncryptionKey: make([]byte, 32), Algorithms: []string{token.ES256},
		RotateEvery: 720 * time.Hour, Lifetime: time.Hour, Now: clock, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	api, err := console.New(console.Config{PublicURL: site, Tokens: d.keys, Grants: d.store, People: d.store,
		Flows: console.FlowReader{Store: d.store, Now: clock}, Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	api.Routes(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	d.url = server.URL
	for _, p := range []oauth.Person{{ID: "root", Username: "root", Admin: true}, {ID: "ada", Username: "ada"}} {
		p.Created = d.now
		if err := d.store.AddPerson(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// token is an access token as the server makes them, of a grant that is alive.
func (d *desk) token(change func(g *oauth.Grant, a *token.Access)) string {
	d.t.Helper()
	g := oauth.Grant{ID: oauth.NewID("g_"), CodeID: oauth.NewDigest(), Subject: "root", ClientID: "tool", Resource: site + console.Path,
		Scope: oauth.NewScope(console.ScopeFlows), AuthTime: d.now, Created: d.now, Expires: d.now.Add(24 * time.Hour),
		Salt: oauth.NewDigest(), Generation: oauth.Generation{N: 1}, RotatedAt: d.now}
	a := token.Access{ID: oauth.NewID(""), Issuer: site, Subject: "root", Audience: g.Resource, ClientID: "tool", Scope: g.Scope, GrantID: g.ID,
		AuthTime: d.now, IssuedAt: d.now, Expires: d.now.Add(time.Hour)}
	if change != nil {
		change(&g, &a)
	}
	if err := d.store.Create(d.t.Context(), g); err != nil {
		d.t.Fatal(err)
	}
	raw, err := d.keys.MintAccess(token.FormatJWT, token.ES256, a)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(raw)
}

type reply struct {
	*http.Response
	body string
}

func (d *desk) ask(method, path string, header map[string]string) reply {
	d.t.Helper()
	r, err := http.NewRequestWithContext(d.t.Context(), method, d.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return reply{res, string(body)}
}

func (d *desk) get(raw, path string) reply {
	d.t.Helper()
	return d.ask(http.MethodGet, path, map[string]string{"Authorization": "Bearer " + raw})
}

func TestOnlyAdministratorsAreLetIn(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(g *oauth.Grant, a *token.Access)
		then   func(d *desk) error
		status int
		says   string
	}{
		"an administrator": {status: 200, says: `{"flows":[]}`},
		"somebody else": {change: func(g *oauth.Grant, a *token.Access) { g.Subject, a.Subject = "ada", "ada" },
			status: 403, says: "not that of an administrator"},
		"a token that names an administrator, of the grant of somebody else": {change: func(g *oauth.Grant, a *token.Access) { g.Subject = "ada" },
			status: 401, says: "not valid for this API"},
		"a token of somebody else, of the grant of an administrator": {change: func(g *oauth.Grant, a *token.Access) { a.Subject = "ada" },
			status: 401, says: "not valid for this API"},
		"a token of another resource": {change: func(g *oauth.Grant, a *token.Access) { g.Resource, a.Audience = site+"/mcp", site+"/mcp" },
			status: 401, says: "not valid for this API"},
		"a token of the server as such": {change: func(g *oauth.Grant, a *token.Access) { g.Resource, a.Audience = site, site },
			status: 401, says: "not valid for this API"},
		"a token of another issuer": {change: func(g *oauth.Grant, a *token.Access) { a.Issuer = "https://other.example" },
			status: 401, says: "not valid for this API"},
		"a token of another scope": {change: func(g *oauth.Grant, a *token.Access) { a.Scope = oauth.NewScope("tickets:read") },
			status: 403, says: "ask for the scope named"},
		"a token of no scope": {change: func(g *oauth.Grant, a *token.Access) { a.Scope = nil },
			status: 403, says: "ask for the scope named"},
		"a token of no grant": {change: func(g *oauth.Grant, a *token.Access) { a.GrantID = "g_none" },
			status: 401, says: "not valid for this API"},
		"a token that has expired": {then: func(d *desk) error { d.now = d.now.Add(2 * time.Hour); return nil },
			status: 401, says: "not valid for this API"},
		"an administrator who was disabled": {then: func(d *desk) error { return d.store.SetDisabled(d.t.Context(), "root", true) },
			status: 401, says: "not valid for this API"},
		"an administrator who was removed": {then: func(d *desk) error { return d.store.RemovePerson(d.t.Context(), "root") },
			status: 401, says: "not valid for this API"},
		"a grant that was revoked": {then: func(d *desk) error {
			_, err := d.store.Revoke(d.t.Context(), store.GrantFilter{Subject: "root"}, "revoked")
			return err
		}, status: 401, says: "not valid for this API"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			raw := d.token(tc.change)
			if tc.then != nil {
				if err := tc.then(d); err != nil {
					t.Fatal(err)
				}
			}
			got := d.get(raw, "/api/v1/flows")
			if got.StatusCode != tc.status || !strings.Contains(got.body, tc.says) {
				t.Errorf("%s: %s", got.Status, got.body)
			}
			challenge := got.Header.Get("WWW-Authenticate")
			if tc.status == 401 && !strings.HasPrefix(challenge, `Bearer error="invalid_token", scope="flows:read", resource_metadata="`+site+`/.well-known/oauth-protected-resource/api/v1"`) {
				t.Errorf("the challenge is %q", challenge)
			}
			if tc.status != 200 && strings.Contains(got.body, "flows\":") {
				t.Errorf("something was given: %s", got.body)
			}
		})
	}
}

func TestATokenIsWhereItBelongsOrNowhere(t *testing.T) {
	d := newDesk(t)
	raw := d.token(nil)
	flipped := []byte(raw)
	flipped[len(flipped)-20] ^= 1
	for name, tc := range map[string]struct {
		path   string
		header map[string]string
	}{
		"nothing":                 {},
		"in the query":            {path: "?access_token=" + raw},
		"in a cookie":             {header: map[string]string{"Cookie": "access_token=" + raw + "; sallyport_session=" + raw}},
		"by another scheme":       {header: map[string]string{"Authorization": "Basic " + raw}},
		"without a scheme":        {header: map[string]string{"Authorization": raw}},
		"with one bit changed":    {header: map[string]string{"Authorization": "Bearer " + string(flipped)}},
		"without its signature":   {header: map[string]string{"Authorization": "Bearer " + raw[:strings.LastIndexByte(raw, '.')+1]}},
		"as the refresh token is": {header: map[string]string{"Authorization": "Bearer sp_rt_x"}},
	} {
		for _, path := range []string{"/api/v1/flows", "/api/v1/flows/7KQ2-M4TX", "/api/v1/people", "/api/v1/", "/api/v1"} {
			if got := d.ask(http.MethodGet, path+tc.path, tc.header); got.StatusCode != 401 || got.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s at %s: %s", name, path, got.Status)
			}
		}
	}
	if got := d.ask(http.MethodGet, "/api/v1/flows", nil); got.Header.Get("WWW-Authenticate") != `Bearer scope="flows:read", resource_metadata="`+site+`/.well-known/oauth-protected-resource/api/v1"` {
		t.Errorf("who has no token is told %q", got.Header.Get("WWW-Authenticate"))
	}
}

// A page of another site has the person's cookies and no token. There is nothing
// for it here, nor may it read what a program gets.
func TestNoOtherSiteGetsAnAnswer(t *testing.T) {
	d := newDesk(t)
	session := oauth.NewSecret(oauth.SessionPrefix)
	if err := d.store.OpenSession(t.Context(), oauth.Session{ID: session.Digest(), Subject: "root", AuthTime: d.now, Expires: d.now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	cookies := "sallyport_session=" + string(session) + "; __Host-sallyport_session=" + string(session)
	for _, method := range []string{"GET", "POST", "OPTIONS", "PUT", "DELETE"} {
		for _, origin := range []string{"https://evil.example", "null", site} {
			got := d.ask(method, "/api/v1/flows", map[string]string{"Cookie": cookies, "Origin": origin, "Sec-Fetch-Site": "cross-site",
				"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"})
			if got.StatusCode != 401 {
				t.Errorf("%s from %s: %s", method, origin, got.Status)
			}
		}
	}
	got := d.ask("GET", "/api/v1/flows", map[string]string{"Authorization": "Bearer " + d.token(nil), "Origin": "https://evil.example"})
	for name := range got.Header {
		if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
			t.Errorf("the answer has %s", name)
		}
	}
	if got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Errorf("the answer may be kept or embedded: %v", got.Header)
	}
}

// flow keeps one attempt, which began a while ago.
func (d *desk) flow(id string, ago time.Duration, change func(*store.Flow)) {
	d.t.Helper()
	at := d.now.Add(-ago)
	f := store.Flow{ID: id, Started: at, Last: at, ClientName: "Claude Code", Steps: `{"t":` + strconv.FormatInt(at.UnixMilli(), 10) +
		`,"k":"authorize","o":"refused","s":"It was wrong.","m":"Do it right.","c":"invalid_target","d":"no such resource","f":["answer to: claude.ai"]}` + "\n"}
	if change != nil {
		change(&f)
	}
	if err := d.store.Follow(d.t.Context(), []store.Flow{f}); err != nil {
		d.t.Fatal(err)
	}
}

func TestFlowsAreListedAPageAtATime(t *testing.T) {
	d := newDesk(t)
	ids := []string{"2222-2222", "3333-3333", "4444-4444", "5555-5555", "6666-6666"}
	for i, id := range ids {
		d.flow(id, time.Duration(i/2)*time.Minute, func(f *store.Flow) { // two begin at once
			if i == 3 {
				f.ClientID, f.Subject = "tool", "ada"
			}
			if i == 4 {
				f.Steps = strings.Replace(f.Steps, "refused", "ok", 1)
				f.Steps = strings.Replace(f.Steps, "authorize", "call", 1)
			}
		})
	}
	raw := d.token(nil)
	list := func(query string) (found []string, next string) {
		t.Helper()
		var page struct {
			Flows []console.Flow
			Next  string
		}
		got := d.get(raw, "/api/v1/flows"+query)
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.StatusCode != 200 {
			t.Fatalf("%s: %s %s", query, got.Status, got.body)
		}
		for _, f := range page.Flows {
			found = append(found, f.ID)
		}
		return found, page.Next
	}
	newestFirst := []string{"3333-3333", "2222-2222", "5555-5555", "4444-4444", "6666-6666"}
	if found, next := list(""); !slices.Equal(found, newestFirst) || next != "" {
		t.Errorf("all: %v, and then %q", found, next)
	}
	var all []string
	for query := "?limit=2"; ; {
		found, next := list(query)
		if all = append(all, found...); next == "" {
			break
		}
		query = "?limit=2&before=" + next
	}
	if !slices.Equal(all, newestFirst) {
		t.Errorf("two at a time: %v", all)
	}
	for query, want := range map[string][]string{
		"?client_id=tool": {"5555-5555"}, "?username=Ada": {"5555-5555"}, "?username=nobody": nil, "?username=%00": nil,
		"?failed=true": newestFirst[:4],
	} {
		if found, _ := list(query); !slices.Equal(found, want) {
			t.Errorf("%s: %v", query, found)
		}
	}
	for _, query := range []string{"?limit=0", "?limit=201", "?limit=x", "?before=x", "?before=1.2222", "?before=-1.2222-2222", "?before=1.2222-2222%27"} {
		if got := d.get(raw, "/api/v1/flows"+query); got.StatusCode != 400 {
			t.Errorf("%s: %s", query, got.Status)
		}
	}
}

func TestAFlowIsShownWithItsStepsAndItsGrant(t *testing.T) {
	d := newDesk(t)
	var grant string
	raw := d.token(func(g *oauth.Grant, _ *token.Access) { grant = g.ID })
	d.flow("7KQ2-M4TX", time.Minute, func(f *store.Flow) { f.Subject, f.GrantID = "root", grant })
	if _, err := d.store.Rotate(t.Context(), grant, oauth.Generation{N: 1}, oauth.Generation{N: 2, Parent: 1}, d.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{"7KQ2-M4TX", "7kq2m4tx"} {
		var f console.Flow
		got := d.get(raw, "/api/v1/flows/"+typed)
		if err := json.Unmarshal([]byte(got.body), &f); err != nil || got.StatusCode != 200 {
			t.Fatalf("%s: %s %s", typed, got.Status, got.body)
		}
		if f.Result != flowtrace.Stopped || f.At != "authorize" || f.Said != "It was wrong." || f.ToDo != "Do it right." || f.Username != "root" {
			t.Errorf("it is %+v", f)
		}
		if len(f.Steps) != 1 || f.Steps[0].Error != "invalid_target" || f.Steps[0].Facts[0] != "answer to: claude.ai" {
			t.Errorf("its steps are %+v", f.Steps)
		}
		if f.Grant == nil || f.Grant.Refreshed != 1 || !f.Grant.Ended.IsZero() {
			t.Errorf("its grant is %+v", f.Grant)
		}
	}
	for _, id := range []string{"2222-2222", "x", "%2e%2e", "7KQ2-M4TX%00"} {
		if got := d.get(raw, "/api/v1/flows/"+id); got.StatusCode != 404 {
			t.Errorf("%s: %s", id, got.Status)
		}
	}
}

// Each time it registers it is another client; only its name shows that it is the same.
func TestAClientThatRegistersAgainAndAgainIsToldOf(t *testing.T) {
	d := newDesk(t)
	for i := range 6 {
		d.flow("222"+strconv.Itoa(i+2)+"-2222", time.Duration(i+3)*time.Minute, func(f *store.Flow) {
			f.ClientName, f.ClientID = "Loopy", "c"+strconv.Itoa(i)
			f.Steps = strings.NewReplacer("authorize", "registration", "refused", "ok").Replace(f.Steps)
		})
	}
	var f console.Flow
	got := d.get(d.token(nil), "/api/v1/flows/2223-2222")
	if err := json.Unmarshal([]byte(got.body), &f); err != nil || f.Result != flowtrace.Ended || !strings.Contains(f.Said, "registered 6 times within an hour") {
		t.Errorf("%v: %s", err, got.body)
	}
}

// The description is public, and names what there is.
func TestTheAPIDescribesItself(t *testing.T) {
	d := newDesk(t)
	got := d.ask("GET", "/api/v1/openapi.json", nil)
	var described struct {
		OpenAPI    string
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct{ Properties map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(got.body), &described); err != nil || described.OpenAPI != "3.1.0" {
		t.Fatalf("%v: %s", err, got.body)
	}
	for path, methods := range described.Paths {
		for method := range methods {
			if a := d.ask(strings.ToUpper(method), strings.ReplaceAll(path, "{id}", "7KQ2-M4TX"), nil); a.StatusCode != 401 {
				t.Errorf("%s %s: %s", method, path, a.Status)
			}
		}
	}
	d.flow("7KQ2-M4TX", time.Minute, func(f *store.Flow) { f.Subject, f.ClientID, f.Resource, f.GrantID = "root", "c", "r", "g" })
	var shown map[string]any
	if err := json.Unmarshal([]byte(d.get(d.token(nil), "/api/v1/flows/7KQ2-M4TX").body), &shown); err != nil {
		t.Fatal(err)
	}
	for name := range shown {
		if _, ok := described.Components.Schemas["Flow"].Properties[name]; !ok {
			t.Errorf("the description does not have %s", name)
		}
	}
}
