package authserver_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/sallyport-dev/sallyport/login"
	"github.com/sallyport-dev/sallyport/login/standin"
)

// frontEnd is the origin of the page that runs Privy's login.
const frontEnd = "https://front.example"

const (
	adasDID     = "did:privy:cm3np4u9j001rc8b73seqmqqk"
	mallorysDID = "did:privy:cm3np4u9j001rc8b73mallory"
)

// openPrivy serves Privy: "given upstream privy [offline=yes] [no-secret=yes]".
func (s *scene) openPrivy(given url.Values) elsewhere {
	p := standin.NewPrivy(standin.Client{ID: "door", Secret: elsewhereSecret}, s.adaAtPrivy("ada@acme.example"), s.malloryAtPrivy())
	p.Now = s.clock.Now
	server := httptest.NewServer(p)
	s.t.Cleanup(server.Close)
	o := login.PrivyOptions{ID: "door", Secret: elsewhereSecret, LoginURL: frontEnd + "/sign-in?tenant=acme",
		Keys: server.URL + "/api/v1/apps/door/jwks.json", API: server.URL + "/v1", Now: s.clock.Now}
	if given.Has("offline") {
		o.VerificationKey = p.VerificationKey()
	}
	if given.Has("no-secret") {
		o.Secret = ""
	}
	way, err := login.NewPrivy(o)
	if err != nil {
		s.t.Fatal(err)
	}
	return elsewhere{front: &p.Front, url: frontEnd, way: way, people: map[string]string{"ada": adasDID, "mallory": mallorysDID}, privy: p, postsFrom: frontEnd}
}

func (s *scene) adaAtPrivy(address string) standin.PrivyPerson {
	return standin.PrivyPerson{DID: adasDID, Created: s.clock.Now(), Linked: []map[string]any{
		{"type": "google_oauth", "email": "ada@gmail.example", "name": "Ada Lovelace", "latest_verified_at": 1},
		{"type": "email", "address": address, "verified_at": 1, "latest_verified_at": 1},
		{"type": "wallet", "address": "0xE6", "chain_type": "ethereum", "latest_verified_at": 1}}}
}

func (s *scene) malloryAtPrivy() standin.PrivyPerson {
	return standin.PrivyPerson{DID: mallorysDID, Created: s.clock.Now(), Linked: []map[string]any{
		{"type": "email", "address": "ada@acme.example", "verified_at": nil, "latest_verified_at": nil},
		{"type": "wallet", "address": "0xBAD", "chain_type": "ethereum", "latest_verified_at": 1}}}
}

// atPrivy changes ada's address there, or removes her: "at-privy ada ADDRESS", or
// "at-privy ada removed".
func (s *scene) atPrivy(rest string) error {
	address, ok := strings.CutPrefix(rest, "ada ")
	switch {
	case !ok:
		return fmt.Errorf("at-privy ada ADDRESS|removed")
	case address == "removed":
		s.elsewhere["privy"].privy.People(s.malloryAtPrivy())
	default:
		s.elsewhere["privy"].privy.People(s.adaAtPrivy(address), s.malloryAtPrivy())
	}
	return nil
}

// atTheFrontEnd is what happens on the page: it has a state, and Privy's script
// gives it the tokens of who signed in. They are in $state, $access and $identity.
func (s *scene) atTheFrontEnd(e elsewhere, who string) error {
	there, err := url.Parse(s.last.header.Get("Location"))
	if err != nil || there.Host != "front.example" || there.Query().Get("tenant") != "acme" {
		return fmt.Errorf("the browser is not sent to the front end")
	}
	session := e.privy.SignedIn(e.people[who])
	s.vars["state"], s.vars["access"], s.vars["identity"] = there.Query().Get("state"), session.Access, session.Identity
	for _, name := range []string{"state", "access", "identity"} {
		s.secrets[s.vars[name]] = true
	}
	return nil
}

// handOver is the form that the front end posts, with changes: "hand-over NAME
// [origin=ORIGIN] [json=yes] [a=b …]"; what is empty is left out. $back is where it
// leads.
//
// The form is of another site: a browser sends no cookie with it that is Lax.
func (s *scene) handOver(rest string) error {
	name, more, _ := strings.Cut(rest, " ")
	changes, err := pairs(more)
	if err != nil {
		return err
	}
	sent := url.Values{"state": {s.vars["state"]}, "privy_token": {s.vars["access"]}, "identity_token": {s.vars["identity"]}}
	origin := frontEnd
	for name, values := range changes {
		switch {
		case name == "origin":
			origin = values[0]
		case values[0] == "":
			sent.Del(name)
		default:
			sent[name] = values
		}
	}
	here := s.current
	s.current = "the form of another site"
	delete(s.browsers, s.current)
	if origin != "" {
		s.headers.Set("Origin", origin)
	}
	s.headers.Set("Sec-Fetch-Site", "cross-site")
	if changes.Has("json") {
		err = s.handOverJSON(sent)
	} else {
		s.body = sent.Encode()
		err = s.ask("POST", "/oauth/callback/"+name)
		s.vars["back"] = s.last.header.Get("Location")
	}
	s.current = here
	return err
}

// handOverJSON is what a page sends that was written for another server, with all
// that it knows.
func (s *scene) handOverJSON(sent url.Values) error {
	sent.Del("json")
	members := map[string]any{"client_id": "anything", "redirect_uri": "https://mallory.example/", "scope": []string{"everything"}, "user_consent": true}
	for name := range sent {
		members[name] = sent.Get(name)
	}
	body, err := json.Marshal(members)
	if err != nil {
		return err
	}
	s.body = string(body)
	s.headers.Set("Content-Type", "application/json")
	if err := s.ask("POST", "/authorize/complete"); err != nil {
		return err
	}
	if to, err := s.member("redirect_uri"); err == nil {
		s.vars["back"] = strings.TrimPrefix(to, s.setting.issuer)
	}
	return nil
}
