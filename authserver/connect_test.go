package authserver_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"

	"github.com/sallyport-dev/sallyport/oauth"
	"github.com/sallyport-dev/sallyport/vault"
)

// needConnection is "given connection NAME [hands-out] [SCOPE…]", of the first resource,
// and "given notes-connection NAME [SCOPE…]".
func needConnection(r *oauth.ProtectedResource, value string) {
	name, scopes, _ := strings.Cut(value, " ")
	scopes, handsOut := strings.CutPrefix(scopes, "hands-out")
	r.Connection, r.ConnectionScopes = name, strings.Fields(scopes)
	if handsOut {
		r.HandOut = oauth.ScopeInfo{Name: oauth.HandOutScope(name), Title: "Hand your " + name + " token itself", Description: "It can then do all that this token can."}
	}
}

// openVault keeps the tokens of the upstreams that resources have connections to, and of
// those that are asked by what a sign-in left.
func (s *scene) openVault(log *slog.Logger) *vault.Vault {
	kept := map[string]vault.Upstream{}
	for name, e := range s.elsewhere {
		needed := slices.ContainsFunc(s.setting.resources, func(r oauth.ProtectedResource) bool { return r.Connection == name })
		if way, ok := e.way.(vault.Way); ok && (needed || e.privy == nil) {
			kept[name] = vault.Upstream{Issuer: e.url, Way: way}
		}
		if e.github != nil {
			e.github.Expiring = needed || e.expiring
		}
	}
	s.vault = vault.New(vault.Config{Store: s.store, Keys: s.keys, Upstreams: kept, Now: s.clock.Now, Log: log})
	return s.vault
}

// connect presses "Connect", on the page that the browser is on, or is sent to, and
// is at the upstream then: "connect NAME [notes]".
func (s *scene) connect(rest string) error { return s.pressConnection("/connect/", rest) }

func (s *scene) disconnect(rest string) error { return s.pressConnection("/disconnect/", rest) }

// acting is the id of a resource: the first one, or "notes".
func (s *scene) acting(name string) string {
	for _, r := range s.setting.resources {
		if name == "" || name == r.Name {
			return r.ID
		}
	}
	return name
}

func (s *scene) pressConnection(path, rest string) error {
	name, resource, _ := strings.Cut(rest, " ")
	return s.pressAbout(path+name, `value="`+s.acting(resource)+`"`)
}

// pressAbout presses the button of that form which has something in it, on the page
// that the browser is on, or is sent to.
func (s *scene) pressAbout(action, what string) error {
	if location := s.last.header.Get("Location"); strings.HasPrefix(location, "/connect") || strings.HasPrefix(location, "/account") {
		if err := s.ask("GET", location); err != nil {
			return err
		}
	}
	form, body := formAt(s.last.body, action), ""
	for ; form != ""; form = formAt(body, action) {
		if form, body, _ = strings.Cut(form, "</form>"); strings.Contains(form, what) {
			break
		}
	}
	if form == "" {
		return fmt.Errorf("the page has no form to %s with %s", action, what)
	}
	sent := url.Values{}
	for _, hidden := range []string{"ix", "resource", "csrf"} {
		if value, err := field(form, hidden); err == nil {
			sent.Set(hidden, value)
		}
	}
	s.body = sent.Encode()
	return s.ask("POST", action)
}

// withdraw is a person who revokes the program at an upstream: "withdraws PERSON", for
// GitHub, or "withdraws PERSON NAME".
func (s *scene) withdraw(rest string) error {
	person, name, _ := strings.Cut(rest, " ")
	e := s.elsewhere[cmp.Or(name, "github")]
	if e.withdraw == nil {
		return fmt.Errorf("nobody can withdraw at %s", name)
	}
	e.withdraw(e.people[person])
	return nil
}

// leaveOrganization is a person who is in no organization at GitHub any more:
// "leaves-organization PERSON".
func (s *scene) leaveOrganization(person string) error {
	e := s.elsewhere["github"]
	now := slices.Clone(e.members)
	for i := range now {
		if now[i].Login == e.people[person] {
			now[i].Orgs, now[i].Teams = nil, nil
		}
	}
	e.github.People(now...)
	return nil
}

// checkConnected looks whether there is a token: "connected SUBJECT NAME yes", or
// no; for the other resource, "connected SUBJECT NAME yes notes".
func (s *scene) checkConnected(rest string) error {
	words := append(strings.Fields(rest), "")
	access, _, err := s.vault.Token(s.t.Context(), vault.Connection{Person: words[0], Login: words[1], Resource: s.acting(words[3])})
	if err == nil {
		s.secrets[string(access)] = true
	}
	if (err == nil) != (words[2] == "yes") {
		return fmt.Errorf("the token: %v", err)
	}
	return nil
}

// checkKept looks whether something is kept by which an upstream can be asked about
// somebody, whom no tool acts as: "kept SUBJECT NAME yes", or no.
func (s *scene) checkKept(rest string) error {
	words := append(strings.Fields(rest), "", "", "")
	err := s.vault.Alive(s.t.Context(), vault.Connection{Person: words[0], Login: words[1]})
	if (err == nil) != (words[2] == "yes") {
		return fmt.Errorf("what is kept: %v", err)
	}
	return nil
}

// errand is a link that a tool gives a person: "errand VAR SUBJECT NAME client=ID".
func (s *scene) errand(rest string) error {
	words := strings.Fields(rest)
	if len(words) != 4 {
		return fmt.Errorf("errand VAR SUBJECT NAME client=ID")
	}
	page := s.auth.ConnectPage(vault.Connection{Person: words[1], Login: words[2], Resource: s.setting.resources[0].ID}, strings.TrimPrefix(words[3], "client="))
	s.vars[words[0]] = strings.TrimPrefix(page, s.setting.issuer)
	s.vars[words[0]+".sealed"] = page[strings.LastIndex(page, "=")+1:]
	return nil
}
