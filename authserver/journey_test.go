package authserver_test

import (
	"net/url"
	"strings"
)

// signIn fills the sign-in form, of the page the browser is on if it is one:
// "sign-in NAME [PASSWORD]".
func (s *scene) signIn(rest string) error {
	name, password, given := strings.Cut(rest, " ")
	if !given {
		password = testPassword
	}
	if s.last == nil || !strings.Contains(s.last.body, `name="password"`) {
		path := "/login"
		if s.last != nil && strings.HasPrefix(s.last.header.Get("Location"), "/login") {
			path = s.last.header.Get("Location")
		}
		if err := s.ask("GET", path); err != nil {
			return err
		}
	}
	csrf, err := field(s.last.body, "csrf")
	if err != nil {
		return err
	}
	ix, _ := field(s.last.body, "ix") // none on the account's own page
	s.body = url.Values{"csrf": {csrf}, "ix": {ix}, "username": {name}, "password": {password}}.Encode()
	return s.ask("POST", "/login")
}

// decide presses a button on the consent page that the browser is sent to.
// What follows the verb is a list of optional scopes to tick.
func (s *scene) decide(decision, ticked string) error {
	if location := s.last.header.Get("Location"); strings.HasPrefix(location, "/consent") {
		if err := s.ask("GET", location); err != nil {
			return err
		}
	}
	csrf, err := field(formAt(s.last.body, "/consent"), "csrf")
	if err != nil {
		return err
	}
	ix, err := field(formAt(s.last.body, "/consent"), "ix")
	if err != nil {
		return err
	}
	s.body = url.Values{"csrf": {csrf}, "ix": {ix}, "decision": {decision}, "scope": strings.Fields(ticked)}.Encode()
	return s.ask("POST", "/consent")
}

// formAt is what of a page follows the form that goes to action.
func formAt(page, action string) string {
	_, after, _ := strings.Cut(page, `action="`+action+`"`)
	return after
}

// code goes from the authorization request to the code: "code NAME client=ID
// verifier=WORD [by=PERSON] [parameters of the request]".
func (s *scene) code(rest string) error {
	name, words, _ := strings.Cut(rest, " ")
	form, err := pairs(words)
	if err != nil {
		return err
	}
	by, word := form.Get("by"), form.Get("verifier")
	if by == "" {
		by = "ada"
	}
	form.Set("client_id", form.Get("client"))
	form.Set("response_type", "code")
	form.Set("code_challenge", s.expand("$s256."+word))
	form.Set("code_challenge_method", "S256")
	if !form.Has("redirect_uri") {
		c, err := s.store.Client(s.t.Context(), form.Get("client"))
		if err != nil {
			return err
		}
		form.Set("redirect_uri", c.Metadata.RedirectURIs[0])
	}
	for _, mine := range []string{"by", "verifier", "client"} {
		form.Del(mine)
	}
	if err := s.ask("GET", "/oauth/authorize?"+form.Encode()); err != nil {
		return err
	}
	if strings.HasPrefix(s.last.header.Get("Location"), "/login") {
		if err := s.signIn(by); err != nil {
			return err
		}
	}
	if strings.HasPrefix(s.last.header.Get("Location"), "/consent") {
		if err := s.decide("allow", form.Get("scope")); err != nil {
			return err
		}
	}
	s.vars[name], err = s.find("location", "code")
	return err
}

// tokens goes on to the tokens: $NAME.access and, where there is one,
// $NAME.refresh. "tokens NAME client=ID [secret=SECRET] [by=PERSON] [a=b …]".
func (s *scene) tokens(rest string) error {
	name, words, _ := strings.Cut(rest, " ")
	form, err := pairs(words)
	if err != nil {
		return err
	}
	id, secret := form.Get("client"), form.Get("secret")
	if secret == "" {
		secret = s.vars[id+".secret"]
	}
	if err := s.code("tokens.code " + strings.ReplaceAll(words, "secret="+secret, "") + " verifier=" + name); err != nil {
		return err
	}
	if secret != "" {
		if err := s.basic(id + " " + secret); err != nil {
			return err
		}
	}
	s.body = url.Values{"grant_type": {"authorization_code"}, "client_id": {id}, "code": {s.vars["tokens.code"]},
		"code_verifier": {verifier(name)}}.Encode()
	if err := s.ask("POST", "/oauth/token"); err != nil {
		return err
	}
	if s.vars[name+".access"], err = s.member("access_token"); err != nil {
		return err
	}
	s.vars[name+".refresh"], _ = s.member("refresh_token")
	return nil
}
